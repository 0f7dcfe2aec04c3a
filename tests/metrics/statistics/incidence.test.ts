import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cumulativeIncidence,
  type Episodes,
  incidenceQuantile,
  kaplanMeier,
  rowsUntil,
  survivalQuantile,
} from '../../../src/metrics/history/incidence.ts'

const episodesOf = (
  rows: readonly (readonly [entry: number, duration: number, cause: number])[],
): Episodes => ({
  entry: Float64Array.from(rows, row => row[0]),
  duration: Float64Array.from(rows, row => row[1]),
  cause: Int32Array.from(rows, row => row[2]),
})

/** The definition, written out: for every event time count who is at risk and who leaves how. */
const slowIncidence = (rows: readonly (readonly [number, number, number])[], causes: number) => {
  const watched = rows.filter(([entry, duration]) => entry < duration)
  const times = [...new Set(watched.filter(row => row[2] > 0).map(row => row[1]))].sort((a, b) => a - b)
  let survival = 1
  const reached = Array.from({ length: causes }, () => 0)
  return times.map(time => {
    const atRisk = watched.filter(([entry, duration]) => entry < time && time <= duration).length
    const ended = Array.from(
      { length: causes },
      (_, kind) => watched.filter(row => row[1] === time && row[2] === kind + 1).length,
    )
    for (let kind = 0; kind < causes; kind++)
      reached[kind] = (reached[kind] ?? 0) + survival * ((ended[kind] ?? 0) / atRisk)
    survival *= 1 - ended.reduce((sum, count) => sum + count, 0) / atRisk
    return { time, atRisk, ended, reached: [...reached], survival }
  })
}

describe('Kaplan–Meier', () => {
  // Freireich et al. 1963, weeks in remission; plus = still in remission.
  const drug = '6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+'
  const placebo = '1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23'
  const arm = (weeks: string): Episodes =>
    episodesOf(weeks.split(' ').map(word => [-1, Number.parseInt(word, 10), word.endsWith('+') ? 0 : 1]))

  test('the remission times of 1963 give the published survival', () => {
    const curve = kaplanMeier(arm(drug))
    expect([...curve.times]).toEqual([6, 7, 10, 13, 16, 22, 23])
    expect([...curve.survival].map(value => Number(value.toFixed(3)))).toEqual([
      0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448,
    ])
    expect([...curve.atRisk]).toEqual([21, 17, 15, 12, 11, 7, 6])
    expect(survivalQuantile(curve, 0.5)).toBe(23)
    expect(survivalQuantile(kaplanMeier(arm(placebo)), 0.5)).toBe(8)
  })

  test('a median that was never reached is unknown, not the last time seen', () => {
    expect(
      survivalQuantile(
        kaplanMeier(
          episodesOf([
            [-1, 3, 1],
            [-1, 5, 0],
            [-1, 6, 0],
          ]),
        ),
        0.5,
      ),
    ).toBeNull()
  })
})

