import { describe, expect, test } from 'vitest'
import { valueFingerprint } from '../../../src/records/fingerprint.ts'
import {
  aCall,
  aDeal,
  anInvoice,
  aTask,
  at,
  aWorld,
  measure,
  measureOf,
  person,
  ratio,
  redDeals,
  value,
} from './portal.ts'

describe('M03, capture lag', () => {
  test('is the median of working hours from a talk to the next record', () => {
    const quick = aDeal({
      activities: [aCall('2026-11-17T09:59')],
      tasks: [aTask('2026-11-17T12:00', '2026-11-25')],
    })
    const slow = aDeal({
      activities: [aCall('2026-11-17T16:59')],
      path: [
        ['NEW', '2026-10-01'],
        ['CALL', '2026-11-18T12:00', 'anna'],
      ],
    })
    // 2 h; 1 h on Tuesday and 3 h on Wednesday.
    expect(value(measure([quick, slow]), 'M03')).toBeCloseTo(3, 5)
  })

  test('a talk that was never recorded counts once four hours have passed', () => {
    const silent = aDeal({ activities: [aCall('2026-11-20T09:59')] })
    expect(value(measure([silent]), 'M03')).toBeCloseTo(8, 5)
    const world = aWorld({ asOf: at('2026-11-20T12:00') })
    expect(measureOf(measure([silent], { world }), 'M03').offReason).toBe('no_data')
  })

  test('retro: created after the first invoice, or closed within the hour', () => {
    const created = '2026-11-17T10:00'
    const normal = aDeal({ createdAt: created, path: [['NEW', created]] })
    const instant = aDeal({
      path: [
        ['NEW', created],
        ['WON', '2026-11-17T10:30'],
      ],
    })
    const invoiced = aDeal({
      path: [['NEW', created]],
      invoices: [anInvoice('2026-11-18', { issuedOn: '2026-11-12' })],
    })
    expect(ratio(measure([normal, instant, invoiced]), 'M03.retro')).toEqual([2, 3])
  })
})

test('M05 is the invoiced money that hangs on a deal', () => {
  const deal = aDeal({ invoices: [anInvoice('2026-11-17', { amount: 300 })] })
  const loose = { activities: [], tasks: [], invoices: [anInvoice('2026-11-18', { amount: 100 })] }
  expect(ratio(measure([deal], { loose }), 'M05')).toEqual([300, 400])
  const world = aWorld({ can: { invoices: false } })
  expect(measureOf(measure([deal], { world }), 'M05').offReason).toBe('no_invoices')
})

test('M06 agrees within five per cent', () => {
  const deal = (invoiced: number) =>
    aDeal({ amount: 1000, invoices: [anInvoice('2026-11-01', { amount: invoiced })] })
  expect(ratio(measure([deal(1040), deal(1100)]), 'M06')).toEqual([1, 2])
})

