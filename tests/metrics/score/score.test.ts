import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { attainment, shareVariance, shrink, Z90 } from '../../../src/metrics/attainment.ts'
import { METRICS } from '../../../src/metrics/catalogue/index.ts'
import { latestOf } from '../../../src/metrics/cut.ts'
import { PILLAR_WEIGHTS, PILLARS } from '../../../src/metrics/pillars.ts'
import { fixedSetOf, outcomeOf } from '../../../src/metrics/rows.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import type { Score } from '../../../src/snapshot/document.ts'
import { aCall, aDeal, aTask, at, aWorld, FRIDAY, measure, person, redDeals } from '../catalogue/portal.ts'

const scoreOf = (scores: readonly Score[], scope: Score['scope'], scopeId: string): Score => {
  const found = scores.find(score => score.scope === scope && score.scopeId === scopeId)
  if (found === undefined) throw new Error(`no score of ${scope} ${scopeId}`)
  return found
}

const week = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20']

/** A person who does everything: talks daily, has steps, fills the fields. */
const tidy = (owner: string, count = 6): Dossier[] =>
  Array.from({ length: count }, (_, index) =>
    aDeal({
      id: `${owner}-${index}`,
      owner,
      path: [
        ['NEW', '2026-10-01'],
        ['CALL', '2026-11-17T12:00', owner],
      ],
      activities: week.map(day => aCall(`${day}T10:00`, owner)),
      tasks: [aTask('2026-11-01', '2026-12-15', { createdBy: owner, responsibleId: owner })],
    }),
  )

const untidy = (owner: string, count = 6): Dossier[] =>
  Array.from({ length: count }, (_, index) => aDeal({ id: `${owner}-${index}`, owner, amount: null }))

describe('attainment and shrinking', () => {
  test('runs from the floor to the target in either direction', () => {
    expect(attainment(0.6, 0.3, 0.9)).toBeCloseTo(0.5)
    expect(attainment(0.95, 0.3, 0.9)).toBe(1)
    expect(attainment(0.35, 0.6, 0.1)).toBeCloseTo(0.5)
    expect(attainment(0.7, 0.6, 0.1)).toBe(0)
  })

  test('a small sample is drawn to its team by five cases', () => {
    expect(shrink(1, 5, 0.5)).toBe(0.75)
    expect(shrink(null, 0, 0.5)).toBe(0.5)
  })
})

test('a share of seventy per cent is as uncertain as Wilson’s interval says', () => {
  const half = (cases: number): number => Z90 * Math.sqrt(shareVariance(0.7, cases))
  expect([10, 20, 40].map(cases => Number(half(cases).toFixed(2)))).toEqual([0.22, 0.16, 0.12])
  expect(shareVariance(1, 5)).toBeGreaterThan(0.01)
})

describe('the weights', () => {
  test('of the pillars are 12, 25, 33, 15 and 15, and inside each they add up to one', () => {
    expect(PILLARS.map(pillar => PILLAR_WEIGHTS[pillar])).toEqual([12, 25, 33, 15, 15])
    for (const pillar of PILLARS) {
      const own = METRICS.filter(metric => metric.pillar === pillar)
      expect(own.reduce((sum, metric) => sum + (metric.score?.weight ?? 0), 0)).toBeCloseTo(1)
    }
  })

  test('each metric is there once, from M01 to M36, with its facts', () => {
    const numbers = Array.from({ length: 36 }, (_, index) => `M${String(index + 1).padStart(2, '0')}`)
    expect(METRICS.map(({ id }) => id)).toEqual(numbers)
    for (const metric of METRICS) {
      expect(metric.formula.length).toBeGreaterThan(10)
      for (const measure of metric.measures)
        if (measure.target !== null && measure.floor !== null)
          expect(measure.lessIsBetter).toBe(measure.floor > measure.target)
    }
  })
})

