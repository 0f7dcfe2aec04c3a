import nock from 'nock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLogger, silentLogger } from '../../../src/logger.ts'
import { createClient } from '../../../src/vendors/bitrix24/client.ts'
import { createVerifyMove } from '../../../src/vendors/bitrix24/moved.ts'
import { createTransport } from '../../../src/vendors/bitrix24/transport.ts'
import type { Connection } from '../../../src/vendors/vendor.ts'
import { connectTo, fastClock, memoryLimits } from './bench.ts'
import { type FakePortal, Refused, startFakePortal } from './fake-portal.ts'

const note = { userId: '17', lines: [{ text: 'Hello', link: null }], tag: 'digest|17', dueAt: null }

describe('a call', () => {
  let portal: FakePortal
  beforeEach(async () => {
    portal = await startFakePortal()
    portal.methods['im.notify.system.add'] = () => 77
  })
  afterEach(() => portal.close())
  const sends = () => portal.commands.filter(({ method }) => method === 'im.notify.system.add').length

  test('with an expired token is repeated with a new one', async () => {
    const { connected, connection } = connectTo(portal)
    const holder = portal.tokens.get(await connection.getToken())
    if (holder) holder.usesLeft = 0
    expect((await connected.info()).isAdmin).toBe(true)
    expect(portal.oauthRequests).toBe(1)
  })

  test('with a token that stays unknown ends as revoked after one renewal', async () => {
    const { connected } = connectTo(portal)
    portal.fault = ({ method }) =>
      method === 'oauth' ? null : { status: 401, body: JSON.stringify({ error: 'invalid_token' }) }
    await expect(connected.info()).rejects.toMatchObject({ kind: 'auth_revoked', code: 'invalid_token' })
    expect(portal.oauthRequests).toBe(1)
    expect(portal.requests).toHaveLength(2)
  })

  test('with tokens that expire as soon as they are renewed fails for now and asks nobody to sign in', async () => {
    const { connected } = connectTo(portal)
    portal.fault = ({ method }) =>
      method === 'oauth' ? null : { status: 401, body: JSON.stringify({ error: 'expired_token' }) }
    await expect(connected.info()).rejects.toMatchObject({ kind: 'unavailable', code: 'expired_token' })
    expect(portal.oauthRequests).toBeGreaterThan(1)
  })

  test('that writes is not repeated when nobody knows whether it was done', async () => {
    for (const fault of ['drop', 'truncate', { status: 500, body: '<html>oops</html>' }] as const) {
      portal.commands.length = 0
      portal.requests.length = 0
      portal.fault = () => fault
      await expect(connectTo(portal).connected.notify(note)).rejects.toMatchObject({ kind: 'unavailable' })
      expect(portal.requests).toHaveLength(1)
    }
  })

  test('that writes is repeated when the portal says that it did nothing', async () => {
    let refusals = 2
    portal.fault = () => {
      refusals -= 1
      return refusals >= 0 ? { status: 503, body: JSON.stringify({ error: 'QUERY_LIMIT_EXCEEDED' }) } : null
    }
    const { connected, clock } = connectTo(portal)
    expect(await connected.notify(note)).toBe('77')
    expect(sends()).toBe(1)
    expect(clock.waits.length).toBeGreaterThanOrEqual(2)
  })

  test('of a suspended portal fails at once and says so', async () => {
    portal.fault = () => ({
      status: 403,
      body: JSON.stringify({ error: 'ACCESS_DENIED', error_description: 'only on commercial plans' }),
    })
    await expect(connectTo(portal).connected.info()).rejects.toMatchObject({ verdict: 'suspended' })
    expect(portal.requests).toHaveLength(1)
  })

  test('stops waiting when its work is aborted', async () => {
    const abort = new AbortController()
    const { connection, vendor } = connectTo(portal)
    const connected = vendor.connect({ ...connection, signal: abort.signal })
    portal.fault = () => {
      abort.abort(new Error('stop'))
      return { status: 502, body: '' }
    }
    await expect(connected.info()).rejects.toThrow('stop')
    expect(portal.requests).toHaveLength(1)
  })

  test('leaves no secret in errors and logs', async () => {
    const lines: string[] = []
    const { connection, vendor } = connectTo(portal)
    const log = createLogger('trace', { write: line => void lines.push(line) })
    const connected = vendor.connect({ ...connection, log })
    const token = await connection.getToken()
    await connected.info()
    portal.fault = () => 'drop'
    const error: unknown = await connected.notify(note).catch((thrown: unknown) => thrown)
    const told = [
      ...lines,
      String(error),
      JSON.stringify(error, Object.getOwnPropertyNames(error)),
      String((error as Error).stack),
    ].join('\n')
    expect(told).toContain('im.notify.system.add')
    for (const secret of [token, 'secret', 'Hello']) expect(told).not.toContain(secret)
  })

  test('leaves a batch of commands that cannot be sent apart from one that the portal refuses', async () => {
    portal.before = method => {
      if (method === 'calendar.settings.get') throw new Refused(403, 'insufficient_scope')
    }
    const info = await connectTo(portal).connected.info()
    expect(info).toMatchObject({ calendar: null, appCode: 'planerka.app', timeZone: 'Europe/Moscow' })
  })
})

