import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conformanceCost } from '../../../src/metrics/history/conformance.ts'
import { defaultGraph } from '../../../src/metrics/history/designed-graph.ts'
import { medianOfThinned, thinned } from '../../../src/metrics/history/median.ts'
import { processOf } from '../../../src/metrics/portal-history.ts'
import { stageKey, type World } from '../../../src/metrics/world.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import { DAY, day, dealOf, historyOf, type Place, worldOf } from './portal.ts'

const portal = { sales: 'A B C won lost lost2', other: 'X won lost' }
const ROAD: Record<string, string[]> = { sales: ['A', 'B', 'C', 'won'], other: ['X', 'won'] }
const world = worldOf(portal, 30)

const ownedBy = (responsibleId: string | null, moves: Parameters<typeof dealOf>[0]): Dossier => {
  const deal = dealOf(moves)
  return { ...deal, versions: deal.versions.map(version => ({ ...version, responsibleId })) }
}
const groupsOf = (deals: Dossier[], at: World = world) => {
  const { processGroups, processRoads } = processOf(historyOf(deals), at, new Map(), { byPerson: true })
  return { groups: processGroups ?? [], roads: processRoads ?? [] }
}
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

type Group = ReturnType<typeof groupsOf>['groups'][number]
type Row = Group['pipelines'][number] & Pick<Group, 'outcome'>
const rowsOf = (groups: readonly Group[], pipelineId: string): Row[] =>
  groups.flatMap(({ outcome, pipelines }) =>
    pipelines.filter(one => one.pipelineId === pipelineId).map(one => ({ ...one, outcome })),
  )
/** Deals of rows that add up, by how they stand. */
const standing = (rows: readonly { outcome: string; deals: number }[]) => {
  const of = (outcome: string) => sum(rows.filter(row => row.outcome === outcome).map(({ deals }) => deals))
  return { deals: sum(rows.map(({ deals }) => deals)), won: of('won'), lost: of('lost') }
}
const decided = (rows: readonly { outcome: string; deals: number }[]): number[] => {
  const { won, lost } = standing(rows)
  return [won, lost]
}
const told = <One extends { deals: number }>(rows: readonly Row[], pick: (row: Row) => readonly One[]) =>
  rows.flatMap(row => pick(row).map(one => ({ ...one, outcome: row.outcome })))

/** The same counts by going through the deals of one person once per question. */
const slowly = (deals: readonly Dossier[], pipelineId: string) => {
  const graph = defaultGraph(pipelineId, world)
  const road = ROAD[pipelineId]!
  const paths = deals.map(deal => ({
    path: deal.moves.map(move => `${move.pipelineId}.${move.stageId}`),
    state: deal.moves.at(-1)!.outcome,
    home: deal.moves.at(-1)!.pipelineId,
  }))
  const has = (path: readonly string[], from: string, to: string): boolean =>
    path.some(
      (place, index) => place === `${pipelineId}.${from}` && path[index + 1] === `${pipelineId}.${to}`,
    )
  const tally = (chosen: typeof paths) => ({
    deals: chosen.length,
    won: chosen.filter(({ state }) => state === 'won').length,
    lost: chosen.filter(({ state }) => state === 'lost').length,
  })
  const decidedOf = (chosen: typeof paths) => [tally(chosen).won, tally(chosen).lost]
  return {
    edge: (from: string, to: string) => {
      const takers = paths.filter(({ path }) => has(path, from, to))
      const next = road[road.indexOf(from) + 1]
      const isSkip = road.indexOf(from) >= 0 && road.indexOf(to) > road.indexOf(from) + 1
      return {
        ...tally(takers),
        alsoRoad: isSkip ? decidedOf(takers.filter(({ path }) => has(path, from, next!))) : [0, 0],
      }
    },
    stage: (stageId: string) => {
      const visitors = paths.filter(({ path }) => path.includes(`${pipelineId}.${stageId}`))
      const at = road.indexOf(stageId)
      const turned = visitors.filter(
        ({ path }) => at > 0 && road.slice(0, at).some(earlier => has(path, stageId, earlier)),
      )
      return { ...tally(visitors), turnedBack: decidedOf(turned) }
    },
    variant: (path: readonly string[]) =>
      tally(
        paths.filter(
          one => one.home === pipelineId && one.path.map(place => place.split('.')[1]).join() === path.join(),
        ),
      ),
    all: tally(paths.filter(({ home }) => home === pipelineId)),
    onRoad: tally(
      paths.filter(
        ({ home, path }) =>
          home === pipelineId &&
          conformanceCost(
            path.map(place => stageKey(...(place.split('.') as [string, string]))),
            graph,
          ) === 0,
      ),
    ),
  }
}

