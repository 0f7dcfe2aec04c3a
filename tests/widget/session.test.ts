import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createApi } from '../../src/widget/session/api.ts'
import { ApiError } from '../../src/widget/session/api-error.ts'
import { openSession } from '../../src/widget/session/session.ts'

const NOW = Date.parse('2026-11-23T06:00:00Z')

type Call = { address: string; init: RequestInit }

/** A server that gives out tokens t1, t2, … for 15 minutes and takes only the youngest. */
const server = () => {
  const calls: Call[] = []
  let count = 0
  let refused = new Set<string>()
  const json = (body: unknown, status = 200): Response =>
    new Response(JSON.stringify(body), { status, headers: { date: new Date(Date.now()).toUTCString() } })
  const fetch = (async (address: string, init: RequestInit) => {
    calls.push({ address, init })
    const bearer = new Headers(init.headers).get('authorization')?.replace('Bearer ', '')
    if (address.endsWith('/session') || address.endsWith('/session/renew')) {
      count += 1
      return json({ token: `t${count}`, expiresAt: new Date(Date.now() + 900_000).toISOString() })
    }
    if (bearer !== undefined && refused.has(bearer))
      return json({ code: 'session_invalid', status: 401 }, 401)
    if (address.endsWith('/forbidden')) return json({ code: 'not_visible', status: 403, title: 'No' }, 403)
    return json({ bearer })
  }) as unknown as typeof globalThis.fetch
  return {
    fetch,
    calls,
    refuse: (...tokens: string[]) => {
      refused = new Set(tokens)
    },
    sent: (path: string) => calls.filter(call => call.address.endsWith(path)),
  }
}

const open = (
  world: ReturnType<typeof server>,
  nextTicket: () => Promise<string | null> = async () => null,
) => {
  const session = openSession({ fetch: world.fetch, base: '/api/v1', ticket: 'first', nextTicket })
  return { session, api: createApi({ fetch: world.fetch, base: '/api/v1', session }) }
}

describe('the session', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('spends its ticket once, however many requests wait for it', async () => {
    const world = server()
    const { api } = open(world)
    await Promise.all([api.get('/me'), api.get('/overview'), api.get('/sync')])
    expect(world.sent('/session')).toHaveLength(1)
    expect(
      world.calls.filter(({ init }) => new Headers(init.headers).get('authorization') === 'Bearer t1'),
    ).toHaveLength(3)
  })

  test('is renewed before it ends, and later requests carry the younger bearer', async () => {
    const world = server()
    const { api } = open(world)
    await api.get('/me')
    await vi.advanceTimersByTimeAsync(899_000)
    expect(world.sent('/session/renew').length).toBeGreaterThanOrEqual(1)
    expect(await api.get<{ bearer: string }>('/me')).toEqual({
      bearer: `t${1 + world.sent('/session/renew').length}`,
    })
  })

  test('asks the CRM for another ticket when the bearer is refused', async () => {
    const world = server()
    const { api } = open(world, async () => 'second')
    await api.get('/me')
    world.refuse('t1')
    expect(await api.get<{ bearer: string }>('/overview')).toEqual({ bearer: 't2' })
    expect(world.sent('/session').map(({ init }) => JSON.parse(String(init.body)))).toEqual([
      { ticket: 'first' },
      { ticket: 'second' },
    ])
  })

  test('says that it has ended when there is no other ticket', async () => {
    const world = server()
    const { api } = open(world)
    await api.get('/me')
    world.refuse('t1')
    await expect(api.get('/overview')).rejects.toMatchObject({ code: 'session_expired', status: 401 })
  })
})

describe('the API client', () => {
  test("passes the server's stable code on", async () => {
    await expect(open(server()).api.get('/forbidden')).rejects.toMatchObject({
      code: 'not_visible',
      status: 403,
    })
  })

  test('tells a lost connection from an answer', async () => {
    const world = server()
    const { session } = open(world)
    const failing = createApi({
      fetch: (async () => Promise.reject(new TypeError('offline'))) as typeof fetch,
      base: '/api/v1',
      session,
    })
    const error = await failing.get('/me').catch((problem: unknown) => problem)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: 'no_connection', status: 0 })
  })

  test('leaves empty parameters out of the address', async () => {
    const world = server()
    await open(world).api.get('/overview', { department: null, level: 'red', owner: '' })
    expect(world.calls.at(-1)?.address).toBe('/api/v1/overview?level=red')
  })
})
