import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { studentPoint, studentTail } from '../../../src/metrics/history/student.ts'
import { PILLAR_WEIGHTS, PILLARS } from '../../../src/metrics/pillars.ts'
import {
  proposeWeights,
  QUARTER_WEEKS,
  type TheatrePerson,
  type TheatreWeek,
  theatreCases,
  theatreQuarter,
} from '../../../src/metrics/theatre.ts'
import { type PersonWeek, slopeWithin } from '../../../src/metrics/within-person.ts'
import { seededRandom } from '../../../src/sandbox/random.ts'
import type { PillarId } from '../../../src/snapshot/document.ts'

describe('Student’s t', () => {
  test('has the tails of the printed tables', () => {
    const table = [
      [1, 6.314],
      [2, 2.92],
      [5, 2.015],
      [6, 1.943],
      [11, 1.796],
      [30, 1.697],
    ] as const
    for (const [degrees, point] of table) {
      expect(studentPoint(0.05, degrees)).toBeCloseTo(point, 3)
      expect(studentTail(point, degrees)).toBeCloseTo(0.05, 4)
      expect(studentTail(-point, degrees)).toBeCloseTo(0.95, 4)
    }
  })
})

/** Obviously right: least squares with a dummy for every series, by Gaussian elimination. */
const slopeByDummies = (weeks: readonly PersonWeek[]): number => {
  const series = [...new Set(weeks.map(week => `${week.personId} ${week.series}`))]
  const rows = weeks.map(week => ({
    ...week,
    at: [week.x, ...series.map(name => (name === `${week.personId} ${week.series}` ? 1 : 0))],
  }))
  const size = series.length + 1
  const matrix = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) =>
      rows.reduce((sum, { at, weight }) => sum + weight * at[i]! * at[j]!, 0),
    ),
    rows.reduce((sum, { at, weight, y }) => sum + weight * at[i]! * y, 0),
  ])
  for (let column = 0; column < size; column++) {
    const pivot = matrix
      .slice(column)
      .reduce((best, row) => (Math.abs(row[column]!) > Math.abs(best[column]!) ? row : best))
    const place = matrix.indexOf(pivot)
    ;[matrix[column], matrix[place]] = [matrix[place]!, matrix[column]!]
    for (const row of matrix) {
      if (row === pivot) continue
      const factor = row[column]! / pivot[column]!
      for (let cell = column; cell <= size; cell++) row[cell]! -= factor * pivot[cell]!
    }
  }
  return matrix[0]![size]! / matrix[0]![0]!
}

