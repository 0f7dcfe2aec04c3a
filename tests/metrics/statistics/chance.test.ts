import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  aucOf,
  brierOf,
  calibrationError,
  calibrationOf,
  type Judged,
} from '../../../src/metrics/history/auc.ts'
import { chanceAt, fitChances } from '../../../src/metrics/history/chance.ts'
import { stageInfos } from '../../../src/metrics/history/episodes.ts'
import { exitShares, fitExits, rowAt, StaySample, weigh } from '../../../src/metrics/history/exit-model.ts'
import { cumulativeIncidence } from '../../../src/metrics/history/incidence.ts'
import { type Chances, chancesOf, tellChances } from '../../../src/metrics/portal-history.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import type { DealRow, FlagRow } from '../../../src/snapshot/document.ts'
import { DAY, dealOf, historyOf, type Place, worldOf } from './portal.ts'

const lcg = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296
  return seed / 4_294_967_296
}

const modelOf = (dossiers: readonly Dossier[], pipelines: Record<string, string>, asOf: number) => {
  const history = historyOf(dossiers)
  const world = worldOf(pipelines, asOf)
  const infos = stageInfos(history, world)
  const { model } = fitChances(history, infos, world)
  return (stageId: string, ageDays: number) =>
    chanceAt(
      model,
      infos.findIndex(info => info.stageId === stageId),
      ageDays * DAY,
    )
}

describe('competing exits', () => {
  const rows = fc.array(
    fc.tuple(
      fc.integer({ min: -1, max: 20 }),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: -1, max: 3 }),
    ),
    { minLength: 1, maxLength: 60 },
  )

  test('the packed fit is the Aalen–Johansen estimate', () => {
    fc.assert(
      fc.property(rows, stays => {
        const sample = new StaySample()
        for (const [entry, duration, target] of stays) sample.push(entry, duration, target)
        const model = fitExits(sample, 4)
        const curve = cumulativeIncidence(
          {
            entry: Float64Array.from(stays, row => row[0]),
            duration: Float64Array.from(stays, row => row[1]),
            cause: Int32Array.from(stays, row => row[2] + 1),
          },
          4,
        )
        expect([...model.times]).toEqual([...curve.times])
        for (let target = 0; target < 4; target++) {
          const only = new Float64Array(4)
          only[target] = 1
          const running = weigh(model, only)
          for (const [row, value] of running.entries())
            expect(value).toBeCloseTo(curve.incidence[target]?.[row] ?? 0, 12)
          expect(exitShares(model).get(target) ?? 0).toBeCloseTo(curve.incidence[target]?.at(-1) ?? 0, 12)
        }
      }),
    )
  })

  test('past the last reliable age the last reliable row is kept and marked', () => {
    const sample = new StaySample()
    for (let age = 1; age <= 20; age++) sample.push(-1, age, 0)
    const model = fitExits(sample, 1)
    expect(rowAt(model, 0.5, 10)).toEqual({ row: -1, isHeld: false })
    expect(rowAt(model, 5.5, 10)).toEqual({ row: 4, isHeld: false })
    expect(rowAt(model, 10, 10)).toEqual({ row: 9, isHeld: false })
    expect(rowAt(model, 500, 10)).toEqual({ row: 9, isHeld: true })
    expect(rowAt(model, 500, 30)).toEqual({ row: -1, isHeld: true })
    // The only one watched early leaves before the others come under observation.
    const late = new StaySample()
    late.push(-1, 2, 0)
    for (let age = 6; age <= 30; age++) late.push(5, age, 0)
    expect(rowAt(fitExits(late, 1), 7, 10)).toEqual({ row: -1, isHeld: true })
  })
})

