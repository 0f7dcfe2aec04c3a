import { describe, expect, test } from 'vitest'
import { type Thresholds, thresholdsOf } from '../../../src/metrics/portal-history.ts'
import { stageKey } from '../../../src/metrics/world.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import { activityOf, day, dealOf, historyOf, type Pipelines, worldOf } from './portal.ts'

const sales: Pipelines = { sales: 'A B C won lost' }

const thresholds = (dossiers: readonly Dossier[], asOfDay: number, pipelines = sales) => {
  const found: Thresholds = thresholdsOf(historyOf(dossiers), worldOf(pipelines, asOfDay))
  return (stageId: string, pipelineId = 'sales') => {
    const one = found.get(stageKey(pipelineId, stageId))
    if (one === undefined) throw new Error(`no threshold for ${stageId}`)
    return one
  }
}

/** `count` deals, one a day, that leave A after `daysOf(i)` for B, and win after a further `rest` days. */
const walkers = (count: number, daysOf: (index: number) => number, rest: number): Dossier[] =>
  Array.from({ length: count }, (_, index) =>
    dealOf([
      [index, 'sales.A'],
      [index + daysOf(index), 'sales.B'],
      [index + daysOf(index) + rest, 'sales.won'],
    ]),
  )

/** Small and the same every time. */
const lcg = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296
  return seed / 4_294_967_296
}

describe('thresholds', () => {
  test('with enough own exits T80 and T95 are the own points, drawn a little towards the pipeline', () => {
    // A takes 1…100 days in some order, B always 40.
    const a = thresholds(
      walkers(100, index => ((index * 37) % 100) + 1, 40),
      300,
    )('A')
    expect(a).toMatchObject({ source: 'own', sample: 100 })
    expect(a.t80OwnDays).toBe(80)
    // Pooled with B's hundred times 40: 80 % of all by day 60, 95 % by 90; the cycle clamps far above.
    const pipeline = (own: number, preset: number): number =>
      Math.exp((200 / 205) * Math.log(own) + (5 / 205) * Math.log(preset))
    const weight = 100 / 105
    const expected = (own: number, parent: number) =>
      Math.exp(weight * Math.log(own) + (1 - weight) * Math.log(parent))
    expect(a.t80Days).toBeCloseTo(expected(80, pipeline(60, 14)), 9)
    expect(a.t95Days).toBeCloseTo(expected(95, pipeline(90, 28)), 9)
  })

  test('below fifty own exits T95 keeps the ratio of the pipeline', () => {
    const rare = Array.from({ length: 20 }, (_, index) =>
      dealOf([
        [index, 'sales.C'],
        [index + 5 + (index % 4), 'sales.won'],
      ]),
    )
    const of = thresholds([...walkers(100, index => ((index * 37) % 100) + 1, 40), ...rare], 300)
    const [c, parentRatio] = [of('C'), 90 / 60]
    expect(c).toMatchObject({ source: 'own', sample: 20, t80OwnDays: 8 })
    expect((c.t95Days ?? 0) / (c.t80Days ?? 1)).toBeGreaterThan(parentRatio * 0.9)
    expect((c.t95Days ?? 0) / (c.t80Days ?? 1)).toBeLessThan(2)
  })

  test('a few own exits are mixed with the pipeline, none at all fall back to the preset', () => {
    const of = thresholds(
      [
        ...walkers(40, () => 4, 4),
        dealOf([
          [0, 'sales.C'],
          [32, 'sales.won'],
        ]),
      ],
      200,
    )
    const c = of('C')
    expect(c).toMatchObject({ source: 'mixed', sample: 1, t80OwnDays: 32 })
    // λ = 1/6 between 32 and about 4.
    expect(c.t80Days).toBeCloseTo(32 ** (1 / 6) * 4 ** (5 / 6), 0)
    const none = thresholds(
      walkers(40, () => 4, 4),
      200,
    )('C')
    expect(none).toMatchObject({ source: 'preset', sample: 0, t80OwnDays: null, t80Days: 3, t95Days: 6 })
  })

  test.each([
    [8, 3],
    [30, 7],
    [120, 14],
    [300, 30],
  ])('a pipeline with few exits and a cycle of %i days gets the preset of %i days', (cycle, preset) => {
    const of = thresholds(
      walkers(4, () => cycle / 2, cycle / 2),
      320,
    )
    expect(of('A')).toMatchObject({ source: 'preset', t80Days: preset, t95Days: 2 * preset })
    expect(of('C')).toMatchObject({ source: 'preset', t80Days: preset })
  })

  test('a threshold is never under a working day nor over twice the cycle', () => {
    expect(
      thresholds(
        walkers(60, () => 0.1, 0.2),
        200,
      )('A').t80Days,
    ).toBe(1)
    // Most win straight from A within 2 days; those that go through B hang about for 60.
    const quick = Array.from({ length: 60 }, (_, index) =>
      dealOf([
        [index, 'sales.A'],
        [index + 2, 'sales.won'],
      ]),
    )
    const slow = Array.from({ length: 25 }, (_, index) =>
      dealOf([
        [index, 'sales.B'],
        [index + 60, 'sales.C'],
      ]),
    )
    expect(thresholds([...quick, ...slow], 300)('B')).toMatchObject({ t80OwnDays: 60, t80Days: 4 })
  })

  test('stays that never end and losses do not bend the forward point', () => {
    // Log-normal forward times (median 7, σ 0.9; true 80 % point 14.9), losses beside, some that never leave.
    const next = lcg(7)
    const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    const deals = Array.from({ length: 4000 }, () => {
      const from = next() * 300
      const fate = next()
      const forward = 7 * Math.exp(0.9 * normal())
      const loss = 20 * Math.exp(0.9 * normal())
      if (fate < 0.15) return dealOf([[from, 'sales.A']])
      return dealOf([
        [from, 'sales.A'],
        fate < 0.66 ? [from + forward, 'sales.B'] : [from + loss, 'sales.lost'],
      ])
    })
    const t80 = thresholds(deals, 320)('A').t80OwnDays ?? 0
    expect(t80).toBeGreaterThan(14.9 * 0.93)
    expect(t80).toBeLessThan(14.9 * 1.07)
  })

  test('the silence limit is the 80 % point of contact gaps in stays later left forward', () => {
    const talk = (at: number) =>
      activityOf({ kind: 'message', direction: 'in', createdAt: day(at), actorClass: 'integration' })
    const deals = Array.from({ length: 40 }, (_, index) => ({
      ...dealOf([
        [index, 'sales.A'],
        [index + 30, 'sales.B'],
        [index + 40, 'sales.won'],
      ]),
      // Gaps of 5 days, one of 12.
      activities: [0, 5, 10, 15, 27].map(at => talk(index + at)),
    }))
    const lost = dealOf([
      [0, 'sales.A'],
      [200, 'sales.lost'],
    ])
    const of = thresholds([...deals, { ...lost, activities: [talk(1), talk(190)] }], 250)
    // 160 gaps: three of four take 5 days, so four of five take 12 at most; little is drawn to the preset.
    expect(of('A').s80Days).toBeGreaterThan(11.5)
    expect(of('A').s80Days).toBeLessThan(12.5)
    expect(
      thresholds(
        walkers(40, () => 4, 4),
        200,
      )('A').s80Days,
    ).toBeNull()
  })
})
