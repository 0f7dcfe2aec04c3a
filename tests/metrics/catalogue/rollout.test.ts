import { describe, expect, test } from 'vitest'
import { METRICS } from '../../../src/metrics/catalogue/index.ts'
import { cutDossier } from '../../../src/metrics/cut.ts'
import { type Measurement, startMeasuring } from '../../../src/metrics/measure.ts'
import { collectStays } from '../../../src/metrics/portal-history.ts'
import { lastPeriod } from '../../../src/metrics/use/bunching.ts'
import { collectPortalUse, type PortalUse } from '../../../src/metrics/use/portal-use.ts'
import type { World } from '../../../src/metrics/world.ts'
import type { ActivityFact, Dossier } from '../../../src/records/facts.ts'
import type { ActorClass } from '../../../src/records/records.ts'
import {
  aCall,
  aDeal,
  anInvoice,
  at,
  aWorld,
  FRIDAY,
  measure,
  measureOf,
  person,
  ratio,
  redDeals,
  value,
} from './portal.ts'

const useOf = (dossiers: readonly Dossier[], world = aWorld()): PortalUse => {
  const collector = collectPortalUse(world)
  const stays = collectStays()
  for (const dossier of dossiers) {
    stays.add(dossier)
    const cut = cutDossier(dossier, world.asOf)
    if (cut !== null) collector.add(cut)
  }
  return collector.finish(stays.build())
}

const measureWithUse = (dossiers: readonly Dossier[], world = aWorld()): Measurement => {
  const portal = useOf(dossiers, world)
  const measurer = startMeasuring({ world, metrics: METRICS, judge: redDeals(), evidenceLimit: 500, portal })
  for (const dossier of dossiers) {
    const cut = cutDossier(dossier, world.asOf)
    if (cut !== null) measurer.addDeal(cut)
  }
  return measurer.finish()
}

const aDocument = (when: string, more: Partial<ActivityFact> = {}): ActivityFact =>
  aCall(when, 'anna', { kind: 'document', direction: null, durationSeconds: null, ...more })