describe('M06, a sum changed shortly before the close', () => {
  const base = { responsibleId: 'anna', currency: 'RUB', closeOn: null, fields: {} }
  const won = (
    amounts: readonly (readonly [when: string, amount: number | null])[],
    invoiced = '2026-10-20',
  ) =>
    aDeal({
      path: [
        ['NEW', '2026-10-01'],
        ['WON', '2026-11-17T10:00'],
      ],
      versions: amounts.map(([when, amount]) => ({ ...base, observedAt: at(when), amount })),
      invoices: [anInvoice(invoiced, { amount: 1000 })],
    })
  const numbersOf = (deal: ReturnType<typeof won>) => ratio(measure([deal]), 'M06')

  test('counts by the sum of a week earlier when it was made to fit the invoices', () => {
    const fitted = won([
      ['2026-10-01', 1500],
      ['2026-11-16T10:00', 1000],
    ])
    const measurement = measure([fitted])
    expect(ratio(measurement, 'M06')).toEqual([0, 1])
    const [item] = measureOf(measurement, 'M06').evidence?.items()['anna']?.items ?? []
    expect(item).toMatchObject({ counts: false, fact: 'fitted', params: { share: 1 / 3 } })
    const filled = won([
      ['2026-10-01', null],
      ['2026-11-16T10:00', 1000],
    ])
    expect(numbersOf(filled)).toEqual([0, 1])
  })

  test('counts as it stood at the close when the change is older than a week or of no weight', () => {
    const old = won([
      ['2026-10-01', 1500],
      ['2026-11-10T10:00', 1000],
    ])
    const slight = won([
      ['2026-10-01', 1020],
      ['2026-11-16T10:00', 1000],
    ])
    expect([old, slight].map(numbersOf)).toEqual([
      [1, 1],
      [1, 1],
    ])
  })

  test('a sum that came to differ just before the close differs', () => {
    const spoilt = won([
      ['2026-10-01', 1000],
      ['2026-11-16T10:00', 1500],
    ])
    expect(numbersOf(spoilt)).toEqual([0, 1])
  })

  test('a sum agreed on before the invoice was made is no fit to it', () => {
    const changes = [
      ['2026-10-01', 1500],
      ['2026-11-13T10:00', 1000],
    ] as const
    expect(numbersOf(won(changes, '2026-11-14'))).toEqual([1, 1])
    expect(numbersOf(won(changes, '2026-11-12'))).toEqual([0, 1])
  })

  test('where the earlier sum is not known, the sum at the close counts', () => {
    const seenLate = won([
      ['2026-11-12T10:00', 1500],
      ['2026-11-16T10:00', 1000],
    ])
    expect(numbersOf(seenLate)).toEqual([1, 1])
  })
})

describe('M07, bound in time to an open deal', () => {
  const facts = (deal: ReturnType<typeof aDeal>) => {
    const measurement = measure([deal])
    const items = measureOf(measurement, 'M07').evidence?.items()['anna']?.items ?? []
    return [ratio(measurement, 'M07'), items.map(({ fact }) => fact)]
  }

  test('a talk about a deal that was closed by then is not bound, one before the close is', () => {
    const path = [
      ['NEW', '2026-10-01'],
      ['LOST', '2026-11-17T10:00'],
    ] as const
    expect(
      facts(aDeal({ path, activities: [aCall('2026-11-17T09:59'), aCall('2026-11-17T10:01')] })),
    ).toEqual([
      [1, 2],
      ['linked_to_closed', 'linked'],
    ])
  })

  test('a deal whose close left no row in history was open until it was closed', () => {
    const deal = aDeal({ path: [['LOST', '2026-10-01']], activities: [aCall('2026-11-17T10:00')] })
    const closed = (closedAt: string) =>
      facts({ ...deal, moves: [], current: { ...deal.current, closedAt: at(closedAt) } })
    expect(closed('2026-11-17T11:00')).toEqual([[1, 1], ['linked']])
    expect(closed('2026-11-17T09:00')).toEqual([[0, 1], ['linked_to_closed']])
  })

  test('a deal created within one working day after the talk is in time', () => {
    const created = (createdAt: string) =>
      aDeal({ path: [['NEW', createdAt]], activities: [aCall('2026-11-13T17:00')] })
    const world = aWorld({ asOf: at('2026-11-19T23:59') })
    const numbersOf = (createdAt: string) => ratio(measure([created(createdAt)], { world }), 'M07')
    // A working day after Friday 17:00 is over on Monday at 17:00.
    expect(numbersOf('2026-11-16T17:00')).toEqual([1, 1])
    expect(numbersOf('2026-11-16T17:01')).toEqual([0, 1])
  })

  test('a talk that was recorded later than a working day after it is late', () => {
    const recorded = (createdAt: string) =>
      aDeal({ activities: [aCall('2026-11-16T10:00', 'anna', { createdAt: at(createdAt) })] })
    expect(facts(recorded('2026-11-17T10:00'))).toEqual([[1, 1], ['linked']])
    expect(facts(recorded('2026-11-17T10:01'))).toEqual([[0, 1], ['linked_late']])
  })
})

test('M07 is the share of real talks that hang on a deal', () => {
  const deal = aDeal({
    activities: [aCall('2026-11-17T10:00'), aCall('2026-11-17T11:00', 'anna', { durationSeconds: 5 })],
  })
  const loose = { activities: [aCall('2026-11-18T10:00')], tasks: [], invoices: [] }
  expect(ratio(measure([deal], { loose }), 'M07')).toEqual([1, 2])
})

