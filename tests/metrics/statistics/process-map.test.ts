import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conformanceCost } from '../../../src/metrics/history/conformance.ts'
import {
  type DesignedGraph,
  defaultGraph,
  designAt,
  designedGraph,
  designsAt,
  graphOf,
} from '../../../src/metrics/history/designed-graph.ts'
import { processOf } from '../../../src/metrics/portal-history.ts'
import { stageKey } from '../../../src/metrics/world.ts'
import { day, dealOf, historyOf, worldOf } from './portal.ts'

const portal = { sales: 'A B C won lost lost2', other: 'X won lost' }

describe('the map of moves', () => {
  test('counts every row, an immediate repeat too, and the time since the row before', () => {
    const { process } = processOf(
      historyOf([
        dealOf([
          [0, 'sales.A'],
          [2, 'sales.A'],
          [3, 'sales.B'],
          [4, 'sales.A'],
          [9, 'sales.B'],
        ]),
        dealOf([
          [0, 'sales.A'],
          [7, 'sales.B'],
        ]),
      ]),
      worldOf(portal, 30),
    )
    expect(process).toEqual([
      expect.objectContaining({ fromStageId: 'A', toStageId: 'A', deals: 1, moves: 1, isDesigned: false }),
      {
        pipelineId: 'sales',
        fromStageId: 'A',
        toStageId: 'B',
        deals: 2,
        moves: 3,
        medianDays: 5,
        isDesigned: true,
      },
      expect.objectContaining({ fromStageId: 'B', toStageId: 'A', medianDays: 1, isDesigned: false }),
    ])
  })

  test('a move between pipelines is no edge of either', () => {
    const { process } = processOf(
      historyOf([
        dealOf([
          [0, 'sales.A'],
          [1, 'other.X'],
          [2, 'other.lost'],
        ]),
      ]),
      worldOf(portal, 30),
    )
    expect(process.map(row => [row.pipelineId, row.fromStageId, row.toStageId, row.isDesigned])).toEqual([
      ['other', 'X', 'lost', true],
    ])
  })

  test('roads group deals by their whole path and say how those deals stand', () => {
    const { variants } = processOf(
      historyOf([
        dealOf([
          [0, 'sales.A'],
          [1, 'sales.B'],
          [2, 'sales.C'],
          [10, 'sales.won'],
        ]),
        dealOf([
          [3, 'sales.A'],
          [4, 'sales.B'],
          [5, 'sales.C'],
          [7, 'sales.won'],
        ]),
        dealOf([
          [0, 'other.X'],
          [1, 'sales.A'],
          [5, 'sales.lost'],
        ]),
        dealOf([[0, 'sales.A']]),
      ]),
      worldOf(portal, 30),
    )
    expect(variants).toEqual([
      {
        pipelineId: 'sales',
        path: ['A', 'B', 'C', 'won'],
        deals: 2,
        won: 2,
        lost: 0,
        open: 0,
        medianDays: 7,
        conformanceCost: 0,
      },
      expect.objectContaining({ path: ['A'], open: 1, medianDays: 0, conformanceCost: 0 }),
      expect.objectContaining({ path: ['X', 'A', 'lost'], lost: 1, medianDays: 5, conformanceCost: 2 }),
    ])
  })

  test('roads and moves are told in one order, whichever order the deals are read in', () => {
    const deals = [['A', 'B', 'won'], ['A', 'lost'], ['B', 'C'], ['A']].map(path =>
      dealOf(path.map((stage, at) => [at, `sales.${stage}` as 'sales.A'])),
    )
    const told = (list: typeof deals) => processOf(historyOf(list), worldOf(portal, 30))
    expect(told(deals.toReversed())).toEqual(told(deals))
  })

  test('every deal with rows is on exactly one road, and every later row is a move', () => {
    const place = fc.constantFrom('sales.A', 'sales.B', 'sales.C', 'sales.won', 'sales.lost') as fc.Arbitrary<
      'sales.A' | 'sales.B'
    >
    fc.assert(
      fc.property(fc.array(fc.array(place, { minLength: 1, maxLength: 7 }), { maxLength: 20 }), paths => {
        const deals = paths.map(path => dealOf(path.map((stage, at) => [at, stage])))
        const { process, variants } = processOf(historyOf(deals), worldOf(portal, 30))
        expect(variants.reduce((sum, row) => sum + row.deals, 0)).toBe(paths.length)
        expect(variants.reduce((sum, row) => sum + row.won + row.lost + row.open, 0)).toBe(paths.length)
        expect(process.reduce((sum, row) => sum + row.moves, 0)).toBe(
          paths.reduce((sum, path) => sum + path.length - 1, 0),
        )
      }),
    )
  })
})