describe('M23, stage evidence', () => {
  const onOffer = (activities: ActivityFact[], owner = 'anna') =>
    aDeal({
      owner,
      path: [
        ['NEW', '2026-10-01'],
        ['OFFER', '2026-11-10T10:00', owner],
      ],
      activities,
    })
  const proven = Array.from({ length: 5 }, () => onOffer([aDocument('2026-11-10T09:00')], 'boris'))

  test('a proposal counts when it was sent before the move or within a day after it', () => {
    const before = onOffer([aDocument('2026-11-09T10:00')])
    const soon = onOffer([aDocument('2026-11-11T09:59')])
    const late = onOffer([aDocument('2026-11-11T10:01')])
    const nothing = onOffer([])
    const robot = onOffer([aDocument('2026-11-10T09:00', { actorClass: 'robot', authorId: null })])
    const measurement = measure([before, soon, late, nothing, robot, ...proven])
    expect(ratio(measurement, 'M23')).toEqual([2 * 5, 5 * 5])
    expect(value(measurement, 'M23', 'boris')).toBe(1)
    const items = measureOf(measurement, 'M23').evidence?.items()['anna']?.items
    expect(items?.filter(({ counts }) => !counts).map(({ id }) => id)).toEqual(
      expect.arrayContaining([late.id, nothing.id, robot.id]),
    )
  })

  test('a deal that came to the stage within the last day is not judged yet', () => {
    const fresh = aDeal({
      path: [
        ['NEW', '2026-10-01'],
        ['OFFER', '2026-11-20T17:00', 'anna'],
      ],
    })
    expect(ratio(measure([fresh, ...proven]), 'M23')).toEqual([0, 0])
  })

  test('a proof that nobody in the CRM keeps is not asked for until somebody writes the rule', () => {
    const won = Array.from({ length: 8 }, () =>
      aDeal({
        path: [
          ['OFFER', '2026-10-01'],
          ['WON', '2026-11-17T10:00', 'anna'],
        ],
      }),
    )
    expect(measureOf(measure(won), 'M23')).toMatchObject({ offReason: 'no_proofs', numbers: null })
    const rules = [{ pipelineId: 'P', stageId: 'WON', proof: 'payment' as const }]
    const world = aWorld({ settings: { stageRules: rules } })
    expect(ratio(measure(won, { world }), 'M23')).toEqual([0, 8])
    const none = aWorld({ settings: { stageRules: [] } })
    expect(measureOf(measure(won, { world: none }), 'M23').offReason).toBe('no_rules')
  })

  test('a win before days off is judged on the next working day, so that the score of working days sees it', () => {
    const rules = [{ pipelineId: 'P', stageId: 'WON', proof: 'payment' as const }]
    const wonOn = (when: string) =>
      aDeal({
        path: [
          ['CALL', '2026-10-01'],
          ['WON', when, 'anna'],
        ],
      })
    const judgedOn = (when: string, asOf: number): string[] => {
      const measurement = measure([wonOn(when)], { world: aWorld({ asOf, settings: { stageRules: rules } }) })
      const { numbers } = measureOf(measurement, 'M23')
      const { firstDay, lastDay } = measurement.window
      return Array.from({ length: lastDay - firstDay + 1 }, (_, index) => index)
        .filter(index => numbers?.read(['anna'], index, index).denominator === 1)
        .map(index => measurement.world.workingTime.dateOf(firstDay + index))
    }
    expect(judgedOn('2026-11-12T10:00', FRIDAY)).toEqual(['2026-11-13'])
    expect(judgedOn('2026-11-13T10:00', FRIDAY)).toEqual(['2026-11-16'])
    expect(judgedOn('2026-11-14T10:00', FRIDAY)).toEqual(['2026-11-16'])
    expect(judgedOn('2026-11-13T10:00', at('2026-11-15T20:00'))).toEqual([])
  })

  test('a won deal counts once, with a payment by the next day', () => {
    const paid = (when: string) =>
      aDeal({
        path: [
          ['CALL', '2026-10-01'],
          ['WON', '2026-11-17T10:00', 'anna'],
        ],
        invoices: [anInvoice('2026-11-01', { outcome: 'won', movedAt: at(when) })],
      })
    const deals = [...Array.from({ length: 5 }, () => paid('2026-11-17T15:00')), paid('2026-11-19T15:00')]
    const measurement = measure(deals)
    expect(ratio(measurement, 'M23')).toEqual([5, 6])
    const items = measureOf(measurement, 'M23').evidence?.items()['anna']?.items ?? []
    expect(items.map(({ fact }) => fact).toSorted()).toEqual([
      ...Array.from({ length: 5 }, () => 'proven_payment'),
      'unproven_payment',
    ])
  })
})