test('M08 ignores tasks set and closed by oneself within ten minutes, and people without deals', () => {
  const ghost = aTask('2026-11-18T10:00', null, {
    closedAt: at('2026-11-18T10:05'),
    closedBy: 'anna',
  })
  const deal = aDeal({ tasks: [aTask('2026-11-17T10:00', null), ghost] })
  const loose = {
    activities: [],
    tasks: [aTask('2026-11-18T10:00', null), aTask('2026-11-18T10:00', null, { responsibleId: 'boris' })],
    invoices: [],
  }
  const measurement = measure([deal], { loose })
  expect(ratio(measurement, 'M08')).toEqual([1, 2])
  expect(ratio(measurement, 'M08', 'boris')[1]).toBe(0)
})

test('M10: the outcome is worth three fifths of a step', () => {
  const led = aTask('2026-11-16T10:00', '2026-11-18T10:00')
  const empty = aTask('2026-11-16T10:00', '2026-11-18T10:00', { textWords: 1 })
  const deals = [aDeal({ tasks: [led], activities: [aCall('2026-11-17T10:00')] }), aDeal({ tasks: [empty] })]
  const [numerator, denominator] = ratio(measure(deals), 'M10')
  expect(numerator).toBeCloseTo(1 + 0.2)
  expect(denominator).toBe(2)
})

test('M10: a step is near by how long deals stay on the stage, where that is known', () => {
  const due = (deadline: string) => aDeal({ tasks: [aTask('2026-11-02T10:00', deadline, { textWords: 1 })] })
  const judgedBy = (medianDays: number | null, deadline: string) =>
    ratio(
      measure([due(deadline)], {
        judge: Object.assign(redDeals(), { usualStay: () => medianDays }),
      }),
      'M10',
    )[0]
  expect(judgedBy(8, '2026-11-18T09:00')).toBeCloseTo(0.2)
  expect(judgedBy(7, '2026-11-18T09:00')).toBeCloseTo(0)
  expect(judgedBy(null, '2026-11-18T09:00')).toBeCloseTo(0.2)
  expect(judgedBy(0.01, '2026-11-16T10:00')).toBeCloseTo(0)
})

describe('M17, critical fields', () => {
  const fields = new Map([
    ['NEED', { id: 'NEED', title: 'Потребность', type: 'string', isCustom: true, isRequired: true }],
    ['NOTE', { id: 'NOTE', title: 'Заметка', type: 'string', isCustom: true, isRequired: false }],
  ])

  test('starts with required fields and the amount; close dates are asked for where somebody sets them', () => {
    const world = aWorld({ fields })
    expect(ratio(measure([aDeal({ fields: { NEED: '#1' } })], { world }), 'M17')).toEqual([10, 10])
    const dated = aDeal({ fields: { NEED: '#1' }, closeOn: '2026-12-01' })
    const undated = aDeal({ fields: {} })
    // Dated 3 of 3, undated only the amount of 3.
    expect(ratio(measure([dated, undated], { world }), 'M17')).toEqual([20, 30])
  })

  test('a field filled less than 24 hours ago does not count yet', () => {
    const base = { responsibleId: 'anna', amount: 100, currency: 'RUB', closeOn: null }
    const deal = aDeal({
      versions: [
        { ...base, observedAt: at('2026-10-01'), fields: {} },
        { ...base, observedAt: at('2026-11-20T15:00'), fields: { NEED: '#1' } },
      ],
    })
    const world = aWorld({ fields, settings: { criticalFields: ['NEED'] } })
    expect(ratio(measure([deal], { world }), 'M17')).toEqual([0, 5])
  })
})

describe('M19, loss reasons', () => {
  const lost = (stage: string, touched: boolean, more: Parameters<typeof aDeal>[0] = {}) =>
    aDeal({
      path: [
        ['NEW', '2026-10-01'],
        [stage, '2026-11-17T10:00'],
      ],
      activities: touched ? [aCall('2026-11-02T10:00')] : [],
      ...more,
    })

  test('a reason and a touch before', () => {
    expect(ratio(measure([lost('LOST', true), lost('SPAM', false)]), 'M19')).toEqual([1, 2])
  })

  test('a reason given in more than three fifths of five losses says nothing', () => {
    const deals = [...[1, 2, 3, 4].map(() => lost('LOST', true)), lost('SPAM', true)]
    expect(ratio(measure(deals), 'M19')).toEqual([1, 5])
  })

  test('clearing the dead layer is not judged', () => {
    const dead = aDeal({
      path: [
        ['NEW', '2025-01-01'],
        ['LOST', '2026-11-17T10:00'],
      ],
    })
    expect(ratio(measure([dead, lost('LOST', true)]), 'M19')).toEqual([1, 1])
  })
})

