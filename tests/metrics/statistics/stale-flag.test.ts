import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextStepAt } from '../../../src/metrics/next-step.ts'
import { flagDeal, judgeOf, type Standing } from '../../../src/metrics/portal-history.ts'
import { touchesOf } from '../../../src/metrics/touch.ts'
import { stageKey, type World } from '../../../src/metrics/world.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import { activityOf, DAY, day, dealOf, taskOf, worldOf } from './portal.ts'

const world = worldOf({ sales: 'A B won lost' }, 30)
const standing: Standing = {
  hasContacts: true,
  thresholds: new Map([
    [
      stageKey('sales', 'A'),
      { t80OwnDays: 9, t80Days: 9, t95Days: 20, s80Days: 6, source: 'own' as const, sample: 64 },
    ],
  ]),
}
const step = (inDays: number) => taskOf({ createdAt: day(1), deadlineAt: day(inDays) })
const reply = (at: number) => activityOf({ kind: 'message', direction: 'in', createdAt: day(at) })
const flagsOf = (dossier: Dossier, at: World = world, by: Standing = standing) => {
  const flagged = flagDeal(dossier, by, at)
  if (flagged === null) throw new Error('not open')
  return flagged
}
const iso = (days: number): string => new Date(day(days)).toISOString()

describe('the stale flag', () => {
  test('a deal within its stage’s usual time, in touch and with a step has no flag', () => {
    const { deal, flags } = flagsOf(dealOf([[25, 'sales.A']], { activities: [reply(28)], tasks: [step(33)] }))
    expect(flags).toEqual([])
    expect(deal).toMatchObject({ level: 'none', ageDays: 5, silenceDays: 2, amount: 100 })
    expect(deal.clocks).toMatchObject({ promise: null, flags: [] })
  })

  test('longer than usual is amber, from the moment the clock ran out', () => {
    const { deal, flags } = flagsOf(dealOf([[18, 'sales.A']], { activities: [reply(28)], tasks: [step(33)] }))
    expect(deal.level).toBe('amber')
    expect(flags).toMatchObject([
      { flag: 'age', level: 'amber', since: iso(27), ageDays: 12, thresholdDays: 9 },
    ])
    expect(flags[0]?.reason).toBe('12 рабочих дней на «A»; 80 % сделок, которые идут дальше, уходят за 9.')
  })

  test('silence alone is amber; with age it is red, and each clock has its row', () => {
    const silent = flagsOf(dealOf([[25, 'sales.A']], { activities: [reply(20)], tasks: [step(33)] }))
    expect(silent.flags).toMatchObject([
      { flag: 'silence', level: 'amber', since: iso(26), thresholdDays: 6 },
    ])
    expect(silent.flags[0]?.reason).toBe('Клиент молчит 10 рабочих дней, обычно не дольше 6.')
    const both = flagsOf(dealOf([[13, 'sales.A']], { activities: [reply(18)] }))
    expect(both.flags.map(row => [row.flag, row.level])).toEqual([
      ['age', 'red'],
      ['silence', 'red'],
      ['promise', 'red'],
    ])
    expect(both.flags[2]).toMatchObject({ thresholdDays: null, since: iso(13) })
    expect(both.flags[0]?.reason).toBe(
      '17 рабочих дней на «A»; 80 % сделок, которые идут дальше, уходят за 9. Клиент молчит 12 рабочих дней. Шага нет.',
    )
  })

  test('a broken promise alone raises nothing, with age it is red', () => {
    const young = flagsOf(dealOf([[25, 'sales.A']], { activities: [reply(28)] }))
    expect(young.flags).toEqual([])
    expect(young.deal.clocks.promise).toBe('missing')
    const old = flagsOf(dealOf([[18, 'sales.A']], { activities: [reply(28)], tasks: [step(27)] }))
    expect(old.deal).toMatchObject({ level: 'red' })
    expect(old.flags).toMatchObject([{ flag: 'age' }, { flag: 'promise', since: iso(27) }])
    expect(old.deal.clocks).toMatchObject({ promise: 'overdue', promiseOverdueDays: 3 })
    expect(old.flags[0]?.reason).toContain('Шаг просрочен на 3 рабочих дня.')
  })

  test('past T95 it is red even with a step and a talking customer', () => {
    const { deal } = flagsOf(dealOf([[5, 'sales.A']], { activities: [reply(28)], tasks: [step(33)] }))
    expect(deal.level).toBe('red')
  })

  test('an immediate repeat of the stage does not start its age again', () => {
    const moves = [
      [5, 'sales.A'],
      [28, 'sales.A'],
    ] as const
    expect(flagsOf(dealOf(moves)).deal).toMatchObject({ ageDays: 25, enteredAt: iso(5) })
  })

  test('without any contact in the portal nobody is called silent', () => {
    const { deal } = flagsOf(dealOf([[18, 'sales.A']], { tasks: [step(33)] }), world, {
      ...standing,
      hasContacts: false,
    })
    expect(deal).toMatchObject({ level: 'amber', silenceDays: null })
  })

  test('closed, deleted and template deals, and deals not born yet, have no row', () => {
    const open = [[18, 'sales.A']] as const
    const rows = [
      dealOf([...open, [20, 'sales.lost']]),
      dealOf(open, { deletedAt: day(29) }),
      dealOf(open, { isTemplate: true }),
      dealOf([[31, 'sales.A']]),
    ]
    expect(rows.map(dossier => flagDeal(dossier, standing, world))).toEqual([null, null, null, null])
    expect(flagDeal(dealOf([...open, [31, 'sales.lost']]), standing, world)?.deal.stageId).toBe('A')
  })

  test('a parked pipeline is listed but never flagged', () => {
    const parked = { ...world, settings: { ...world.settings, parkedPipelines: ['sales'] } }
    expect(flagsOf(dealOf([[0, 'sales.A']]), parked)).toMatchObject({ deal: { level: 'none' }, flags: [] })
  })

  test('undated facts are as last observed by then, or as first observed and marked so', () => {
    const seen = (at: number, responsibleId: string) => ({
      observedAt: day(at),
      responsibleId,
      amount: null,
      currency: null,
      closeOn: null,
      fields: {},
    })
    const versions = [seen(10, 'anna'), seen(20, 'boris'), seen(40, 'vera')]
    const deal = dealOf([[1, 'sales.A']], { versions })
    expect(flagsOf(deal).deal).toMatchObject({ responsibleId: 'boris', isFirstObserved: false })
    expect(flagsOf(deal, { ...world, asOf: day(5) }).deal).toMatchObject({
      responsibleId: 'anna',
      isFirstObserved: true,
    })
  })

  test('the judge of an earlier day says what the flag said then, whatever happened later', () => {
    const judge = judgeOf(standing, world)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 29 }),
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 3 }),
        (entered, replies, deadlines) => {
          const deal = dealOf([[entered, 'sales.A']], {
            activities: replies.map(reply),
            tasks: deadlines.map(step),
          })
          for (let at = entered; at < 30; at += 3)
            expect(judge(deal, day(at)).level).toBe(flagsOf(deal, { ...world, asOf: day(at) }).deal.level)
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('the next step', () => {
  test('one step in time keeps the promise even beside an overdue one', () => {
    const deal = dealOf([[0, 'sales.A']], { tasks: [step(10), step(40)] })
    expect(nextStepAt(deal, day(30))).toEqual({
      state: 'ok',
      overdue: 1,
      deadlineAt: day(40),
      brokenAt: null,
    })
  })

  test('a deadline is the one in force on that day, not the one it was moved to since', () => {
    const moved = taskOf({
      createdAt: day(1),
      deadlineAt: day(50),
      deadlineMoves: [
        { at: day(20), before: day(10), after: day(25), actorId: 'anna', actorClass: 'person' },
        { at: day(30), before: day(25), after: day(50), actorId: 'anna', actorClass: 'person' },
      ],
    })
    const deal = dealOf([[0, 'sales.A']], { tasks: [moved] })
    expect([5, 15, 22, 28, 35].map(at => nextStepAt(deal, day(at)).state)).toEqual([
      'ok',
      'overdue',
      'ok',
      'overdue',
      'ok',
    ])
  })

  test('the step that a robot put there is nobody’s promise until a person dates it', () => {
    const robot = activityOf({ kind: 'call', actorClass: 'robot', createdAt: day(1), deadlineAt: day(40) })
    const dated = {
      ...robot,
      deadlineMoves: [
        {
          at: day(5),
          before: day(30),
          after: day(40),
          actorId: 'anna',
          actorClass: 'person' as const,
        },
      ],
    }
    const withStep = (activity: typeof robot) => dealOf([[0, 'sales.A']], { activities: [activity] })
    expect(nextStepAt(withStep(robot), day(10)).state).toBe('missing')
    expect(nextStepAt(withStep(dated), day(4)).state).toBe('missing')
    expect(nextStepAt(withStep(dated), day(10)).state).toBe('ok')
  })

  test('with the last step done the promise is broken from then on', () => {
    const done = taskOf({ createdAt: day(1), deadlineAt: day(9), closedAt: day(7) })
    const deal = dealOf([[0, 'sales.A']], { tasks: [done] })
    expect(nextStepAt(deal, day(6)).state).toBe('ok')
    expect(nextStepAt(deal, day(20))).toMatchObject({ state: 'missing', brokenAt: day(7) })
  })
})

describe('touches', () => {
  const touches = (activities: Dossier['activities'], asOf = 30) =>
    touchesOf(dealOf([[0, 'sales.A']], { activities }), world.workingTime, day(asOf)).map(touch => [
      touch.kind,
      (touch.at - day(0)) / DAY,
      touch.by,
    ])

  test('a talk of thirty seconds is one, a ring is not', () => {
    const call = (seconds: number | null) =>
      activityOf({ kind: 'call', direction: 'out', createdAt: day(3), durationSeconds: seconds })
    expect(touches([call(30)])).toEqual([['call', 3, 'anna']])
    expect(touches([call(29), call(null)])).toEqual([])
  })

  test('an outgoing message becomes one when the customer answers within three working days', () => {
    const sent = activityOf({ kind: 'email', direction: 'out', createdAt: day(3) })
    const answer = (at: number) =>
      activityOf({ kind: 'email', direction: 'in', createdAt: day(at), actorClass: 'integration' })
    expect(touches([sent])).toEqual([])
    expect(touches([sent, answer(6)])).toEqual([
      ['message', 3, 'anna'],
      ['message', 6, null],
    ])
    expect(touches([sent, answer(6.5)])).toEqual([['message', 6.5, null]])
    // The day before the answer nobody could know.
    expect(touches([sent, answer(6)], 5)).toEqual([])
  })

  test('a meeting counts once held; a planned, an automatically closed and a robot’s one do not', () => {
    const meeting = (changes: Parameters<typeof activityOf>[0]) =>
      activityOf({ kind: 'meeting', createdAt: day(1), startAt: day(4), endAt: day(4), ...changes })
    expect(touches([meeting({})])).toEqual([])
    expect(touches([meeting({ completedAt: day(5) })])).toEqual([['meeting', 4, 'anna']])
    expect(touches([meeting({ completedAt: day(5), isAutoCompleted: true })])).toEqual([])
    expect(touches([meeting({ completedAt: day(5), actorClass: 'robot' })])).toEqual([])
  })

  test('tasks, notes and a robot’s messages are no contact with anybody', () => {
    expect(
      touches([
        activityOf({ kind: 'todo', completedAt: day(2) }),
        activityOf({ kind: 'task', completedAt: day(2) }),
        activityOf({ kind: 'other', createdAt: day(2) }),
        activityOf({ kind: 'message', direction: 'out', actorClass: 'robot', createdAt: day(2) }),
      ]),
    ).toEqual([])
  })
})