describe('the chance to win', () => {
  test('in one stage it is the share of winners among those who stood as long', () => {
    const ends = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.boolean()), {
      minLength: 40,
      maxLength: 80,
    })
    fc.assert(
      fc.property(ends, fc.integer({ min: 0, max: 12 }), (deals, age) => {
        const chance = modelOf(
          deals.map(([days, isWon]) =>
            dealOf([
              [0, 'sales.A'],
              [days, isWon ? 'sales.won' : 'sales.lost'],
            ]),
          ),
          { sales: 'A won lost' },
          90,
        )
        const stood = deals.filter(([days]) => days > age)
        fc.pre(stood.length >= 10)
        const won = stood.filter(([, isWon]) => isWon).length
        expect(chance('A', age)?.win).toBeCloseTo(won / stood.length, 10)
      }),
      { numRuns: 40 },
    )
  })

  test('across stages, loops included, it is what becomes of the deals that enter', () => {
    const next = lcg(3)
    const journey = (): [number, Place][] => {
      const moves: [number, Place][] = [[next() * 200, 'sales.A']]
      for (let place: string = 'A'; place === 'A' || place === 'B'; ) {
        const chance = next()
        place =
          place === 'A' ? (chance < 0.7 ? 'B' : 'lost') : chance < 0.4 ? 'won' : chance < 0.7 ? 'A' : 'lost'
        moves.push([(moves.at(-1)?.[0] ?? 0) + 1 + 6 * next(), `sales.${place}`])
      }
      return moves
    }
    const chance = modelOf(
      Array.from({ length: 6000 }, () => dealOf(journey())),
      { sales: 'A B won lost' },
      360,
    )
    // w_A = 0.7·w_B; w_B = 0.4 + 0.3·w_A: w_B = 0.4/0.79.
    expect(chance('B', 0)?.win).toBeCloseTo(0.4 / 0.79, 1)
    expect(chance('A', 0)?.win).toBeCloseTo((0.7 * 0.4) / 0.79, 1)
    expect(Math.abs((chance('B', 0)?.win ?? 0) - 0.4 / 0.79)).toBeLessThan(0.02)
    expect(chance('A', 0)?.basis).toBe('own')
  })

  test('a stage with few exits of its own leans on its pipeline and says so', () => {
    const many = Array.from({ length: 100 }, (_, index) =>
      dealOf([
        [index, 'sales.A'],
        [index + 5, index % 4 === 0 ? 'sales.won' : 'sales.lost'],
      ]),
    )
    const one = dealOf([
      [3, 'sales.B'],
      [9, 'sales.won'],
    ])
    const chance = modelOf([...many, one], { sales: 'A B won lost' }, 200)('B', 0)
    // λ = 1/6: a sixth of 1 and five sixths of about 1/4.
    expect(chance).toMatchObject({ basis: 'mixed' })
    expect(chance?.win).toBeCloseTo(1 / 6 + ((5 / 6) * 26) / 101, 6)
  })
})

describe('the back-test', () => {
  /** Deals that go quiet are lost after a month; the others win within days. */
  const telling = (count: number, seed: number) => {
    const next = lcg(seed)
    return Array.from({ length: count }, () => {
      const from = next() * 300
      return next() < 0.5
        ? dealOf([
            [from, 'sales.A'],
            [from + 2 + 10 * next(), 'sales.won'],
          ])
        : dealOf([
            [from, 'sales.A'],
            [from + 10 + 30 * next(), 'sales.lost'],
          ])
    })
  }
  const pipelines = { sales: 'A won lost' }
  /** A deal on stage A and its flag, once chances were told. */
  const told = (chances: Chances, ageDays: number) => {
    const place = { pipelineId: 'sales', stageId: 'A', ageDays, winChance: null }
    const deal = { ...place, winChanceBasis: 'none' } as DealRow
    const flag = { ...place } as FlagRow
    tellChances({ deals: [deal], flags: [flag] }, chances)
    expect(flag.winChance).toBe(deal.winChance)
    return deal
  }

  test('where time in stage tells, the chances are shown with their proof', () => {
    const chances = chancesOf(historyOf(telling(1500, 11)), worldOf(pipelines, 300))
    const { auc, aucLow, brier, calibrationError: error, basis, instants } = chances.backTest
    expect(basis).toBe('own')
    expect(instants).toBeGreaterThanOrEqual(10)
    expect(instants).toBeLessThanOrEqual(26)
    expect(auc).toBeGreaterThan(0.7)
    expect(aucLow).toBeGreaterThan(0.55)
    expect(brier).toBeLessThan(0.2)
    expect(error).toBeLessThan(0.08)
    const [young, old] = [told(chances, 1), told(chances, 20)]
    expect(young.winChanceBasis).toBe('own')
    expect(young.winChance ?? 0).toBeGreaterThan((old.winChance ?? 1) + 0.2)
  })

  test('where it tells nothing, no chance is shown at all', () => {
    const next = lcg(5)
    const deals = Array.from({ length: 1500 }, () => {
      const from = next() * 300
      return dealOf([
        [from, 'sales.A'],
        [from - 15 * Math.log(1 - next()), next() < 0.5 ? 'sales.won' : 'sales.lost'],
      ])
    })
    const chances = chancesOf(historyOf(deals), worldOf(pipelines, 300))
    expect(chances.backTest).toMatchObject({ basis: 'none' })
    expect(chances.backTest.aucLow).toBeLessThan(0.55)
    expect(told(chances, 3)).toMatchObject({ winChance: null, winChanceBasis: 'none' })
  })

  test('under two hundred decided deals there is not enough history', () => {
    const chances = chancesOf(historyOf(telling(199, 2)), worldOf(pipelines, 400))
    expect(chances.backTest).toMatchObject({ basis: 'none', decidedDeals: 199, auc: null })
  })

  test('nothing later than the instant changes what was told then', () => {
    const deals = telling(800, 4)
    const world = worldOf(pipelines, 200)
    const cut = deals
      .map(deal => ({ ...deal, moves: deal.moves.filter(move => move.at <= world.asOf) }))
      .filter(deal => deal.moves.length > 0)
    const [whole, then] = [chancesOf(historyOf(deals), world), chancesOf(historyOf(cut), world)]
    expect(whole.backTest).toEqual(then.backTest)
    expect(told(whole, 12)).toEqual(told(then, 12))
  })
})

