import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDealFields } from '../../../src/vendors/bitrix24/fields.ts'
import {
  mapActivities,
  mapDeals,
  mapInvoices,
  mapStageMoves,
  mapTasks,
} from '../../../src/vendors/bitrix24/map.ts'
import { activityRow, dealRow, historyRow, invoiceRow, taskRow } from './rows.ts'

const { fields } = readDealFields({
  id: { type: 'integer', isReadOnly: true, title: 'ID' },
  opened: { type: 'boolean', isReadOnly: false, title: 'Доступна всем' },
  utmSource: { type: 'string', isReadOnly: false, title: 'UTM' },
  companyId: { type: 'crm_company', isReadOnly: false, title: 'Компания' },
  UF_CRM_COLOR: {
    type: 'enumeration',
    isDynamic: true,
    title: 'Цвет',
    items: [{ ID: '45', VALUE: 'Красный' }],
  },
  UF_CRM_MANY: { type: 'enumeration', isDynamic: true, isMultiple: true, title: 'Много' },
  UF_CRM_FLAG: { type: 'boolean', isDynamic: true, title: 'Флаг' },
  UF_CRM_NOTE: { type: 'string', isDynamic: true, title: 'Заметка' },
  UF_CRM_SUM: { type: 'money', isDynamic: true, title: 'Сумма' },
  UF_CRM_COUNT: { type: 'double', isDynamic: true, title: 'Число' },
  UF_CRM_PLANERKA_FLAG: { type: 'string', isDynamic: true, title: 'Наше' },
})
const context = { fields, outcomes: new Map([['C3:UC_ABC', 'lost' as const]]) }
const deal = (more: Record<string, unknown>) => mapDeals([dealRow(1, more)], context).records[0]

