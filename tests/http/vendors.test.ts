import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import nock from 'nock'
import request from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { appOver } from '../../src/app.ts'
import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config.ts'
import { compose } from '../../src/http/compose.ts'
import { createInstallations } from '../../src/installations/installations.ts'
import { createLogger } from '../../src/logger.ts'
import { defaultSettings } from '../../src/records/settings.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { createVendors } from '../../src/vendors/registry.ts'
import { createWorld } from './fakes.ts'

/** The same promises over the real vendors: what is forged reaches no host and changes no row. */

const config = readConfig({
  PUBLIC_URL: 'https://planerka.example',
  SECRET_KEY: randomBytes(32).toString('base64'),
  BITRIX24_CLIENT_ID: 'local.app',
  BITRIX24_CLIENT_SECRET: 'b24-client-secret',
  AMOCRM_CLIENT_ID: 'amo-client',
  AMOCRM_CLIENT_SECRET: 'amo-client-secret',
  AMOCRM_REDIRECT_URI: 'https://planerka.example/amocrm/oauth',
})
const folder = mkdtempSync(join(tmpdir(), 'planerka-vendors-'))
const lines: string[] = []
const asked: string[] = []
let store: Store
let app: ReturnType<typeof appOver>

beforeAll(async () => {
  const clock = systemClock
  const log = createLogger('trace', { write: line => void lines.push(line) })
  store = await openStore({ dataDir: folder, log, clock })
  const vendors = createVendors(config, { clock, log })
  for (const [vendor, portalKey, host] of [
    ['bitrix24', 'member-1', 'acme.bitrix24.ru'],
    ['amocrm', '777', 'acme.amocrm.ru'],
  ] as const)
    await store.installations.upsert({
      id: `${vendor}-${portalKey}`,
      vendor,
      portalKey,
      address: { api: `https://${host}/rest/`, oauth: `https://${host}`, host },
      settings: defaultSettings('UTC', 'ru'),
      language: 'ru',
    })
  const installations = createInstallations({
    store,
    vendors,
    config,
    clock,
    log,
    onInstalled: async () => {},
    onChanged: async () => {},
  })
  app = appOver(
    compose({
      config,
      clock,
      log,
      vendors,
      store,
      installations,
      queue: {
        sync: async () => '',
        snapshot: async () => {},
        nudge: async () => {},
        writeBack: async () => {},
        depth: async () => ({}),
      },
      widgetDir: createWorld().deps.widgetDir as string,
    }),
  )
  nock.disableNetConnect()
  nock.enableNetConnect(/^(127\.0\.0\.1|localhost)/)
  nock.emitter.on('no match', (req: { host?: string; getHeader?(name: string): unknown }) => {
    const host = String(req.getHeader?.('host') ?? req.host)
    if (!/^(127\.0\.0\.1|localhost)/.test(host)) asked.push(host.replace(/:443$/, ''))
  })
}, 120_000)
afterAll(async () => {
  nock.emitter.removeAllListeners('no match')
  nock.enableNetConnect()
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => void asked.splice(0))

const frame = (more: Record<string, string>) => ({
  AUTH_ID: 'forged-access-token',
  REFRESH_ID: 'forged-refresh-token',
  AUTH_EXPIRES: '3600',
  member_id: 'stranger',
  PLACEMENT: 'DEFAULT',
  ...more,
})
const post = (path: string, body: object) => request(app).post(path).type('form').send(body)
const jwt = (claims: object, secret: string, alg = 'HS256') => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
}