describe('a portal that moved', () => {
  const old = {
    api: 'https://old.bitrix24.ru/rest/',
    oauth: 'https://oauth.bitrix24.tech',
    host: 'old.bitrix24.ru',
  }
  const open = () => {
    const clock = fastClock()
    const moved: string[] = []
    const connection: Connection = {
      address: old,
      installationId: 'i1',
      getToken: async () => 'token-1',
      onMoved: async ({ api }) => void moved.push(api),
      limits: memoryLimits(clock),
      clock,
      log: silentLogger,
    }
    const transport = createTransport(new Set())
    const verifyMove = createVerifyMove(transport, new Set())
    return { client: createClient({ connection, transport, verifyMove }), moved }
  }
  beforeEach(() => nock.disableNetConnect())
  afterEach(() => {
    nock.cleanAll()
    nock.enableNetConnect()
  })
  const redirect = (location: string) =>
    nock('https://old.bitrix24.ru').post('/rest/server.time').reply(302, '', { location }).persist()

  test('is followed when our token is good there, and the call is sent again with its body', async () => {
    redirect('https://new.bitrix24.ru/rest/server.time')
    nock('https://new.bitrix24.ru')
      .post('/rest/profile', { auth: 'token-1' })
      .reply(200, { result: { ID: '1', ADMIN: true }, time: {} })
      .post('/rest/server.time', { a: 1, auth: 'token-1' })
      .times(2)
      .reply(200, { result: '2026-08-14T10:26:32+03:00', time: {} })
    const { client, moved } = open()
    expect((await client.call('server.time', { a: 1 })).result).toBe('2026-08-14T10:26:32+03:00')
    await client.call('server.time', { a: 1 })
    expect(moved).toEqual(['https://new.bitrix24.ru/rest/'])
  })

  test.each([
    'http://new.bitrix24.ru/rest/server.time',
    'https://127.0.0.1/rest/server.time',
    'https://169.254.169.254/rest/server.time',
    'https://localhost/rest/server.time',
    'https://evil.example.com/rest/server.time',
    'https://new.bitrix24.ru.evil.com/rest/server.time',
    'https://new.bitrix24.ru/elsewhere',
    'nonsense',
  ])('is not asked at %s', async location => {
    redirect(location)
    const { client, moved } = open()
    // Any other request would be refused by nock with another error.
    await expect(client.call('server.time', {})).rejects.toMatchObject({ code: 'MOVE_NOT_PROVED' })
    expect(moved).toEqual([])
  })

  test('is not believed when the new host does not know our token', async () => {
    redirect('https://new.bitrix24.ru/rest/server.time')
    nock('https://new.bitrix24.ru').post('/rest/profile').reply(401, { error: 'invalid_token' })
    const { client, moved } = open()
    await expect(client.call('server.time', {})).rejects.toMatchObject({ kind: 'unavailable' })
    expect(moved).toEqual([])
  })
})
