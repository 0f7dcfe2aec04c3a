import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Need, smallestWorkingSet } from '../../../src/metrics/use/working-set.ts'

/** Obviously right: every subset of all elements, counted deal by deal. */
const bySearch = (needs: readonly Need[], share: number): { size: number; covered: number } => {
  const all = [...new Set(needs.flatMap(({ elements }) => elements))]
  const total = needs.reduce((sum, { deals }) => sum + deals, 0)
  let best = { size: Number.POSITIVE_INFINITY, covered: 0 }
  for (let mask = 0; mask < 1 << all.length; mask++) {
    const kept = new Set(all.filter((_, index) => (mask & (1 << index)) !== 0))
    const covered = needs
      .filter(({ elements }) => elements.every(element => kept.has(element)))
      .reduce((sum, { deals }) => sum + deals, 0)
    if (covered < total * share - 1e-9) continue
    if (kept.size < best.size || (kept.size === best.size && covered > best.covered))
      best = { size: kept.size, covered }
  }
  return best
}

const coveredBy = (needs: readonly Need[], kept: readonly number[]): number =>
  needs
    .filter(({ elements }) => elements.every(element => kept.includes(element)))
    .reduce((sum, { deals }) => sum + deals, 0)

const needsOf = (elements: number, kinds: number) =>
  fc.array(
    fc.record({
      elements: fc.uniqueArray(fc.integer({ min: 0, max: elements - 1 }), { maxLength: elements }),
      deals: fc.integer({ min: 1, max: 30 }),
    }),
    { minLength: 1, maxLength: kinds },
  )

describe('the smallest working set', () => {
  test('leaves out what a fifth of the deals can do without', () => {
    const needs = [
      { elements: [0, 1], deals: 70 },
      { elements: [0, 1, 2], deals: 12 },
      { elements: [0, 3], deals: 11 },
      { elements: [0, 4], deals: 7 },
    ]
    // Without 3 and 4 there are 82 of 100; without 2 and 4 only 81; nothing smaller reaches 80.
    expect(smallestWorkingSet(needs, 0.8)).toEqual({ kept: [0, 1, 2], covered: 82, isExact: true })
    expect(smallestWorkingSet(needs, 0.7)).toEqual({ kept: [0, 1], covered: 70, isExact: true })
    expect(smallestWorkingSet([], 0.8)).toEqual({ kept: [], covered: 0, isExact: true })
  })

  test('is as small, and tells as many deals, as a search through all sets', () => {
    fc.assert(
      fc.property(needsOf(9, 12), fc.constantFrom(0.5, 0.8, 0.95, 1), (needs, share) => {
        const found = smallestWorkingSet(needs, share)
        const right = bySearch(needs, share)
        expect([found.kept.length, found.covered]).toEqual([right.size, right.covered])
        expect(coveredBy(needs, found.kept)).toBe(found.covered)
        expect(found.isExact).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  test('of very many elements it still tells enough deals, and says when it may not be the smallest', () => {
    fc.assert(
      fc.property(needsOf(60, 80), needs => {
        const total = needs.reduce((sum, { deals }) => sum + deals, 0)
        const found = smallestWorkingSet(needs, 0.8)
        expect(coveredBy(needs, found.kept)).toBe(found.covered)
        expect(found.covered).toBeGreaterThanOrEqual(total * 0.8 - 1e-9)
      }),
      { numRuns: 60 },
    )
  })
})
