import { describe, expect, test } from 'vitest'
import { importedDeals } from '../../../src/metrics/history/bulk.ts'
import { collectStays } from '../../../src/metrics/portal-history.ts'
import { outcomeOf } from '../../../src/metrics/rows.ts'
import { collectAutomation } from '../../../src/metrics/use/automation.ts'
import { collectBunching } from '../../../src/metrics/use/bunching.ts'
import type { DealVersion, Dossier, MoveFact } from '../../../src/records/facts.ts'
import { valueFingerprint } from '../../../src/records/fingerprint.ts'
import {
  aCall,
  aDeal,
  aTask,
  at,
  aWorld,
  FRIDAY,
  measure,
  measureOf,
  person,
  ratio,
  redDeals,
} from './portal.ts'

/** What looks like work, or like a fault, and is nobody's: plans, robots, imports, days away, parked pipelines. */

const version = (on: string, more: Partial<DealVersion> = {}): DealVersion => ({
  responsibleId: 'anna',
  amount: 100,
  currency: 'RUB',
  closeOn: null,
  fields: {},
  ...more,
  observedAt: at(on),
})

const byRobot = (dossier: Dossier): Dossier => ({
  ...dossier,
  moves: dossier.moves.map((move): MoveFact => ({ ...move, movedBy: null, actorClass: 'robot' })),
})

describe('a call that is only planned', () => {
  const planned = aCall('2026-11-16T10:05', 'anna', {
    startAt: at('2026-12-01T10:00'),
    endAt: at('2026-12-01T10:05'),
    durationSeconds: 300,
    completedAt: null,
    deadlineAt: at('2026-12-01T10:00'),
  })
  const fresh = { createdAt: '2026-11-16T10:00', path: [['NEW', '2026-11-16T10:00']] } as const

  test('answers nobody, makes no day active and is no talk', () => {
    const measured = measure([aDeal({ ...fresh, activities: [planned] })])
    expect(ratio(measured, 'M16')).toEqual([0, 1])
    expect(ratio(measured, 'M01')[0]).toBe(0)
    const missed = { ...planned, startAt: at('2026-11-17T10:00'), endAt: at('2026-11-17T10:05') }
    const overdue = measure([aDeal({ ...fresh, activities: [missed] })])
    expect(measureOf(overdue, 'M07').offReason).toBe('no_data')
    expect(measureOf(overdue, 'M03').offReason).toBe('no_data')
  })

  test('is a talk once it was held, on the day on which it was held', () => {
    const held = {
      ...planned,
      createdAt: at('2026-10-26T10:00'),
      startAt: at('2026-11-18T11:00'),
      completedAt: at('2026-11-18T11:05'),
    }
    const measured = measure([aDeal({ createdAt: '2026-10-20', activities: [held] })])
    expect(ratio(measured, 'M07')).toEqual([1, 1])
    expect(ratio(measured, 'M01')[0]).toBe(1)
    // Held earlier than planned: when it was completed.
    const early = { ...held, startAt: at('2026-11-27T11:00') }
    expect(ratio(measure([aDeal({ createdAt: '2026-10-20', activities: [early] })]), 'M01')[0]).toBe(1)
    const byCrm = { ...held, isAutoCompleted: true }
    expect(ratio(measure([aDeal({ createdAt: '2026-10-20', activities: [byCrm] })]), 'M01')[0]).toBe(0)
  })

  test('recorded by a telephone exchange it was held, ticked off or not', () => {
    const call = aCall('2026-11-16T10:05', 'anna', { startAt: at('2026-11-16T10:06'), completedAt: null })
    expect(ratio(measure([aDeal({ ...fresh, activities: [call] })]), 'M16')).toEqual([1, 1])
  })
})