describe('M29, period-end bunching', () => {
  const rise = (when: string, back?: string, who = 'anna') =>
    aDeal({
      owner: who,
      path: [
        ['NEW', '2026-09-01'],
        ['CALL', when, who],
        ...(back === undefined ? [] : [['NEW', back, who] as const]),
      ],
    })
  const many = (count: number, make: () => Dossier): Dossier[] => Array.from({ length: count }, make)

  test('speaks of the last month whose every rise can be judged', () => {
    const period = lastPeriod(aWorld())
    expect([period.from, period.until].map(one => new Date(one).toISOString())).toEqual([
      '2026-10-01T00:00:00.000Z',
      '2026-11-01T00:00:00.000Z',
    ])
    // 31 October 2026 is a Saturday: the last two working days are the 29th and 30th.
    expect(new Date(period.endFrom).toISOString()).toBe('2026-10-29T00:00:00.000Z')
    expect(period.workdays).toBe(22)
    const early = lastPeriod(aWorld({ asOf: at('2026-11-10T23:59') }))
    expect(new Date(early.from).toISOString()).toBe('2026-09-01T00:00:00.000Z')
  })

  test('counts rises of the last two days that were taken back, beyond the usual', () => {
    const deals = [
      ...many(4, () => rise('2026-10-30T12:00', '2026-11-03T12:00')),
      ...many(10, () => rise('2026-10-14T12:00', '2026-10-16T12:00')),
      ...many(6, () => rise('2026-10-20T12:00')),
    ]
    // 4 at the end, 10 on twenty other days: two of those hold 1; (4 − 1) of 20 rises.
    expect(value(measureWithUse(deals), 'M29')).toBeCloseTo(3 / 20, 12)
  })

  test('an honest rush at the end of the month, a late return and a loss count for nothing', () => {
    const rush = many(20, () => rise('2026-10-30T12:00'))
    expect(value(measureWithUse(rush), 'M29')).toBe(0)
    expect(value(measureWithUse(many(20, () => rise('2026-10-30T12:00', '2026-11-11T12:00'))), 'M29')).toBe(0)
    const lost = many(20, () =>
      aDeal({
        path: [
          ['NEW', '2026-09-01'],
          ['CALL', '2026-10-30T12:00', 'anna'],
          ['LOST', '2026-11-02', 'anna'],
        ],
      }),
    )
    expect(value(measureWithUse(lost), 'M29')).toBe(0)
  })

  test('few rises give no number, unknown authors only the team’s, and no pass over all deals none at all', () => {
    const few = many(4, () => rise('2026-10-30T12:00', '2026-11-03T12:00'))
    expect(measureOf(measureWithUse(few), 'M29').offReason).toBe('few_cases')
    expect(measureOf(measure(few), 'M29').offReason).toBe('not_in_past')
    const unknown = many(20, () =>
      aDeal({
        path: [
          ['NEW', '2026-09-01'],
          ['CALL', '2026-10-30T12:00'],
          ['NEW', '2026-11-02'],
        ],
      }),
    )
    expect(measureOf(measureWithUse(unknown), 'M29')).toMatchObject({
      offReason: 'author_unknown',
      isForGroupsOnly: true,
    })
  })
})

const FIELDS: World['fields'] = new Map(
  ['NEED', 'SAME', 'GONE', 'RARE', 'HOME', 'TEXT', 'TICK'].map(id => [
    id,
    { id, title: id, type: id === 'TICK' ? 'boolean' : 'string', isCustom: true, isRequired: false },
  ]),
)

/** Deals of two people, made in September, that moved on in November; `fields` gives each its values. */
const moved = (count: number, fields: (index: number) => Record<string, string>, month = '11'): Dossier[] =>
  Array.from({ length: count }, (_, index) =>
    aDeal({
      id: `${month}-${index}`,
      owner: index % 2 === 0 ? 'anna' : 'boris',
      path: [
        ['NEW', `2026-${month === '11' ? '09' : month}-0${1 + (index % 9)}T10:00`],
        ['CALL', `2026-${month}-1${index % 9}T10:00`, 'anna'],
      ],
      fields: fields(index),
    }),
  )

