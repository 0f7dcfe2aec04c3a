import { systemClock } from '../../../src/clock.ts'
import { readConfig } from '../../../src/config.ts'
import { silentLogger } from '../../../src/logger.ts'
import { fillHalfYear } from '../../../src/sandbox/scenarios/half-year.ts'
import { startSandbox } from '../../../src/sandbox/server.ts'
import { createBitrix24 } from '../../../src/vendors/bitrix24/index.ts'
import type { InboundRequest } from '../../../src/vendors/vendor.ts'
import { vendorContract } from '../../contracts/vendor.contract.ts'
import { memoryLimits } from './bench.ts'

/** The contract against the sandbox's portal, which shares no code with what reads it. */
vendorContract('a Bitrix24 portal', async () => {
  const sandbox = await startSandbox({
    bitrix24: {
      portals: [
        { name: 'p', temper: { rateLimit: 'off' }, fill: portal => fillHalfYear(portal, { seed: 7 }) },
      ],
    },
  })
  const site = sandbox.bitrix24.site()
  const { portal } = site
  const { clientId, clientSecret } = sandbox.bitrix24.app
  const vendor = createBitrix24(
    readConfig({
      PUBLIC_URL: 'https://planerka.example.com',
      SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
      BITRIX24_CLIENT_ID: clientId,
      BITRIX24_CLIENT_SECRET: clientSecret,
      BITRIX24_OAUTH_ORIGIN: sandbox.origin,
      TRUSTED_CRM_ORIGINS: site.origin,
    }),
    { clock: systemClock, log: silentLogger },
  )
  if (!vendor) throw new Error('the vendor is off')

  const installRequest = (): InboundRequest => {
    const { url, fields } = site.frame({ user: portal.admin })
    const query = Object.fromEntries(new URL(url).searchParams)
    return { method: 'POST', query, params: {}, headers: {}, body: fields }
  }
  const grant = await vendor.inbound.installProof(installRequest()).prove()
  site.finishInstall()
  let pair = grant.tokens
  let renewing: Promise<void> | null = null
  const ids = (rows: readonly { id: number }[]): string[] => rows.map(({ id }) => String(id))

  return {
    vendor,
    installRequest,
    connect: () =>
      vendor.connect({
        address: grant.address,
        installationId: 'i1',
        async getToken(stale) {
          if (stale === pair.access) {
            renewing ??= vendor
              .refresh(pair, grant.address)
              .then(({ tokens }) => {
                pair = tokens
              })
              .finally(() => {
                renewing = null
              })
            await renewing
          }
          return pair.access
        },
        async onMoved() {},
        limits: memoryLimits(systemClock),
        clock: systemClock,
        log: silentLogger,
      }),
    held: () => ({
      deal: ids(portal.deals.rows),
      stageMove: ids(portal.dealHistory.rows),
      activity: ids(portal.activities.rows),
      task: ids(portal.tasks.rows),
      invoice: ids(portal.invoices.rows),
    }),
    moves: () =>
      portal.dealHistory.rows
        .map(({ ownerId, stageId, createdTime }) => {
          const at = new Date(Math.floor(createdTime / 1000) * 1000)
          return `${ownerId} ${stageId} ${at.toISOString()}`
        })
        .toSorted(),
    touchDeal() {
      const deal = portal.deals.rows[3]!
      site.acts.updateItem(2, deal.id, { title: `${deal.title} (2)` }, portal.admin.id)
      return { id: String(deal.id), title: deal.title }
    },
    loseDeal() {
      const deal = portal.deals.rows[5]!
      site.portal.temper.events = 'off'
      site.acts.deleteItem(2, deal.id, null)
      return String(deal.id)
    },
    disturb() {
      const { faults } = sandbox
      faults.add({ kind: 'html', on: 'batch', after: 1, times: 1 })
      faults.add({
        kind: 'error',
        status: 500,
        code: 'INTERNAL_SERVER_ERROR',
        on: 'batch',
        after: 3,
        times: 2,
      })
      faults.add({
        kind: 'error',
        status: 503,
        code: 'QUERY_LIMIT_EXCEEDED',
        on: 'batch',
        after: 5,
        times: 1,
      })
      faults.add({ kind: 'truncate', on: 'batch', after: 6, times: 2 })
      faults.add({ kind: 'reset', on: 'batch', after: 9, times: 1 })
      faults.add({ kind: 'drop', on: 'batch', after: 11, times: 1 })
      faults.add({ kind: 'empty', on: 'batch', after: 12, times: 1 })
      faults.add({ kind: 'expire', on: 'batch', after: 4, times: 1 })
      faults.add({ kind: 'expire', on: 'batch', after: 10, times: 1 })
      faults.add({
        kind: 'error',
        status: 500,
        code: 'INTERNAL_SERVER_ERROR',
        on: 'crm.item.list',
        after: 20,
      })
      faults.add({ kind: 'error', status: 400, code: 'ERROR_CORE', on: 'crm.stagehistory.list', after: 30 })
    },
    calm: () => sandbox.faults.clear(),
    close: () => sandbox.stop(),
  }
})