describe('the process of each responsible', () => {
  /** By going through the periods one by one. */
  const cohortOf = (age: number): number => {
    const days = age / DAY
    return days <= 30 ? 0 : days <= 90 ? 1 : days <= 365 ? 2 : 3
  }

  test('counts what going through the deals one by one counts, apart for each period of creation', () => {
    const at = worldOf(portal, 500)
    const place = fc.constantFrom<Place>(
      'sales.A',
      'sales.B',
      'sales.C',
      'sales.won',
      'sales.lost',
      'sales.lost2',
      'other.X',
      'other.won',
    )
    const person = fc.constantFrom('anna', 'boris', null)
    // On the very edge of a period, too.
    const created = fc.constantFrom(0, 135, 134.99, 410, 409, 470, 469, 480)
    const deal = fc.tuple(person, fc.array(place, { minLength: 1, maxLength: 7 }), created)
    fc.assert(
      fc.property(fc.array(deal, { maxLength: 30 }), made => {
        const deals = made.map(([who, path, from]) =>
          ownedBy(
            who,
            path.map((stage, index) => [from + index, stage]),
          ),
        )
        const { groups, roads } = groupsOf(deals, at)
        for (const who of new Set(made.map(([one]) => one)))
          for (const cohort of [0, 1, 2, 3]) {
            const own = deals.filter(
              deal =>
                deal.versions[0]?.responsibleId === who && cohortOf(at.asOf - deal.createdAt) === cohort,
            )
            const seen = groups.filter(one => one.responsibleId === who && one.cohort === cohort)
            expect(seen.length > 0).toBe(own.length > 0)
            for (const pipelineId of ['sales', 'other']) {
              const rows = rowsOf(seen, pipelineId)
              const slow = slowly(own, pipelineId)
              const edges = told(rows, row => row.edges)
              for (const { fromStageId: from, toStageId: to } of edges) {
                const cells = edges.filter(one => one.fromStageId === from && one.toStageId === to)
                const alsoRoad = decided(cells.map(one => ({ ...one, deals: one.alsoRoad })))
                expect({ ...standing(cells), alsoRoad }).toEqual(slow.edge(from, to))
              }
              const stages = told(rows, row => row.stages)
              for (const { stageId } of stages) {
                const cells = stages.filter(one => one.stageId === stageId)
                const turnedBack = decided(cells.map(one => ({ ...one, deals: one.turnedBack })))
                expect({ ...standing(cells), turnedBack }).toEqual(slow.stage(stageId))
              }
              const paths = told(rows, row => row.roads)
              for (const { road } of paths)
                expect(standing(paths.filter(one => one.road === road))).toEqual(
                  slow.variant(roads[road]!.path),
                )
              expect(standing(rows.map(row => ({ ...row, deals: row.all })))).toEqual(slow.all)
              expect(standing(rows.map(row => ({ ...row, deals: row.onRoad })))).toEqual(slow.onRoad)
            }
          }
      }),
      { numRuns: 60 },
    )
  })

  test('adds up to the whole map', () => {
    const place = fc.constantFrom<Place>(
      'sales.A',
      'sales.B',
      'sales.C',
      'sales.won',
      'sales.lost',
      'other.X',
    )
    const deal = fc.tuple(
      fc.constantFrom('anna', 'boris', null),
      fc.array(place, { minLength: 1, maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.array(deal, { maxLength: 25 }), made => {
        const deals = made.map(([who, path]) =>
          ownedBy(
            who,
            path.map((stage, at) => [at * 1.7, stage]),
          ),
        )
        const {
          process,
          stages,
          variants,
          processGroups = [],
        } = processOf(historyOf(deals), world, new Map(), {
          byPerson: true,
        })
        const rows = processGroups.flatMap(({ pipelines }) => pipelines)
        for (const edge of process) {
          const parts = rows
            .filter(row => row.pipelineId === edge.pipelineId)
            .flatMap(row => row.edges)
            .filter(one => one.fromStageId === edge.fromStageId && one.toStageId === edge.toStageId)
          expect(sum(parts.map(part => part.deals))).toBe(edge.deals)
          expect(sum(parts.map(part => part.measured))).toBe(edge.moves)
          expect(medianOfThinned(parts)).toBeCloseTo(edge.medianDays!, 2)
        }
        for (const stage of stages) {
          const parts = rows
            .filter(row => row.pipelineId === stage.pipelineId)
            .flatMap(row => row.stages)
            .filter(one => one.stageId === stage.stageId)
          for (const key of [
            'visits',
            'openNow',
            'forwardExits',
            'backExits',
            'lostExits',
            'otherExits',
          ] as const)
            expect(sum(parts.map(part => part[key]))).toBe(stage[key])
          if (stage.medianDays === null) expect(medianOfThinned(parts)).toBeNull()
          else expect(medianOfThinned(parts)).toBeCloseTo(stage.medianDays, 2)
        }
        expect(sum(rows.map(row => row.all))).toBe(sum(variants.map(variant => variant.deals)))
      }),
      { numRuns: 60 },
    )
  })

  test('a deal is that person’s who answers for it at the instant, whoever did before', () => {
    const deal = dealOf([
      [0, 'sales.A'],
      [3, 'sales.B'],
    ])
    const first = deal.versions[0]!
    const handed = {
      ...deal,
      versions: [first, { ...first, observedAt: day(10), responsibleId: 'boris' }],
    }
    const owners = (asOfDay: number) =>
      groupsOf([handed], worldOf(portal, asOfDay)).groups.map(one => one.responsibleId)
    expect(owners(5)).toEqual(['anna'])
    expect(owners(10)).toEqual(['boris'])
    // Before anything was observed the first observation stands.
    const late = { ...deal, versions: [{ ...first, observedAt: day(20), responsibleId: 'boris' }] }
    expect(groupsOf([late], worldOf(portal, 5)).groups.map(one => one.responsibleId)).toEqual(['boris'])
  })

  test('keeps the newest deals of every period by name, and says how many there are', () => {
    const at = worldOf(portal, 500)
    const created = fc.array(fc.integer({ min: 0, max: 499 }), { maxLength: 120 })
    fc.assert(
      fc.property(created, days => {
        const deals = days.map((from, index) =>
          ownedBy('anna', [
            [from, 'sales.A'],
            [500, index % 2 === 0 ? 'sales.lost' : 'sales.B'],
          ]),
        )
        const { groups } = groupsOf(deals, at)
        for (const [index, period] of [30, 90, 365, 10_000].entries()) {
          const within = deals.filter(
            (deal, place) => place % 2 === 0 && at.asOf - deal.createdAt <= period * DAY,
          )
          const cells = rowsOf(
            groups.filter(({ cohort }) => cohort <= index),
            'sales',
          ).flatMap(({ edges }) => edges.filter(({ toStageId }) => toStageId === 'lost'))
          expect(sum(cells.map(cell => cell.deals))).toBe(within.length)
          const newest = within.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, 30)
          const found = new Set(cells.flatMap(({ dealIds }) => dealIds))
          expect(found.size).toBe(newest.length)
          const oldest = Math.min(...newest.map(({ createdAt }) => createdAt))
          for (const deal of within) if (deal.createdAt > oldest) expect(found.has(deal.id)).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('tells the most usual roads apart and keeps all others as one sum', () => {
    const places: Place[] = ['sales.A', 'sales.B', 'sales.C']
    const deals = Array.from({ length: 260 }, (_, index) => {
      const digits = index.toString(3).padStart(6, '0').split('').map(Number)
      return ownedBy(
        'anna',
        digits.map((digit, at) => [at, places[digit]!]),
      )
    })
    const often = Array.from({ length: 3 }, () =>
      ownedBy('anna', [
        [0, 'sales.A'],
        [1, 'sales.won'],
      ]),
    )
    const { groups, roads } = groupsOf([...deals, ...often])
    expect(roads).toHaveLength(200)
    expect(roads[0]).toEqual({ path: ['A', 'won'], conformanceCost: 2 })
    expect(rowsOf(groups, 'sales').map(({ outcome, all }) => [outcome, all])).toEqual([
      ['open', 260],
      ['won', 3],
    ])
    const [open] = rowsOf(groups, 'sales')
    expect([open?.rest?.deals, open?.rest?.dealIds.length]).toEqual([61, 30])
  })
})

describe('durations kept for everybody', () => {
  test('are all there while they are few, and the median stays exact when they are many', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 400 }),
        days => {
          const kept = thinned(days)
          expect(kept.length).toBe(Math.min(days.length, 33))
          const sorted = days.toSorted((a, b) => a - b)
          const middle = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
          expect(medianOfThinned([{ measured: days.length, days: kept }])).toBeCloseTo(middle, 2)
        },
      ),
    )
  })

  test('of several people together give a median within two per cent of the ranks', () => {
    const list = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(fc.array(list, { minLength: 2, maxLength: 6 }), lists => {
        const all = lists.flat()
        const found = medianOfThinned(lists.map(days => ({ measured: days.length, days: thinned(days) })))!
        const below = all.filter(value => value < found - 1e-4).length / all.length
        const above = all.filter(value => value > found + 1e-4).length / all.length
        expect(below).toBeLessThanOrEqual(0.52 + 1 / all.length)
        expect(above).toBeLessThanOrEqual(0.52 + 1 / all.length)
      }),
    )
  })
})
