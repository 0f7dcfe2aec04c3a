import { afterEach, describe, expect, test } from 'vitest'
import { ADMIN, call, stagePortal } from './portal.ts'

const portal = stagePortal(60)
afterEach(() => portal.sandbox.faults.clear())

describe('faults', () => {
  test('hit as often as told, from the call they are told', async () => {
    portal.sandbox.faults.add({ on: 'server.time', kind: 'html', after: 1, times: 2 })
    const statuses: number[] = []
    for (let n = 0; n < 4; n++) statuses.push((await portal.ask('server.time')).status)
    expect(statuses).toEqual([200, 502, 502, 200])
  })

  test('speak HTML, send nothing, cut the JSON, break the connection', async () => {
    portal.sandbox.faults.add({ on: 'server.time', kind: 'html' })
    expect((await portal.ask('server.time')).text).toContain('<html>')
    portal.sandbox.faults.add({ on: 'server.time', kind: 'empty' })
    expect((await portal.ask('server.time')).text).toBe('')
    portal.sandbox.faults.add({ on: 'crm.item.list', kind: 'truncate' })
    const cut = await portal.ask('crm.item.list', { entityTypeId: 2 })
    expect(cut.status).toBe(200)
    expect(() => JSON.parse(cut.text) as unknown).toThrow()
    portal.sandbox.faults.add({ on: 'server.time', kind: 'reset' })
    await expect(portal.ask('server.time')).rejects.toThrow()
  })

  test('answer one command of a batch with any error, even one without a code', async () => {
    portal.sandbox.faults.add({
      on: 'crm.item.list',
      kind: 'error',
      status: 400,
      code: '',
      description: 'Ой',
    })
    const { status, body } = await portal.batch({
      deals: 'crm.item.list?entityTypeId=2',
      time: 'server.time',
    })
    expect(status).toBe(200)
    expect(body['result'].result_error).toEqual({ deals: { error: '', error_description: 'Ой' } })
  })

  test('end every access token in the middle of a reading', async () => {
    const { access } = portal.site.tokensOf(ADMIN)
    portal.sandbox.faults.add({ on: 'crm.item.list', kind: 'expire', after: 1 })
    expect((await call(portal.site, 'crm.item.list', { entityTypeId: 2 }, access)).status).toBe(200)
    expect((await call(portal.site, 'crm.item.list', { entityTypeId: 2 }, access)).body['error']).toBe(
      'expired_token',
    )
  })

  test('change rows between two pages', async () => {
    const before = portal.site.portal.deals.lastId
    portal.sandbox.faults.add({ on: 'crm.item.list', kind: 'churn', rows: 4 })
    await portal.ask('crm.item.list', { entityTypeId: 2 })
    expect(portal.site.portal.deals.lastId).toBe(before + 4)
    expect(portal.site.portal.deals.rows.length).toBeLessThan(before + 4)
  })

  test('a disguised row is shown with nulls and unknown fields', async () => {
    portal.site.portal.deals.disguises.set(1, { assignedById: null, somethingNew: [1] })
    const { body } = await portal.ask('crm.item.list', {
      entityTypeId: 2,
      filter: { '=id': 1 },
      select: ['id', 'assignedById'],
    })
    expect(body['result'].items).toEqual([{ id: 1, assignedById: null, somethingNew: [1] }])
    portal.site.portal.deals.disguises.clear()
  })
})

describe('the control door', () => {
  const control = async (path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') => {
    const response = await fetch(`${portal.sandbox.origin}/_sandbox${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }

  test('moves deals, counts rows and lists what was asked', async () => {
    await control('/bitrix24/acme/requests', undefined, 'DELETE')
    const moved = await control('/bitrix24/acme/move-deal', { id: 5, stageId: 'WORK', actor: 3 })
    expect(moved.body).toMatchObject({ stageId: 'WORK', movedBy: 3 })
    await portal.batch({ a: 'server.time', b: 'user.admin' })
    expect((await control('/bitrix24/acme/requests')).body).toMatchObject({
      requests: 1,
      calls: { batch: 1, 'server.time': 1, 'user.admin': 1 },
    })
    expect((await control('/bitrix24/acme/counts')).body).toMatchObject({ users: 3 })
  })

  test('refuses a lever it does not have, a body that does not fit and a portal that is not there', async () => {
    expect((await control('/bitrix24/acme/explode', {})).status).toBe(404)
    expect((await control('/bitrix24/acme/move-deal', { id: 'five' })).status).toBe(400)
    expect((await control('/bitrix24/nobody/counts')).status).toBe(404)
  })

  test('arms faults and changes the portal’s temper', async () => {
    expect((await control('/faults', { on: 'profile', kind: 'html' })).status).toBe(201)
    expect((await portal.ask('profile')).status).toBe(502)
    await control('/bitrix24/acme/temper', { isSuspended: true })
    expect((await portal.ask('profile')).body['error']).toBe('ACCESS_DENIED')
    await control('/bitrix24/acme/temper', { isSuspended: false })
  })

  test('opens one more portal, filled from a log', async () => {
    const seeded = await control('/bitrix24/portals', {
      name: 'from-log',
      story: {
        kind: 'log',
        csv: 'case,activity,timestamp\n1,Ask,2020-01-01T10:00:00Z\n1,Pay,2020-01-02T10:00:00Z',
        won: ['Pay'],
      },
    })
    expect(seeded.status).toBe(201)
    expect(seeded.body).toMatchObject({ name: 'from-log', counts: { deals: 1, stageMoves: 2, openDeals: 0 } })
    expect((await control('/bitrix24/from-log/deals/1')).body).toMatchObject({ title: '1', semantic: 'S' })
  })

  test('never shows an application’s secrets', async () => {
    const text = JSON.stringify([(await control('/')).body, (await control('/bitrix24/acme/state')).body])
    expect(text).not.toContain(portal.site.installed()!.applicationToken)
    expect(text).not.toContain(portal.sandbox.bitrix24.app.clientSecret)
  })
})
