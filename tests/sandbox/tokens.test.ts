import { describe, expect, test } from 'vitest'
import { SECOND } from '../../src/clock.ts'
import { ADMIN, call, EMPLOYEE, type Loose, stagePortal } from './portal.ts'

const portal = stagePortal(3)

const exchange = async (params: Record<string, string>) => {
  const response = await fetch(`${portal.sandbox.origin}/oauth/token/`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: portal.sandbox.bitrix24.app.clientId,
      client_secret: portal.sandbox.bitrix24.app.clientSecret,
      ...params,
    }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, Loose> }
}
const refresh = (token: string) => exchange({ grant_type: 'refresh_token', refresh_token: token })

describe('the OAuth server', () => {
  test('gives a new pair for a refresh token once, and never again', async () => {
    const pair = portal.site.tokensOf(ADMIN)
    const first = await refresh(pair.refresh)
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({
      member_id: portal.site.portal.memberId,
      client_endpoint: portal.site.portal.clientEndpoint,
      user_id: ADMIN,
      expires_in: 3600,
      domain: new URL(portal.sandbox.origin).host,
    })
    expect((await call(portal.site, 'user.admin', {}, first.body['access_token'])).body['result']).toBe(true)
    const second = await refresh(pair.refresh)
    expect([second.status, second.body['error']]).toEqual([400, 'invalid_grant'])
  })

  test('lets one of two racing refreshes win', async () => {
    const pair = portal.site.tokensOf(ADMIN)
    const statuses = (await Promise.all([refresh(pair.refresh), refresh(pair.refresh)])).map(
      ({ status }) => status,
    )
    expect(statuses.sort()).toEqual([200, 400])
  })

  test('knows its applications', async () => {
    const pair = portal.site.tokensOf(ADMIN)
    const wrong = await exchange({
      grant_type: 'refresh_token',
      refresh_token: pair.refresh,
      client_secret: 'guess',
    })
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_client'])
    const other = portal.sandbox.bitrix24.addApp({ clientId: 'app.other', clientSecret: 'other' })
    const foreign = await exchange({
      grant_type: 'refresh_token',
      refresh_token: pair.refresh,
      client_id: other.clientId,
      client_secret: other.clientSecret,
    })
    expect(foreign.body['error']).toBe('invalid_grant')
  })

  test('exchanges a code once, within thirty seconds', async () => {
    const { tokens, app } = portal.sandbox.bitrix24
    const code = tokens.issueCode(portal.site.portal, app.clientId, ADMIN)
    expect((await exchange({ grant_type: 'authorization_code', code })).status).toBe(200)
    expect((await exchange({ grant_type: 'authorization_code', code })).body['error']).toBe('invalid_grant')
    const late = tokens.issueCode(portal.site.portal, app.clientId, ADMIN)
    portal.clock.advance(31 * SECOND)
    expect((await exchange({ grant_type: 'authorization_code', code: late })).body['error']).toBe(
      'invalid_grant',
    )
  })

  test('kills the token of a dismissed user', async () => {
    const pair = portal.site.tokensOf(EMPLOYEE)
    portal.site.portal.users.find(EMPLOYEE)!.isActive = false
    expect((await call(portal.site, 'profile', {}, pair.access)).body['error']).toBe('authorization_error')
    expect((await refresh(pair.refresh)).body['error']).toBe('invalid_grant')
    portal.site.portal.users.find(EMPLOYEE)!.isActive = true
  })

  test('can do its work and lose the answer, so that the old token is spent and the new one unknown', async () => {
    const pair = portal.site.tokensOf(ADMIN)
    portal.sandbox.faults.add({ on: 'oauth', kind: 'drop' })
    await expect(refresh(pair.refresh)).rejects.toThrow()
    expect((await refresh(pair.refresh)).body['error']).toBe('invalid_grant')
  })
})

describe('the portal’s door', () => {
  test('tells a missing, an unknown, an expired and a foreign token apart', async () => {
    const error = async (token: string | null) => {
      const { status, body } = await call(portal.site, 'profile', {}, token)
      return [status, body['error']]
    }
    expect(await error(null)).toEqual([401, 'NO_AUTH_FOUND'])
    expect(await error('nonsense')).toEqual([401, 'invalid_token'])
    const old = portal.site.tokensOf(ADMIN).access
    portal.clock.advance(3601 * SECOND)
    expect(await error(old)).toEqual([401, 'expired_token'])
    const neighbour = await portal.sandbox.bitrix24.addPortal({
      name: 'neighbour',
      fill: other => void other.users.add({ ...portal.site.portal.users.rows[0]!, id: 1 }),
    })
    neighbour.addApp()
    expect(await error(neighbour.tokensOf(1).access)).toEqual([401, 'invalid_token'])
  })

  test('takes a token from a header or a form as well', async () => {
    const { access } = portal.site.tokensOf(ADMIN)
    const url = `${portal.site.portal.clientEndpoint}user.admin.json`
    const byHeader = await fetch(url, { headers: { authorization: `Bearer ${access}` } })
    expect(await byHeader.json()).toMatchObject({ result: true })
    const byForm = await fetch(url, { method: 'POST', body: new URLSearchParams({ auth: access }) })
    expect(await byForm.json()).toMatchObject({ result: true })
  })

  test('asks for scopes, and counts broken JSON as no parameters at all', async () => {
    portal.site.installed()!.scopes = ['crm']
    expect((await portal.ask('tasks.task.list')).body['error']).toBe('insufficient_scope')
    const { access } = portal.site.tokensOf(ADMIN)
    const response = await fetch(
      `${portal.site.portal.clientEndpoint}crm.item.list?auth=${access}&entityTypeId=2`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"filter": {"id": 1',
      },
    )
    expect((await response.json()) as object).toMatchObject({ total: 3 })
  })

  test('says so when the portal is suspended, gone, or bars the user', async () => {
    const { temper } = portal.site.portal
    const answer = async () => {
      const { status, body } = await portal.ask('profile')
      return [status, body['error']]
    }
    temper.isSuspended = true
    expect(await answer()).toEqual([403, 'ACCESS_DENIED'])
    temper.isSuspended = false
    temper.barredUsers = [ADMIN]
    expect(await answer()).toEqual([403, 'user_access_error'])
    temper.barredUsers = []
    temper.isDeleted = true
    expect(await answer()).toEqual([500, 'PORTAL_DELETED'])
    temper.isDeleted = false
  })

  test('answers a demoted administrator with empty lists, not with an error', async () => {
    const admin = portal.site.portal.users.find(ADMIN)!
    admin.isAdmin = false
    const { access } = portal.site.tokensOf(ADMIN)
    expect((await call(portal.site, 'user.admin', {}, access)).body['result']).toBe(false)
    expect((await call(portal.site, 'crm.item.list', { entityTypeId: 2 }, access)).body).toMatchObject({
      total: 0,
    })
    admin.isAdmin = true
  })

  test('redirects to the new address after a rename, and the OAuth server names it', async () => {
    const pair = portal.site.tokensOf(ADMIN)
    const old = portal.site.portal.clientEndpoint
    const origin = await portal.site.rename()
    const moved = await fetch(`${old}profile`, { method: 'POST', redirect: 'manual' })
    expect([moved.status, moved.headers.get('location')]).toEqual([302, `${origin}/rest/profile`])
    expect((await refresh(pair.refresh)).body['client_endpoint']).toBe(`${origin}/rest/`)
  })
})
