import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { levelsOver } from '../../../src/metrics/level-days.ts'
import { judgeOf, type Standing } from '../../../src/metrics/portal-history.ts'
import { stageKey } from '../../../src/metrics/world.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import { activityOf, day, dealOf, taskOf, worldOf } from './portal.ts'

const world = worldOf({ sales: 'A B won lost' }, 60)
const limits = (t80Days: number) => ({
  t80OwnDays: t80Days,
  t80Days,
  t95Days: t80Days * 2,
  s80Days: 4,
  source: 'own' as const,
  sample: 64,
})
const standing: Standing = {
  hasContacts: true,
  thresholds: new Map([
    [stageKey('sales', 'A'), limits(5)],
    [stageKey('sales', 'B'), limits(9)],
  ]),
}
const judge = judgeOf(standing, world)
const days = Array.from({ length: 28 }, (_, index) => ({ index, end: day(32 + index) - 1 }))

/** Days with a quarter of an hour as the smallest step, and the ends of days more often than not. */
const when = (from: number) =>
  fc.oneof(
    fc.integer({ min: from * 96, max: 70 * 96 }).map(quarters => day(quarters / 96)),
    fc.integer({ min: from, max: 70 }).map(number => day(number) - 1),
  )
const deadlineMoves = fc.array(
  fc.record({
    at: when(20),
    before: fc.option(when(20)),
    after: fc.option(when(20)),
    actorId: fc.constant('u1'),
    actorClass: fc.constantFrom('person' as const, 'robot' as const),
  }),
  { maxLength: 2 },
)
const activity = fc
  .record({
    kind: fc.constantFrom('message' as const, 'call' as const, 'meeting' as const, 'todo' as const),
    direction: fc.constantFrom('in' as const, 'out' as const),
    createdAt: when(20),
    startAt: fc.option(when(20)),
    endAt: fc.option(when(20)),
    deadlineAt: fc.option(when(20)),
    completedAt: fc.option(when(20)),
    durationSeconds: fc.constantFrom(5, 90),
    actorClass: fc.constantFrom('person' as const, 'robot' as const),
    deadlineMoves,
  })
  .map(activityOf)
const task = fc
  .record({
    createdAt: when(20),
    closedAt: fc.option(when(20)),
    deadlineAt: fc.option(when(20)),
    deadlineMoves,
  })
  .map(taskOf)
const words = fc.record({
  pauses: fc.array(fc.record({ madeAt: when(20), until: when(20), endedAt: fc.option(when(20)) }), {
    maxLength: 1,
  }),
  objections: fc.array(
    fc.record({
      openedAt: when(20),
      answeredAt: fc.option(when(20)),
      answer: fc.constantFrom('normal' as const, 'stands' as const, null),
    }),
    { maxLength: 1 },
  ),
})
const dossier = fc
  .record({
    places: fc.array(fc.tuple(fc.integer({ min: 10, max: 60 }), fc.constantFrom('sales.A', 'sales.B')), {
      minLength: 1,
      maxLength: 4,
    }),
    activities: fc.array(activity, { maxLength: 4 }),
    tasks: fc.array(task, { maxLength: 3 }),
    words: fc.option(words, { nil: {} }),
  })
  .map(({ places, activities, tasks, words }) =>
    dealOf(
      places.toSorted(([a], [b]) => a - b) as Parameters<typeof dealOf>[0],
      { activities, tasks, ...words } as Partial<Dossier>,
    ),
  )

describe('the flag’s level day by day', () => {
  test('is what the flag says at the end of each day, whatever happened on the deal', () => {
    fc.assert(
      fc.property(dossier, deal => {
        const levels = levelsOver(deal, days, at => judge(deal, at).level)
        expect([...levels]).toEqual(days.map(({ index, end }) => [index, judge(deal, end).level]))
      }),
      { numRuns: 2000 },
    )
  })

  test('is asked for a few days only while nothing happens on the deal', () => {
    let asked = 0
    const deal = dealOf([[10, 'sales.A']])
    const levels = levelsOver(deal, days, at => {
      asked++
      return judge(deal, at).level
    })
    expect(new Set(levels.values())).toEqual(new Set(['red']))
    expect(asked).toBe(2)
  })
})