describe('a robot', () => {
  test('sets no next step by a task until a person has moved its date', () => {
    const task = aTask('2026-11-01', '2026-12-01', { createdBy: null })
    expect(ratio(measure([aDeal({ tasks: [task] })]), 'M09')).toEqual([0, 5])
    const move = (actorClass: 'person' | 'robot') => ({
      at: at('2026-11-18T10:00'),
      before: at('2026-11-25'),
      after: at('2026-12-01'),
      actorId: null,
      actorClass,
    })
    const moved = (by: 'person' | 'robot') => aDeal({ tasks: [{ ...task, deadlineMoves: [move(by)] }] })
    expect(ratio(measure([moved('person')]), 'M09')).toEqual([3, 5])
    expect(ratio(measure([moved('robot')]), 'M09')).toEqual([0, 5])
  })

  test('is seen at work by the tasks it sets, and by those that nobody closed', () => {
    const world = aWorld()
    const collector = collectAutomation(world)
    const kept = aTask('2026-11-10', '2026-11-18', { createdBy: null })
    const ignored = aTask('2026-10-26', '2026-10-28', { createdBy: null })
    collector.add(aDeal({ tasks: [kept, ignored, aTask('2026-11-10', '2026-11-18')] }))
    const { offReason, rows } = collector.finish(2)
    expect(offReason).toBeNull()
    expect(rows).toMatchObject([{ kind: 'step', runs: 2, kept: 1 }])
  })

  test('skips no stages and surfs none in anybody’s name, nor does a hand that nobody knows', () => {
    const path = [
      ['NEW', '2026-11-16T10:00', 'anna'],
      ['CALL', '2026-11-17T10:00', 'anna'],
      ['OFFER', '2026-11-17T10:01', 'anna'],
      ['WON', '2026-11-17T10:02', 'anna'],
    ] as const
    const deals = Array.from({ length: 6 }, () => aDeal({ path }))
    const own = measure(deals)
    expect([ratio(own, 'M22'), ratio(own, 'M21.skips')]).toEqual([
      [6, 6],
      [12, 18],
    ])
    const robots = measure(deals.map(byRobot))
    expect(measureOf(robots, 'M22').offReason).toBe('no_data')
    expect(ratio(measure([...deals.map(byRobot), ...deals.slice(0, 1)]), 'M21.skips')).toEqual([2, 3])
    const unknown = measure(
      Array.from({ length: 6 }, () => aDeal({ path: path.map(([stage, when]) => [stage, when]) })),
    )
    for (const id of ['M21', 'M21.skips', 'M21.returns', 'M22'])
      expect(measureOf(unknown, id)).toMatchObject({ offReason: 'author_unknown', isForGroupsOnly: true })
  })

  test('loses no deal in anybody’s name', () => {
    const lost = aDeal({
      path: [
        ['NEW', '2026-11-10', 'anna'],
        ['LOST', '2026-11-17T10:00', 'anna'],
      ],
    })
    expect(ratio(measure([lost]), 'M19')).toEqual([0, 1])
    expect(measureOf(measure([byRobot(lost)]), 'M19').offReason).toBe('no_data')
  })
})

describe('an import', () => {
  const deals = Array.from({ length: 40 }, (_, index) =>
    aDeal({
      path: [['NEW', `2026-11-17T10:0${index % 10}`, 'anna']],
      createdAt: `2026-11-17T10:0${index % 10}`,
    }),
  )
  const history = (of: readonly Dossier[]) => {
    const collector = collectStays()
    for (const dossier of of) collector.add(dossier)
    return collector.build()
  }

  test('is known by thirty deals made within ten minutes by one hand, from the thirtieth on', () => {
    const all = history([...deals, aDeal({ path: [['NEW', '2026-11-17T10:05', 'boris']] })])
    expect(importedDeals(all, FRIDAY).size).toBe(40)
    expect(importedDeals(all, at('2026-11-17T10:03')).size).toBe(0)
    expect(importedDeals(history(deals.slice(0, 29)), FRIDAY).size).toBe(0)
  })

  test('brings no leads to be answered, no deals entered in retrospect and no road', () => {
    const closed = deals.map(deal => ({
      ...deal,
      moves: deal.moves.map(move => ({ ...move, stageId: 'WON', outcome: 'won' as const })),
    }))
    const imported = new Set(deals.map(({ id }) => id))
    for (const [id, own] of [
      ['M16', deals],
      ['M03.retro', closed],
      ['M20', closed],
    ] as const) {
      expect(ratio(measure(own), id)[1]).toBe(40)
      expect(measureOf(measure(own, { imported }), id).offReason).toBe('no_data')
    }
  })

  test('does not hide what people do with those deals afterwards', () => {
    const [first] = deals
    const moved = { ...first!, moves: [...first!.moves] }
    moved.moves.push({ ...moved.moves[0]!, stageId: 'CALL', isCreation: false, at: at('2026-11-19') })
    expect(ratio(measure([moved], { imported: new Set([moved.id]) }), 'M20')).toEqual([1, 1])
  })
})