describe('the area under the curve', () => {
  const judgedOf = (rows: readonly (readonly [number, boolean, number])[]): Judged => ({
    predicted: Float64Array.from(rows, row => row[0]),
    happened: Uint8Array.from(rows, row => (row[1] ? 1 : 0)),
    group: Int32Array.from(rows, row => row[2]),
  })
  const some = fc.array(fc.tuple(fc.integer({ min: 0, max: 10 }), fc.boolean(), fc.nat(1000)), {
    minLength: 2,
    maxLength: 60,
  })

  test('is the share of pairs told apart, ties being half', () => {
    fc.assert(
      fc.property(some, rows => {
        const pairs = rows
          .filter(row => row[1])
          .flatMap(yes => rows.filter(row => !row[1]).map(no => Math.sign(yes[0] - no[0]) / 2 + 0.5))
        const told = aucOf(judgedOf(rows))
        if (pairs.length === 0) expect(told).toBeNull()
        else expect(told?.auc).toBeCloseTo(pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length, 12)
      }),
    )
  })

  test('its interval holds the truth about 95 times in 100', () => {
    const next = lcg(9)
    let held = 0
    for (let run = 0; run < 400; run++) {
      const rows = Array.from({ length: 80 }, (_, index) => {
        const isWon = index % 2 === 0
        // Won uniform on [0.25, 1.25), lost on [0, 1): the true area is 1 − 0.75²/2.
        return [next() + (isWon ? 0.25 : 0), isWon, index] as const
      })
      const told = aucOf(judgedOf(rows))
      const truth = 1 - 0.75 ** 2 / 2
      if (told !== null && told.low <= truth && truth <= told.high) held++
    }
    expect(held / 400).toBeGreaterThan(0.9)
    expect(held / 400).toBeLessThan(0.985)
  })

  test('telling the same deal ten times does not make it surer', () => {
    const next = lcg(1)
    const rows = Array.from({ length: 60 }, (_, index) => [next(), next() < 0.5, index] as const)
    const once = aucOf(judgedOf(rows))
    const often = aucOf(judgedOf(rows.flatMap(row => Array.from({ length: 10 }, () => row))))
    expect(often?.low).toBeCloseTo(once?.low ?? -1, 10)
    expect(often?.high).toBeCloseTo(once?.high ?? -1, 10)
  })

  test('calibration bins hold every judgement once', () => {
    const judged = judgedOf([
      [0.05, false, 1],
      [0.15, true, 2],
      [0.12, false, 3],
      [1, true, 4],
    ])
    const bins = calibrationOf(judged)
    expect(bins.map(bin => [bin.deals, bin.observed])).toEqual([
      [1, 0],
      [2, 0.5],
      [1, 1],
    ])
    expect(calibrationError(bins)).toBeCloseTo((0.05 + 2 * (0.5 - 0.135)) / 4, 12)
    expect(brierOf(judged)).toBeCloseTo((0.05 ** 2 + 0.85 ** 2 + 0.12 ** 2) / 4, 12)
    expect(brierOf(judgedOf([]))).toBeNull()
  })
})