describe('M30, fields in use', () => {
  const world = aWorld({ fields: FIELDS })
  const rowOf = (use: PortalUse, field: string) => {
    const row = use.fields.find(one => one.field === field)
    if (row === undefined) throw new Error(`no field ${field}`)
    return row
  }
  const deals = [
    ...moved(40, index => ({
      NEED: `#need${index}`,
      SAME: '#same',
      ...(index < 4 ? { RARE: `#${index}` } : {}),
      TEXT: index % 2 === 0 ? '#336d5ebc5436' : `#text${index}`,
      ...(index % 2 === 0 ? { TICK: 'Y' } : {}),
    })),
    ...moved(30, index => ({ GONE: `#gone${index}`, NEED: '#x' }), '03'),
  ]

  test('each field gets its class, and only Used ones count', () => {
    const use = useOf(deals, world)
    const classes = Object.fromEntries(use.fields.map(row => [row.field, row.class]))
    expect(classes).toMatchObject({
      NEED: 'used',
      SAME: 'decorative',
      GONE: 'abandoned',
      HOME: 'never',
      RARE: 'unclear',
      // Ticked in half of the deals: being empty is an answer.
      TICK: 'unclear',
    })
    expect(rowOf(use, 'NEED')).toMatchObject({ due: 40, filled: 40, fill: 1, writers: 2, team: 2 })
    expect(rowOf(use, 'SAME').variety).toBe(0)
    expect(rowOf(use, 'TICK').variety).toBeCloseTo(1, 12)
    expect(rowOf(use, 'RARE').blanks.length).toBe(20)
    const measurement = measureWithUse(deals, world)
    const { numbers } = measureOf(measurement, 'M30')
    const used = use.fields.filter(row => row.class === 'used').length
    expect(numbers?.read([], 0, 27)).toMatchObject({ numerator: used, denominator: 7 })
  })

  test('a person’s one value where the team varies is junk', () => {
    const own = moved(40, index => ({ NEED: index % 2 === 0 ? '#habit' : `#real${index}` }))
    expect(rowOf(useOf(own, world), 'NEED').junk).toBeCloseTo(20 / 40, 12)
  })

  test('a placeholder is junk though nobody can read it', async () => {
    const { valueFingerprint } = await import('../../../src/records/fingerprint.ts')
    const own = moved(40, index => ({ NEED: valueFingerprint(index % 4 === 0 ? ' Нет ' : `Real ${index}`) }))
    expect(rowOf(useOf(own, world), 'NEED').junk).toBeCloseTo(10 / 40, 12)
  })

  test('robots’ writes are told from people’s once the CRM names who changed a deal', () => {
    const changed = moved(30, () => ({})).map(deal => ({
      ...deal,
      versions: [
        deal.versions[0]!,
        {
          ...deal.versions[0]!,
          observedAt: at('2026-11-18T12:00'),
          fields: { NEED: `#${deal.id}`, RARE: `#${deal.id}` },
          changedBy: null,
          changeClass: 'robot' as const,
        },
      ],
    }))
    expect(rowOf(useOf(changed, world), 'NEED')).toMatchObject({
      class: 'robot_only',
      robotWrites: 30,
      personWrites: 0,
    })
  })

  test('too few deals, or only young ones, are too early to judge', () => {
    expect(
      rowOf(
        useOf(
          moved(10, () => ({ NEED: '#1' })),
          world,
        ),
        'NEED',
      ).class,
    ).toBe('early')
    expect(
      measureOf(
        measureWithUse(
          moved(10, () => ({})),
          world,
        ),
        'M30',
      ).offReason,
    ).toBe('too_early')
    const young = moved(40, index => ({ SAME: `#${index}` })).map(deal => ({
      ...deal,
      createdAt: at('2026-11-02'),
    }))
    expect(rowOf(useOf(young, world), 'SAME').class).toBe('early')
  })

  test('a required field that carries one value only has a reader, and is a fault of the set-up', () => {
    const fields = new Map(FIELDS).set('SAME', { ...FIELDS.get('SAME')!, isRequired: true })
    const use = useOf(deals, aWorld({ fields }))
    expect(rowOf(use, 'SAME').class).not.toBe('decorative')
    expect(use.lint.map(({ rule, field }) => [rule, field])).toContainEqual(['required_noise', 'SAME'])
  })
})