/** Cheapest explanation by search over single edits: pass a designed stage unseen, step back, or a foreign visit. */
const searchCost = (path: readonly string[], graph: DesignedGraph): number => {
  const reaches = (from: string, to: string): boolean => {
    const seen = new Set([from])
    for (const stage of seen) for (const next of graph.edges.get(stage) ?? []) seen.add(next)
    return from !== to && seen.has(to)
  }
  const best = new Map<string, number>([['0|', 0]])
  const open: { read: number; place: string; cost: number }[] = [{ read: 0, place: '', cost: 0 }]
  while (open.length > 0) {
    open.sort((a, b) => b.cost - a.cost)
    const here = open.pop()
    if (here === undefined) break
    if (here.read === path.length) return here.cost
    const next = path[here.read]!
    const go = (read: number, place: string, cost: number): void => {
      const key = `${read}|${place}`
      if ((best.get(key) ?? Number.POSITIVE_INFINITY) <= cost) return
      best.set(key, cost)
      open.push({ read, place, cost })
    }
    const allowed = here.place === '' ? graph.starts : [...(graph.edges.get(here.place) ?? [])]
    if (!graph.nodes.has(next)) {
      go(here.read + 1, here.place, here.cost + 2)
      continue
    }
    if (next === here.place || allowed.includes(next)) go(here.read + 1, next, here.cost)
    for (const stage of allowed) go(here.read, stage, here.cost + 1)
    // No designed way leads there from the beginning.
    if (here.place === '' && !graph.starts.some(start => start === next || reaches(start, next)))
      go(here.read + 1, next, here.cost + 1)
    // A back-step lands on the stage that is then seen: one that lies before, or beside.
    if (here.place !== '' && !reaches(here.place, next)) go(here.read + 1, next, here.cost + 1)
    if (here.place !== '' && reaches(next, here.place)) go(here.read + 1, next, here.cost + 1)
  }
  return Number.POSITIVE_INFINITY
}

describe('conformance', () => {
  const world = worldOf(portal, 30)
  const graph = defaultGraph('sales', world)
  const cost = (path: string): number =>
    conformanceCost(
      path.split(' ').map(stage => (stage === 'X' ? stageKey('other', 'X') : stageKey('sales', stage))),
      graph,
    )

  test('the designed road is free, may be lost from anywhere and may stop anywhere', () => {
    expect(['A B C won', 'A B', 'A', 'A lost', 'A B C lost2', 'A A B B C'].map(cost)).toEqual([
      0, 0, 0, 0, 0, 0,
    ])
  })

  test('each skipped stage, each step back and each foreign visit has its price', () => {
    expect(cost('A C won')).toBe(1)
    expect(cost('A won')).toBe(2)
    expect(cost('C won')).toBe(2)
    expect(cost('A B A B C won')).toBe(1)
    expect(cost('A B C A B C won')).toBe(1)
    expect(cost('A X B C won')).toBe(2)
    expect(cost('A B lost B C won')).toBe(1)
    expect(cost('A C B X C')).toBe(1 + 1 + 2)
  })

  test('no cheaper explanation exists: a search over single edits finds the same cost', () => {
    const stage = fc.constantFrom('A', 'B', 'C', 'won', 'lost', 'lost2', 'X')
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 7 }), path => {
        const keys = path.map(id => (id === 'X' ? stageKey('other', 'X') : stageKey('sales', id)))
        const real = keys.filter((key, index) => key !== keys[index - 1])
        expect(conformanceCost(keys, graph)).toBe(searchCost(real, graph))
      }),
      { numRuns: 300 },
    )
  })

  test('nor of a drawn design, with returns and stages that it leaves out', () => {
    const ids = ['A', 'B', 'C', 'won', 'lost', 'lost2']
    const stage = fc.constantFrom(...ids, 'X')
    const edges = fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)), { maxLength: 7 })
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 7 }), edges, (path, drawn) => {
        const graph = designedGraph('sales', world, { edges: drawn })
        const keys = path.map(id => (id === 'X' ? stageKey('other', 'X') : stageKey('sales', id)))
        const real = keys.filter((key, index) => key !== keys[index - 1])
        expect(conformanceCost(keys, graph)).toBe(searchCost(real, graph))
      }),
      { numRuns: 300 },
    )
  })

  test('a drawn graph with a shortcut makes the shortcut free', () => {
    const key = (id: string) => stageKey('sales', id)
    const drawn = graphOf({
      pipelineId: 'sales',
      nodes: ['A', 'B', 'C', 'won'].map(key),
      starts: [key('A')],
      edges: new Map([
        [key('A'), new Set([key('B'), key('C')])],
        [key('B'), new Set([key('C')])],
        [key('C'), new Set([key('won')])],
      ]),
    })
    expect(conformanceCost(['A', 'C', 'won'].map(key), drawn)).toBe(0)
    expect(conformanceCost(['A', 'won'].map(key), drawn)).toBe(1)
  })
})