describe('the composite score', () => {
  const outcome = outcomeOf(measure([...tidy('anna'), ...untidy('boris')]), null)

  test('is high for who works in the CRM and low for who does not', () => {
    const anna = scoreOf(outcome.scores, 'employee', 'anna')
    const boris = scoreOf(outcome.scores, 'employee', 'boris')
    expect(anna.value).toBeGreaterThan(75)
    expect(boris.value).toBeLessThan(45)
    expect(anna.low).toBeLessThan(anna.value ?? 0)
    expect(anna.high).toBeGreaterThan(anna.value ?? 100)
    expect(boris.band).toBe((boris.value ?? 0) >= 40 ? 'on_request' : 'outside')
  })

  test('opens into points that add up to it, out of a hundred', () => {
    for (const score of outcome.scores) {
      const metrics = score.pillars.flatMap(pillar => pillar.metrics)
      expect(metrics.reduce((sum, { points }) => sum + points, 0)).toBeCloseTo(score.value ?? Number.NaN)
      expect(metrics.reduce((sum, { maxPoints }) => sum + maxPoints, 0)).toBeCloseTo(100)
    }
  })

  test('a metric that cannot be measured drops out and gives its weight to its pillar', () => {
    const { pillars } = scoreOf(outcome.scores, 'employee', 'anna')
    const process = pillars.find(({ pillar }) => pillar === 'process')
    expect(process?.metrics.find(({ metric }) => metric === 'M23')).toMatchObject({
      offReason: 'no_proofs',
      maxPoints: 0,
    })
    expect(process?.metrics.find(({ metric }) => metric === 'M20')?.weight).toBe(1)
    expect(process?.weight).toBeCloseTo(15)
  })

  test('of a team is the mean of its people weighted by their deal-days', () => {
    const uneven = outcomeOf(measure([...tidy('anna', 18), ...untidy('boris', 6)]), null)
    const [anna, boris] = ['anna', 'boris'].map(who => scoreOf(uneven.scores, 'employee', who).value ?? 0)
    const expected = ((anna ?? 0) * 18 + (boris ?? 0) * 6) / 24
    expect(scoreOf(uneven.scores, 'team', 'sales').value).toBeCloseTo(expected)
    expect(scoreOf(uneven.scores, 'company', 'company').value).toBeCloseTo(expected)
  })

  test('a department counts the people of the departments below it', () => {
    expect(scoreOf(outcome.scores, 'team', 'all').deals).toBe(12)
  })

  test('cleaning up on the last evening changes one day in five', () => {
    const lastEvening = untidy('boris').map(deal => ({
      ...deal,
      tasks: [aTask('2026-11-20T19:00', '2026-12-15', { createdBy: 'boris', responsibleId: 'boris' })],
    }))
    const metric = outcomeOf(measure([...tidy('anna'), ...lastEvening]), null).metrics.find(
      row => row.metric === 'M09' && row.scopeId === 'boris' && row.windowDays === 7,
    )
    expect(metric?.value).toBeCloseTo(1 / 5)
  })

  test('fewer than five deals or five days say nothing about a person, but the team keeps them', () => {
    const few = outcomeOf(measure([...tidy('anna', 8), ...untidy('boris', 4)]), null)
    expect(scoreOf(few.scores, 'employee', 'boris')).toMatchObject({
      value: null,
      absence: 'deals',
      deals: 4,
    })
    expect(scoreOf(few.scores, 'team', 'sales').value).toBeLessThan(
      scoreOf(few.scores, 'employee', 'anna').value ?? 0,
    )
    const fresh = tidy('vera').map(deal => ({
      ...deal,
      createdAt: at('2026-11-17T12:00'),
      moves: deal.moves.slice(0, 1).map(move => ({ ...move, at: at('2026-11-17T12:00') })),
    }))
    const world = aWorld({ people: [person('anna'), person('vera')] })
    const scores = outcomeOf(measure([...tidy('anna'), ...fresh], { world }), null).scores
    expect(scoreOf(scores, 'employee', 'vera')).toMatchObject({ value: null, absence: 'days' })
  })

  test('under sixty per cent coverage there is no score', () => {
    const world = aWorld({ historyStart: null, can: { calls: false, invoices: false } })
    const bare = Array.from({ length: 6 }, () => aDeal({}))
    const company = scoreOf(outcomeOf(measure(bare, { world }), null).scores, 'company', 'company')
    expect(company.coverage).toBeLessThan(0.6)
    expect(company).toMatchObject({ value: null, absence: 'coverage' })
  })

  test('the three largest fixes name deals and minutes', () => {
    const { fixes } = scoreOf(outcome.scores, 'employee', 'boris')
    expect(fixes.length).toBeGreaterThan(0)
    expect(fixes.length).toBeLessThanOrEqual(3)
    expect(fixes.map(({ points }) => points)).toEqual(
      fixes.map(({ points }) => points).toSorted((a, b) => b - a),
    )
    const step = fixes.find(({ metric }) => metric === 'M09')
    expect(step).toMatchObject({ minutes: 12 })
    expect(step?.dealIds).toHaveLength(6)
  })
})

