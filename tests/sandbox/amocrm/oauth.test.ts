import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rotateSecret } from '../../../src/sandbox/amocrm/oauth/integration.ts'
import { stageAccount } from './account.ts'

describe('the token endpoint', () => {
  const stage = stageAccount(2)
  const exchange = async (body: Record<string, unknown>) => {
    const { integration } = stage.sandbox.amocrm
    const response = await fetch(`${stage.site.origin}/oauth2/access_token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: integration.clientId,
        client_secret: integration.secret,
        redirect_uri: integration.redirectUri,
        ...body,
      }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, string | number> }
  }
  const code = () =>
    stage.site.desk.issueCode(stage.sandbox.amocrm.integration.clientId, stage.account.admin.id)

  test('takes a code once and within twenty minutes', async () => {
    const first = code()
    const { status, body } = await exchange({ grant_type: 'authorization_code', code: first })
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 })
    expect(decodeJwt(String(body['access_token']))).toMatchObject({
      account_id: stage.account.accountId,
      api_domain: new URL(stage.sandbox.origin).host,
      sub: String(stage.account.admin.id),
    })
    expect(await exchange({ grant_type: 'authorization_code', code: first })).toMatchObject({
      status: 400,
      body: { hint: 'Authorization code has been revoked', title: 'Некорректный запрос' },
    })
    const late = code()
    stage.clock.advance(21 * 60_000)
    expect(await exchange({ grant_type: 'authorization_code', code: late })).toMatchObject({
      status: 400,
      body: { hint: 'Authorization code has expired' },
    })
  })

  test('gives a new pair for a refresh token, once', async () => {
    const { body } = await exchange({ grant_type: 'authorization_code', code: code() })
    const refresh = { grant_type: 'refresh_token', refresh_token: body['refresh_token'] }
    const next = await exchange(refresh)
    expect(next.status).toBe(200)
    expect(next.body['refresh_token']).not.toBe(body['refresh_token'])
    expect(await exchange(refresh)).toMatchObject({ status: 401, body: { hint: 'Token has been revoked' } })
    expect((await stage.ask('account', { token: String(next.body['access_token']) })).status).toBe(200)
    stage.clock.advance(25 * 3_600_000)
    expect((await stage.ask('account', { token: String(next.body['access_token']) })).status).toBe(401)
  })

  test('knows its client, and the old secret only while it is kept', async () => {
    const { integration } = stage.sandbox.amocrm
    const old = integration.secret
    const wrong = await exchange({ grant_type: 'authorization_code', code: code(), client_secret: 'x' })
    expect(wrong).toMatchObject({ status: 401, body: { title: 'Некорректный клиент' } })
    rotateSecret(integration, true)
    expect(
      (await exchange({ grant_type: 'authorization_code', code: code(), client_secret: old })).status,
    ).toBe(200)
    rotateSecret(integration, false)
    expect(
      (await exchange({ grant_type: 'authorization_code', code: code(), client_secret: old })).status,
    ).toBe(401)
    expect((await exchange({ grant_type: 'authorization_code', code: code() })).status).toBe(200)
  })

  test('is not where the account was before it was renamed; the shared API tells where it is', async () => {
    const { body } = await exchange({ grant_type: 'authorization_code', code: code() })
    const { origin: old, spareOrigin } = stage.site
    expect(stage.site.rename('renamed')).toBe(spareOrigin)
    expect((await fetch(`${old}/oauth2/access_token`, { method: 'POST' })).status).toBe(404)
    const told = await fetch(`${stage.sandbox.origin}/oauth2/account/current/subdomain`, {
      headers: { 'x-refresh-token': String(body['refresh_token']) },
    })
    expect(await told.json()).toMatchObject({
      id: stage.account.accountId,
      subdomain: 'renamed',
      domain: new URL(spareOrigin).host,
    })
  })
})

describe('an integration', () => {
  const stage = stageAccount(2)
  let server: Server
  const visits: URL[] = []
  beforeAll(async () => {
    server = createServer((req, res) => {
      visits.push(new URL(req.url ?? '/', 'http://product'))
      res.end('ok')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    stage.sandbox.amocrm.setOrigin(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterAll(() => void server.close())

  test('is told of its installation by a request without a state', async () => {
    await stage.site.install()
    const visit = visits.at(-1)!
    expect(visit.pathname).toBe('/amocrm/oauth')
    expect(Object.fromEntries(visit.searchParams)).toMatchObject({
      from_widget: '1',
      referer: stage.account.host,
      client_id: stage.sandbox.amocrm.integration.clientId,
      platform: '1',
    })
    expect(visit.searchParams.has('state')).toBe(false)
  })

  test('vouches for people with tokens it can check', async () => {
    const { integration } = stage.sandbox.amocrm
    const user = stage.account.users.rows[2]!
    const token = stage.site.oneTimeToken(user)
    const { payload } = await jwtVerify(token, new TextEncoder().encode(integration.secret), {
      algorithms: ['HS256'],
      audience: 'http://127.0.0.1',
      currentDate: stage.clock.now(),
    })
    expect(payload).toMatchObject({ user_id: user.id, account_id: stage.account.accountId, is_admin: false })
    expect(payload.exp! - payload.iat!).toBe(1800)
  })

  test('loses its tokens and its webhooks when it is switched off, and is told by a signed hook', async () => {
    const { integration } = stage.sandbox.amocrm
    const token = stage.tokenOf(stage.account.admin.id)
    const destination = `${new URL(integration.redirectUri).origin}/amocrm/events/key`
    await stage.ask('webhooks', { method: 'POST', token, body: { destination, settings: ['add_lead'] } })
    await stage.site.disable()
    expect((await stage.ask('account', { token })).status).toBe(401)
    expect(stage.account.webhooks.rows).toHaveLength(0)
    const visit = visits.at(-1)!
    expect(visit.pathname).toBe('/amocrm/disconnect')
    const account = String(stage.account.accountId)
    expect(visit.searchParams.get('account_id')).toBe(account)
    expect(visit.searchParams.get('signature')).toBe(
      createHmac('sha256', integration.secret).update(`${integration.clientId}|${account}`).digest('hex'),
    )
  })
})

describe('an impatient account', () => {
  const stage = stageAccount(2, {}, { rateLimit: 'on', refusalsToBlock: 3 })

  test('answers seven requests a second, then 429, then nobody', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 11; n++) statuses.push((await stage.ask('account')).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 429, 429, 403, 403])
    stage.clock.advance(901_000)
    expect((await stage.ask('account')).status).toBe(200)
    expect(stage.site.gateway.busiestSecond()).toBe(11)
  })

  test('wants to be paid', async () => {
    stage.clock.advance(2000)
    stage.account.temper.isUnpaid = true
    const { status, body } = await stage.ask('leads')
    expect(status).toBe(402)
    expect(body).toMatchObject({ status: 402, type: 'https://httpstatus.es/402' })
  })

  test('fails as scripted', async () => {
    stage.account.temper.isUnpaid = false
    stage.clock.advance(2000)
    stage.sandbox.faults.add({ kind: 'html', status: 504, on: 'leads' })
    expect(await stage.ask('leads')).toMatchObject({ status: 504 })
    expect((await stage.ask('leads')).status).toBe(200)
  })
})
