import { describe, expect, test } from 'vitest'
import type { DealVersion } from '../../../src/records/facts.ts'
import {
  aCall,
  aDeal,
  aTask,
  at,
  aWorld,
  FRIDAY,
  measure,
  measureOf,
  ratio,
  redDeals,
  value,
} from './portal.ts'

const version = (more: Partial<DealVersion> & { on: string }): DealVersion => ({
  responsibleId: 'anna',
  amount: 100,
  currency: 'RUB',
  closeOn: null,
  fields: {},
  ...more,
  observedAt: at(more.on),
})

describe('eligible deal-days', () => {
  test('a deal younger than a working day, a template and a parked pipeline do not count', () => {
    const young = aDeal({ createdAt: '2026-11-20T17:00', path: [['NEW', '2026-11-20T17:00']] })
    const template = aDeal({ isTemplate: true })
    expect(measure([young, template]).everyone).toEqual([])
    const parked = aWorld({ settings: { parkedPipelines: ['P'] } })
    expect(measure([aDeal({})], { world: parked }).everyone).toEqual([])
  })

  test('each day belongs to whoever owned the deal on it', () => {
    const deal = aDeal({
      versions: [version({ on: '2026-10-01' }), version({ on: '2026-11-18T07:00', responsibleId: 'boris' })],
    })
    const { exposure } = measure([deal])
    expect(exposure.read(['anna'], 21, 27).denominator).toBe(2)
    expect(exposure.read(['boris'], 21, 27).denominator).toBe(3)
  })

  test('a deal that was deleted before the instant is not there', () => {
    expect(measure([aDeal({ deletedAt: '2026-11-19' })]).everyone).toEqual([])
    expect(measure([aDeal({ deletedAt: '2026-11-22' })]).everyone).toEqual(['anna'])
  })
})

describe('M09, next-step coverage', () => {
  test('counts the days with a step ahead, not only the last one', () => {
    const deal = aDeal({ tasks: [aTask('2026-11-18T10:00', '2026-11-25')] })
    expect(ratio(measure([deal]), 'M09')).toEqual([3, 5])
  })

  test('a step whose date has passed is no step', () => {
    const deal = aDeal({ tasks: [aTask('2026-11-01', '2026-11-17T12:00')] })
    expect(ratio(measure([deal]), 'M09')).toEqual([1, 5])
  })

  test('a deadline that was moved later is judged as it stood on the day', () => {
    const task = aTask('2026-11-01', '2026-11-30', {
      deadlineMoves: [
        {
          at: at('2026-11-19T10:00'),
          before: at('2026-11-17T12:00'),
          after: at('2026-11-30'),
          actorId: 'anna',
          actorClass: 'person',
        },
      ],
    })
    // Monday covered; Tuesday and Wednesday the step was overdue; Thursday and Friday covered again.
    expect(ratio(measure([aDeal({ tasks: [task] })]), 'M09')).toEqual([3, 5])
  })

  test('the deal itself is the evidence, and the fix while the step is missing', () => {
    const measured = measureOf(measure([aDeal({ id: 'bare' })]), 'M09')
    expect(measured.evidence?.items()['anna']?.items[0]).toMatchObject({
      id: 'bare',
      counts: false,
      fact: 'no_step',
      params: { days: 5 },
    })
    expect(measured.fixes?.top('anna').map(({ dealId }) => dealId)).toEqual(['bare'])
  })
})

describe('M11, overdue load', () => {
  test('counts every overdue step on every day, so that closing them on the last evening erases nothing', () => {
    const closed = aTask('2026-11-01', '2026-11-16T12:00', {
      closedAt: at('2026-11-20T20:00'),
      closedBy: 'anna',
    })
    const open = aTask('2026-11-01', '2026-11-18T12:00')
    // Mon 1, Tue 1, Wed 2, Thu 2, Fri 1 (one closed that evening).
    expect(ratio(measure([aDeal({ tasks: [closed, open] })]), 'M11')).toEqual([7, 5])
  })
})

