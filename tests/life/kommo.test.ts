import { afterAll, beforeAll, expect, it } from 'vitest'
import { busiestSecond } from '../../src/sandbox/amocrm/rest/limits.ts'
import { fillDenseLeads } from '../../src/sandbox/scenarios/dense-leads.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { anyPort, eventually, type Installation, type RunningProduct, runProduct } from './running-product.ts'

let sandbox: Sandbox
let product: RunningProduct

beforeAll(async () => {
  const port = await anyPort()
  const account = (name: string, seed: number) => ({
    name,
    language: 'en' as const,
    country: 'US',
    currency: 'USD',
    fill: (empty: Parameters<typeof fillDenseLeads>[0]) =>
      fillDenseLeads(empty, { deals: 250, moves: 4, tasks: 200, activitiesPerDeal: 0.5, users: 6, seed }),
  })
  sandbox = await startSandbox({
    amocrm: {
      platform: 'kommo',
      integration: { origin: `http://127.0.0.1:${port}` },
      accounts: [account('acme', 1), account('globex', 2)],
    },
  })
  const { integration } = sandbox.amocrm
  product = await runProduct(port, {
    KOMMO_CLIENT_ID: integration.clientId,
    KOMMO_CLIENT_SECRET: integration.secret,
    KOMMO_REDIRECT_URI: integration.redirectUri,
    KOMMO_OAUTH_ORIGIN: sandbox.origin,
    TRUSTED_CRM_ORIGINS: sandbox.amocrm.trustedOrigins().join(','),
  })
}, 150_000)

afterAll(async () => {
  await product?.stop()
  await sandbox?.stop()
}, 60_000)

it('two Kommo accounts share the seven requests a second that one address may make', async () => {
  const sites = [...sandbox.amocrm.sites.values()]
  for (const site of sites) await site.install()
  const rows = await eventually(
    'both first syncs',
    () => product.admin<Installation[]>('/installations'),
    found =>
      found.length === 2 && found.every(({ sync }) => sync.phase === 'idle' && sync.lastFinishedAt !== null),
    180_000,
  )
  for (const { account } of sites) {
    const row = rows.find(({ id }) => id === `kommo-${account.accountId}`)
    const source = account.counts()
    expect(row?.sync.counts).toMatchObject({
      deals: source['leads'],
      stageMoves: source['stageMoves'],
      tasks: source['tasks'],
      activities: source['activities'],
    })
  }
  const times = sites.flatMap(({ gateway }) => gateway.log.map(({ at }) => at)).toSorted((a, b) => a - b)
  expect(busiestSecond(times)).toBeLessThanOrEqual(7)
  expect(sites.flatMap(({ gateway }) => gateway.log.filter(({ status }) => status === 429))).toEqual([])
}, 240_000)