describe('M31, stages in use', () => {
  const past = Array.from({ length: 20 }, () =>
    aDeal({
      path: [
        ['NEW', '2026-08-01'],
        ['OFFER', '2026-08-10'],
      ],
    }),
  )
  const lately = (callers: number) =>
    Array.from({ length: 40 }, (_, index) =>
      aDeal({
        path: [
          ['NEW', '2026-11-01'],
          ...(index < callers ? [['CALL', '2026-11-05'] as const] : []),
          ['OFFER', '2026-11-10'],
        ],
      }),
    )
  const usedOf = (measurement: Measurement) => {
    const read = measureOf(measurement, 'M31').numbers?.read([], 0, 27)
    return [read?.numerator, read?.denominator]
  }

  test('a stage first entered within 30 days is too early to judge, used or not', () => {
    expect(usedOf(measureWithUse([...past, ...lately(1)]))).toEqual([2, 2])
    expect(usedOf(measureWithUse([...past, ...lately(30)]))).toEqual([2, 2])
  })

  test('an older stage that few deals enter counts against, and so does one that nobody enters', () => {
    const former = aDeal({
      path: [
        ['NEW', '2026-08-01'],
        ['CALL', '2026-08-10'],
      ],
    })
    expect(usedOf(measureWithUse([...past, former, ...lately(1)]))).toEqual([2, 3])
    expect(usedOf(measureWithUse([...past, ...lately(0)]))).toEqual([2, 3])
  })

  test('what robots and integrations moved is no use; what was created there or moved by nobody known is', () => {
    const former = aDeal({
      path: [
        ['NEW', '2026-08-01'],
        ['CALL', '2026-08-10'],
      ],
    })
    const moved = (actorClass: ActorClass) =>
      lately(30).map(deal => ({
        ...deal,
        moves: deal.moves.map(move =>
          move.stageId === 'CALL' || move.isCreation ? { ...move, actorClass } : move,
        ),
      }))
    const used = (actorClass: ActorClass) => {
      const deals = [...past, former, ...moved(actorClass)]
      const { stages, lint } = useOf(deals)
      const call = stages.find(({ stageId }) => stageId === 'CALL')!
      expect(stages.find(({ stageId }) => stageId === 'NEW')).toMatchObject({
        enteringShare: 1,
        byProgram: 0,
      })
      expect(lint.map(({ rule, stageId }) => [rule, stageId])).not.toContainEqual(['empty_stage', 'CALL'])
      const { entered, byProgram, advice, medianHours, dealsHere } = call
      return [usedOf(measureWithUse(deals)), entered, byProgram, advice, medianHours, dealsHere.length]
    }
    for (const byPeople of ['person', 'unknown'] as const)
      expect(used(byPeople)).toEqual([[3, 3], 31, 0, 'keep', 120, 20])
    for (const byProgram of ['robot', 'integration'] as const)
      expect(used(byProgram)).toEqual([[2, 3], 1, 30, 'merge_rare', 120, 1])
  })

  test('no stage is young while history itself is', () => {
    const world = aWorld({ historyStart: at('2026-11-01') })
    expect(usedOf(measureWithUse(lately(1), world))).toEqual([2, 3])
  })
})

