import { expect, test } from 'vitest'
import type { SnapshotParts, Theatre } from '../../src/snapshot/document.ts'
import { startTheatre } from '../../src/snapshot/theatre-quarters.ts'
import { memoryStore, portal } from './generate.ts'

const WEEK = 7 * 86_400_000
/** Sunday night of the week of the launch. */
const FIRST = Date.parse('2026-01-11T23:00:00Z')
const LAUNCH = '2026-01-07'
const PEOPLE = Array.from({ length: 7 }, (_, index) => `u${index}`)

const row = (metric: string, scopeId: string, numerator: number, denominator: number) => ({
  scope: scopeId === '' ? 'company' : 'employee',
  scopeId,
  metric,
  windowDays: 7,
  value: numerator / denominator,
  numerator,
  denominator,
  unit: 'share',
})

/** Everybody's score goes up and down by turns; results follow a week later, or never change. */
const partsOf = (week: number, doesBring: boolean) => {
  const isHigh = (of: number, index: number): boolean => (of + index) % 3 === 0
  const pillars = [{ pillar: 'truth', weight: 15, points: 9, metrics: [] }]
  const scores = PEOPLE.map((scopeId, index) => ({
    scope: 'employee',
    scopeId,
    value: 50 + (isHigh(week, index) ? 20 : 0) + index,
    pillars,
  }))
  const metrics = PEOPLE.flatMap((scopeId, index) => {
    const good = doesBring && isHigh(week - 1, index) ? 3 : 1
    const noise = (week * (index + 3)) % 2
    return [
      row('M15.accuracy', scopeId, good, 4),
      row('M21.skips', scopeId, 0, 4 * good + noise),
      row('M09', scopeId, 20, 40),
    ]
  })
  return { scores, metrics: [...metrics, row('M21.skips', '', 0, 90)] } as unknown as SnapshotParts
}

const theatreAfter = async (weeks: number, doesBring: boolean) => {
  const store = memoryStore(() => [])
  const reads: string[] = []
  const { part } = store.snapshots
  store.snapshots.part = (id, asOf, name) => {
    reads.push(String(name))
    return part(id, asOf, name)
  }
  const settings = { ...portal().settings, rolloutStartedOn: LAUNCH }
  const theatre = startTheatre({ store, installationId: 'one', portal: { ...portal(), settings } })
  const base = { builtAt: new Date(0), rulesVersion: '1', coverage: 1, isReconstructed: false }
  const told: Theatre[] = []
  for (let week = 0; week < weeks; week++) {
    const snapshot = { ...base, asOf: new Date(FIRST + week * WEEK) }
    told.push(await theatre(snapshot))
    await store.snapshots.save('one', snapshot, { ...partsOf(week, doesBring), theatre: told.at(-1)! })
  }
  return { last: told.at(-1)!, told, reads, store }
}

test('before a quarter has passed nothing is read, and the day of the first answer is told', async () => {
  const { last, reads } = await theatreAfter(13, true)
  expect(last).toEqual({ launchedOn: LAUNCH, nextOn: '2026-04-06', quarters: [], proposal: null })
  expect(reads).toEqual([])
})

test('a quarter is judged once, from its thirteen weeks, and its answer is carried on', async () => {
  const { last, told, reads } = await theatreAfter(20, true)
  expect(last.quarters).toHaveLength(1)
  expect(last.quarters[0]).toMatchObject({ number: 1, from: '2026-01-05', to: '2026-04-05', answer: 'yes' })
  // Twelve pairs of weeks of seven people; ten points of score bring a quarter of the deals.
  expect(last.quarters[0]?.accuracy).toMatchObject({ people: 7, weeks: 84, cases: 336 })
  expect(last.quarters[0]?.accuracy.effect?.value).toBeCloseTo(0.25, 9)
  expect(last.nextOn).toBe('2026-07-06')
  // The weeks behind it add up to the figures, and name the snapshots of both weeks.
  const { cases = [], quarters } = last
  for (const result of ['accuracy', 'moves'] as const) {
    const own = cases.flatMap(one => (one[result] === null ? [] : [one[result].cases]))
    expect([own.length, own.reduce((sum, count) => sum + count, 0)]).toEqual([
      quarters[0]?.[result].weeks,
      quarters[0]?.[result].cases,
    ])
  }
  expect(cases[0]).toEqual({
    personId: 'u0',
    from: '2026-01-05',
    asOf: new Date(FIRST).toISOString(),
    nextAsOf: new Date(FIRST + WEEK).toISOString(),
    score: 70,
    accuracy: { good: 3, cases: 4 },
    moves: { good: 13, cases: 40 },
  })
  expect(told[13]).toEqual(last)
  expect(reads.filter(name => name === 'scores')).toHaveLength(13)
  expect(reads.filter(name => name === 'theatre')).toHaveLength(7)
})

test('after two quarters without a link it says so, and proposes only what the weeks bear out', async () => {
  const one = await theatreAfter(26, false)
  expect(one.last.quarters.map(({ answer }) => answer)).toEqual(['no'])
  expect(one.last.proposal).toBeNull()
  const { last } = await theatreAfter(27, false)
  expect(last.quarters.map(({ number, answer }) => [number, answer])).toEqual([
    [1, 'no'],
    [2, 'no'],
  ])
  expect(last.proposal).toEqual({ gaining: [], weights: null })
})

test('another day of the launch begins anew, and weeks before the installation are left out', async () => {
  const { store } = await theatreAfter(15, true)
  const settings = { ...portal().settings, rolloutStartedOn: '2026-01-14' }
  const now = { builtAt: new Date(0), rulesVersion: '1', coverage: 1, isReconstructed: false }
  const later = startTheatre({ store, installationId: 'one', portal: { ...portal(), settings } })
  const moved = await later({ ...now, asOf: new Date(FIRST + 15 * WEEK) })
  expect(moved.quarters[0]).toMatchObject({ from: '2026-01-12', accuracy: { weeks: 84 } })
  for (const { snapshot } of store.saved.values()) snapshot.isReconstructed = true
  const past = await later({ ...now, asOf: new Date(FIRST + 15 * WEEK) })
  expect(past.quarters[0]).toMatchObject({ answer: 'unknown', accuracy: { weeks: 0 } })
})