describe('days away', () => {
  const away = (from: string, to: string) =>
    aWorld({ can: { pastActors: true }, settings: { absences: [{ userId: 'anna', from, to }] } })

  test('are no time in which a lead waits', () => {
    const lead = aDeal({
      createdAt: '2026-11-16T17:50',
      path: [['NEW', '2026-11-16T17:50']],
      activities: [aCall('2026-11-19T09:05')],
    })
    expect(ratio(measure([lead]), 'M16')).toEqual([0, 1])
    expect(ratio(measure([lead], { world: away('2026-11-17', '2026-11-18') }), 'M16')).toEqual([1, 1])
    // Away until the end: nothing can be said of it yet.
    const open = aDeal({ createdAt: '2026-11-17T10:00', path: [['NEW', '2026-11-17T10:00']] })
    const week = measure([open], { world: away('2026-11-14', '2026-11-22') })
    expect(measureOf(week, 'M16').offReason).toBe('no_data')
  })

  test('make no score of a week in which no day was worked', () => {
    const team = ['anna', 'boris'].flatMap(owner =>
      Array.from({ length: 8 }, (_, index) =>
        aDeal({
          owner,
          closeOn: '2026-12-20',
          path: [
            ['NEW', `2026-10-0${index + 1}`, owner],
            ['CALL', `2026-10-2${index + 1}`, owner],
          ],
          activities: ['2026-10-27', '2026-11-03', '2026-11-05', '2026-11-10', '2026-11-18'].map(day =>
            aCall(`${day}T1${index % 8}:00`, owner),
          ),
          tasks: [aTask('2026-10-10', '2026-12-20', { responsibleId: owner, createdBy: owner })],
        }),
      ),
    )
    const scoreOf = (world = aWorld({ can: { pastActors: true } })) =>
      outcomeOf(measure(team, { world }), null).scores.find(({ scopeId }) => scopeId === 'anna')
    expect(scoreOf()?.value).toBeGreaterThan(50)
    const gone = scoreOf(away('2026-11-14', '2026-11-22'))
    expect(gone).toMatchObject({ value: null, band: null, absence: 'days' })
    const { calendar } = aWorld().settings
    const holidays = ['16', '17', '18', '19', '20'].map(day => `2026-11-${day}`)
    const holiday = aWorld({
      can: { pastActors: true },
      settings: { calendar: { ...calendar, holidays } },
    })
    expect(scoreOf(holiday)).toMatchObject({ value: null, absence: 'days' })
  })
})

describe('a parked pipeline', () => {
  const parked = aWorld({
    settings: { parkedPipelines: ['Q'] },
    pipelines: new Map(['P', 'Q'].map(id => [id, { id, name: id, isListed: true }])),
  })
  const between = (from: string, to: string) => {
    const deal = aDeal({ path: [['NEW', '2026-10-01']] })
    const [first] = deal.moves
    const pipelineAt = (pipelineId: string, when: number): MoveFact => ({ ...first!, pipelineId, at: when })
    return { ...deal, moves: [pipelineAt(from, at('2026-10-01')), pipelineAt(to, at('2026-11-19T08:00'))] }
  }

  test('takes the days that the deal stood there, and no others', () => {
    expect(ratio(measure([between('Q', 'P')], { world: parked }), 'M09')).toEqual([0, 2])
    expect(ratio(measure([between('P', 'Q')], { world: parked }), 'M09')).toEqual([0, 3])
  })

  test('and a template count in no push of a date, no quality of a step and no end of a month', () => {
    const dated = {
      tasks: [aTask('2026-11-10', '2026-11-17T10:00')],
      versions: [
        version('2026-10-01', { closeOn: '2026-11-20' }),
        version('2026-11-17', { closeOn: '2026-12-20' }),
      ],
    }
    const inParked = (deal: Dossier): Dossier => ({
      ...deal,
      moves: deal.moves.map(move => ({ ...move, pipelineId: 'Q' })),
    })
    const all = [aDeal(dated), inParked(aDeal(dated)), aDeal({ ...dated, isTemplate: true })]
    const measured = measure(all, { world: parked })
    expect(ratio(measured, 'M15.pushes')).toEqual([1, 1])
    expect(ratio(measured, 'M15.month_end')).toEqual([1, 1])
    expect(ratio(measured, 'M10')[1]).toBe(1)
    expect(ratio(measured, 'M12')[1]).toBe(1)
    const talks = { activities: [aCall('2026-11-17T10:00')] }
    expect(ratio(measure([aDeal(talks)]), 'M01')).toEqual([1, 5])
    expect(ratio(measure([aDeal({}), aDeal({ ...talks, isTemplate: true })]), 'M01')).toEqual([0, 5])
    const rising = (pipelineId: string, owner = 'anna') => {
      const deal = aDeal({
        owner,
        path: [
          ['NEW', '2026-10-01', owner],
          ['CALL', '2026-10-30', owner],
          ['NEW', '2026-11-02', owner],
        ],
      })
      return { ...deal, moves: deal.moves.map(move => ({ ...move, pipelineId })) }
    }
    const boss = { ...person('boss'), isActive: true }
    const world = { ...parked, people: new Map([...parked.people, ['boss', boss]]) }
    const bunching = collectBunching({ ...world, settings: { ...world.settings, excludedUsers: ['boss'] } })
    for (const deal of [rising('P'), rising('Q'), rising('P', 'boss')]) bunching.add(deal)
    const { numbers } = bunching.finish()
    expect([...numbers.people()]).toEqual(['anna'])
    expect(numbers.read(['anna'], 0, 0).denominator).toBe(1)
  })
})