describe('M35, automation savings', () => {
  const robotMove = (back: string | null): Dossier => {
    const deal = aDeal({
      path: [
        ['NEW', '2026-11-01'],
        ['CALL', '2026-11-12T10:00', 'robot'],
        ...(back === null ? [] : [['NEW', back, 'anna'] as const]),
      ],
    })
    return {
      ...deal,
      moves: deal.moves.map((move, index) =>
        index === 1 ? { ...move, movedBy: null, actorClass: 'robot' } : move,
      ),
    }
  }

  test('counts only results that were kept, takes off repair, and says what is assumed', () => {
    const deals = [
      ...Array.from({ length: 90 }, () => robotMove(null)),
      ...Array.from({ length: 10 }, () => robotMove('2026-11-13T10:00')),
    ]
    const { automation } = useOf(deals)
    expect(automation.rows).toMatchObject([
      { kind: 'move', runs: 100, kept: 90, isAssumed: true, manualMinutes: 0.25 },
    ])
    const months = 365.25 / 12 / 28
    const saved = (100 * months * 0.9 * (0.25 - 1 / 6)) / 60
    const repair = (10 * months * 0.25) / 60
    expect(automation.savings.hours).toBeCloseTo(saved - repair, 9)
    // Nothing was measured: only the repair is known.
    expect(automation.savings.observedHours).toBeCloseTo(-repair, 9)
    const { numbers } = measureOf(measureWithUse(deals), 'M35')
    expect(numbers?.read([], 0, 27)).toMatchObject({ value: automation.savings.hours, denominator: 100 })
  })

  test('takes the time by hand from people’s sessions, no more than a minute and a half', () => {
    const byHand = (minutes: number) =>
      Array.from({ length: 40 }, (_, index) =>
        aDeal({
          path: [
            ['NEW', '2026-10-01'],
            [
              'CALL',
              new Date(at('2026-11-10T09:00') + index * minutes * 60_000).toISOString().slice(0, 16),
              'anna',
            ],
          ],
        }),
      )
    const rowOf = (minutes: number) => useOf([...byHand(minutes), robotMove(null)]).automation.rows[0]
    expect(rowOf(1)).toMatchObject({ isAssumed: false, manualMinutes: 1 })
    expect(rowOf(5)).toMatchObject({ isAssumed: false, manualMinutes: 1.5 })
    // Breaks are no work: nothing is measured.
    expect(rowOf(15)).toMatchObject({ isAssumed: true, manualMinutes: 0.25 })
  })

  test('is off without robots, and where nobody knows who moved deals', () => {
    const byHand = [
      aDeal({
        path: [
          ['NEW', '2026-11-01'],
          ['CALL', '2026-11-12', 'anna'],
        ],
      }),
    ]
    expect(measureOf(measureWithUse(byHand), 'M35')).toMatchObject({
      offReason: 'no_robot_runs',
      numbers: null,
    })
    const unknown = [
      aDeal({
        path: [
          ['NEW', '2026-11-01'],
          ['CALL', '2026-11-12'],
        ],
      }),
    ]
    expect(measureOf(measureWithUse(unknown), 'M35').offReason).toBe('author_unknown')
  })
})

describe('stages in use and the smallest set', () => {
  test('says which stages are rare, passed through or told by nothing', () => {
    const usual = Array.from({ length: 60 }, (_, index) =>
      aDeal({
        path: [
          ['NEW', '2026-09-01T10:00'],
          // A minute on the way: nobody works on this stage.
          ['CALL', '2026-09-08T10:00'],
          ['OFFER', '2026-09-08T10:01'],
          [index % 2 === 0 ? 'WON' : 'LOST', '2026-09-20T10:00'],
        ],
      }),
    )
    const { stages, mvp, lint } = useOf(usual)
    const by = Object.fromEntries(stages.map(stage => [stage.stageId, stage]))
    expect(by['NEW']).toMatchObject({
      deals: 60,
      entered: 60,
      enteringShare: 1,
      returnShare: 0,
      skipShare: 0,
    })
    expect(by['CALL']).toMatchObject({ entered: 0, skipShare: 1, advice: 'merge_rare' })
    expect(by['OFFER']).toMatchObject({ endedShare: 0.5, medianHours: 12 * 24 - 1 / 60 })
    expect(lint.map(({ rule, stageId }) => [rule, stageId])).toContainEqual(['empty_stage', 'CALL'])
    expect(mvp).toHaveLength(1)
    expect(mvp[0]).toMatchObject({ basis: 'own', decided: 60, covered: 1, isExact: true })
    expect(mvp[0]!.kept.map(({ id }) => id)).toEqual(['NEW', 'OFFER'])
    expect(mvp[0]!.left.find(({ id }) => id === 'CALL')).toMatchObject({ deals: 0 })
  })

  test('tells which deals need what is left out, and proposes nothing from few deals', () => {
    const world = aWorld({ fields: FIELDS })
    const decided = Array.from({ length: 50 }, (_, index) =>
      aDeal({
        id: `d${index}`,
        path: [
          ['NEW', '2026-09-01'],
          ['WON', '2026-10-20'],
        ],
        fields: { NEED: `#${index}`, ...(index < 5 ? { RARE: `#r${index}` } : {}) },
      }),
    )
    const [row] = useOf(decided, world).mvp
    expect(row!.kept.map(({ kind, id }) => [kind, id])).toEqual([
      ['stage', 'NEW'],
      ['field', 'NEED'],
    ])
    const rare = row!.left.find(({ id }) => id === 'RARE')
    expect(rare?.needing.map(({ id }) => id).sort()).toEqual(['d0', 'd1', 'd2', 'd3', 'd4'])
    expect(row!.covered).toBeCloseTo(45 / 50, 12)
    expect(useOf(decided.slice(0, 10), world).mvp[0]).toMatchObject({ basis: 'preset', kept: [] })
  })
})