describe('M19 and the amnesty', () => {
  const installedAt = at('2026-11-02T09:00')
  const red = aDeal({ id: 'red' })
  const fine = aDeal({ id: 'fine' })
  const lostOn = (day: string) =>
    aDeal({
      path: [
        ['NEW', '2026-10-01'],
        ['LOST', `${day}T10:00`],
      ],
    })
  const losses = [lostOn('2026-10-29'), lostOn('2026-11-03'), lostOn('2026-11-13'), lostOn('2026-11-17')]
  const lostOf = (judge: ReturnType<typeof redDeals>, world = aWorld({ installedAt })) =>
    ratio(measure([red, fine, ...losses], { world, judge }), 'M19', 'anna', 28)

  test('losses of the two weeks are left out where those were an amnesty', () => {
    expect(lostOf(redDeals('red', ...losses.map(({ id }) => id)))).toEqual([0, 2])
  })

  test('they count where day one gave no amnesty', () => {
    expect(lostOf(redDeals())).toEqual([0, 4])
  })

  test('they are left out when the window no longer reaches back to day one', () => {
    const world = aWorld({ installedAt, asOf: at('2026-12-04T23:59') })
    expect(lostOf(redDeals(), world)).toEqual([0, 1])
  })
})

describe('M20 and M21, the road', () => {
  test('a straight road conforms fully, a skip costs', () => {
    const straight = aDeal({
      path: [
        ['NEW', '2026-11-16T10:00'],
        ['CALL', '2026-11-17T10:00'],
      ],
    })
    expect(value(measure([straight]), 'M20')).toBe(1)
    const skipping = aDeal({
      path: [
        ['NEW', '2026-11-16T10:00'],
        ['OFFER', '2026-11-17T10:00'],
      ],
    })
    expect(value(measure([skipping]), 'M20')).toBeLessThan(1)
  })

  test('a drawn design is what conforms from the day it was drawn', () => {
    const skipping = aDeal({
      path: [
        ['NEW', '2026-11-16T10:00'],
        ['OFFER', '2026-11-17T10:00'],
      ],
    })
    const drawnOn = (from: string) => {
      const designs = { P: [{ from, edges: [['NEW', 'OFFER'] as [string, string]] }] }
      return value(measure([skipping], { world: aWorld({ settings: { designs } }) }), 'M20')
    }
    expect(drawnOn('2026-11-20T00:00:00Z')).toBe(1)
    // The instant is earlier.
    expect(drawnOn('2027-01-01T00:00:00Z')).toBe(value(measure([skipping]), 'M20'))
  })

  test('closing as lost alone does not bring an old detour back into the week', () => {
    const deal = aDeal({
      path: [
        ['OFFER', '2026-09-01'],
        ['NEW', '2026-09-02'],
        ['LOST', '2026-11-17T10:00'],
      ],
    })
    expect(measureOf(measure([deal]), 'M20').offReason).toBe('no_data')
  })

  test('jumped and rushed stages are skips, moves back are returns', () => {
    const deal = aDeal({
      path: [
        ['NEW', '2026-11-16T10:00'],
        // CALL is jumped over.
        ['OFFER', '2026-11-17T10:00'],
        ['CALL', '2026-11-18T10:00'],
        // Left within a minute.
        ['OFFER', '2026-11-18T10:01'],
      ],
    })
    const measurement = measure([deal])
    expect(ratio(measurement, 'M21.skips')).toEqual([2, 3])
    expect(ratio(measurement, 'M21.returns')).toEqual([1, 3])
  })
})