describe('what would lift me most', () => {
  const lateTask = (owner: string) => [
    aTask('2026-11-02', '2026-11-12', { createdBy: owner, responsibleId: owner }),
  ]
  const mixed = (): Dossier[] => [
    ...tidy('anna'),
    ...untidy('boris', 4).map((deal, index) => ({
      ...deal,
      versions: [{ ...deal.versions[0]!, amount: (index + 1) * 100, closeOn: '2026-11-10' }],
      tasks: index === 0 ? lateTask('boris') : [],
    })),
    ...tidy('boris', 4).map((deal, index) => ({ ...deal, id: `boris-fine-${index}` })),
  ]
  const red = ['boris-1', 'boris-3', 'anna-2']
  /** Red in the weeks before, and in the last week unless put right there. */
  const judgeOf =
    (reds: readonly string[]) =>
    ({ id }: Dossier, when: number) => ({
      level:
        reds.includes(id) || (when < at('2026-11-14') && red.includes(id))
          ? ('red' as const)
          : ('none' as const),
      silenceDays: null,
      s80Days: null,
    })
  const score = (deals: readonly Dossier[], reds: readonly string[]) =>
    scoreOf(outcomeOf(measure(deals, { judge: judgeOf(reds) }), null).scores, 'employee', 'boris')

  test('clearing the flag of one named deal raises the score by the points promised for it', () => {
    const before = score(mixed(), red)
    const fix = before.fixes.find(({ metric }) => metric === 'M13')
    expect(fix?.dealIds).toEqual(['boris-3', 'boris-1'])
    fix?.dealIds.forEach((dealId, index) => {
      const after = score(
        mixed(),
        red.filter(id => id !== dealId),
      )
      const promised = fix.dealPoints?.[index] ?? 0
      expect(promised).toBeGreaterThan(0.1)
      expect((after.value ?? 0) - (before.value ?? 0)).toBeCloseTo(promised, 6)
    })
  })

  test('so does a step in time, a close date ahead and an overdue step done, each by its own points', () => {
    const deals = mixed()
    const before = score(deals, [])
    const byMetric = new Map(before.fixes.map(fix => [fix.metric, fix]))
    const put = (dealId: string, change: (deal: Dossier) => Dossier) =>
      deals.map(deal => (deal.id === dealId ? change(deal) : deal))
    const changes: Record<string, (deal: Dossier) => Dossier> = {
      M09: deal => ({
        ...deal,
        tasks: [
          ...deal.tasks,
          aTask('2026-11-02', '2026-12-15', { createdBy: 'boris', responsibleId: 'boris' }),
        ],
      }),
      M15: deal => ({ ...deal, versions: [{ ...deal.versions[0]!, closeOn: '2026-12-20' }] }),
    }
    expect([...byMetric.keys()]).toEqual(expect.arrayContaining(Object.keys(changes)))
    for (const [metric, change] of Object.entries(changes)) {
      const fix = byMetric.get(metric)
      const dealId = fix?.dealIds[0] ?? ''
      const after = score(put(dealId, change), [])
      const own = (of: Score) =>
        of.pillars.flatMap(({ metrics }) => metrics).find(part => part.metric === metric)?.points ?? 0
      expect(fix?.dealPoints?.[0]).toBeGreaterThan(0.1)
      // The change lies in every day of all four weeks, the promise in the last week: the team's mean differs by a hair.
      expect(own(after) - own(before)).toBeCloseTo(fix?.dealPoints?.[0] ?? 0, 0)
    }
  })
})

