import { describe, expect, test } from 'vitest'
import { checkFlags } from '../../../src/metrics/history/flag-check.ts'
import { cumulativeIncidence } from '../../../src/metrics/history/incidence.ts'
import { noMoveWithin, stayCurve } from '../../../src/metrics/history/still-there.ts'
import { thresholdsOf } from '../../../src/metrics/portal-history.ts'
import { stageKey } from '../../../src/metrics/world.ts'
import { DAY, day, dealOf, historyOf, worldOf } from './portal.ts'

const sales = { sales: 'A B won lost' }

describe('flags looked at again after sixty days', () => {
  /** Twenty red deals of which `red` moved on, twenty unflagged ones of which `plain` did. */
  const check = (red: number, plain: number, flagged = 20) => {
    const deals = Array.from({ length: flagged + 20 }, (_, index) => {
      const isMoved = index < flagged ? index < red : index - flagged < plain
      const end = index % 2 === 0 ? ('sales.B' as const) : ('sales.won' as const)
      return dealOf(
        isMoved
          ? [
              [0, 'sales.A'],
              [40, end],
            ]
          : [
              [0, 'sales.A'],
              [41, 'sales.lost'],
            ],
      )
    })
    return checkFlags(historyOf(deals), worldOf(sales, 100), {
      flaggedAt: day(20),
      deals: deals.map(({ id }, index) => ({
        dealId: id,
        pipelineId: 'sales',
        stageId: 'A',
        level: index < flagged ? 'red' : 'none',
      })),
      isNormal: id => id === deals[0]?.id || id === deals[1]?.id,
      isReconstructed: false,
    })
  }

  test('tell the forward rate of red deals against the others of the same stage', () => {
    expect(check(4, 16)).toMatchObject({
      red: { deals: 20, moved: 4 },
      unflagged: { deals: 20, moved: 16 },
      ratio: 0.25,
      normal: 2,
      stages: [{ stageId: 'A', ratio: 0.25, isMisjudged: false }],
    })
  })

  test('that move on at more than seventy per cent of the usual rate were none', () => {
    expect(check(13, 16).stages[0]).toMatchObject({ ratio: 13 / 16, isMisjudged: true })
    expect(check(11, 16).stages[0]?.isMisjudged).toBe(false)
    // Nine red deals are no pattern.
    expect(check(9, 16, 9).stages[0]).toMatchObject({ ratio: null, isMisjudged: false })
  })

  test('count a move within the sixty days only, and by the very next stage', () => {
    const [late, lost, quick] = [
      dealOf([
        [0, 'sales.A'],
        [81, 'sales.B'],
      ]),
      dealOf([
        [0, 'sales.A'],
        [30, 'sales.lost'],
        [31, 'sales.B'],
      ]),
      dealOf([
        [0, 'sales.A'],
        [80, 'sales.B'],
      ]),
    ]
    const deals = [late, lost, quick]
    const found = checkFlags(historyOf(deals), worldOf(sales, 100), {
      flaggedAt: day(20),
      deals: deals.map(({ id }) => ({
        dealId: id,
        pipelineId: 'sales',
        stageId: 'A',
        level: 'red' as const,
      })),
      isNormal: () => false,
      isReconstructed: true,
    })
    expect(found).toMatchObject({ red: { deals: 3, moved: 1 }, ratio: null, isReconstructed: true })
  })
})

describe('the chance that a deal does not move', () => {
  test('is the share of those still there among those who had come as far', () => {
    // One leaves each day from day 1 to day 100.
    const duration = Float64Array.from({ length: 100 }, (_, index) => (index + 1) * DAY)
    const curve = stayCurve(
      cumulativeIncidence(
        { entry: new Float64Array(100).fill(-1), duration, cause: new Uint8Array(100).fill(1) },
        1,
      ),
    )
    const stays = { own: curve, pipeline: curve }
    expect(noMoveWithin(stays, 0, 5 * DAY)).toBeCloseTo(0.95, 12)
    expect(noMoveWithin(stays, 50 * DAY, 5 * DAY)).toBeCloseTo(45 / 50, 12)
    expect(noMoveWithin(stays, 89 * DAY, 5 * DAY)).toBeCloseTo(6 / 11, 12)
    // Fewer than ten have ever been seen to leave later.
    expect(noMoveWithin(stays, 91 * DAY, 5 * DAY)).toBeNull()
  })

  test('is high on a stage that holds deals for long and low where they pass quickly', () => {
    const deals = Array.from({ length: 60 }, (_, index) =>
      dealOf([
        [index / 10, 'sales.A'],
        [index / 10 + 1 + (index % 3), 'sales.B'],
        [index / 10 + 40 + index / 2, 'sales.won'],
      ]),
    )
    const thresholds = thresholdsOf(historyOf(deals), worldOf(sales, 120))
    const chance = (stage: string) =>
      noMoveWithin(thresholds.get(stageKey('sales', stage))!.stays!, DAY / 2, 5 * DAY)
    expect(chance('A')).toBeLessThan(0.2)
    expect(chance('B')).toBeGreaterThan(0.8)
  })
})

test('a threshold that an administrator has loosened is that much longer', () => {
  const deals = Array.from({ length: 40 }, (_, index) =>
    dealOf([
      [index / 10, 'sales.A'],
      [index / 10 + 2 + (index % 7), 'sales.B'],
    ]),
  )
  const history = historyOf(deals)
  const world = worldOf(sales, 60)
  const looser = {
    ...world,
    settings: { ...world.settings, stale: { dropBulk: true, loosened: { 'sales/A': 1.5 } } },
  }
  const key = stageKey('sales', 'A')
  const [usual, loose] = [thresholdsOf(history, world).get(key), thresholdsOf(history, looser).get(key)]
  expect(loose?.t80Days).toBeCloseTo((usual?.t80Days ?? 0) * 1.5, 9)
  expect(loose?.t95Days).toBeCloseTo((usual?.t95Days ?? 0) * 1.5, 9)
  expect(loose?.t80OwnDays).toBe(usual?.t80OwnDays)
})
