import { createHmac } from 'node:crypto'
import { connect } from 'node:net'
import fc from 'fast-check'
import request from 'supertest'
import { describe, expect, test } from 'vitest'
import { ADMIN_TOKEN, createWorld, type World } from './fakes.ts'
import { sessionOf, ticketOf } from './session-of.ts'

/**
 * Forged, malformed and oversized requests: a 4xx with a code, nothing asked of anyone, nothing changed,
 * no secret in the log.
 */

type Send = (world: World) => request.Test

const form =
  (path: string, body: string): Send =>
  world =>
    request(world.app).post(path).set('Content-Type', 'application/x-www-form-urlencoded').send(body)
const json =
  (path: string, body: string, headers: Record<string, string> = {}): Send =>
  world =>
    request(world.app)
      .post(path)
      .set({ 'Content-Type': 'application/json', ...headers })
      .send(body)
const operator = { Authorization: `Bearer ${ADMIN_TOKEN}` }
const admin = (path: string, body: string): Send => json(`/admin/v1/installations/${path}`, body, operator)
const get =
  (path: string, headers: Record<string, string> = {}): Send =>
  world =>
    request(world.app).get(path).set(headers)

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

const CASES: [string, Send, number, string][] = [
  ['a forged install', form('/bitrix24/install', 'token=bad-secret-value'), 403, 'crm_refused'],
  ['an empty install', form('/bitrix24/install', ''), 400, 'malformed_request'],
  [
    'an install with an array for a word',
    form('/bitrix24/install', 'token[]=good&token[]=good'),
    400,
    'malformed_request',
  ],
  ['an oversized install', form('/bitrix24/install', `token=${'x'.repeat(5000)}`), 413, 'payload_too_large'],
  [
    'an install nested without end',
    form('/bitrix24/install', `token${'[a]'.repeat(300)}=1`),
    400,
    'malformed_body',
  ],
  ['a field repeated without end', form('/bitrix24/events', 'a=1&'.repeat(2040)), 400, 'malformed_body'],
  [
    'an install as XML',
    world => request(world.app).post('/bitrix24/install').type('text/xml').send('<a/>'),
    415,
    'unsupported_media_type',
  ],
  [
    'an install in another charset',
    world =>
      request(world.app)
        .post('/bitrix24/install')
        .set('Content-Type', 'application/x-www-form-urlencoded; charset=utf-7')
        .send('token=good'),
    415,
    'unsupported_media_type',
  ],
  ['a null byte in a form', form('/bitrix24/install', 'token=good%00'), 400, 'malformed_body'],
  ['a null byte in a form’s key', form('/bitrix24/install', 'tok%00en=good'), 400, 'malformed_body'],
  ['a forged state', get('/bitrix24/oauth?token=good&state=abc'), 400, 'state_invalid'],
  ['two states', get('/bitrix24/oauth?token=good&state=a&state=b'), 400, 'state_missing'],
  ['a forged frame', form('/bitrix24/app', 'token=bad-secret-value'), 403, 'crm_refused'],
  ['a forged event', form('/bitrix24/events', 'secret=bad-secret-value'), 403, 'event_refused'],
  ['an event at a wrong key', form('/bitrix24/events/bad-secret-value', 'a=1'), 403, 'event_refused'],
  ['an oversized event', form('/bitrix24/events', `secret=${'x'.repeat(9000)}`), 413, 'payload_too_large'],
  ['a forged disconnect', get('/bitrix24/disconnect?signature=bad-secret-value'), 403, 'signature_invalid'],
  [
    'a disconnect with two signatures',
    get('/bitrix24/disconnect?signature=right&signature=right'),
    403,
    'signature_invalid',
  ],
  ['an event by GET', get('/bitrix24/events'), 405, 'method_not_allowed'],
  ['a page by POST', form('/bitrix24/widget', 'a=1'), 405, 'method_not_allowed'],
  ['a route of nobody', get('/bitrix24/unknown'), 404, 'route_not_found'],
  ['a vendor that is off', form('/nocrm/install', 'token=good'), 404, 'route_not_found'],
  ['a path that is not text', get('/bitrix24/%E0%A4%A'), 400, 'malformed_path'],
  ['a path with a null byte', get('/api/v1/employees/%00'), 400, 'malformed_path'],
  ['a query with a null byte', get('/api/v1/deals?stage=%00'), 400, 'malformed_query'],
  ['no session', get('/api/v1/me'), 401, 'session_required'],
  [
    'a session that is not one',
    get('/api/v1/me', { Authorization: 'Bearer aaaaaaaa.bbbbbbbb.cccccccc' }),
    401,
    'session_invalid',
  ],
  ['basic authentication', get('/api/v1/me', { Authorization: 'Basic YTpi' }), 401, 'session_required'],
  ['a ticket that is not one', json('/api/v1/session', '{"ticket":"x"}'), 401, 'ticket_invalid'],
  ['a ticket that is an object', json('/api/v1/session', '{"ticket":{"$ne":null}}'), 400, 'invalid_value'],
  ['a ticket that is an array', json('/api/v1/session', '{"ticket":["x"]}'), 400, 'invalid_value'],
  ['a session body that is an array', json('/api/v1/session', '[]'), 400, 'malformed_body'],
  ['a session body that is not JSON', json('/api/v1/session', '{'), 400, 'malformed_body'],
  ['a session body as a form', form('/api/v1/session', 'ticket=x'), 415, 'unsupported_media_type'],
  [
    'a session body with more than a ticket',
    json('/api/v1/session', '{"ticket":"x","isAdmin":true}'),
    400,
    'invalid_value',
  ],
  [
    'a session body nested without end',
    json('/api/v1/session', `{"ticket":${nested(20_000)}}`),
    400,
    'malformed_body',
  ],
  [
    'an oversized session body',
    json('/api/v1/session', `{"ticket":"${'x'.repeat(70_000)}"}`),
    413,
    'payload_too_large',
  ],
  [
    'a prototype in a body',
    json('/api/v1/session', '{"ticket":"x","__proto__":{"isAdmin":true}}'),
    400,
    'malformed_body',
  ],
  ['a broken surrogate', json('/api/v1/session', '{"ticket":"\\ud800"}'), 400, 'malformed_body'],
  ['a null byte in JSON', json('/api/v1/session', '{"ticket":"a\\u0000b"}'), 400, 'malformed_body'],
  ['no admin token', get('/admin/v1/installations'), 401, 'admin_token_required'],
  [
    'a wrong admin token',
    get('/admin/v1/installations', { Authorization: 'Bearer bad-secret-value' }),
    401,
    'admin_token_required',
  ],
  ['a sync of nobody', admin('nobody/sync', '{}'), 404, 'installation_not_found'],
  ['a sync with a word for a flag', admin('i1/sync', '{"full":"yes"}'), 400, 'invalid_value'],
  ['a snapshot without an instant', admin('i1/snapshot', '{}'), 400, 'invalid_value'],
  ['a snapshot without a zone', admin('i1/snapshot', '{"asOf":"2026-11-23T00:00:00"}'), 400, 'invalid_value'],
  [
    'a snapshot at a day that is none',
    admin('i1/snapshot', '{"asOf":"2026-02-30T00:00:00Z"}'),
    400,
    'invalid_value',
  ],
  [
    'a snapshot of the future',
    admin('i1/snapshot', '{"asOf":"2036-11-23T00:00:00Z"}'),
    400,
    'as_of_in_future',
  ],
  ['digests of the future', admin('i1/notify', '{"asOf":"2036-11-23T00:00:00Z"}'), 400, 'as_of_in_future'],
  [
    'digests before any snapshot',
    admin('i1/notify', '{"asOf":"2020-11-23T00:00:00Z"}'),
    404,
    'snapshot_not_found',
  ],
  [
    'settings that do not exist',
    world =>
      request(world.app).patch('/admin/v1/installations/i1/settings').set(operator).send({ constructor: 1 }),
    400,
    'invalid_value',
  ],
  [
    'settings that make no week',
    world =>
      request(world.app)
        .patch('/admin/v1/installations/i1/settings')
        .set(operator)
        .send({ calendar: { workdays: [9] } }),
    400,
    'invalid_value',
  ],
  [
    'an export of an unknown table',
    get('/admin/v1/installations/i1/export/secrets.csv', operator),
    404,
    'table_not_available',
  ],
  [
    'an export of a table of later',
    get('/admin/v1/installations/i1/export/kpi.csv', operator),
    404,
    'table_not_available',
  ],
  [
    'an export of a prototype',
    get('/admin/v1/installations/i1/export/constructor.csv', operator),
    404,
    'table_not_available',
  ],
  [
    'an export in an unknown format',
    get('/admin/v1/installations/i1/export/deals.exe', operator),
    404,
    'format_not_available',
  ],
  [
    'an export at no instant',
    get('/admin/v1/installations/i1/export/deals.csv?asOf=yesterday', operator),
    400,
    'invalid_value',
  ],
  [
    'an export at two instants',
    get('/admin/v1/installations/i1/export/deals.csv?asOf=2026-11-23T00:00:00Z&asOf=x', operator),
    400,
    'invalid_value',
  ],
  [
    'an export of a snapshot that was not built',
    get('/admin/v1/installations/i1/export/moves.csv?asOf=2026-11-22T00:00:00Z', operator),
    404,
    'snapshot_not_found',
  ],
  [
    'an export that climbs',
    get('/admin/v1/installations/i1/export/..%2F..%2Fetc%2Fpasswd', operator),
    404,
    'table_not_available',
  ],
]

