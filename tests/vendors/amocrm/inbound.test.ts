import { createHmac } from 'node:crypto'
import { SignJWT } from 'jose'
import nock from 'nock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../../src/logger.ts'
import { createInbound } from '../../../src/vendors/amocrm/inbound.ts'
import { createAmocrm } from '../../../src/vendors/amocrm/index.ts'
import { accountOrigin, type Platform } from '../../../src/vendors/amocrm/platform.ts'
import type { InboundRequest, KnownPortal } from '../../../src/vendors/vendor.ts'

const now = new Date('2026-11-24T10:00:00Z')
const clock = { now: () => now, sleep: async () => {} }
const platform: Platform = {
  id: 'amocrm',
  clientId: 'client-1',
  secrets: ['new-secret', 'old-secret'],
  redirectUri: 'https://app.example.com:8443/amocrm/oauth',
  authorizeOrigin: 'https://www.amocrm.ru',
  hosts: /^[a-z0-9][a-z0-9-]{0,62}\.amocrm\.ru$/,
  trustedOrigins: ['http://127.0.0.1:4002'],
  frameSources: ['https://*.amocrm.ru'],
  publicUrl: 'https://app.example.com',
  eventsPerPage: 100,
  limitsByAddress: false,
}
const inbound = createInbound(platform, clock, silentLogger)
const request = (more: Partial<InboundRequest>): InboundRequest => ({
  method: 'GET',
  query: {},
  params: {},
  headers: {},
  body: {},
  ...more,
})
const portal: KnownPortal = {
  portalKey: '31234567',
  address: {
    api: 'https://romashka.amocrm.ru/',
    oauth: 'https://romashka.amocrm.ru',
    host: 'romashka.amocrm.ru',
  },
  eventSecret: 'events-secret',
  appCode: null,
}
const claims = {
  client_uuid: 'client-1',
  account_id: 31234567,
  user_id: 7,
  is_admin: true,
}
const sign = (
  payload: Record<string, unknown>,
  {
    secret = 'new-secret',
    aud = 'https://app.example.com:8443',
    iat = now.getTime() / 1000,
    lives = 1800,
    alg = 'HS256',
  } = {},
) =>
  new SignJWT({ jti: 'one', ...payload })
    .setProtectedHeader({ alg })
    .setAudience(aud)
    .setIssuedAt(iat)
    .setExpirationTime(iat + lives)
    .sign(new TextEncoder().encode(secret))
const ticket = async (token: string) => inbound.frame(request({ headers: { 'x-auth-token': token } }), portal)

beforeEach(() => nock.disableNetConnect())
afterEach(() => {
  nock.cleanAll()
  nock.enableNetConnect()
})

describe('an address named by a browser', () => {
  test.each([
    ['romashka.amocrm.ru', 'https://romashka.amocrm.ru'],
    ['https://romashka.amocrm.ru/', 'https://romashka.amocrm.ru'],
    ['127.0.0.1:4002', 'http://127.0.0.1:4002'],
    ['romashka.amocrm.ru.evil.com', null],
    ['evil.com#.amocrm.ru', null],
    ['evil.com/.amocrm.ru', null],
    ['a@romashka.amocrm.ru', null],
    ['romashka.amocrm.ru:8080', null],
    ['www.amocrm.ru', null],
    ['romashka.kommo.com', null],
    ['127.0.0.1:4003', null],
    ['', null],
  ])('%s leads to %s', (named, origin) => {
    expect(accountOrigin(platform, named)).toBe(origin)
  })
})

