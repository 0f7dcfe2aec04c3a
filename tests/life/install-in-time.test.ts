import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AccountSite } from '../../src/sandbox/amocrm/site.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { fillSmall } from '../sandbox/amocrm/account.ts'
import { anyPort, eventually, type Installation, type RunningProduct, runProduct } from './running-product.ts'

/** The marketplace waits three seconds and never asks again, whatever the account is busy with. */
const PATIENCE_MS = 3_000
const SLOW_MS = 3_500

let sandbox: Sandbox
let product: RunningProduct

beforeAll(async () => {
  const port = await anyPort()
  const origin = `http://127.0.0.1:${port}`
  sandbox = await startSandbox({
    amocrm: {
      integration: { origin, secret: 'secret-of-a-slow-account-0123456789' },
      accounts: ['slow-api', 'slow-oauth', 'unpaid', 'twice'].map(name => ({
        name,
        title: name,
        fill: fillSmall(12),
      })),
    },
  })
  const { amocrm } = sandbox
  product = await runProduct(port, {
    AMOCRM_CLIENT_ID: amocrm.integration.clientId,
    AMOCRM_CLIENT_SECRET: 'secret-of-a-slow-account-0123456789',
    AMOCRM_REDIRECT_URI: amocrm.integration.redirectUri,
    AMOCRM_OAUTH_ORIGIN: sandbox.origin,
    TRUSTED_CRM_ORIGINS: amocrm.trustedOrigins().join(','),
  })
}, 150_000)

afterAll(async () => {
  await product?.stop()
  await sandbox?.stop()
}, 60_000)

afterEach(() => sandbox.faults.clear())

const siteOf = (name: string): AccountSite => sandbox.amocrm.site(name)

const rowOf = async ({ account }: AccountSite): Promise<Installation | null> =>
  (await product.admin<Installation[]>('/installations')).find(
    ({ id }) => id === `amocrm-${account.accountId}`,
  ) ?? null

/** Installs and says how long the platform had to wait. */
const install = async (site: AccountSite, userId?: number) => {
  const started = performance.now()
  const answer = await site.install(userId)
  return { status: answer?.status ?? null, ms: performance.now() - started }
}

const read = (site: AccountSite) =>
  eventually(
    'the first reading',
    () => rowOf(site),
    row => row?.status === 'active' && row.sync.lastFinishedAt !== null,
    120_000,
  )

describe('a marketplace install', () => {
  it('is answered in time by an account whose API is slow, and goes on by itself', async () => {
    const site = siteOf('slow-api')
    // The token endpoint is quick: only the rest is slow.
    sandbox.faults.add({ kind: 'delay', ms: SLOW_MS, on: 'account', portal: site.name, times: 2 })
    sandbox.faults.add({ kind: 'delay', ms: SLOW_MS, on: 'users*', portal: site.name, times: 2 })
    sandbox.faults.add({ kind: 'delay', ms: SLOW_MS, on: 'webhooks', portal: site.name, times: 2 })
    const { status, ms } = await install(site)
    expect(status).toBe(200)
    expect(ms).toBeLessThan(PATIENCE_MS)
    expect((await rowOf(site))?.status).toBe('active')
    await read(site)
    await eventually(
      'the webhook',
      async () => site.account.webhooks.rows.length,
      count => count === 1,
    )
  }, 150_000)

  it('is answered in time when even the exchange of the code is slow, and is not lost', async () => {
    const site = siteOf('slow-oauth')
    sandbox.faults.add({ kind: 'delay', ms: SLOW_MS, on: 'oauth', portal: site.name, times: 1 })
    const { status, ms } = await install(site)
    expect(status).toBe(202)
    expect(ms).toBeLessThan(PATIENCE_MS)
    expect(await rowOf(site)).toBeNull()
    await read(site)
  }, 150_000)

  it('of an account that has not paid waits for the money, with its pair kept', async () => {
    const site = siteOf('unpaid')
    sandbox.faults.add({ kind: 'status', status: 402, on: '*', portal: site.name, times: 0, after: 1 })
    const { status, ms } = await install(site)
    expect(status).toBe(200)
    expect(ms).toBeLessThan(PATIENCE_MS)
    await eventually(
      'the pause',
      () => rowOf(site),
      row => row?.status === 'suspended',
      30_000,
    )
  }, 60_000)

  it('does not let a person without rights take a working pair away while the account is slow', async () => {
    const site = siteOf('twice')
    const employee = site.account.users.rows.find(({ isAdmin }) => !isAdmin)!
    await install(site)
    const { sync } = (await read(site))!
    sandbox.faults.add({ kind: 'delay', ms: SLOW_MS, on: 'account', portal: site.name, times: 1 })
    const { status, ms } = await install(site, employee.id)
    expect(status).toBe(200)
    expect(ms).toBeLessThan(PATIENCE_MS)
    await eventually(
      'the question whose pair it is',
      async () => product.log(),
      log => log.includes('no administrator is left alone'),
      30_000,
    )
    const row = await rowOf(site)
    expect(row?.status).toBe('active')
    await product.admin(`/installations/${row?.id}/sync`, { method: 'POST', body: { full: false } })
    await eventually(
      'a reading by the administrator’s pair',
      () => rowOf(site),
      now => now?.sync.lastFinishedAt !== sync.lastFinishedAt && now?.sync.lastError === null,
      60_000,
    )
  }, 150_000)
})
