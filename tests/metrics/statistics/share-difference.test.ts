import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shareDifference, wilsonInterval } from '../../../src/metrics/history/share-difference.ts'

describe('the difference of two shares', () => {
  // Newcombe 1998, table II, method 10.
  test.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [0, 10, 0, 10, -0.2775, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
    [10, 10, 0, 10, 0.6075, 1],
  ])('of %i/%i and %i/%i has the published interval', (won, decided, otherWon, otherDecided, low, high) => {
    const found = shareDifference({ won, decided }, { won: otherWon, decided: otherDecided })
    expect(found?.low).toBeCloseTo(low, 4)
    expect(found?.high).toBeCloseTo(high, 4)
  })

  // Wilson's interval of 81/263 in R. G. Newcombe's companion paper, Statistics in Medicine 17 (1998), 857–872.
  test('stands on the published interval of a single share', () => {
    const { low, high } = wilsonInterval({ won: 81, decided: 263 })
    expect(low).toBeCloseTo(0.2553, 4)
    expect(high).toBeCloseTo(0.3662, 4)
  })

  test('is unknown where nothing was decided', () => {
    expect(shareDifference({ won: 0, decided: 0 }, { won: 1, decided: 2 })).toBeNull()
  })

  test('mirrors when the two change places and always holds the difference', () => {
    const share = fc
      .tuple(fc.nat(300), fc.integer({ min: 1, max: 300 }))
      .map(([won, decided]) => ({ won: Math.min(won, decided), decided }))
    fc.assert(
      fc.property(share, share, (own, other) => {
        const there = shareDifference(own, other)!
        const back = shareDifference(other, own)!
        expect(there.low).toBeCloseTo(-back.high, 12)
        expect(there.low).toBeLessThanOrEqual(there.difference + 1e-12)
        expect(there.high).toBeGreaterThanOrEqual(there.difference - 1e-12)
        expect(there.low).toBeGreaterThanOrEqual(-1 - 1e-12)
        expect(there.high).toBeLessThanOrEqual(1 + 1e-12)
      }),
    )
  })
})
