import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { measureStages, stageCurves, thresholdsOf } from '../../../src/metrics/portal-history.ts'
import type { World } from '../../../src/metrics/world.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import { curveRows } from '../../../src/snapshot/curve-rows.ts'
import { DAY, day, dealOf, historyOf, MINUTE, type Place, worldOf } from './portal.ts'

const sales = { sales: 'A B C won lost', other: 'X Y won lost' }

const tableOf = (dossiers: readonly Dossier[], world: World) => {
  const history = historyOf(dossiers)
  const rows = measureStages(history, world, thresholdsOf(history, world))
  return (stageId: string, pipelineId = 'sales') => {
    const row = rows.find(each => each.stageId === stageId && each.pipelineId === pipelineId)
    if (row === undefined) throw new Error(`no row for ${stageId}`)
    return row
  }
}

const curvesOf = (...of: Parameters<typeof stageCurves>) => [...curveRows(stageCurves(...of))]

describe('the table of stages', () => {
  test('each way out is told by the very next stage', () => {
    const row = tableOf(
      [
        dealOf([
          [0, 'sales.A'],
          [1, 'sales.B'],
          [3, 'sales.A'],
          [4, 'sales.C'],
          [9, 'sales.won'],
        ]),
        dealOf([
          [0, 'sales.A'],
          [2, 'sales.lost'],
        ]),
        dealOf([
          [0, 'sales.A'],
          [5, 'other.X'],
        ]),
        dealOf([[0, 'sales.A']]),
      ],
      worldOf(sales, 20),
    )
    expect(row('A')).toMatchObject({
      visits: 5,
      forwardExits: 2,
      backExits: 0,
      lostExits: 1,
      otherExits: 1,
      openNow: 1,
      medianDays: 1.5,
    })
    expect(row('B')).toMatchObject({ visits: 1, backExits: 1, medianDays: 2 })
    expect(row('C')).toMatchObject({ forwardExits: 1, medianDays: 5 })
    expect(row('X', 'other')).toMatchObject({ visits: 1, openNow: 1, medianDays: null })
  })

  test('a won or lost stage has visits, but nothing waits there and nothing has a threshold', () => {
    const row = tableOf(
      [
        dealOf([
          [0, 'sales.A'],
          [1, 'sales.won'],
        ]),
      ],
      worldOf(sales, 20),
    )
    expect(row('won')).toMatchObject({ outcome: 'won', visits: 1, openNow: 0, t80Days: null, t95Days: null })
  })

  test('an immediate repeat of a stage is one stay, from its first row on', () => {
    const row = tableOf(
      [
        dealOf([
          [0, 'sales.A'],
          [2, 'sales.A'],
          [6, 'sales.B'],
        ]),
      ],
      worldOf(sales, 20),
    )
    expect(row('A')).toMatchObject({ visits: 1, forwardExits: 1, medianDays: 6 })
  })

  test('a stay of under two minutes counts in the table and still decides how the one before it ended', () => {
    const history = historyOf([
      dealOf([
        [0, 'sales.B'],
        [4, 'sales.A'],
        [4 + MINUTE / DAY, 'sales.C'],
      ]),
    ])
    const world = worldOf(sales, 20)
    const rows = measureStages(history, world, thresholdsOf(history, world))
    expect(rows.find(row => row.stageId === 'A')).toMatchObject({ visits: 1, forwardExits: 1 })
    const curves = curvesOf(history, world)
    expect(curves.filter(row => row.stageId === 'A')).toEqual([])
    expect(curves.filter(row => row.stageId === 'B')).toMatchObject([{ exit: 'back', tDays: 4, events: 1 }])
  })

  test('templates and deals deleted by then are out; a deal deleted later still counts', () => {
    const gone = dealOf([[0, 'sales.A']], { deletedAt: day(10) })
    const template = dealOf([[0, 'sales.A']], { isTemplate: true })
    expect(tableOf([gone, template], worldOf(sales, 5))('A').visits).toBe(1)
    expect(tableOf([gone, template], worldOf(sales, 10))('A').visits).toBe(0)
  })

  test('what is measured for an instant is the same whether or not later facts are there', () => {
    const places: Place[] = ['sales.A', 'sales.B', 'sales.C', 'sales.won', 'sales.lost', 'other.X']
    const deals = fc.array(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.constantFrom(...places)), {
        minLength: 1,
        maxLength: 8,
      }),
      { minLength: 1, maxLength: 12 },
    )
    fc.assert(
      fc.property(deals, fc.integer({ min: 0, max: 420 }), (portal, asOf) => {
        const whole = portal.map(moves => dealOf(moves.toSorted((a, b) => a[0] - b[0])))
        const cut = whole
          .map(deal => ({ ...deal, moves: deal.moves.filter(move => move.at <= day(asOf)) }))
          .filter(deal => deal.moves.length > 0)
        const world = worldOf(sales, asOf)
        const told = (dossiers: Dossier[]) => {
          const history = historyOf(dossiers)
          const order = <T>(rows: T[]) => rows.map(row => JSON.stringify(row)).sort()
          return [
            order(measureStages(history, world, thresholdsOf(history, world))),
            order(curvesOf(history, world)),
          ]
        }
        expect(told(whole)).toEqual(told(cut))
      }),
      { numRuns: 60 },
    )
  })
})

