import { describe, expect, test } from 'vitest'
import { MINUTE, SECOND } from '../../src/clock.ts'
import { stagePortal } from './portal.ts'

describe('the bucket of requests', () => {
  const portal = stagePortal(3, { rateLimit: 'standard' })

  test('holds fifty, refuses the next, and lets two a second through', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 51; n++) statuses.push((await portal.ask('server.time')).status)
    expect(statuses.filter(status => status === 200)).toHaveLength(50)
    const { status, body } = await portal.ask('server.time')
    expect([status, body['error']]).toEqual([503, 'QUERY_LIMIT_EXCEEDED'])
    portal.clock.advance(SECOND)
    expect((await portal.ask('server.time')).status).toBe(200)
    expect((await portal.ask('server.time')).status).toBe(200)
    expect((await portal.ask('server.time')).status).toBe(503)
  })

  test('counts a batch once, however much is inside', async () => {
    portal.clock.advance(MINUTE)
    const cmd = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`c${n}`, 'server.time']))
    for (let n = 0; n < 50; n++) expect((await portal.batch(cmd)).status).toBe(200)
    expect((await portal.batch(cmd)).status).toBe(503)
  })

  test('is five times as wide on an enterprise plan', async () => {
    portal.clock.advance(10 * MINUTE)
    portal.site.portal.temper.rateLimit = 'enterprise'
    for (let n = 0; n < 250; n++) portal.site.gateway.bucket.take(portal.site.portal, 'elsewhere')
    expect(() => portal.site.gateway.bucket.take(portal.site.portal, 'elsewhere')).toThrow(
      'Too many requests',
    )
  })
})

describe('the time a method may take', () => {
  const portal = stagePortal(3, { rateLimit: 'off', operatingCost: 100 })

  test('runs out for that method only, alone and inside a batch, and comes back minute by minute', async () => {
    for (let n = 0; n < 5; n++) {
      const { body } = await portal.ask('crm.item.list', { entityTypeId: 2 })
      expect(body['time'].operating).toBe((n + 1) * 100)
      portal.clock.advance(MINUTE)
    }
    const refused = await portal.ask('crm.item.list', { entityTypeId: 2 })
    expect([refused.status, refused.body['error']]).toEqual([429, 'OPERATION_TIME_LIMIT'])
    const batch = await portal.batch({ deals: 'crm.item.list?entityTypeId=2', time: 'server.time' })
    expect(batch.status).toBe(200)
    expect(batch.body['result'].result_error.deals.error).toBe('OPERATION_TIME_LIMIT')
    expect(batch.body['result'].result).toHaveProperty('time')
    portal.clock.advance(5 * MINUTE)
    expect((await portal.ask('crm.item.list', { entityTypeId: 2 })).status).toBe(200)
  })
})

describe('a box', () => {
  test('says nothing of operating time and lacks newer methods', async () => {
    const box = await boxed.sandbox.bitrix24.addPortal({
      name: 'box',
      isOnPremise: true,
      fill: portal => void portal.users.add({ ...boxed.site.portal.users.rows[0]!, id: 1 }),
    })
    box.addApp()
    const { access } = box.tokensOf(1)
    const ask = async (method: string, params: object = {}) =>
      (await (
        await fetch(`${box.portal.clientEndpoint}${method}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...params, auth: access }),
        })
      ).json()) as Record<string, { LICENSE?: string; operating?: number } & string>
    const info = await ask('app.info')
    expect(info['result']?.LICENSE).toBe('ru_selfhosted')
    expect(info['time']).not.toHaveProperty('operating')
    expect((await ask('crm.stagehistory.list', { entityTypeId: 31 }))['error']).toBe(
      'ENTITY_TYPE_NOT_SUPPORTED',
    )
    box.portal.temper.missingMethods = ['crm.item.list']
    expect((await ask('crm.item.list', { entityTypeId: 2 }))['error']).toBe('ERROR_METHOD_NOT_FOUND')
  })
  const boxed = stagePortal(1)
})