describe('an installation', () => {
  const query = { code: 'def502', referer: 'romashka.amocrm.ru', from_widget: '1' }
  const install = (more: Record<string, unknown> = {}) =>
    inbound.installProof(request({ query: { ...query, ...more } }))

  test.each([
    ['without a code', { code: undefined }],
    ['with a list for a code', { code: ['a', 'b'] }],
    ['from a foreign host', { referer: 'evil.com' }],
    ['for another integration', { client_id: 'client-2' }],
    ['without a state when our page started it', { from_widget: undefined }],
    ['that was declined', { error: 'access_denied' }],
  ])('%s is refused before anybody is asked', (_name, more) => {
    expect(() => install(more)).toThrow(expect.objectContaining({ status: 400 }))
  })

  const account = (admin: boolean) => {
    nock('https://romashka.amocrm.ru')
      .get(/\/api\/v4\/account/)
      .reply(200, {
        id: 31234567,
        name: 'Ромашка',
        subdomain: 'romashka',
        current_user_id: 7,
        currency: 'RUB',
      })
      .get('/api/v4/users/7')
      .reply(admin ? 200 : 403, admin ? { id: 7, name: 'Иван', rights: { is_admin: true } } : 'Forbidden')
  }
  const tokens = { access_token: 'a.b.c', refresh_token: 'r', expires_in: 86400 }

  test('is proved by its code, and names the account by its id', async () => {
    nock('https://romashka.amocrm.ru')
      .post('/oauth2/access_token', body => body.client_secret === 'new-secret')
      .reply(200, tokens)
    account(true)
    const grant = await install().prove()
    expect(grant).toMatchObject({
      portalKey: '31234567',
      userId: '7',
      isAdmin: true,
      address: portal.address,
    })
    expect(grant.eventSecret).toMatch(/^[\w-]{32}$/)
    expect(grant.tokens.expiresAt).toEqual(new Date('2026-11-25T10:00:00Z'))
  })

  test('tries the second secret only when the vendor says that the client is wrong', async () => {
    nock('https://romashka.amocrm.ru')
      .post('/oauth2/access_token', body => body.client_secret === 'new-secret')
      .reply(401, { title: 'Некорректный клиент', detail: 'client authentication failed' })
      .post('/oauth2/access_token', body => body.client_secret === 'old-secret')
      .reply(200, tokens)
    account(true)
    await expect(install().prove()).resolves.toMatchObject({ portalKey: '31234567' })
  })

  test('by somebody who is no administrator is noticed', async () => {
    nock('https://romashka.amocrm.ru').post('/oauth2/access_token').reply(200, tokens)
    account(false)
    await expect(install().prove()).resolves.toMatchObject({ isAdmin: false })
  })

  test('with a used code is refused', async () => {
    nock('https://romashka.amocrm.ru')
      .post('/oauth2/access_token')
      .reply(400, { hint: 'Authorization code has been revoked' })
    await expect(install().prove()).rejects.toMatchObject({ status: 401, code: 'code_refused' })
  })
})

describe('a one-time token of the widget', () => {
  test('proves its user with either secret, and with or without the port in its audience', async () => {
    await expect(ticket(await sign(claims))).resolves.toMatchObject({
      userId: '7',
      isAdmin: true,
      singleUse: 'one',
    })
    await expect(ticket(await sign(claims, { secret: 'old-secret' }))).resolves.toMatchObject({ userId: '7' })
    await expect(ticket(await sign(claims, { aud: 'https://app.example.com' }))).resolves.toMatchObject({
      userId: '7',
    })
  })

  test('that says nothing of administration proves no administrator', async () => {
    await expect(ticket(await sign({ ...claims, is_admin: undefined }))).resolves.toMatchObject({
      isAdmin: false,
    })
  })

  test.each([
    ['signed by somebody else', claims, { secret: 'guess' }],
    ['of another algorithm', claims, { alg: 'HS512' }],
    ['for another address', claims, { aud: 'https://evil.com' }],
    ['that has expired', claims, { iat: now.getTime() / 1000 - 4000 }],
    ['that lives for days', claims, { lives: 86_400 }],
    ['for another integration', { ...claims, client_uuid: 'client-2' }, {}],
    ['of another account', { ...claims, account_id: 1 }, {}],
    ['without a user', { ...claims, user_id: undefined }, {}],
    ['without an id of its own', { ...claims, jti: undefined }, {}],
  ])('%s is refused', async (_name, payload, options) => {
    await expect(ticket(await sign(payload, options))).rejects.toMatchObject({ status: 401 })
  })

  test('without a signature is refused', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    await expect(ticket(`${part({ alg: 'none' })}.${part({ ...claims, jti: '1' })}.`)).rejects.toMatchObject({
      status: 401,
    })
  })
})

