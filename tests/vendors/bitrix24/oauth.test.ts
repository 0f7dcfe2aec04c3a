import nock from 'nock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createOAuth } from '../../../src/vendors/bitrix24/oauth.ts'
import { createTransport } from '../../../src/vendors/bitrix24/transport.ts'
import { fastClock } from './bench.ts'

const RU = 'https://oauth.bitrix24.tech'
const WORLD = 'https://oauth.bitrix.info'
const PAIR = {
  access_token: 'a2',
  refresh_token: 'r2',
  expires_in: 3600,
  client_endpoint: 'https://acme.bitrix24.ru/rest/',
  domain: 'oauth.bitrix24.tech',
  member_id: 'm1',
  scope: 'app',
  status: 'F',
}

describe('renewing a pair', () => {
  const oauth = () =>
    createOAuth({
      clientId: 'app.1',
      clientSecret: 'shh',
      origin: undefined,
      trusted: new Set(),
      transport: createTransport(new Set()),
      clock: fastClock(),
    })
  beforeEach(() => nock.disableNetConnect())
  afterEach(() => {
    nock.cleanAll()
    nock.enableNetConnect()
  })

  test('sends the secret in a form to the announced server and takes the address from its reply', async () => {
    const scope = nock(RU)
      .post('/oauth/token/', 'grant_type=refresh_token&client_id=app.1&client_secret=shh&refresh_token=r1')
      .reply(200, PAIR)
    const { tokens, address, portalKey } = await oauth().renew('r1', RU)
    expect(scope.isDone()).toBe(true)
    expect(portalKey).toBe('m1')
    expect(tokens).toMatchObject({ access: 'a2', refresh: 'r2', expiresAt: new Date('2026-08-14T08:26:32Z') })
    expect(address).toEqual({ api: 'https://acme.bitrix24.ru/rest/', host: 'acme.bitrix24.ru', oauth: RU })
  })

  test.each([
    [400, { error: 'invalid_grant' }, 'auth_revoked', undefined],
    [400, { error: 'bad_verification_code' }, 'auth_revoked', undefined],
    [401, { error: 'invalid_client' }, 'rejected', undefined],
    [400, { error: 'invalid_scope' }, 'rejected', undefined],
    [402, { error: 'PAYMENT_REQUIRED' }, 'unavailable', 'suspended'],
    [404, '<html>', 'unavailable', undefined],
    [200, { error: 'invalid_grant' }, 'auth_revoked', undefined],
    [200, '{"access_token":"a', 'unavailable', undefined],
    [200, { ...PAIR, member_id: undefined }, 'shape_changed', undefined],
    [200, { ...PAIR, client_endpoint: 'https://10.0.0.1/rest/' }, 'rejected', undefined],
  ])('answered with %s %j is %s', async (status, body, kind, verdict) => {
    nock(RU).post('/oauth/token/').reply(status, body)
    await expect(oauth().renew('r1', RU)).rejects.toMatchObject({ kind, verdict })
  })

  test('is repeated when the server says that it failed, and not when the reply got lost', async () => {
    nock(RU).post('/oauth/token/').reply(502, '').post('/oauth/token/').reply(200, PAIR)
    expect((await oauth().renew('r1', RU)).tokens.refresh).toBe('r2')
    nock(RU)
      .post('/oauth/token/')
      .replyWithError(Object.assign(new Error('lost'), { code: 'ECONNRESET' }))
    await expect(oauth().renew('r1', RU)).rejects.toMatchObject({ code: 'OAUTH_NO_REPLY' })
  })

  test('turns to the vendor’s other server only when the first cannot be reached', async () => {
    nock(RU)
      .post('/oauth/token/')
      .replyWithError(Object.assign(new Error('lost'), { code: 'ENOTFOUND' }))
    nock(WORLD).post('/oauth/token/').reply(200, PAIR)
    expect((await oauth().renew('r1', RU)).address.oauth).toBe(WORLD)
    nock(RU).post('/oauth/token/').reply(400, { error: 'invalid_grant' })
    await expect(oauth().renew('r1', RU)).rejects.toMatchObject({ kind: 'auth_revoked' })
  })

  test('never sends the secret to a server that is not the vendor’s', async () => {
    nock(WORLD).post('/oauth/token/').reply(200, PAIR)
    expect((await oauth().renew('r1', 'https://evil.example.com')).address.oauth).toBe(WORLD)
  })
})
