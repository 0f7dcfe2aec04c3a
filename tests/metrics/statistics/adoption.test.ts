import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  adoptionOf,
  firstTidying,
  habitWeek,
  hasSlidBack,
  steadyHabit,
} from '../../../src/metrics/adoption.ts'

const person = (personId: string, ...scores: (number | null)[]) => ({ personId, scores })

describe('the adoption curve', () => {
  test('a good week is the habit only when the next one is good too', () => {
    expect(habitWeek([40, 75, 60, 71, 70, 50])).toBe(3)
    expect(habitWeek([40, 75, null, 80])).toBeNull()
    expect(habitWeek([])).toBeNull()
  })

  test('people who left or joined late do not count as failures', () => {
    const adoption = adoptionOf(
      [
        person('a', 50, 75, 75, 75, 75, 75),
        person('b', 50, 50, 50, 75, 75, 75),
        person('c', 50, 50, 50, 50, 50, 50),
        // Seen for three weeks: could have reached it by week 1 at the latest.
        person('d', 50, 50, 50),
        person('e', 75, 75, 75, 75, 75, 75),
        person('f', 50, 50, 75, 75, 75, 75),
      ],
      5,
    )
    // Week 0: 1 of 6; week 1: 1 of 5; d is gone; week 2: 1 of 3; week 3: 1 of 2.
    const left = (5 / 6) * (4 / 5) * (2 / 3) * (1 / 2)
    expect(adoption.curve.map(row => [row.tDays, row.atRisk, row.events])).toEqual([
      [0, 6, 1],
      [5, 5, 1],
      [10, 3, 1],
      [15, 2, 1],
    ])
    expect(adoption.s3).toBeCloseTo(1 - left, 12)
    expect(adoption).toMatchObject({ s6: null, people: 6, reached: 4, isTooFew: false })
  })

  test('its intervals hold the share, stay inside 0 and 1, and narrow with more people', () => {
    const scores = fc.array(fc.constantFrom(40, 75, 90), { minLength: 2, maxLength: 9 })
    fc.assert(
      fc.property(fc.array(scores, { minLength: 1, maxLength: 12 }), lists => {
        const one = adoptionOf(
          lists.map((list, index) => person(`p${index}`, ...list)),
          5,
        )
        const many = adoptionOf(
          Array.from({ length: 9 }, (_, copy) =>
            lists.map((list, index) => person(`p${copy}-${index}`, ...list)),
          ).flat(),
          5,
        )
        for (const name of ['s3', 's6'] as const) {
          const interval = one.intervals[name]
          expect(interval?.value ?? null).toBe(one[name])
          if (interval === null) continue
          expect(interval.low).toBeGreaterThanOrEqual(0)
          expect(interval.low).toBeLessThanOrEqual(interval.value + 1e-12)
          expect(interval.high).toBeGreaterThanOrEqual(interval.value - 1e-12)
          expect(interval.high).toBeLessThanOrEqual(1)
          const narrow = many.intervals[name]!
          expect(narrow.high - narrow.low).toBeLessThan(interval.high - interval.low)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('of ten people of whom five have got there: Greenwood on the log(−log) scale', () => {
    const half = Array.from({ length: 10 }, (_, index) =>
      index < 5 ? person(`p${index}`, 75, 75, 75, 75, 75, 75) : person(`p${index}`, 50, 50, 50, 50, 50, 50),
    )
    // Half are left, Greenwood 5 / (10 · 5) = 0.1, θ = exp(1.645 · √0.1 / ln 0.5) = 0.4721.
    const { s3 } = adoptionOf(half, 5).intervals
    expect(s3?.value).toBeCloseTo(0.5, 12)
    expect(s3?.low).toBeCloseTo(1 - 0.5 ** 0.4721, 3)
    expect(s3?.high).toBeCloseTo(1 - 0.5 ** (1 / 0.4721), 3)
  })

  test('before week 3 can be judged nothing is said about it', () => {
    expect(adoptionOf([person('a', 50, 75, 75), person('b', 50, 50, 50)], 5)).toMatchObject({
      s3: null,
      isTooFew: true,
    })
    expect(adoptionOf([], 5)).toMatchObject({ s3: null, curve: [] })
  })

  test('falling fifteen points below the own best is a back-slide', () => {
    const good = Array.from({ length: 10 }, () => 80)
    expect(hasSlidBack([...good, 66, 64, 65, 65])).toBe(true)
    expect(hasSlidBack([...good, 66, 66, 66, 66])).toBe(false)
    expect(hasSlidBack([80, 80, 10, 10])).toBe(false)
  })
})

describe('time to tidy and time to habit', () => {
  const tidied = { excess: 0.4, isSignal: true }
  const calm = { excess: 0.15, isSignal: false }

  test('the first significant burst is the week of tidying', () => {
    expect(firstTidying([calm, tidied, tidied])).toEqual({ week: 1, judged: 3, mayBeEarlier: false })
    expect(firstTidying([calm, calm])).toEqual({ week: null, judged: 2, mayBeEarlier: false })
  })

  test('what cannot be told is unknown: neither never nor week 0', () => {
    expect(firstTidying([null, null])).toEqual({ week: null, judged: 0, mayBeEarlier: true })
    expect(firstTidying([null, tidied])).toEqual({ week: 1, judged: 1, mayBeEarlier: true })
    expect(steadyHabit([80, 80, 80], [null, null, null])).toEqual({
      week: null,
      judged: 0,
      mayBeEarlier: true,
    })
    expect(steadyHabit([80, 80, 80, 80], [null, calm, calm, calm])).toEqual({
      week: 1,
      judged: 3,
      mayBeEarlier: true,
    })
  })

  test('the habit is three good weeks in a row, none of them tidied by more than 15 points beyond the usual', () => {
    expect(steadyHabit([75, 75, 69, 70, 71, 72], Array(6).fill(calm)).week).toBe(3)
    expect(
      steadyHabit([75, 75, 75, 75], [calm, { excess: 0.151, isSignal: false }, calm, calm]).week,
    ).toBeNull()
    expect(steadyHabit([75, 75], [calm, calm])).toEqual({ week: null, judged: 2, mayBeEarlier: false })
  })

  test('a low score decides without the burst, so that nothing stays unknown for its sake', () => {
    expect(steadyHabit([50, 75, 40], [null, null, null]).mayBeEarlier).toBe(false)
  })

  test('more knowledge never moves a week that is certain', () => {
    const scores = fc.array(fc.constantFrom(60, 75, null), { maxLength: 10 })
    const bursts = fc.array(fc.constantFrom(calm, tidied), { minLength: 10, maxLength: 10 })
    const hidden = fc.array(fc.boolean(), { minLength: 10, maxLength: 10 })
    fc.assert(
      fc.property(scores, bursts, hidden, (own, whole, isHidden) => {
        const known = whole.slice(0, own.length)
        const seen = known.map((burst, week) => (isHidden[week] ? null : burst))
        for (const of of [firstTidying, (list: typeof seen) => steadyHabit(own, list)]) {
          const [truth, told] = [of(known), of(seen)]
          expect(truth.mayBeEarlier).toBe(false)
          if (!told.mayBeEarlier) expect(told.week).toBe(truth.week)
          else if (told.week !== null) expect(truth.week).toBeLessThanOrEqual(told.week)
        }
      }),
    )
  })
})
