import { describe, expect, test } from 'vitest'
import { EMPLOYEE, HEAD, type Loose, stagePortal } from './portal.ts'

const portal = stagePortal(120)
const ids = (items: { id: number }[]): number[] => items.map(item => item.id)

describe('a list of deals', () => {
  test('comes in pages of fifty, with a total and the next offset until the last page', async () => {
    const first = await portal.ask('crm.item.list', { entityTypeId: 2, select: ['id'] })
    expect(first.body['result'].items).toHaveLength(50)
    expect(first.body).toMatchObject({ total: 120, next: 50 })
    const last = await portal.ask('crm.item.list', { entityTypeId: 2, select: ['id'], start: 100 })
    expect(ids(last.body['result'].items)[0]).toBe(101)
    expect(last.body['result'].items).toHaveLength(20)
    expect(last.body).not.toHaveProperty('next')
  })

  test('counts nothing when asked with start=-1', async () => {
    const { body } = await portal.ask('crm.item.list', { entityTypeId: 2, start: -1, select: ['id'] })
    expect(body).not.toHaveProperty('total')
    expect(body).not.toHaveProperty('next')
    expect(body['result'].items).toHaveLength(50)
  })

  test('answers a window of ids, ids by name, and orders both ways', async () => {
    const window = await portal.ask('crm.item.list', {
      entityTypeId: 2,
      filter: { '>id': 10, '<=id': 13 },
      order: { id: 'ASC' },
      start: -1,
    })
    expect(ids(window.body['result'].items)).toEqual([11, 12, 13])
    const named = await portal.ask('crm.item.list', { entityTypeId: 2, filter: { '@id': [90, 7, 999] } })
    expect(ids(named.body['result'].items)).toEqual([7, 90])
    const down = await portal.ask('crm.item.list', { entityTypeId: 2, order: { id: 'DESC' }, start: -1 })
    expect(ids(down.body['result'].items)[0]).toBe(120)
  })

  test('finds what changed between two instants, the first included and the second not', async () => {
    const at = (id: number) => new Date(portal.site.portal.deals.find(id)!.updatedTime).toISOString()
    const { body } = await portal.ask('crm.item.list', {
      entityTypeId: 2,
      filter: { '>=updatedTime': at(20), '<updatedTime': at(23), '>id': 0 },
      order: { id: 'ASC' },
      start: -1,
    })
    expect(ids(body['result'].items)).toEqual([20, 21, 22])
  })

  test('refuses a field that does not exist, in filter, order and select', async () => {
    for (const params of [
      { filter: { nonsense: 1 } },
      { order: { nonsense: 'ASC' } },
      { select: ['nonsense'] },
    ]) {
      const { status, body } = await portal.ask('crm.item.list', { entityTypeId: 2, ...params })
      expect([status, body['error']]).toEqual([400, 'INVALID_ARG_VALUE'])
    }
  })

  test('takes an OR group inside the filter', async () => {
    const { body } = await portal.ask('crm.item.list', {
      entityTypeId: 2,
      filter: { 0: { logic: 'OR', 0: { '=id': 3 }, 1: { '=title': 'Сделка 5' } } },
    })
    expect(ids(body['result'].items)).toEqual([3, 5])
  })

  test('gives typed values: numbers, Y/N, ISO dates with the portal offset', async () => {
    const { body } = await portal.ask('crm.item.get', { entityTypeId: 2, id: 1 })
    const { item } = body['result']
    expect(item).toMatchObject({
      id: 1,
      assignedById: EMPLOYEE,
      opportunity: 1000,
      closed: 'N',
      stageSemanticId: 'P',
    })
    expect(item.createdTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+03:00$/)
    expect(item).toHaveProperty('ufCrmReason', null)
  })

  test('takes custom fields by their original name when asked', async () => {
    const { body } = await portal.ask('crm.item.list', {
      entityTypeId: 2,
      useOriginalUfNames: 'Y',
      select: ['id', 'UF_CRM_REASON'],
      filter: { '=id': 1 },
    })
    expect(body['result'].items[0]).toEqual({ id: 1, UF_CRM_REASON: null })
  })

  test('shows an employee the own deals, a head the branch, and an administrator all', async () => {
    const total = async (userId: number) =>
      (await portal.as(userId, 'crm.item.list', { entityTypeId: 2, select: ['id'] })).body['total']
    expect([await total(EMPLOYEE), await total(HEAD), await total(1)]).toEqual([60, 120, 120])
  })
})