test('a first stage that nobody enters is left alone: the CRM may keep it for what comes in', () => {
  const past = Array.from({ length: 30 }, () =>
    aDeal({
      path: [
        ['CALL', '2026-09-01'],
        ['WON', '2026-10-20'],
      ],
    }),
  )
  const { stages, lint } = useOf(past)
  const advice = Object.fromEntries(stages.map(stage => [stage.stageId, stage.advice]))
  expect(advice).toMatchObject({ NEW: 'keep', OFFER: 'merge_rare' })
  expect(lint.filter(({ rule }) => rule === 'empty_stage').map(({ stageId }) => stageId)).toEqual(['OFFER'])
})

describe('faults of the set-up', () => {
  const stage = (stageId: string, name: string, outcome: 'open' | 'won' | 'lost', order: number) =>
    [`P\u0000${stageId}`, { pipelineId: 'P', stageId, name, order, outcome, isListed: true }] as const

  test('are found in stages, deals and losses, the gravest first', () => {
    const world = aWorld({
      people: [person('anna'), { ...person('gone'), isActive: false }],
      stages: new Map([
        stage('NEW', 'Новая', 'open', 0),
        stage('CALL', 'Звонок', 'open', 1),
        stage('OFFER', ' звонок', 'open', 2),
        stage('WON', 'Успех', 'won', 3),
      ]),
    })
    const { lint } = useOf(
      [
        aDeal({ id: 'nobody', owner: null }),
        aDeal({ id: 'dismissed', owner: 'gone' }),
        ...Array.from({ length: 6 }, () => aDeal({ path: [['NEW', '2025-02-01']] })),
      ],
      world,
    )
    expect(lint.map(({ rule }) => rule)).toEqual([
      'deals_without_owner',
      'deals_of_dismissed',
      'no_lost_stage',
      'graveyard',
      'same_stages',
    ])
    expect(lint[0]).toMatchObject({ deals: 1, items: [{ id: 'nobody' }] })
    expect(lint[1]).toMatchObject({ deals: 1, items: [{ id: 'dismissed' }] })
    expect(lint.find(({ rule }) => rule === 'graveyard')).toMatchObject({ deals: 6, stageId: 'NEW' })
  })

  test('reasons of a loss that are left empty, or that nobody picks, are named', () => {
    const lost = (reason: string | null) =>
      aDeal({
        path: [
          ['NEW', '2026-09-01'],
          ['LOST', '2026-10-20'],
        ],
        lossReasonId: reason,
      })
    const world = aWorld({
      lossReasons: new Map([
        ['1', 'Дорого'],
        ['2', 'Не отвечает'],
      ]),
    })
    const deals = [
      ...Array.from({ length: 25 }, () => lost('1')),
      ...Array.from({ length: 15 }, () => lost(null)),
    ]
    const rules = useOf(deals, world).lint
    expect(rules.find(({ rule }) => rule === 'losses_without_reason')).toMatchObject({ deals: 15 })
    expect(rules.find(({ rule }) => rule === 'unused_loss_reasons')?.params).toEqual({
      n: 1,
      names: 'Не отвечает',
    })
    // A CRM without such a list is not blamed for it.
    expect(useOf(deals).lint.some(({ rule }) => rule.includes('loss'))).toBe(false)
  })
})