describe('cumulative incidence', () => {
  test('two causes and a censoring come out as by hand', () => {
    // Ten at risk; t=1: one of the first; t=2: one of the second, one lost from sight; t=4: two and one.
    const curve = cumulativeIncidence(
      episodesOf([
        [-1, 1, 1],
        [-1, 2, 2],
        [-1, 2, 0],
        [-1, 4, 1],
        [-1, 4, 1],
        [-1, 4, 2],
        [-1, 9, 0],
        [-1, 9, 0],
        [-1, 9, 0],
        [-1, 9, 0],
      ]),
      2,
    )
    expect([...curve.times]).toEqual([1, 2, 4])
    expect([...curve.atRisk]).toEqual([10, 9, 7])
    // F1: 1/10, 1/10, 1/10 + 8/10·2/7; F2: 0, 9/10·1/9, 1/10 + 8/10·1/7.
    const [first, second] = curve.incidence
    expect(first?.at(-1)).toBeCloseTo(0.1 + (0.8 * 2) / 7, 14)
    expect(second?.at(-1)).toBeCloseTo(0.1 + 0.8 / 7, 14)
    expect(curve.survival.at(-1)).toBeCloseTo((0.8 * 4) / 7, 14)
  })

  test('an episode that came under observation late is at risk only from then on', () => {
    const curve = cumulativeIncidence(
      episodesOf([
        [-1, 2, 1],
        [3, 5, 1],
        [5, 5, 1],
        [-1, 8, 0],
      ]),
      1,
    )
    // At 2 the late one is not there yet; the one seen only at its end is never at risk.
    expect([...curve.atRisk]).toEqual([2, 2])
    expect(curve.incidence[0]?.at(-1)).toBeCloseTo(0.5 + 0.25, 14)
  })

  test('a stay of length zero watched from its beginning is at risk when it ends', () => {
    const curve = cumulativeIncidence(
      episodesOf([
        [-1, 0, 1],
        [-1, 4, 0],
      ]),
      1,
    )
    expect([...curve.times]).toEqual([0])
    expect([...curve.atRisk]).toEqual([2])
  })

  test('agrees with the definition written out, to the twelfth digit', () => {
    const row = fc.tuple(
      fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 30 })),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 3 }),
    )
    fc.assert(
      fc.property(fc.array(row, { maxLength: 80 }), rows => {
        const curve = cumulativeIncidence(episodesOf(rows), 3)
        const expected = slowIncidence(rows, 3)
        expect([...curve.times]).toEqual(expected.map(each => each.time))
        expect([...curve.atRisk]).toEqual(expected.map(each => each.atRisk))
        expected.forEach((each, at) => {
          for (const [kind, count] of each.ended.entries()) expect(curve.events[kind]?.[at]).toBe(count)
          for (const [kind, value] of each.reached.entries())
            expect(Math.abs((curve.incidence[kind]?.[at] ?? 0) - value)).toBeLessThan(1e-12)
          expect(Math.abs((curve.survival[at] ?? 0) - each.survival)).toBeLessThan(1e-12)
        })
      }),
      { numRuns: 400 },
    )
  })

  test('all ways out and those still inside always add up to one', () => {
    const row = fc.tuple(
      fc.integer({ min: -1, max: 20 }),
      fc.double({ min: 0, max: 40, noNaN: true }),
      fc.nat(2),
    )
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), rows => {
        const curve = cumulativeIncidence(episodesOf(rows), 2)
        curve.times.forEach((_, at) => {
          const sum = curve.incidence.reduce((total, column) => total + (column[at] ?? 0), 0)
          expect(sum + (curve.survival[at] ?? 0)).toBeCloseTo(1, 10)
        })
      }),
    )
  })

  test('the 80 % point is the first time at which four of five have gone', () => {
    const rows = [1, 2, 3, 4, 5].map(time => [-1, time, 1] as const)
    const curve = cumulativeIncidence(episodesOf([...rows, [-1, 3, 2], [-1, 99, 0]]), 2)
    // F = 1/7, 2/7, 3/7, 3/7 + 3/7·1/3 = 4/7, 5/7; so G(4) is 4/5 exactly, and binary sums must not miss it.
    expect(curve.incidence[0]?.at(-1)).toBeCloseTo(5 / 7, 14)
    expect(incidenceQuantile(curve, 1, 0.8)).toBe(4)
    expect(incidenceQuantile(cumulativeIncidence(episodesOf(rows), 1), 1, 0.8)).toBe(4)
    expect(incidenceQuantile(cumulativeIncidence(episodesOf([[-1, 3, 0]]), 1), 1, 0.8)).toBeNull()
  })

  test('a curve is read at the last event not later than the age', () => {
    const times = Float64Array.from([1, 3, 3.5])
    expect([0.5, 1, 2, 3, 9].map(age => rowsUntil(times, age))).toEqual([0, 1, 1, 2, 3])
  })
})