describe('other lists', () => {
  test('old deals are flat, in upper case and in text', async () => {
    const { body } = await portal.ask('crm.deal.list', {
      select: ['ID', 'OPPORTUNITY', 'STAGE_ID'],
      filter: { ID: 2 },
    })
    expect(body['result']).toEqual([{ ID: '2', OPPORTUNITY: '1001.00', STAGE_ID: 'NEW' }])
  })

  test('activities are text, and no deadline is the year 9999', async () => {
    const activity = portal.site.acts.addActivity({ ownerId: 1, responsibleId: EMPLOYEE }, EMPLOYEE)
    const { body } = await portal.ask('crm.activity.list', {
      filter: { ID: activity.id },
      select: ['ID', 'OWNER_ID', 'COMPLETED', 'DEADLINE', 'STATUS'],
    })
    expect(body['result']).toEqual([
      {
        ID: String(activity.id),
        OWNER_ID: '1',
        COMPLETED: 'N',
        STATUS: '1',
        DEADLINE: expect.stringMatching(/^9999-12-31/),
      },
    ])
  })

  test('tasks are asked in upper case and answered in camel case, persons coming along', async () => {
    const { body: added } = await portal.ask('tasks.task.add', {
      fields: {
        TITLE: 'Позвонить',
        RESPONSIBLE_ID: EMPLOYEE,
        UF_CRM_TASK: ['D_1'],
        DEADLINE: '2026-08-20T18:00:00+03:00',
      },
    })
    const { body } = await portal.ask('tasks.task.list', {
      filter: { ID: added['result'].task.id },
      select: ['ID', 'STATUS', 'RESPONSIBLE_ID', 'UF_CRM_TASK', 'DEADLINE', 'CLOSED_DATE'],
    })
    expect(body['result'].tasks[0]).toMatchObject({
      id: String(added['result'].task.id),
      status: '2',
      responsibleId: '3',
      ufCrmTask: ['D_1'],
      deadline: '2026-08-20T18:00:00+03:00',
      closedDate: null,
      responsible: { id: '3', name: 'Егор Егоров' },
    })
    const sorted = await portal.ask('tasks.task.list', { order: { NONSENSE: 'ASC' } })
    expect([sorted.status, sorted.body['error']]).toEqual([400, '0'])
  })

  test('a moved deadline is told by the task’s own history, with its author', async () => {
    const task = portal.site.acts.addTask(
      { title: 'Отчёт', responsibleId: EMPLOYEE, deadline: 1_790_000_000_000 },
      HEAD,
    )
    await portal.as(EMPLOYEE, 'tasks.task.update', {
      taskId: task.id,
      fields: { DEADLINE: '2026-12-01T10:00:00+03:00' },
    })
    const { body } = await portal.ask('tasks.task.history.list', {
      taskId: task.id,
      filter: { FIELD: 'DEADLINE' },
    })
    expect(body['result'].list).toHaveLength(1)
    expect(body['result'].list[0]).toMatchObject({
      field: 'DEADLINE',
      value: { from: '1790000000' },
      user: { id: '3' },
    })
  })

  test('users leak empty maps where PHP holds dates, and robots are not among them', async () => {
    const { body } = await portal.ask('user.get', {
      select: ['ID', 'ACTIVE', 'LAST_ACTIVITY_DATE', 'TIMESTAMP_X'],
    })
    expect(body['total']).toBe(3)
    expect(body['result'][0]).toEqual({ ID: '1', ACTIVE: true, LAST_ACTIVITY_DATE: {}, TIMESTAMP_X: {} })
    const current = await portal.ask('user.current')
    expect(current.body['result'].LAST_ACTIVITY_DATE).toMatch(/^\d{4}-\d\d-\d\d \d\d:/)
  })

  test('a department without a parent or a head does not name them', async () => {
    const { body } = await portal.ask('department.get')
    expect(body['result']).toEqual([
      { ID: '1', NAME: 'Фирма', SORT: 100 },
      { ID: '2', NAME: 'Продажи', SORT: 200, PARENT: '1', UF_HEAD: '2' },
    ])
  })

  test('stages carry their outcome and their order as text', async () => {
    const { body } = await portal.ask('crm.status.list', {
      filter: { ENTITY_ID: 'DEAL_STAGE_3' },
      order: { SORT: 'ASC' },
    })
    expect(
      body['result'].map((row: Loose) => [row.STATUS_ID, row.SORT, row.SEMANTICS, row.EXTRA.SEMANTICS]),
    ).toEqual([
      ['C3:NEW', '10', null, 'process'],
      ['C3:WON', '20', 'S', 'success'],
      ['C3:LOSE', '30', 'F', 'failure'],
    ])
  })
})