describe('M12, postponement', () => {
  const pushed = (days: string[], by = 'anna') => {
    let before = at('2026-11-16T12:00')
    return days.map((day, index) => {
      const after = at('2026-12-01') + index * 86_400_000
      const move = { at: at(`${day}T10:00`), before, after, actorId: by, actorClass: 'person' as const }
      before = after
      return move
    })
  }

  test('the second push of the same step weighs double', () => {
    const task = aTask('2026-11-01', '2026-12-02', { deadlineMoves: pushed(['2026-11-16', '2026-11-18']) })
    expect(ratio(measure([aDeal({ tasks: [task] })]), 'M12')).toEqual([3, 2])
  })

  test('a push after a talk is no postponement', () => {
    const task = aTask('2026-11-01', '2026-12-01', { deadlineMoves: pushed(['2026-11-17']) })
    const deal = aDeal({ tasks: [task], activities: [aCall('2026-11-17T09:00')] })
    expect(ratio(measure([deal]), 'M12')).toEqual([0, 1])
  })

  test('a push by somebody else is not held against the owner of the step', () => {
    const task = aTask('2026-11-01', '2026-12-01', { deadlineMoves: pushed(['2026-11-17'], 'boris') })
    expect(measureOf(measure([aDeal({ tasks: [task] })]), 'M12').offReason).toBe('no_data')
  })

  test('a kept deadline is the denominator', () => {
    const task = aTask('2026-11-10', '2026-11-17', { closedAt: at('2026-11-16T15:00'), closedBy: 'anna' })
    expect(ratio(measure([aDeal({ tasks: [task] })]), 'M12')).toEqual([0, 1])
  })
})

describe('M13, stale value', () => {
  test('is the value of red deals over the value of all, day by day', () => {
    const red = aDeal({ id: 'red', amount: 300 })
    const fine = aDeal({ id: 'fine', amount: 100 })
    const measurement = measure([red, fine], { judge: redDeals('red') })
    expect(ratio(measurement, 'M13')).toEqual([1500, 2000])
    expect(value(measurement, 'M13')).toBe(0.75)
  })

  test('currencies are never added: where amounts in the portal’s currency are few, deals are counted', () => {
    const deals = [
      aDeal({ id: 'red', amount: 300, currency: 'USD' }),
      aDeal({ amount: null }),
      aDeal({ amount: 100 }),
    ]
    expect(ratio(measure(deals, { judge: redDeals('red') }), 'M13')).toEqual([5, 15])
  })

  test('a deal without movement and touch for more than a year is the dead layer, apart from eligible deals', () => {
    const dead = aDeal({ createdAt: '2025-09-01', path: [['NEW', '2025-09-01']] })
    const alive = aDeal({})
    const measurement = measure([dead, alive])
    expect(ratio(measurement, 'M13.dead')).toEqual([500, 1000])
    expect(ratio(measurement, 'M09')[1]).toBe(5)
  })

  test('a talk within the year brings a deal back to life', () => {
    const deal = aDeal({
      createdAt: '2025-09-01',
      path: [['NEW', '2025-09-01']],
      activities: [aCall('2026-01-15T10:00')],
    })
    expect(ratio(measure([deal]), 'M13.dead')[0]).toBe(0)
  })
})

test('M14 is the median of the days of silence of open deals', () => {
  const days: Record<string, number> = { a: 2, b: 10, c: 4 }
  const judge = (dossier: { id: string }) => ({
    level: 'none' as const,
    silenceDays: days[dossier.id] ?? null,
    s80Days: 5,
  })
  const measurement = measure([aDeal({ id: 'a' }), aDeal({ id: 'b' }), aDeal({ id: 'c' })], { judge })
  expect(value(measurement, 'M14')).toBe(4)
  expect(
    measureOf(measurement, 'M14')
      .evidence?.items()
      ['anna']?.items.map(({ counts }) => counts),
  ).toEqual([true, false, true])
})