describe('a deal', () => {
  test('keeps its words, numbers and instants', () => {
    expect(deal({})).toMatchObject({
      id: '1',
      pipelineId: '0',
      stageId: 'NEW',
      outcome: 'open',
      responsibleId: '17',
      amount: 1500,
      currency: 'RUB',
      closeOn: '2026-09-01',
      closedAt: null,
      isTemplate: false,
    })
    expect(deal({ createdTime: '2026-05-02T10:11:12.345+03:00' })?.createdAt.toISOString()).toBe(
      '2026-05-02T07:11:12.345Z',
    )
    expect(
      deal({ id: '7', categoryId: '3', assignedById: '9', opportunity: '12.50', isRecurring: 'Y' }),
    ).toMatchObject({ id: '7', pipelineId: '3', responsibleId: '9', amount: 12.5, isTemplate: true })
  })

  test.each([null, undefined, '', 0, '0', false, []])('with %j for "nothing" has nothing there', empty => {
    const record = deal({
      title: empty,
      assignedById: empty,
      updatedBy: empty,
      movedBy: empty,
      movedTime: empty,
      lastActivityTime: empty,
      closedate: empty,
      UF_CRM_COLOR: empty,
      UF_CRM_MANY: empty,
      companyId: empty,
    })
    expect(record).toMatchObject({
      responsibleId: null,
      updatedBy: null,
      movedBy: null,
      movedAt: null,
      lastActivityAt: null,
      closeOn: null,
    })
    expect(record?.fields).not.toHaveProperty('UF_CRM_COLOR')
    expect(record?.fields).not.toHaveProperty('UF_CRM_MANY')
    expect(record?.fields).not.toHaveProperty('companyId')
  })

  test('of an unknown stage keeps it, with the outcome that the portal states', () => {
    expect(deal({ stageId: 'C3:GONE', stageSemanticId: 'F' })).toMatchObject({
      stageId: 'C3:GONE',
      outcome: 'lost',
    })
    expect(deal({ stageId: 'C3:UC_ABC', stageSemanticId: null })?.outcome).toBe('lost')
    expect(deal({ stageId: 'C9:WON', stageSemanticId: undefined })?.outcome).toBe('won')
  })

  test('that is decided was closed by its last move', () => {
    const won = deal({ stageId: 'WON', stageSemanticId: 'S', movedTime: '2026-07-30T18:20:00+03:00' })
    expect(won?.closedAt?.toISOString()).toBe('2026-07-30T15:20:00.000Z')
  })

  test('keeps option ids and flags, and of other values only that they are the same', () => {
    const filled = deal({
      UF_CRM_COLOR: '45',
      UF_CRM_MANY: [3, '4', 0],
      UF_CRM_FLAG: 'N',
      UF_CRM_NOTE: ' Hello  World ',
      UF_CRM_SUM: '0|RUB',
      UF_CRM_COUNT: 0,
    })?.fields
    expect(filled).toMatchObject({ UF_CRM_COLOR: '45', UF_CRM_MANY: '3,4', UF_CRM_FLAG: 'N' })
    expect(filled?.['UF_CRM_NOTE']).toMatch(/^#[0-9a-f]{12}$/)
    expect(filled?.['UF_CRM_NOTE']).toBe(deal({ UF_CRM_NOTE: 'hello world' })?.fields['UF_CRM_NOTE'])
    expect(filled).toHaveProperty('UF_CRM_SUM')
    expect(filled).toHaveProperty('UF_CRM_COUNT')
    expect(deal({ UF_CRM_SUM: '|RUB', UF_CRM_NOTE: '  ', UF_CRM_FLAG: null })?.fields).not.toMatchObject({
      UF_CRM_SUM: expect.anything(),
    })
  })

  test('is measured only by fields that a person fills', () => {
    expect(fields.map(({ id }) => id)).toEqual([
      'companyId',
      'UF_CRM_COLOR',
      'UF_CRM_MANY',
      'UF_CRM_FLAG',
      'UF_CRM_NOTE',
      'UF_CRM_SUM',
      'UF_CRM_COUNT',
    ])
    expect(fields.find(({ id }) => id === 'UF_CRM_COLOR')?.options).toEqual({ '45': 'Красный' })
  })

  test('is read from portals that spell custom fields in their own way', () => {
    expect(deal({ UF_CRM_COLOR: undefined, ufCrmColor: 46 })?.fields['UF_CRM_COLOR']).toBe('46')
  })
})

describe('a stage move', () => {
  const move = (more: Record<string, unknown>, isFirst = false) =>
    mapStageMoves([historyRow(351, 759, more)], context, () => isFirst).records[0]

  test('is a creation, a move or a change of pipeline', () => {
    expect(move({ TYPE_ID: 1 })?.kind).toBe('created')
    expect(move({ TYPE_ID: '2' })?.kind).toBe('moved')
    expect(move({ TYPE_ID: 3 })?.kind).toBe('moved')
    expect(move({ TYPE_ID: 3 }, true)?.kind).toBe('created')
    expect(move({ TYPE_ID: 5 })?.kind).toBe('pipeline_changed')
  })

  test('comes as numbers or as strings and sorts by its number', () => {
    const text = { ID: '351', OWNER_ID: '759', TYPE_ID: '2', CATEGORY_ID: '3', STAGE_ID: 'C3:X' }
    expect(move(text)).toMatchObject({ id: '351', dealId: '759', pipelineId: '3' })
    expect((move({ ID: 9 })?.orderKey ?? '') < (move({ ID: 10 })?.orderKey ?? '')).toBe(true)
    expect(move({})).toMatchObject({ movedBy: null, actorClass: 'unknown' })
  })
})

describe('an activity', () => {
  const activity = (more: Record<string, unknown>) => mapActivities([activityRow(1, more)]).records[0]

  test('hangs on a deal only if its main owner is one', () => {
    expect(activity({ OWNER_TYPE_ID: '2', OWNER_ID: '5' })?.dealId).toBe('5')
    expect(activity({ OWNER_TYPE_ID: '3', OWNER_ID: '5' })?.dealId).toBeNull()
  })

  test('without a due time has none, though the portal stores the year 9999', () => {
    expect(activity({ DEADLINE: '9999-12-31T00:00:00+03:00' })?.deadlineAt).toBeNull()
    expect(activity({ DEADLINE: '2026-08-01T10:00:00+03:00' })?.deadlineAt?.toISOString()).toBe(
      '2026-08-01T07:00:00.000Z',
    )
  })

  test.each([
    [{ TYPE_ID: '1' }, 'meeting'],
    [{ TYPE_ID: '2' }, 'call'],
    [{ TYPE_ID: '4' }, 'email'],
    [{ TYPE_ID: '6', PROVIDER_ID: 'CRM_TODO' }, 'todo'],
    [{ TYPE_ID: '6', PROVIDER_ID: 'CRM_TASKS_TASK' }, 'task'],
    [{ TYPE_ID: '6', PROVIDER_ID: 'CRM_TASKS_TASK_COMMENT' }, 'other'],
    [{ TYPE_ID: '6', PROVIDER_ID: 'IMOPENLINES_SESSION' }, 'message'],
    [{ TYPE_ID: '6', PROVIDER_ID: 'CRM_SMS' }, 'message'],
    [{ TYPE_ID: '6', PROVIDER_ID: 'VOXIMPLANT_CALL' }, 'call'],
    [{ TYPE_ID: '6', PROVIDER_ID: 'CONFIGURABLE_REST_APP' }, 'other'],
    [{ TYPE_ID: null, PROVIDER_ID: null }, 'other'],
  ])('%j is a %s', (more, kind) => {
    expect(activity(more)?.kind).toBe(kind)
  })

  test('closed by the portal itself is nobody’s work', () => {
    expect(activity({ STATUS: '3', COMPLETED: 'Y' })).toMatchObject({
      isAutoCompleted: true,
      isCompleted: true,
    })
    expect(activity({ STATUS: '1', COMPLETED: 'N' })).toMatchObject({ isCompleted: false, completedAt: null })
  })

  test('of an application is not a person’s', () => {
    expect(activity({ PROVIDER_ID: 'REST_APP', TYPE_ID: '6' })?.actorClass).toBe('integration')
    expect(activity({ AUTHOR_ID: '0' })?.actorClass).toBe('unknown')
  })

  test('names the task that it shows', () => {
    const shown = activity({ TYPE_ID: '6', PROVIDER_ID: 'CRM_TASKS_TASK', ASSOCIATED_ENTITY_ID: '8017' })
    expect(shown?.taskId).toBe('8017')
    expect(activity({ ASSOCIATED_ENTITY_ID: '8017' })?.taskId).toBeNull()
  })
})

describe('a task', () => {
  const task = (more: Record<string, unknown>) => mapTasks([taskRow(1, more)]).records[0]

  test('finds its deals among its bindings', () => {
    expect(task({ ufCrmTask: ['D_759', 'C_8', 'T1f_12', 'D_759', 'D_x'] })?.dealIds).toEqual(['759'])
    expect(task({ ufCrmTask: { '0': 'D_4' } })?.dealIds).toEqual(['4'])
    for (const none of [false, null, '', [], undefined])
      expect(task({ ufCrmTask: none })?.dealIds).toEqual([])
  })

  test('keeps a fingerprint of its text and not the text', () => {
    const one = task({ title: 'Позвонить  КЛИЕНТУ' })
    expect(one).toMatchObject({ textWords: 2, textHash: task({ title: 'позвонить клиенту' })?.textHash })
    expect(JSON.stringify(one)).not.toMatch(/клиент/i)
  })

  test.each([
    ['2', 'open'],
    ['3', 'open'],
    ['4', 'awaiting_control'],
    [5, 'completed'],
    ['6', 'deferred'],
    ['-1', 'open'],
    [null, 'open'],
  ])('with status %s is %s', (status, expected) => {
    expect(task({ status })?.status).toBe(expected)
  })
})

describe('an invoice', () => {
  test('is paid, declined or open by its stage', () => {
    const stages = ['DT31_5:P', 'DT31_5:D', 'DT31_5:N']
    const rows = stages.map((stageId, index) => invoiceRow(index + 1, { stageId }))
    const { records } = mapInvoices(rows, { fields: [], outcomes: new Map() })
    expect(records.map(({ outcome }) => outcome)).toEqual(['won', 'lost', 'open'])
    expect(records[0]).toMatchObject({ dealId: '5', issuedOn: '2026-08-01', dueOn: '2026-08-11' })
  })
})

describe('whatever the portal sends', () => {
  const wild = fc.dictionary(
    fc.constantFrom(
      ...Object.keys({ ...dealRow(1), ...activityRow(1), ...taskRow(1), ...historyRow(1, 1) }),
      'extra',
    ),
    fc.oneof(fc.anything({ maxDepth: 1 }), fc.constantFrom('2026-05-02T10:11:12+03:00', 5, '7', 'NEW')),
  )

  test('each row becomes one record or one reason, and none stops the others', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(wild, fc.anything({ maxDepth: 1 })), { maxLength: 8 }), rows => {
        for (const map of [
          (given: unknown[]) => mapDeals(given, context),
          (given: unknown[]) => mapStageMoves(given, context, () => false),
          mapActivities,
          mapTasks,
          (given: unknown[]) => mapInvoices(given, context),
        ]) {
          const { records, rejected } = map(rows)
          expect(records.length + rejected.length).toBe(rows.length)
          for (const record of records)
            for (const value of Object.values(record))
              if (value instanceof Date) expect(Number.isNaN(value.getTime())).toBe(false)
        }
      }),
    )
  })
})