const FORGED: [string, () => request.Test][] = [
  [
    'an OAuth server of the sender’s own',
    () => post('/bitrix24/install', frame({ SERVER_ENDPOINT: 'https://evil.example/rest/' })),
  ],
  [
    'the address of a neighbour in the network',
    () => post('/bitrix24/install', frame({ SERVER_ENDPOINT: 'http://169.254.169.254/rest/' })),
  ],
  ['a frame of a portal that nobody installed', () => post('/bitrix24/app?DOMAIN=evil.example', frame({}))],
  ['a frame without a portal', () => post('/bitrix24/app', { AUTH_ID: 'x' })],
  [
    'an event of a portal that nobody installed',
    () => post('/bitrix24/events', { event: 'ONCRMDEALADD', auth: { member_id: 'x' } }),
  ],
  [
    'an event with a wrong secret',
    () =>
      post('/bitrix24/events', {
        event: 'ONAPPUNINSTALL',
        data: { CLEAN: '1' },
        auth: { member_id: 'member-1', application_token: 'wrong' },
      }),
  ],
  [
    'an event that is a list',
    () => post('/bitrix24/events', { event: ['ONCRMDEALADD'], auth: ['member-1'] }),
  ],
  [
    'an account at a host of the sender’s own',
    () =>
      request(app)
        .get('/amocrm/oauth')
        .query({ code: 'forged-code', referer: 'evil.example', from_widget: '1' }),
  ],
  [
    'an account at a host that only looks right',
    () =>
      request(app)
        .get('/amocrm/oauth')
        .query({ code: 'forged-code', referer: 'amocrm.ru.evil.example', from_widget: '1' }),
  ],
  [
    'a code with a state that is not ours',
    () =>
      request(app)
        .get('/amocrm/oauth')
        .query({ code: 'forged-code', referer: 'acme.amocrm.ru', state: 'mine' }),
  ],
  [
    'a code with nothing to vouch for it',
    () => request(app).get('/amocrm/oauth').query({ code: 'forged-code', referer: 'acme.amocrm.ru' }),
  ],
  ['a declined installation', () => request(app).get('/amocrm/oauth').query({ error: 'access_denied' })],
  [
    'a hook with a wrong signature',
    () =>
      request(app)
        .get('/amocrm/disconnect')
        .query({ account_id: '777', client_uuid: 'amo-client', signature: 'ab'.repeat(32) }),
  ],
  [
    'an event at an unknown key',
    () => post('/amocrm/events/forged-key', { leads: { status: [{ id: '1' }] } }),
  ],
  ['a ticket without a token', () => request(app).post('/amocrm/ticket')],
  [
    'a ticket for a token with another key',
    () =>
      request(app)
        .post('/amocrm/ticket')
        .set('X-Auth-Token', jwt({ account_id: 777, user_id: 1 }, 'other')),
  ],
  [
    'a ticket for an unsigned token',
    () =>
      request(app)
        .post('/amocrm/ticket')
        .set('X-Auth-Token', jwt({ account_id: 777, user_id: 1, is_admin: true }, 'x', 'none')),
  ],
  [
    'a ticket for a token of long ago',
    () =>
      request(app)
        .post('/amocrm/ticket')
        .set(
          'X-Auth-Token',
          jwt(
            {
              iss: 'https://acme.amocrm.ru',
              aud: 'https://planerka.example',
              jti: 'j',
              iat: 1,
              nbf: 1,
              exp: 1801,
              account_id: 777,
              user_id: 1,
              client_uuid: 'amo-client',
            },
            'amo-client-secret',
          ),
        ),
  ],
]

describe('over the real vendors', () => {
  test.each(FORGED)('%s: refused, nobody is asked', async (_name, send) => {
    const before = await store.installations.list()
    const { status, body, headers } = await send()
    expect([status >= 400 && status < 500, typeof body.code, headers['content-type']?.split(';')[0]]).toEqual(
      [true, 'string', 'application/problem+json'],
    )
    expect(asked).toEqual([])
    expect(await store.installations.list()).toEqual(before)
    expect(lines.join('\n')).not.toMatch(/forged-(access|refresh|code|key)|client-secret/)
  })

  test('whatever the routes are sent, it is refused as the caller’s fault and reaches no stranger', async () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(
        'stranger',
        '777',
        'undefined',
        '[object Object]',
        '../../etc',
        'https://evil.example',
        '',
      ),
    )
    const names = [
      'member_id',
      'AUTH_ID',
      'DOMAIN',
      'event',
      'auth',
      'code',
      'referer',
      'state',
      'from_widget',
      'account_id',
      'signature',
    ]
    const value = fc.oneof(
      word,
      fc.array(word, { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), word, { maxKeys: 3 }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(
          'post /bitrix24/install',
          'post /bitrix24/app',
          'post /bitrix24/events',
          'get /amocrm/oauth',
          'get /amocrm/disconnect',
          'post /amocrm/events/k',
          'post /amocrm/ticket',
        ),
        fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 6 }),
        fc.constantFrom('form', 'json'),
        async (route, given, type) => {
          const [method, path = ''] = route.split(' ')
          const send =
            method === 'get'
              ? request(app).get(path).query(given)
              : request(app).post(path).type(type).send(given)
          const { status } = await send
          expect([status >= 400, status < 500], `${route} ${status}`).toEqual([true, true])
          expect(asked).toEqual([])
        },
      ),
      { numRuns: 200 },
    )
  })

  test('an install is proved by the vendor’s own OAuth server and by nobody else', async () => {
    const { status, body } = await post(
      '/bitrix24/install',
      frame({ SERVER_ENDPOINT: 'https://oauth.bitrix24.tech/rest/' }),
    )
    expect([status, body.code]).toEqual([503, 'crm_unavailable'])
    expect(new Set(asked)).toEqual(new Set(['oauth.bitrix24.tech']))
    expect(lines.join('\n')).not.toContain('forged-refresh')
  })

  test('the button flow leads to the vendor with a state of ours', async () => {
    const { status, headers } = await request(app).get('/amocrm/connect')
    const target = new URL(String(headers.location))
    expect([status, target.origin, target.searchParams.get('client_id')]).toEqual([
      302,
      'https://www.amocrm.ru',
      'amo-client',
    ])
    expect(target.searchParams.get('state')?.split('.')).toHaveLength(3)
  })

  test('the page of a vendor without placements may be framed by its portals', async () => {
    const { headers } = await request(app).get('/amocrm/widget').expect(200)
    expect(headers['content-security-policy']).toContain('frame-ancestors https://*.amocrm.ru')
    expect(headers['content-security-policy']).not.toMatch(/bitrix24|kommo/)
  })
})
