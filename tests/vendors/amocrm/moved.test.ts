import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { createClient } from '../../../src/vendors/amocrm/client.ts'
import { addressAt, refreshTokens } from '../../../src/vendors/amocrm/oauth.ts'
import type { Platform } from '../../../src/vendors/amocrm/platform.ts'

const servers: Server[] = []
const serve = async (answer: (path: string, headers: Record<string, unknown>) => [number, unknown]) => {
  const server = createServer((req, res) => {
    const [status, body] = answer(req.url ?? '', req.headers)
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const token = (claims: object): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`
const platform = (authorizeOrigin: string, trustedOrigins: string[]): Platform => ({
  id: 'amocrm',
  clientId: 'client',
  secrets: ['secret'],
  redirectUri: 'http://127.0.0.1/amocrm/oauth',
  authorizeOrigin,
  hosts: /^[a-z0-9-]+\.amocrm\.ru$/,
  trustedOrigins,
  frameSources: [],
  publicUrl: 'http://127.0.0.1',
  eventsPerPage: 100,
  limitsByAddress: false,
})
const notFound = { title: 'Not Found', status: 404 }

const world = async () => {
  const old = await serve(() => [404, notFound])
  const next = await serve(path =>
    path === '/oauth2/access_token'
      ? [200, { access_token: 'access-2', refresh_token: 'refresh-2', expires_in: 86400 }]
      : [200, { id: 5, current_user_id: 1 }],
  )
  const shared = await serve((path, headers) =>
    path === '/oauth2/account/current/subdomain' && headers['x-refresh-token'] === 'refresh-1'
      ? [200, { id: 5, subdomain: 'new', domain: new URL(next).host }]
      : [401, {}],
  )
  return { old, next, shared }
}

test.each(['api-b.amocrm.ru', undefined])(
  'an account that moved is found through the host that replaces the vendor, whatever its token names (%s)',
  async apiDomain => {
    const { old, next, shared } = await world()
    const found = await refreshTokens(
      platform(shared, [old, next]),
      { access: token({ api_domain: apiDomain }), refresh: 'refresh-1', expiresAt: new Date() },
      addressAt(old),
      systemClock,
    )
    expect(found.address).toEqual(addressAt(next))
    expect(found.tokens.access).toBe('access-2')
  },
)

test('a 404 for what every account has means that the account is elsewhere', async () => {
  const { old, next, shared } = await world()
  const address = addressAt(old)
  const asked: (string | undefined)[] = []
  const client = createClient(platform(shared, [old, next]), {
    address,
    installationId: 'one',
    getToken: async refused => {
      asked.push(refused)
      if (refused) Object.assign(address, addressAt(next))
      return refused ? 'access-2' : 'access-1'
    },
    onMoved: async () => {},
    limits: { reserve: async () => 0, park: async () => {}, parkedUntil: async () => null },
    clock: systemClock,
    log: { debug() {}, info() {}, warn() {}, error() {} } as never,
  })
  expect(await client.get('account')).toMatchObject({ id: 5 })
  expect(asked).toEqual([undefined, 'access-1'])
})
