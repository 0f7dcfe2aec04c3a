import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conformanceCost } from '../../../src/metrics/history/conformance.ts'
import { defaultGraph } from '../../../src/metrics/history/designed-graph.ts'
import { medianOfThinned, thinned } from '../../../src/metrics/history/median.ts'
import { processOf } from '../../../src/metrics/portal-history.ts'
import { stageKey, type World } from '../../../src/metrics/world.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import { day, dealOf, historyOf, type Place, worldOf } from './portal.ts'

const portal = { sales: 'A B C won lost lost2', other: 'X won lost' }
const ROAD: Record<string, string[]> = { sales: ['A', 'B', 'C', 'won'], other: ['X', 'won'] }
const world = worldOf(portal, 30)

const ownedBy = (responsibleId: string | null, moves: Parameters<typeof dealOf>[0]): Dossier => {
  const deal = dealOf(moves)
  return { ...deal, versions: deal.versions.map(version => ({ ...version, responsibleId })) }
}
const peopleOf = (deals: Dossier[], at: World = world) =>
  processOf(historyOf(deals), at, new Map(), { byPerson: true }).processPeople ?? []

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
  const decided = (chosen: typeof paths) => [tally(chosen).won, tally(chosen).lost]
  return {
    edge: (from: string, to: string) => {
      const takers = paths.filter(({ path }) => has(path, from, to))
      const next = road[road.indexOf(from) + 1]
      const isSkip = road.indexOf(from) >= 0 && road.indexOf(to) > road.indexOf(from) + 1
      return {
        ...tally(takers),
        alsoRoad: isSkip ? decided(takers.filter(({ path }) => has(path, from, next!))) : [0, 0],
      }
    },
    stage: (stageId: string) => {
      const visitors = paths.filter(({ path }) => path.includes(`${pipelineId}.${stageId}`))
      const at = road.indexOf(stageId)
      const turned = visitors.filter(
        ({ path }) => at > 0 && road.slice(0, at).some(earlier => has(path, stageId, earlier)),
      )
      return { ...tally(visitors), turnedBack: decided(turned) }
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
  test('counts what going through the deals one by one counts', () => {
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
    const deal = fc.tuple(person, fc.array(place, { minLength: 1, maxLength: 7 }))
    fc.assert(
      fc.property(fc.array(deal, { maxLength: 30 }), made => {
        const deals = made.map(([who, path]) =>
          ownedBy(
            who,
            path.map((stage, at) => [at, stage]),
          ),
        )
        const people = peopleOf(deals)
        for (const who of new Set(made.map(([one]) => one))) {
          const own = deals.filter(({ versions }) => versions[0]?.responsibleId === who)
          const rows = people.find(({ responsibleId }) => responsibleId === who)!
          for (const { pipelineId, edges, stages, variants, all, onRoad } of rows.pipelines) {
            const slow = slowly(own, pipelineId)
            for (const { fromStageId, toStageId, deals: n, won, lost, alsoRoad } of edges)
              expect({ deals: n, won, lost, alsoRoad }).toEqual(slow.edge(fromStageId, toStageId))
            for (const { stageId, deals: n, won, lost, turnedBack } of stages)
              expect({ deals: n, won, lost, turnedBack }).toEqual(slow.stage(stageId))
            for (const { path, deals: n, won, lost } of variants)
              expect({ deals: n, won, lost }).toEqual(slow.variant(path))
            expect(all).toEqual(Object.values(slow.all))
            expect(onRoad).toEqual(Object.values(slow.onRoad))
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
          processPeople = [],
        } = processOf(historyOf(deals), world, new Map(), {
          byPerson: true,
        })
        const rows = processPeople.flatMap(({ pipelines }) => pipelines)
        const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
        for (const edge of process) {
          const parts = rows
            .filter(row => row.pipelineId === edge.pipelineId)
            .flatMap(row => row.edges)
            .filter(one => one.fromStageId === edge.fromStageId && one.toStageId === edge.toStageId)
          expect(sum(parts.map(part => part.deals))).toBe(edge.deals)
          expect(sum(parts.map(part => part.measured))).toBe(edge.moves)
          expect(medianOfThinned(parts)).toBeCloseTo(edge.medianDays!, 4)
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
          else expect(medianOfThinned(parts)).toBeCloseTo(stage.medianDays, 4)
        }
        expect(sum(rows.map(row => row.all[0]))).toBe(sum(variants.map(variant => variant.deals)))
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
      peopleOf([handed], worldOf(portal, asOfDay)).map(one => one.responsibleId)
    expect(owners(5)).toEqual(['anna'])
    expect(owners(10)).toEqual(['boris'])
    // Before anything was observed the first observation stands.
    const late = { ...deal, versions: [{ ...first, observedAt: day(20), responsibleId: 'boris' }] }
    expect(peopleOf([late], worldOf(portal, 5)).map(one => one.responsibleId)).toEqual(['boris'])
  })

  test('keeps the newest deals by name and how each stands, and says how many there are', () => {
    const deals = Array.from({ length: 75 }, (_, index) =>
      ownedBy('anna', [
        [index / 10, 'sales.A'],
        [20, index % 2 === 0 ? 'sales.lost' : 'sales.B'],
      ]),
    )
    const edge = peopleOf(deals)[0]!.pipelines[0]!.edges.find(({ toStageId }) => toStageId === 'lost')!
    expect(edge.deals).toBe(38)
    const lost = deals.filter((_, index) => index % 2 === 0)
    expect(edge.dealIds).toEqual(
      lost
        .slice(-30)
        .reverse()
        .map(({ id }) => id),
    )
    expect(edge.states).toBe('l'.repeat(30))
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
    const { variants, rest, all } = peopleOf([...deals, ...often])[0]!.pipelines[0]!
    expect(variants).toHaveLength(200)
    expect(variants[0]).toMatchObject({ path: ['A', 'won'], deals: 3, won: 3 })
    expect([rest.paths, rest.deals, rest.dealIds.length]).toEqual([61, 61, 30])
    expect(all).toEqual([263, 3, 0])
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
          expect(medianOfThinned([{ measured: days.length, days: kept }])).toBeCloseTo(middle, 4)
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