describe('what the widget’s script says of itself', () => {
  const frame = async (body: unknown) =>
    inbound.frame(
      request({ headers: { 'x-auth-token': await sign({ ...claims, jti: 'said' }) }, body }),
      portal,
    )

  test('names a screen with its filters, where the page lives, and a consent', async () => {
    const user = await frame({
      view: 'stale',
      params: { level: 'red' },
      place: { path: '/widget_page/planerka/planerka/overview', isHome: true },
      consent: { crmTasks: true },
    })
    expect(user.target).toEqual({ view: 'stale', params: { level: 'red' } })
    expect(user.place).toEqual({ path: '/widget_page/planerka/planerka/overview', isHome: true })
    expect(user.consent).toEqual({ crmTasks: true })
  })

  test.each([
    'https://evil.example/',
    '//evil.example/a',
    '/a/../b',
    '/a?b=c',
    'javascript:alert(1)',
    '/a\nb',
    42,
    null,
  ])('is not believed with a place like %j', async path => {
    expect((await frame({ place: { path } })).place).toBeUndefined()
  })

  test('is left alone when it is nonsense', async () => {
    const user = await frame({ view: '<x>', params: { 'a b': 'c' }, consent: { crmTasks: 'yes' } })
    expect(user.target).toEqual({ view: 'overview', params: {} })
    expect(user.consent).toBeUndefined()
  })

  test('makes links in messages lead to our page on the right screen', () => {
    const vendor = createAmocrm(platform, { clock, log: silentLogger })
    const place = '/widget_page/planerka/planerka/overview'
    const stale = { view: 'stale', params: { level: 'red' } }
    expect(vendor.appPath(place, stale)).toBe(`${place}#planerka=stale&level=red`)
    expect(vendor.appPath(place, { view: 'deal', params: { id: '7' } })).toBe('/leads/detail/7')
    expect(vendor.appPath(null, stale)).toMatch(/^\/stats\/#planerka=stale/)
  })
})

describe('the hook of a disabled integration', () => {
  const hook = (signature: string, more = {}) =>
    inbound.uninstall(
      request({ query: { account_id: '31234567', client_uuid: 'client-1', signature, ...more } }),
    )
  const signed = (secret: string) => createHmac('sha256', secret).update('client-1|31234567').digest('hex')

  test('is believed when either secret signed it', () => {
    expect(hook(signed('new-secret'))).toBe('31234567')
    expect(hook(signed('old-secret').toUpperCase())).toBe('31234567')
  })

  test.each([
    ['a wrong signature', () => hook(signed('guess'))],
    ['another account under a good signature', () => hook(signed('new-secret'), { account_id: '31234568' })],
    ['another integration', () => hook(signed('new-secret'), { client_uuid: 'x' })],
    ['no signature', () => hook('')],
    ['a list for an account', () => hook(signed('new-secret'), { account_id: ['1'] })],
  ])('is refused with %s', (_name, call) => {
    expect(call).toThrow(expect.objectContaining({ name: 'AppError' }))
  })
})

describe('events', () => {
  const read = (key: string, body: unknown) =>
    inbound.events(request({ method: 'POST', params: { key }, body }), portal)

  test('mark what they name, however the list is written', async () => {
    const body = {
      leads: {
        status: { 0: { id: '15', status_id: '142', modified_user_id: '0', last_modified: '1726572758' } },
        delete: [{ id: '16' }],
      },
      task: { update: [{ id: '9' }, { id: 'junk' }, null] },
      account: { id: '31234567' },
    }
    await expect(read('events-secret', body)).resolves.toMatchObject([
      { entity: 'deal', id: '16', action: 'deleted' },
      { entity: 'deal', id: '15', action: 'moved', actorClass: 'robot', at: new Date(1726572758000) },
      { entity: 'task', id: '9', action: 'updated' },
    ])
  })

  test('with a wrong key, or from another account, are refused', async () => {
    await expect(read('guess', {})).rejects.toMatchObject({ status: 403 })
    await expect(read('events-secret', { account: { id: '1' } })).rejects.toMatchObject({ status: 403 })
    await expect(read('events-secret', 'text')).rejects.toMatchObject({ status: 400 })
  })
})