describe('days away', () => {
  const away = (from: string, to: string) =>
    aWorld({ settings: { absences: [{ userId: 'boris', from, to }] } })
  const deals = [...tidy('anna'), ...untidy('boris')]
  const rowsOf = (world: ReturnType<typeof aWorld>, metric: string) =>
    outcomeOf(measure(deals, { world }), null).metrics.find(
      row => row.metric === metric && row.scopeId === 'boris' && row.windowDays === 7,
    )

  test('are no days of the person: neither expected nor missed', () => {
    expect(rowsOf(aWorld(), 'M01')).toMatchObject({ numerator: 0, denominator: 5 })
    expect(rowsOf(away('2026-11-18', '2026-11-20'), 'M01')).toMatchObject({ denominator: 2 })
    expect(rowsOf(aWorld(), 'M09')?.denominator).toBe(30)
    expect(rowsOf(away('2026-11-18', '2026-11-20'), 'M09')?.denominator).toBe(12)
  })

  test('leave a week away without a score, and change nothing for colleagues', () => {
    const world = away('2026-10-01', '2026-11-20')
    const scores = outcomeOf(measure(deals, { world }), null).scores
    expect(scores.some(({ scopeId }) => scopeId === 'boris')).toBe(false)
    const alone = outcomeOf(measure(tidy('anna')), null).scores
    expect(scoreOf(scores, 'employee', 'anna').days).toBe(scoreOf(alone, 'employee', 'anna').days)
  })
})

test('a team’s spread is how far its people lie apart', () => {
  const { scores } = outcomeOf(measure([...tidy('anna'), ...untidy('boris')]), null)
  const [anna, boris] = ['anna', 'boris'].map(who => scoreOf(scores, 'employee', who).value ?? 0)
  expect(scoreOf(scores, 'team', 'sales').spread).toBeCloseTo(Math.abs((anna ?? 0) - (boris ?? 0)) / 2, 6)
  expect(scoreOf(scores, 'employee', 'anna').spread).toBeNull()
})

describe('the first run', () => {
  const redWorld = (asOf: string) => aWorld({ asOf: at(asOf), installedAt: at('2026-11-16T08:00') })
  const deals = [...tidy('anna'), ...untidy('boris')]
  const red = redDeals(...deals.filter(({ id }) => id.startsWith('anna')).map(({ id }) => id))

  test('over a quarter of the value red on day one gives two weeks without a score', () => {
    const during = outcomeOf(measure(deals, { world: redWorld('2026-11-20T23:59'), judge: red }), null)
    expect(during.isAmnesty).toBe(true)
    expect(during.scores.every(({ value, absence }) => value === null && absence === 'amnesty')).toBe(true)
    // Nothing is left that a score could be added up from, nor anything to compare people by.
    expect(
      during.scores.every(
        ({ pillars, fixes, trust }) => pillars.length + fixes.length === 0 && trust === 'clear',
      ),
    ).toBe(true)
    expect(
      during.metrics.filter(({ metric }) => metric === 'score').every(({ value }) => value === null),
    ).toBe(true)
    const after = outcomeOf(measure(deals, { world: redWorld('2026-12-01T23:59'), judge: red }), null)
    expect(after.isAmnesty).toBe(false)
  })

  test('does not touch the weeks before: they are reconstructed from one fixed set', () => {
    const world = aWorld({ installedAt: at('2026-11-23T08:00') })
    const weeks = [at('2026-11-13T23:59'), FRIDAY].map(asOf =>
      measure(deals, { world: { ...world, asOf }, judge: red }),
    )
    const set = fixedSetOf(weeks)
    expect(set.size).toBeGreaterThanOrEqual(3)
    expect(set.has('M17')).toBe(false)
    const [, last] = weeks.map(measurement => outcomeOf(measurement, set))
    const score = scoreOf(last?.scores ?? [], 'company', 'company')
    expect(score).toMatchObject({ isReconstructed: true, absence: null })
    expect(score.value).not.toBeNull()
    const measured = score.pillars
      .flatMap(({ metrics }) => metrics)
      .filter(({ offReason }) => offReason === null)
    expect(measured.every(({ metric }) => set.has(metric))).toBe(true)
  })
})

