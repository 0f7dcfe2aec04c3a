import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entropyOf, normalisedEntropy, ValueCounts } from '../../../src/metrics/use/entropy.ts'
import { Newest } from '../../../src/metrics/use/newest.ts'
import { medianGapSeconds } from '../../../src/metrics/use/session-gaps.ts'
import { informationBeside, informationOf } from '../../../src/metrics/use/stage-use.ts'
import { twoModes } from '../../../src/metrics/use/two-modes.ts'

/** Obviously right: −Σ p·log₂ p over every single case. */
const entropyOfCases = (cases: readonly string[]): number => {
  let sum = 0
  for (const value of new Set(cases)) {
    const share = cases.filter(one => one === value).length / cases.length
    sum -= share * Math.log2(share)
  }
  return sum
}

describe('variety', () => {
  test('is nothing for one value, all of it for equal ones, and 0.08 for one in a hundred', () => {
    expect(normalisedEntropy([40])).toBe(0)
    expect(normalisedEntropy([5, 5, 5, 5])).toBeCloseTo(1, 12)
    expect(normalisedEntropy([99, 1])).toBeCloseTo(0.0808, 4)
    expect(normalisedEntropy([])).toBe(0)
  })

  test('agrees with a walk over the cases', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 80 }),
        cases => {
          const counts = [...Map.groupBy(cases, one => one).values()].map(({ length }) => length)
          expect(entropyOf(counts)).toBeCloseTo(entropyOfCases(cases), 9)
          const values = new ValueCounts()
          for (const one of cases) values.add(one)
          const distinct = new Set(cases).size
          expect(values.variety()).toBeCloseTo(
            distinct < 2 ? 0 : entropyOfCases(cases) / Math.log2(distinct),
            9,
          )
        },
      ),
    )
  })

  test('of thousands of different texts is full, in bounded memory', () => {
    const values = new ValueCounts()
    for (let index = 0; index < 5000; index++) values.add(`#${index}`)
    expect(values.variety()).toBeCloseTo(1, 9)
    expect(values.total).toBe(5000)
  })
})

describe('two modes', () => {
  /** Box–Muller over a fixed stream (mulberry32). */
  const bell = (size: number, mean: number, spread: number, seed = 7): number[] => {
    let state = seed
    const random = (): number => {
      state = (state + 0x6d2b79f5) | 0
      let t = Math.imul(state ^ (state >>> 15), 1 | state)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return (((t ^ (t >>> 14)) >>> 0) + 1) / 4294967297
    }
    return Array.from({ length: size }, () =>
      Math.exp(mean + spread * Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())),
    )
  }

  test('are seen where an hour and a fortnight are mixed', () => {
    const modes = twoModes([...bell(60, Math.log(1), 0.5), ...bell(50, Math.log(336), 0.5)])
    expect(modes?.low).toBeGreaterThan(0.5)
    expect(modes?.low).toBeLessThan(2)
    expect(modes?.high).toBeGreaterThan(200)
    expect(modes?.high).toBeLessThan(500)
  })

  test('are not seen in one bell, in an even spread or in few cases', () => {
    for (let seed = 1; seed <= 200; seed++) expect(twoModes(bell(40 + seed, 3, 0.9, seed))).toBeNull()
    expect(twoModes(Array.from({ length: 300 }, (_, index) => Math.exp((5 * index) / 300)))).toBeNull()
    expect(twoModes([...bell(15, 0, 0.1), ...bell(15, 6, 0.1)])).toBeNull()
    expect(twoModes(Array<number>(100).fill(3))).toBeNull()
  })
})

test('the newest few are kept whatever the order they come in', () => {
  const event = fc.record({ at: fc.integer({ min: 0, max: 30 }), id: fc.integer({ min: 0, max: 999 }) })
  fc.assert(
    fc.property(fc.uniqueArray(event, { selector: ({ id }) => id, maxLength: 60 }), events => {
      const newest = new Newest(5)
      for (const { at, id } of events) newest.add(at, `d${id}`, `Deal ${id}`)
      const right = events
        .map(({ at, id }) => ({ at, id: `d${id}` }))
        .sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1))
        .slice(0, 5)
      expect(newest.deals().map(({ id }) => id)).toEqual(right.map(({ id }) => id))
      expect(newest.total).toBe(events.length)
    }),
  )
})

test('gaps of a session are measured, breaks and simultaneous saves are not', () => {
  const minute = 60_000
  const anna = Array.from({ length: 31 }, (_, index) => index * minute)
  expect(medianGapSeconds([anna])).toBe(60)
  expect(medianGapSeconds([anna.slice(0, 20)])).toBeNull()
  expect(medianGapSeconds([Array.from({ length: 60 }, (_, index) => index * 11 * minute)])).toBeNull()
  expect(medianGapSeconds([Array<number>(60).fill(5)])).toBeNull()
})

describe('what a stage tells about won and lost', () => {
  test('is a whole bit where it decides, and nothing where it is tossed', () => {
    const decides = new Map([
      ['11', { won: 50, lost: 0 }],
      ['10', { won: 0, lost: 50 }],
    ])
    expect(informationOf(decides, 1)).toBeCloseTo(1, 12)
    expect(informationOf(decides, 0)).toBeCloseTo(0, 12)
    const tossed = new Map([
      ['11', { won: 25, lost: 25 }],
      ['10', { won: 25, lost: 25 }],
    ])
    expect(informationOf(tossed, 1)).toBeCloseTo(0, 12)
  })

  test('beside its neighbour is nothing when everybody passes from one to the other', () => {
    const sets = new Map([
      ['111', { won: 40, lost: 10 }],
      ['100', { won: 0, lost: 50 }],
    ])
    expect(informationBeside(sets, 1, 0)).toBeGreaterThan(0.4)
    expect(informationBeside(sets, 2, 1)).toBeCloseTo(0, 12)
  })
})