const weeksOf = fc
  .array(
    fc.record({
      personId: fc.constantFrom('a', 'b', 'c', 'd'),
      series: fc.constantFrom('1', '2'),
      x: fc.integer({ min: 0, max: 100 }),
      y: fc.integer({ min: 0, max: 10 }).map(tenths => tenths / 10),
      weight: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 12, maxLength: 30 },
  )
  .filter(weeks => slopeWithin(weeks) !== null)

describe('the slope within people', () => {
  test('is that of least squares with a mean for every person and version of the rules', () => {
    fc.assert(
      fc.property(weeksOf, weeks => {
        expect(slopeWithin(weeks)?.value).toBeCloseTo(slopeByDummies(weeks), 8)
      }),
    )
  })

  test('does not care who scores high anyway', () => {
    fc.assert(
      fc.property(weeksOf, fc.integer({ min: -50, max: 50 }), (weeks, lift) => {
        const lifted = weeks.map(week => (week.personId === 'a' ? { ...week, x: week.x + lift } : week))
        const [one, other] = [slopeWithin(weeks), slopeWithin(lifted)]
        expect(other?.value).toBeCloseTo(one!.value, 9)
        expect(other?.low).toBeCloseTo(one!.low, 9)
      }),
    )
  })

  test('says nothing of one person, and nothing of people whose weeks are all alike', () => {
    const week = (personId: string, x: number) => ({ personId, series: '1', x, y: x / 100, weight: 1 })
    expect(slopeWithin([week('a', 40), week('a', 60)])).toBeNull()
    expect(slopeWithin([week('a', 40), week('a', 40), week('b', 50), week('b', 50)])).toBeNull()
    expect(slopeWithin([week('a', 40), week('a', 60), week('b', 50), week('b', 70)])?.value).toBeCloseTo(
      0.01,
      12,
    )
  })
})

const PLAIN = Object.fromEntries(PILLARS.map(id => [id, 50])) as Record<PillarId, number>

/** Thirteen weeks of people whose scores and results drift on their own, as people's do; `gain` = per point of score. */
const quarterOf = (of: {
  seed: number
  people?: number
  won?: number
  gain?: number
  pillar?: PillarId
}): TheatreWeek[] => {
  const { seed, people = 9, won = 3, gain = 0, pillar } = of
  const random = seededRandom(seed).unit
  const drift = () => random() + random() - 1
  const states = Array.from({ length: people }, (_, index) => ({
    personId: `p${index}`,
    score: 55 + 20 * drift(),
    luck: 0,
    pull: 0,
    pillars: { ...PLAIN },
  }))
  return Array.from({ length: QUARTER_WEEKS }, (_, number) => ({
    from: `week ${number}`,
    asOf: `end of week ${number}`,
    rulesVersion: '1',
    people: states.map((state): TheatrePerson => {
      const chance = Math.min(0.95, Math.max(0.05, 0.5 + state.luck + gain * state.pull))
      const good = Array.from({ length: won }, () => random()).filter(roll => roll < chance).length
      const moved = Math.round(20 * chance + 4 * drift())
      state.luck = 0.6 * state.luck + 0.1 * drift()
      const swing = 25 * drift()
      for (const id of PILLARS) state.pillars[id] = 50 + 20 * drift()
      const score = state.score + swing
      state.pull = pillar === undefined ? swing : state.pillars[pillar] - 50
      return {
        personId: state.personId,
        score,
        pillars: { ...state.pillars },
        accuracy: { good, cases: won },
        moves: { good: moved, cases: 50 },
      }
    }),
  }))
}

const share = (runs: number, is: (seed: number) => boolean): number =>
  Array.from({ length: runs }, (_, seed) => is(seed + 1)).filter(Boolean).length / runs

describe('the theatre check of a quarter', () => {
  test('says yes where better weeks bring better results, and how much ten points bring', () => {
    expect(
      share(60, seed => theatreQuarter(quarterOf({ seed, gain: 0.015 })).answer === 'yes'),
    ).toBeGreaterThan(0.95)
    const { moves } = theatreQuarter(quarterOf({ seed: 3, gain: 0.015, people: 40 }))
    // 20 stages per 50 deal-days: 0.015 of the chance is 0.006 a point.
    expect(moves.effect?.low).toBeLessThan(0.06)
    expect(moves.effect?.high).toBeGreaterThan(0.06)
  })

  test('seldom says yes where there is no link, although weeks of a person hang together', () => {
    // Two results, each at 5 % on this side.
    expect(share(400, seed => theatreQuarter(quarterOf({ seed })).answer === 'yes')).toBeLessThan(0.12)
  })

  test('says no, not yes, where better weeks bring worse results', () => {
    expect(theatreQuarter(quarterOf({ seed: 5, gain: -0.015 })).answer).toBe('no')
  })

  test('cannot say with five people, with few deals, or without scores', () => {
    const five = theatreQuarter(quarterOf({ seed: 1, people: 5, gain: 0.03 }))
    expect(five.answer).toBe('unknown')
    expect(five.moves).toMatchObject({ people: 5, weeks: 60, effect: null })
    const noScores = quarterOf({ seed: 1 }).map(
      week => week && { ...week, people: week.people.map(person => ({ ...person, score: null })) },
    )
    expect(theatreQuarter(noScores).answer).toBe('unknown')
    expect(theatreQuarter(Array.from({ length: QUARTER_WEEKS }, () => null)).answer).toBe('unknown')
    const noWins = quarterOf({ seed: 1, won: 0 })
    expect(theatreQuarter(noWins).accuracy).toEqual({ people: 0, weeks: 0, cases: 0, effect: null })
    expect(theatreQuarter(noWins).moves.effect).not.toBeNull()
  })

  test('shows each week that was counted with the week after it, and none that was not', () => {
    const weeks = quarterOf({ seed: 4 })
    weeks[5] = null
    weeks[9] = { ...weeks[9]!, people: weeks[9]!.people.map(person => ({ ...person, accuracy: null })) }
    weeks[2] = { ...weeks[2]!, people: weeks[2]!.people.map(person => ({ ...person, score: null })) }
    const cases = theatreCases(weeks)
    const { accuracy, moves } = theatreQuarter(weeks)
    expect(cases.filter(one => one.moves !== null)).toHaveLength(moves.weeks)
    expect(cases.filter(one => one.accuracy !== null)).toHaveLength(accuracy.weeks)
    expect(cases.find(one => one.personId === 'p3' && one.from === 'week 8')).toEqual({
      personId: 'p3',
      from: 'week 8',
      asOf: 'end of week 8',
      nextAsOf: 'end of week 9',
      score: weeks[8]?.people[3]?.score,
      accuracy: null,
      moves: weeks[9]?.people[3]?.moves,
    })
    expect(cases.some(({ from }) => ['week 2', 'week 4', 'week 5', 'week 12'].includes(from))).toBe(false)
  })

  test('holds a week against the results of the week after, not of its own', () => {
    const weeks = quarterOf({ seed: 8, gain: 0.02 })
    const sameWeek = weeks.map((week, index) => {
      const next = weeks[index + 1] ?? null
      return week && next
        ? { ...week, people: week.people.map((person, at) => ({ ...next.people[at]!, score: person.score })) }
        : null
    })
    expect(theatreQuarter(weeks).answer).toBe('yes')
    expect(theatreQuarter(sameWeek).answer).toBe('no')
  })
})

describe('proposed weights', () => {
  const twoOf = (of: Omit<Parameters<typeof quarterOf>[0], 'seed'>, seed = 1) => [
    quarterOf({ ...of, seed }),
    quarterOf({ ...of, seed: seed + 1000 }),
  ]

  test('give to the pillar whose weeks went with better results, five points at most, from the heaviest', () => {
    const { gaining, weights } = proposeWeights(twoOf({ gain: 0.02, pillar: 'truth' }))
    expect(gaining).toEqual(['truth'])
    expect(weights).toEqual({ presence: 12, work: 25, pipeline: 28, truth: 20, process: 15 })
  })

  test('always add up to a hundred, stay within their limits, and are seldom made of noise', () => {
    let made = 0
    for (let seed = 1; seed <= 60; seed++) {
      const { gaining, weights } = proposeWeights(twoOf({ people: 7 }, seed))
      if (gaining.length > 0) made++
      if (weights === null) continue
      expect(PILLARS.reduce((sum, id) => sum + weights[id], 0)).toBe(100)
      for (const id of PILLARS) expect(Math.abs(weights[id] - PILLAR_WEIGHTS[id])).toBeLessThanOrEqual(5)
    }
    expect(made / 60).toBeLessThan(0.15)
  })

  test('are not made where too little is known', () => {
    expect(proposeWeights(twoOf({ people: 4, gain: 0.02, pillar: 'truth' }))).toEqual({
      gaining: [],
      weights: null,
    })
  })
})