test('a critical field that holds a placeholder is not filled', () => {
  const fields = new Map([
    ['F', { id: 'F', title: 'Боль', type: 'string', isCustom: true, isRequired: true }],
  ])
  const world = aWorld({ fields, settings: { criticalFields: ['F'] } })
  const withValue = (text: string) => aDeal({ fields: { F: valueFingerprint(text) } })
  expect(ratio(measure([withValue('нет')], { world }), 'M17')).toEqual([0, 5])
  expect(ratio(measure([withValue('дорого возить')], { world }), 'M17')).toEqual([5, 5])
})

describe('a deal without rows of history', () => {
  const bare = (current: Partial<Dossier['current']>, createdAt: string): Dossier => {
    const deal = aDeal({ createdAt, path: [['NEW', createdAt]] })
    return { ...deal, moves: [], current: { ...deal.current, movedAt: null, ...current } }
  }

  test('is no dead one while the CRM knows that it moved within the year', () => {
    const moved = measure([bare({ movedAt: at('2026-04-20') }, '2024-01-10')], { judge: redDeals() })
    expect(ratio(moved, 'M13.dead')).toEqual([0, 500])
    expect(ratio(measure([bare({}, '2024-01-10')]), 'M13.dead')).toEqual([5, 5])
  })

  test('was open until it was closed', () => {
    const closed = bare({ stageId: 'WON', outcome: 'won', closedAt: at('2026-11-16') }, '2026-11-02')
    expect(ratio(measure([closed]), 'M03.retro', 'anna', 28)).toEqual([0, 1])
  })
})

describe('what a step led to', () => {
  const task = aTask('2026-11-10', '2026-11-16T10:00', { closedAt: at('2026-11-16T10:00') })

  test('may be another amount or another date of the deal', () => {
    const still = aDeal({ tasks: [task] })
    const [before] = still.versions
    const revised = (more: Partial<DealVersion>): Dossier => ({
      ...still,
      versions: [before!, version('2026-11-16T15:00', more)],
    })
    expect(ratio(measure([still]), 'M10')[0]).toBeCloseTo(0.4, 9)
    expect(ratio(measure([revised({ amount: 900 })]), 'M10')[0]).toBeCloseTo(1, 9)
    expect(ratio(measure([revised({ closeOn: '2026-12-01' })]), 'M10')[0]).toBeCloseTo(1, 9)
  })

  test('is judged once its working day is over', () => {
    const due = aDeal({ tasks: [aTask('2026-11-10', '2026-11-20T17:30')] })
    expect(measureOf(measure([due]), 'M10').offReason).toBe('no_data')
  })
})

describe('a loss', () => {
  const twoPipelines = (): ReturnType<typeof aWorld> => {
    const world = aWorld()
    const lost = { stageId: 'LOST', name: 'Отказ', outcome: 'lost' as const }
    return {
      ...world,
      pipelines: new Map([...world.pipelines, ['Q', { id: 'Q', name: 'Q', isListed: true }]]),
      stages: new Map([
        ...world.stages,
        [
          'Q\u0000NEW',
          { stageId: 'NEW', name: 'Новая', outcome: 'open', pipelineId: 'Q', order: 0, isListed: true },
        ],
        ['Q\u0000LOST', { ...lost, pipelineId: 'Q', order: 1, isListed: true }],
      ]),
    }
  }
  const lostIn = (pipelineId: string): Dossier => {
    const deal = aDeal({
      path: [
        ['NEW', '2026-11-02', 'anna'],
        ['LOST', '2026-11-17', 'anna'],
      ],
      activities: [aCall('2026-11-10T10:00')],
    })
    return { ...deal, moves: deal.moves.map(move => ({ ...move, pipelineId })) }
  }

  test('has its stage for a reason only where its own pipeline has a choice of them', () => {
    const world = twoPipelines()
    expect(ratio(measure([lostIn('P')], { world }), 'M19')).toEqual([1, 1])
    expect(ratio(measure([lostIn('Q')], { world }), 'M19')).toEqual([0, 1])
  })

  test('is none again when the lost deal is put on another losing stage', () => {
    const moved = aDeal({
      path: [
        ['NEW', '2026-07-02', 'anna'],
        ['LOST', '2026-08-17', 'anna'],
        ['SPAM', '2026-11-17', 'anna'],
      ],
      activities: [aCall('2026-08-10T10:00')],
    })
    expect(measureOf(measure([moved]), 'M19').offReason).toBe('no_data')
  })
})