describe('the curves of a stage', () => {
  test('a stay that began before the window enters at the age it had then', () => {
    const history = historyOf([
      // Began 400 days before asOf, left 30 days before: watched from age 35 on.
      dealOf([
        [0, 'sales.A'],
        [370, 'sales.B'],
      ]),
      dealOf([
        [390, 'sales.A'],
        [395, 'sales.B'],
      ]),
      // Left before the window began.
      dealOf([
        [0, 'sales.A'],
        [20, 'sales.B'],
      ]),
    ])
    const rows = curvesOf(history, worldOf(sales, 400)).filter(row => row.stageId === 'A')
    expect(rows).toMatchObject([
      { tDays: 5, atRisk: 1, events: 1, value: 1 },
      { tDays: 370, atRisk: 1, events: 1, value: 1 },
    ])
  })

  test('a deal older than history without rows is at risk only from the age history found it at', () => {
    const silent = dealOf([], {
      createdAt: day(-100),
      current: { pipelineId: 'sales', stageId: 'A', outcome: 'open', movedAt: day(-50), closedAt: null },
    })
    const history = historyOf([
      silent,
      dealOf([
        [0, 'sales.A'],
        [30, 'sales.B'],
      ]),
      dealOf([
        [0, 'sales.A'],
        [55, 'sales.B'],
      ]),
    ])
    // Found at age 50 when history begins, day 0; 60 days later it is 110 old and still there.
    const rows = curvesOf(history, worldOf(sales, 60, { historyStart: day(0) }))
    expect(rows).toMatchObject([
      { tDays: 30, atRisk: 2, value: 0.5 },
      { tDays: 55, atRisk: 2, value: 0.75 },
    ])
  })

  test('a bulk clean-up leaves no trace in the curves, unless the setting keeps it', () => {
    const deals = Array.from({ length: 30 }, (_, index) =>
      dealOf([
        [index / 10, 'sales.A'],
        [40 + (index * 10) / 1440 / 30, 'sales.lost', 'boss'],
      ]),
    )
    const world = worldOf(sales, 50)
    const keeping = { ...world, settings: { ...world.settings, stale: { loosened: {}, dropBulk: false } } }
    expect(curvesOf(historyOf(deals), world)).toEqual([])
    expect(curvesOf(historyOf(deals), keeping)).toHaveLength(30)
    // Twenty-nine are a busy day.
    expect(curvesOf(historyOf(deals.slice(1)), world)).toHaveLength(29)
    // Before the thirtieth deal nobody could know that it was one.
    expect(curvesOf(historyOf(deals), worldOf(sales, 40.005))).toHaveLength(22)
  })

  test('many creations at one instant by unknown hands are a clean-up only within one pipeline', () => {
    const imported = Array.from({ length: 40 }, (_, index) =>
      dealOf([
        [0, index % 2 === 0 ? 'sales.A' : 'other.X'],
        [3, index % 2 === 0 ? 'sales.B' : 'other.Y'],
      ]),
    )
    const byStage = curvesOf(historyOf(imported), worldOf(sales, 9))
    expect(byStage.filter(row => row.stageId === 'A')).toMatchObject([{ events: 20 }])
    const all = imported.map(deal =>
      dealOf(
        [
          [0, 'sales.A'],
          [3, 'sales.B'],
        ],
        { id: deal.id },
      ),
    )
    expect(curvesOf(historyOf(all), worldOf(sales, 9))).toEqual([])
  })
})