describe('M15, close-date debt', () => {
  test('is the value whose date has passed, and is off where nobody sets dates', () => {
    const late = aDeal({ closeOn: '2026-11-18', amount: 300 })
    const ahead = aDeal({ closeOn: '2026-12-18', amount: 100 })
    // The date passes on Thursday.
    expect(ratio(measure([late, ahead]), 'M15')).toEqual([600, 2000])
    expect(measureOf(measure([aDeal({})]), 'M15').offReason).toBe('no_field')
  })

  test('a later date is a push, across the month’s end a month-end push, half a push after a talk', () => {
    const deal = aDeal({
      versions: [
        version({ on: '2026-10-01', closeOn: '2026-11-20' }),
        version({ on: '2026-11-16', closeOn: '2026-11-28' }),
        version({ on: '2026-11-18', closeOn: '2026-12-05' }),
      ],
      activities: [aCall('2026-11-17T12:00')],
    })
    const measurement = measure([deal])
    expect(ratio(measurement, 'M15.pushes')).toEqual([1.5, 1])
    expect(ratio(measurement, 'M15.month_end')).toEqual([1, 2])
  })

  test('accuracy compares the day of the sale with the date set 30 days before', () => {
    const won = (closeOn: string) =>
      aDeal({
        path: [
          ['NEW', '2026-09-01'],
          ['WON', '2026-11-18'],
        ],
        versions: [version({ on: '2026-09-01', closeOn })],
      })
    const open = aDeal({ closeOn: '2026-12-01' })
    expect(ratio(measure([won('2026-11-10'), won('2026-10-10'), open]), 'M15.accuracy')).toEqual([1, 2])
  })
})

describe('M16, first response', () => {
  const fresh = (created: string, calls: string[]) =>
    aDeal({ createdAt: created, path: [['NEW', created]], activities: calls.map(call => aCall(call)) })

  test('half a working hour counts from opening for a deal that came at night', () => {
    expect(ratio(measure([fresh('2026-11-17T02:00', ['2026-11-17T09:20'])]), 'M16')).toEqual([1, 1])
    expect(ratio(measure([fresh('2026-11-17T02:00', ['2026-11-17T09:40'])]), 'M16')).toEqual([0, 1])
  })

  test('a deal still inside its half hour is neither answered nor late', () => {
    const world = aWorld({ asOf: at('2026-11-20T12:00') })
    expect(ratio(measure([fresh('2026-11-20T11:45', [])], { world }), 'M16')).toEqual([null, null])
    expect(ratio(measure([fresh('2026-11-20T11:15', [])], { world }), 'M16')).toEqual([0, 1])
  })

  test('the message that brought the customer is no answer; ours is, once the customer replies to it', () => {
    const message = (when: string, direction: 'in' | 'out') =>
      aCall(when, 'anna', { kind: 'message', direction, durationSeconds: null })
    const written = (...activities: ReturnType<typeof message>[]) =>
      aDeal({ createdAt: '2026-11-17T10:00', path: [['NEW', '2026-11-17T10:00']], activities })
    const asked = message('2026-11-17T10:00', 'in')
    expect(ratio(measure([written(asked)]), 'M16')).toEqual([0, 1])
    const answer = message('2026-11-17T10:20', 'out')
    expect(ratio(measure([written(asked, answer)]), 'M16')).toEqual([0, 1])
    expect(ratio(measure([written(asked, answer, message('2026-11-18T15:00', 'in'))]), 'M16')).toEqual([1, 1])
  })

  test('a robot does not answer', () => {
    const call = aCall('2026-11-17T10:05', 'anna', { actorClass: 'robot' })
    const deal = aDeal({
      createdAt: '2026-11-17T10:00',
      path: [['NEW', '2026-11-17T10:00']],
      activities: [call],
    })
    expect(ratio(measure([deal]), 'M16')).toEqual([0, 1])
  })
})

test('nothing that happened after the instant is used', () => {
  const deal = aDeal({
    path: [
      ['NEW', '2026-10-01'],
      ['WON', '2026-11-21'],
    ],
    tasks: [aTask('2026-11-01', '2026-11-30', { closedAt: at('2026-11-22'), closedBy: 'anna' })],
    activities: [aCall('2026-11-21T10:00')],
  })
  const measurement = measure([deal], { world: aWorld({ asOf: FRIDAY }) })
  expect(ratio(measurement, 'M09')).toEqual([5, 5])
  expect(ratio(measurement, 'M01')).toEqual([0, 5])
})