test('M22: three stages in a day without a word to the customer', () => {
  const path = [
    ['NEW', '2026-11-01'],
    ['CALL', '2026-11-17T10:00'],
    ['OFFER', '2026-11-17T11:00'],
    ['WON', '2026-11-17T12:00'],
  ] as const
  const surfed = aDeal({ path })
  const spoken = aDeal({ path, activities: [aCall('2026-11-17T09:00')] })
  expect(ratio(measure([surfed, spoken]), 'M22')).toEqual([1, 2])
})

test('M22: a deal that moves on several days is one moved deal', () => {
  const path = [
    ['NEW', '2026-11-01'],
    ['CALL', '2026-11-16T10:00'],
    ['OFFER', '2026-11-17T11:00'],
    ['WON', '2026-11-18T12:00'],
  ] as const
  expect(ratio(measure([aDeal({ path })]), 'M22')).toEqual([0, 1])
})

test('M24: a deal that changed hands is taken up within two working days', () => {
  const base = { amount: 1, currency: 'RUB', closeOn: null, fields: {} }
  const handed = (calls: ReturnType<typeof aCall>[]) =>
    aDeal({
      versions: [
        { ...base, observedAt: at('2026-10-01'), responsibleId: 'anna' },
        { ...base, observedAt: at('2026-11-16T10:00'), responsibleId: 'boris' },
      ],
      activities: calls,
    })
  const deals = [handed([aCall('2026-11-17T10:00', 'boris')]), handed([])]
  expect(ratio(measure(deals), 'M24', 'boris')).toEqual([1, 2])
})

describe('M24, ping-pong', () => {
  const base = { amount: 1, currency: 'RUB', closeOn: null, fields: {} }
  const handed = (...owners: readonly (readonly [when: string, who: string])[]) =>
    aDeal({
      versions: owners.map(([when, responsibleId]) => ({ ...base, observedAt: at(when), responsibleId })),
    })
  const factsOf = (deals: readonly ReturnType<typeof aDeal>[], who: string) => {
    const measurement = measure(deals)
    const items = measureOf(measurement, 'M24').evidence?.items()[who]?.items ?? []
    return [ratio(measurement, 'M24', who), items.map(({ fact, params }) => [fact, params['returns']])]
  }

  test('two returns to former owners are told by the items and change no number', () => {
    const bounced = handed(
      ['2026-10-01', 'anna'],
      ['2026-11-09T10:00', 'boris'],
      ['2026-11-10T10:00', 'anna'],
      ['2026-11-16T10:00', 'boris'],
    )
    expect(factsOf([bounced], 'boris')).toEqual([[0, 1], [['not_taken_up_ping_pong', 2]]])
  })

  test('one return is none, nor are returns by a reassignment of many', () => {
    const once = handed(['2026-10-01', 'anna'], ['2026-11-10T10:00', 'boris'], ['2026-11-16T10:00', 'anna'])
    expect(factsOf([once], 'anna')).toEqual([[0, 1], [['not_taken_up', undefined]]])
    const cover = Array.from({ length: 20 }, () =>
      handed(['2026-10-01', 'anna'], ['2026-11-09T10:00', 'boris'], ['2026-11-11T10:00', 'anna']),
    )
    const covered = handed(
      ['2026-10-01', 'anna'],
      ['2026-11-09T10:00', 'boris'],
      ['2026-11-11T10:00', 'anna'],
      ['2026-11-16T10:00', 'boris'],
    )
    expect(factsOf([...cover, covered], 'boris')).toEqual([[0, 1], [['not_taken_up', undefined]]])
  })
})

test('M25 is the share of moves whose author nobody knows', () => {
  const deal = aDeal({
    path: [
      ['NEW', '2026-11-01'],
      ['CALL', '2026-11-17T10:00', 'anna'],
      ['OFFER', '2026-11-18T10:00', null],
    ],
  })
  expect(ratio(measure([deal]), 'M25')).toEqual([1, 2])
})

test('M27: nine deals within ten minutes are bulk, unless somebody spoke to the customer', () => {
  const deals = Array.from({ length: 10 }, (_, index) =>
    aDeal({
      path: [
        ['NEW', '2026-10-01'],
        ['CALL', `2026-11-19T10:0${index}`, 'anna'],
      ],
      activities: index === 0 ? [aCall('2026-11-19T09:00')] : [],
    }),
  )
  // The call's own record is an edit of the first deal on the same day.
  expect(ratio(measure(deals), 'M27')).toEqual([9, 10])
  expect(ratio(measure(deals.slice(0, 8)), 'M27')[0]).toBe(0)
})