describe('hostile input', () => {
  test.each(CASES)('%s is refused and changes nothing', async (_name, send, status, code) => {
    const world = createWorld()
    const response = await send(world)
    expect([response.status, response.body.code]).toEqual([status, code])
    expect(response.headers['content-type']).toContain('application/problem+json')
    expect(response.body).toMatchObject({ type: 'about:blank', status, code })
    expect(world.calls).toEqual({
      outbound: 0,
      installed: 0,
      events: 0,
      uninstalled: 0,
      nudged: 0,
      synced: 0,
      snapshots: [],
      sent: 0,
      patched: 0,
    })
    expect(world.logLines.join('\n')).not.toContain('bad-secret-value')
    expect(JSON.stringify(response.body)).not.toContain('bad-secret-value')
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined()
  })

  test('a ticket opens one session, once', async () => {
    const world = createWorld()
    const ticket = await ticketOf(world, '3')
    await request(world.app).post('/api/v1/session').send({ ticket }).expect(200)
    const again = await request(world.app).post('/api/v1/session').send({ ticket })
    expect([again.status, again.body.code]).toEqual([401, 'ticket_used'])
  })

  test('of two processes that spend one ticket at once, one wins', async () => {
    const world = createWorld()
    const ticket = await ticketOf(world, '3')
    const both = await Promise.all(
      [1, 2].map(() => request(world.app).post('/api/v1/session').send({ ticket })),
    )
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 401])
  })

  test('a ticket is worth nothing after a minute, a session after twenty', async () => {
    const world = createWorld()
    const late = await ticketOf(world, '3')
    const token = await sessionOf(world, '3')
    world.clock.move(61_000)
    const expired = await request(world.app).post('/api/v1/session').send({ ticket: late })
    expect(expired.body.code).toBe('ticket_expired')
    const me = () => request(world.app).get('/api/v1/me').set('Authorization', `Bearer ${token}`)
    expect((await me()).status).toBe(200)
    world.clock.move(20 * 60_000)
    expect((await me()).body.code).toBe('session_expired')
  })

  test('a session is renewed while it is good, and not beyond twelve hours', async () => {
    const world = createWorld()
    let token = await sessionOf(world, '3')
    for (let minutes = 0; minutes < 12 * 60; minutes += 15) {
      const renewed = await request(world.app)
        .post('/api/v1/session/renew')
        .set('Authorization', `Bearer ${token}`)
        .expect(200)
      token = renewed.body.token
      world.clock.move(15 * 60_000)
    }
    const end = await request(world.app).post('/api/v1/session/renew').set('Authorization', `Bearer ${token}`)
    expect(end.status).toBe(401)
  })

  test('a ticket is not a session and a session is not a ticket', async () => {
    const world = createWorld()
    const ticket = await ticketOf(world, '3')
    const asSession = await request(world.app).get('/api/v1/me').set('Authorization', `Bearer ${ticket}`)
    expect(asSession.body.code).toBe('session_invalid')
    const asTicket = await request(world.app)
      .post('/api/v1/session')
      .send({ ticket: await sessionOf(world, '3') })
    expect(asTicket.body.code).toBe('ticket_invalid')
  })

  test('a session without a signature, with another key or with other claims is refused', async () => {
    const world = createWorld()
    const [head = '', payload = '', signature = ''] = (await sessionOf(world, '3')).split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const admin = encode({ ...claims, identity: { ...claims.identity, userId: '1', isAdmin: true } })
    const other = createHmac('sha256', 'other').update(`${head}.${admin}`).digest('base64url')
    for (const token of [
      `${encode({ alg: 'none' })}.${admin}.`,
      `${head}.${admin}.${signature}`,
      `${head}.${admin}.${other}`,
      `${head}.${payload}.${signature.slice(0, -2)}AA`,
      `${head}.${payload}`,
    ]) {
      const response = await request(world.app).get('/api/v1/me').set('Authorization', `Bearer ${token}`)
      expect([response.status, response.body.code], token).toEqual([401, 'session_invalid'])
    }
  })

  test('a session signed with another server’s key is refused; with the old key of a rotation it is not', async () => {
    const keys = [1, 2].map(byte => Buffer.alloc(32, byte).toString('base64'))
    const before = createWorld({}, { SECRET_KEY: keys[0] as string })
    const token = await sessionOf(before, '3')
    const me = (world: World) => request(world.app).get('/api/v1/me').set('Authorization', `Bearer ${token}`)
    expect((await me(createWorld({}, { SECRET_KEY: `${keys[1]},${keys[0]}` }))).status).toBe(200)
    expect((await me(createWorld({}, { SECRET_KEY: keys[1] as string }))).status).toBe(401)
  })

  test('the session of a portal that removed the app is refused', async () => {
    const world = createWorld()
    const token = await sessionOf(world, '1')
    world.installation.status = 'uninstalled'
    const response = await request(world.app).get('/api/v1/sync').set('Authorization', `Bearer ${token}`)
    expect([response.status, response.body.code]).toEqual([401, 'session_invalid'])
  })

  test('the state of the button flow works once and only for its own vendor', async () => {
    const world = createWorld()
    const redirect = await request(world.app).get('/bitrix24/connect').expect(302)
    const state = new URL(redirect.headers.location as string).searchParams.get('state')
    const back = () => request(world.app).get('/bitrix24/oauth').query({ token: 'good-1', state })
    await back().expect(200)
    const again = await back()
    expect([again.status, again.body.code]).toEqual([400, 'state_used'])
    expect(world.calls.installed).toBe(1)
  })

  test('an unexpected failure says nothing about itself', async () => {
    const world = createWorld({
      syncReport: () => Promise.reject(new Error('password=hunter2 at 10.0.0.1')),
    })
    const response = await request(world.app).get('/admin/v1/installations').set(operator)
    expect(response.status).toBe(500)
    expect(response.body).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      code: 'internal_error',
    })
  })

  test('guessing admin tokens is slowed down, the right token is not', async () => {
    const world = createWorld()
    const guess = () => request(world.app).get('/admin/v1/installations').set('Authorization', 'Bearer guess')
    const statuses = new Set<number>()
    for (let attempt = 0; attempt < 70; attempt++) statuses.add((await guess()).status)
    expect(statuses).toEqual(new Set([401, 429]))
    await request(world.app).get('/admin/v1/installations').set(operator).expect(200)
  })

  test('events with the right secret are never rationed', async () => {
    const world = createWorld()
    for (let index = 0; index < 150; index++)
      await request(world.app)
        .post('/bitrix24/events')
        .type('form')
        .send({ secret: 'right-secret' })
        .expect(200)
    expect(world.calls.events).toBe(150)
  })

  test('bytes that are not UTF-8 are refused', async () => {
    const world = createWorld()
    const send = request(world.app)
      .post('/bitrix24/install')
      .set('Content-Type', 'application/x-www-form-urlencoded')
    send.write(Buffer.from([0x74, 0x3d, 0xff, 0xfe]))
    const response = await send
    expect([response.status, response.body.code]).toEqual([400, 'malformed_body'])
  })

  test('a body that promises more than it sends leaves the server standing', async () => {
    const world = createWorld()
    const server = world.app.listen(0)
    try {
      const { port } = server.address() as { port: number }
      await new Promise<void>(resolve => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.write(
            'POST /bitrix24/install HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ntoken=',
          )
          setTimeout(() => socket.destroy(), 50)
        })
        socket.once('close', () => resolve())
      })
      await request(world.app).get('/healthz').expect(200)
    } finally {
      server.close()
    }
    expect(world.calls.installed).toBe(0)
  })

  test('whatever arrives, it is never our fault', async () => {
    const world = createWorld()
    const paths = [
      '/bitrix24/install',
      '/bitrix24/app',
      '/bitrix24/events',
      '/bitrix24/ticket',
      '/api/v1/session',
      '/admin/v1/installations/i1/sync',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.constantFrom('application/json', 'application/x-www-form-urlencoded'),
        fc.oneof(fc.json(), fc.webQueryParameters(), fc.string({ unit: 'binary' })),
        async (path, type, body) => {
          const { status } = await request(world.app)
            .post(path)
            .set(operator)
            .set('Content-Type', type)
            .send(body)
          expect(status).toBeLessThan(500)
        },
      ),
      { numRuns: 150 },
    )
  })
})