describe('a drawn design', () => {
  const world = worldOf(portal, 30)
  const key = (id: string) => stageKey('sales', id)
  const drawn = (...edges: string[]) =>
    designedGraph('sales', world, { edges: edges.map(edge => edge.split('>') as [string, string]) })

  test('allows what was drawn, and losing from anywhere', () => {
    const graph = drawn('A>C', 'C>won')
    expect([...graph.edges.get(key('A'))!].sort()).toEqual([key('C'), key('lost'), key('lost2')].sort())
    expect(conformanceCost(['A', 'C', 'won'].map(key), graph)).toBe(0)
    expect(conformanceCost(['A', 'B', 'lost2'].map(key), graph)).toBe(1)
  })

  test('ignores stages that do not exist, edges out of won and edges to lost; with none left the default holds', () => {
    const graph = drawn('A>B', 'B>GONE', 'won>A', 'B>lost', 'B>B', 'B>won')
    expect(graph.passed(null, key('won'))).toEqual([key('A'), key('B')])
    expect(graph.edges.has(key('won'))).toBe(false)
    const plain = drawn('A>GONE')
    expect(plain.edges).toEqual(defaultGraph('sales', world).edges)
  })

  test('begins on its first stage and on those that no edge leads to', () => {
    expect(drawn('B>C', 'C>B', 'A>B').starts).toEqual([key('A')])
    expect(drawn('B>won', 'C>won').starts).toEqual([key('B'), key('C')])
    // The first of a ring.
    expect(drawn('B>C', 'C>B').starts).toEqual([key('B')])
  })

  const version = (at: number, edges: [string, string][] | null) => ({
    from: new Date(day(at)).toISOString(),
    edges,
  })
  const designs = {
    sales: [version(10, [['A', 'C']]), version(20, null), version(25, [['A', 'won']])],
  }

  test('is in force from the moment it was drawn until the next one, never before', () => {
    const at = (days: number) => designAt(designs, 'sales', day(days))?.edges ?? null
    expect([9.99, 10, 19, 20, 24, 25, 900].map(at)).toEqual([
      null,
      [['A', 'C']],
      [['A', 'C']],
      null,
      null,
      [['A', 'won']],
      [['A', 'won']],
    ])
    expect(designAt(designs, 'other', day(25))).toBeNull()
    expect(designsAt(designs, day(22))).toEqual({})
    expect(designsAt(designs, day(30))).toEqual({ sales: [designs.sales[2]] })
  })

  test('is what moves and roads are held against from then on, and earlier instants stay as they were', () => {
    const deals = [
      dealOf([
        [0, 'sales.A'],
        [1, 'sales.C'],
        [2, 'sales.won'],
      ]),
    ]
    const told = (asOfDay: number, of: typeof designs | Record<string, never>) => {
      const at = worldOf(portal, asOfDay)
      return processOf(historyOf(deals), { ...at, settings: { ...at.settings, designs: of } })
    }
    expect(told(9, designs)).toEqual(told(9, {}))
    const { process, variants, designs: counted } = told(12, designs)
    expect(process.map(row => [row.toStageId, row.isDesigned])).toEqual([
      ['C', true],
      ['won', false],
    ])
    expect(variants[0]?.conformanceCost).toBe(1)
    expect(counted).toEqual([{ pipelineId: 'sales', from: designs.sales[0]!.from, edges: [['A', 'C']] }])
    expect(told(9, designs).designs).toEqual([])
  })
})