describe('honesty is free', () => {
  const DEAD_SINCE = '2025-06-01'
  const portal = fc
    .array(
      fc.record({
        owner: fc.constantFrom('anna', 'boris'),
        isDead: fc.boolean(),
        amount: fc.option(fc.integer({ min: 1, max: 1000 })),
        isRed: fc.boolean(),
        callDay: fc.option(fc.constantFrom(...week)),
        dueDay: fc.option(fc.constantFrom('2026-11-12', '2026-11-18', '2026-12-10')),
        moved: fc.boolean(),
      }),
      { minLength: 6, maxLength: 24 },
    )
    .map(specs =>
      specs.map(({ owner, isDead, amount, isRed, callDay, dueDay, moved }, index) => {
        const created = isDead ? DEAD_SINCE : '2026-10-01'
        const hasMoved = moved && !isDead
        const deal = aDeal({
          id: `d${index}${isRed ? '-red' : ''}${isDead ? '-dead' : ''}`,
          owner,
          amount,
          path: hasMoved
            ? [
                ['NEW', created],
                ['OFFER', '2026-11-18T12:00', owner],
              ]
            : [['NEW', created]],
          activities: callDay !== null && !isDead ? [aCall(`${callDay}T10:00`, owner)] : [],
          tasks:
            dueDay === null ? [] : [aTask('2026-11-02', dueDay, { createdBy: owner, responsibleId: owner })],
        })
        return deal
      }),
    )
  const judge = (dossier: Dossier) => ({
    level: dossier.id.includes('-red') ? ('red' as const) : ('none' as const),
    silenceDays: null,
    s80Days: null,
  })
  const scoresOf = (deals: readonly Dossier[]) => outcomeOf(measure(deals, { judge }), null).scores
  const close = (deal: Dossier): Dossier => {
    const moved = at('2026-11-19T16:00')
    const move = { ...deal.moves[0]!, at: moved, isCreation: false }
    const lost = {
      ...move,
      stageId: 'LOST',
      outcome: 'lost' as const,
      movedBy: 'anna',
      actorClass: 'person' as const,
    }
    return {
      ...deal,
      moves: [...deal.moves, lost],
      current: { ...deal.current, stageId: 'LOST', outcome: 'lost', movedAt: moved, closedAt: moved },
    }
  }

  test('closing dead deals as lost never lowers any score', () => {
    fc.assert(
      fc.property(portal, deals => {
        const before = scoresOf(deals)
        const after = scoresOf(deals.map(deal => (deal.id.endsWith('-dead') ? close(deal) : deal)))
        for (const score of after) {
          const was = before.find(other => other.scope === score.scope && other.scopeId === score.scopeId)
          if (score.value !== null && was?.value != null)
            expect(score.value).toBeGreaterThanOrEqual(was.value - 1e-6)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('the order in which deals are read never matters', () => {
    fc.assert(
      fc.property(portal, fc.infiniteStream(fc.nat()), (deals, keys) => {
        const order = deals.map(deal => ({ deal, key: keys.next().value ?? 0 })).sort((a, b) => a.key - b.key)
        const shuffled = scoresOf(order.map(({ deal }) => deal))
        for (const [index, score] of scoresOf(deals).entries()) {
          expect(shuffled[index]?.scopeId).toBe(score.scopeId)
          if (score.value === null) expect(shuffled[index]?.value).toBeNull()
          else expect(shuffled[index]?.value).toBeCloseTo(score.value, 6)
          expect(shuffled[index]?.fixes.map(({ dealIds }) => dealIds)).toEqual(
            score.fixes.map(({ dealIds }) => dealIds),
          )
        }
      }),
      { numRuns: 40 },
    )
  })

  test('whatever happens after the instant changes nothing before it', () => {
    const later = (deal: Dossier): Dossier => {
      const now = at('2026-11-24T10:00')
      const next = close(deal)
      return {
        ...next,
        moves: next.moves.map((move, index) =>
          index === next.moves.length - 1 ? { ...move, at: now } : move,
        ),
        current: { ...next.current, movedAt: now, closedAt: now },
        versions: [
          ...deal.versions,
          {
            observedAt: now,
            responsibleId: 'boris',
            amount: 1,
            currency: 'USD',
            closeOn: null,
            fields: { X: '1' },
          },
        ],
        activities: [...deal.activities, aCall('2026-11-24T10:00')],
        tasks: [
          ...deal.tasks.map(task => ({
            ...task,
            closedAt: now,
            closedBy: 'anna',
            deadlineAt: at('2027-01-01'),
            deadlineMoves: [
              {
                at: now,
                before: task.deadlineAt,
                after: at('2027-01-01'),
                actorId: 'anna',
                actorClass: 'person' as const,
              },
            ],
          })),
          aTask('2026-11-24T10:00', '2026-11-30'),
        ],
        deletedAt: at('2026-11-25'),
      }
    }
    fc.assert(
      fc.property(portal, deals => {
        const after = deals.map(later)
        expect(Math.min(...after.map(latestOf))).toBeGreaterThan(FRIDAY)
        expect(outcomeOf(measure(after, { judge }), null)).toEqual(outcomeOf(measure(deals, { judge }), null))
      }),
      { numRuns: 40 },
    )
  })
})

test('a person’s week says how much was tidied before the planerka, the first weeks included, or that it cannot be told', () => {
  const tidied = (owner: string, count: number) =>
    Array.from({ length: count }, (_, index) =>
      aDeal({
        id: `${owner}-${index}`,
        owner,
        path: [
          ['NEW', '2026-10-01'],
          ['CALL', `2026-11-16T09:${10 + index}`, owner],
        ],
      }),
    )
  const deals = [...tidied('anna', 14), ...tidied('boris', 11)]
  const burstsAt = (planerka: { weekday: number; time: string } | null) => {
    const settings = { planerka, rolloutStartedOn: '2026-11-09' }
    const world = aWorld({ asOf: at('2026-11-17T23:59'), settings })
    return outcomeOf(measure(deals, { world }), null).scores
  }
  const seen = burstsAt({ weekday: 1, time: '10:00' })
  expect(scoreOf(seen, 'employee', 'anna').burst).toMatchObject({ isSignal: true })
  expect(scoreOf(seen, 'employee', 'anna').burst?.excess).toBeGreaterThan(0.5)
  expect(scoreOf(seen, 'employee', 'anna').trustReasons).not.toContain('M26')
  // Eleven deals are too few to say anything, which is not the same as nothing.
  expect(scoreOf(seen, 'employee', 'boris').burst).toBeNull()
  expect(scoreOf(seen, 'company', 'company').burst).toBeUndefined()
  expect(scoreOf(burstsAt(null), 'employee', 'anna').burst).toBeNull()
})