test('M26: tidying before the planerka beyond what is usual before other days', () => {
  const world = aWorld({
    settings: { planerka: { weekday: 1, time: '10:00' } },
    asOf: at('2026-11-17T23:59'),
  })
  const edited = (...days: string[]) =>
    aDeal({
      path: [
        ['NEW', '2026-10-01'],
        ...days.map((day, index) => [index % 2 === 0 ? 'CALL' : 'OFFER', day, 'anna'] as const),
      ],
    })
  // Three deals on the morning of Monday the 16th, one of them also on Thursday before, one only on Thursday.
  const deals = [
    edited('2026-11-16T09:10'),
    edited('2026-11-16T09:20'),
    edited('2026-11-12T12:00', '2026-11-16T09:30'),
    edited('2026-11-12T12:00'),
  ]
  const measurement = measure(deals, { world })
  const [, denominator] = ratio(measurement, 'M26')
  expect(denominator).toBe(4)
  // Two of four, less a baseline that is at least 0.05.
  expect(value(measurement, 'M26')).toBeGreaterThan(0.35)
  expect(value(measurement, 'M26')).toBeLessThanOrEqual(0.45)
  expect(measureOf(measure(deals), 'M26').offReason).toBe('no_planerka')
})

test('M28: a task set and closed within five minutes is a ghost', () => {
  const task = aTask('2026-11-18T10:00', null, { closedAt: at('2026-11-18T10:02'), closedBy: 'anna' })
  const deal = aDeal({ tasks: [task], activities: [aCall('2026-11-18T11:00')] })
  expect(ratio(measure([deal]), 'M28')).toEqual([1, 2])
})

test('M18: one value in most of a person’s deals is junk only where the team varies', () => {
  const world = aWorld({
    people: [person('anna'), person('boris')],
    fields: new Map([['F', { id: 'F', title: 'F', type: 'string', isCustom: true, isRequired: false }]]),
  })
  const annas = Array.from({ length: 10 }, () => aDeal({ fields: { F: '#same' } }))
  const boriss = Array.from({ length: 10 }, (_, index) =>
    aDeal({ owner: 'boris', fields: { F: `#${index}` } }),
  )
  const measurement = measure([...annas, ...boriss], { world })
  expect(value(measurement, 'M18')).toBe(1)
  expect(value(measurement, 'M18', 'boris')).toBe(0)
})

test('M18: a placeholder is junk wherever it is typed, and a number that looks like one is not', () => {
  const field = (id: string, type: string) => ({ id, title: id, type, isCustom: true, isRequired: false })
  const world = aWorld({
    fields: new Map([
      ['F', field('F', 'string')],
      ['N', field('N', 'integer')],
    ]),
  })
  const values = ['Нет', '-', 'завод под Тулой', 'новый склад']
  const deals = values.map(value =>
    aDeal({ fields: { F: valueFingerprint(value), N: valueFingerprint('0') } }),
  )
  expect(ratio(measure(deals, { world }), 'M18')).toEqual([2, 8])
})

test('M04: kinds of records a person keeps, of those kept by anybody', () => {
  const calls = ['2026-11-16T10:00', '2026-11-17T10:00', '2026-11-18T10:00']
  const anna = aDeal({ activities: calls.map(call => aCall(call)) })
  const boris = aDeal({ owner: 'boris' })
  const measurement = measure([anna, boris])
  expect(ratio(measurement, 'M04')).toEqual([1, 1])
  expect(ratio(measurement, 'M04', 'boris')).toEqual([0, 1])
})

test('metrics without a source are off with a reason, never zero', () => {
  const measurement = measure([aDeal({})])
  for (const [id, offReason] of [
    ['M32', 'no_ledger'],
    ['M33', 'no_survey'],
    ['M34', 'no_journal'],
    ['M36', 'no_board'],
  ] as const)
    expect(measureOf(measurement, id)).toMatchObject({ offReason, numbers: null })
})
