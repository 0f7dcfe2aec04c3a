import { type Clock, systemClock } from '../../../src/clock.ts'
import { readConfig } from '../../../src/config.ts'
import { silentLogger } from '../../../src/logger.ts'
import { eventId } from '../../../src/sandbox/amocrm/account/event-feed.ts'
import { fillHalfYearLeads } from '../../../src/sandbox/scenarios/half-year-leads.ts'
import { startSandbox } from '../../../src/sandbox/server.ts'
import { createAmocrm } from '../../../src/vendors/amocrm/index.ts'
import { platformsOf } from '../../../src/vendors/amocrm/platform.ts'
import type { InboundRequest } from '../../../src/vendors/vendor.ts'
import { vendorContract } from '../../contracts/vendor.contract.ts'

/** Nobody waits: the account under test has no limits. */
const hasty: Clock = { ...systemClock, sleep: () => new Promise(resolve => setImmediate(resolve)) }

const ACTIVITIES = /^(incoming|outgoing)_(call|chat_message|sms)$|^(common|attachment)_note_added$/

/** The contract against the sandbox's account, which shares no code with what reads it. */
vendorContract('an amoCRM account', async () => {
  const sandbox = await startSandbox({
    amocrm: {
      accounts: [
        {
          name: 'a',
          temper: { rateLimit: 'off', duplicateEvery: 30 },
          fill: account => fillHalfYearLeads(account, { seed: 7 }),
        },
      ],
    },
  })
  const site = sandbox.amocrm.site()
  const { account } = site
  const { integration } = sandbox.amocrm
  const [platform] = platformsOf(
    readConfig({
      PUBLIC_URL: 'https://planerka.example.com',
      SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
      AMOCRM_CLIENT_ID: integration.clientId,
      AMOCRM_CLIENT_SECRET: integration.secret,
      AMOCRM_REDIRECT_URI: integration.redirectUri,
      AMOCRM_OAUTH_ORIGIN: sandbox.origin,
      TRUSTED_CRM_ORIGINS: sandbox.amocrm.trustedOrigins().join(','),
    }),
  )
  if (!platform) throw new Error('the vendor is off')
  const vendor = createAmocrm(platform, { clock: hasty, log: silentLogger })

  const installRequest = (): InboundRequest => ({
    method: 'GET',
    query: {
      code: site.desk.issueCode(integration.clientId, account.admin.id),
      referer: account.host,
      from_widget: '1',
      client_id: integration.clientId,
      platform: '1',
    },
    params: {},
    headers: {},
    body: {},
  })
  const grant = await vendor.inbound.installProof(installRequest()).prove()
  let pair = grant.tokens
  let renewing: Promise<void> | null = null
  const living = () => account.leads.rows.filter(lead => !lead.isDeleted)
  const moved = () => account.events.all().filter(({ type }) => type === 'lead_status_changed')
  const ids = (rows: readonly { id: number }[]): string[] => rows.map(({ id }) => String(id))
  const instant = (seconds: number): string => new Date(seconds * 1000).toISOString()

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
        limits: { reserve: async () => 0, park: async () => {}, parkedUntil: async () => null },
        clock: hasty,
        log: silentLogger,
      }),
    held: () => ({
      deal: ids(living()),
      stageMove: [...living().map(({ id }) => `created-${id}`), ...moved().map(eventId)],
      activity: account.events
        .all()
        .filter(({ type }) => ACTIVITIES.test(type))
        .map(event => {
          const note = event.type.endsWith('_call')
            ? (event.after[0]?.['note'] as { id: number } | undefined)
            : undefined
          return note ? `note-${note.id}` : eventId(event)
        }),
      task: ids(account.tasks.rows),
      invoice: ids(account.invoices.rows),
    }),
    moves() {
      const first = new Map<number, number>()
      const rows = moved().toSorted((a, b) => a.createdAt - b.createdAt || a.seq - b.seq)
      const status = (value: (typeof rows)[number]['after']) =>
        (value[0]!['lead_status'] as { id: number }).id
      for (const { entityId, before } of rows) if (!first.has(entityId)) first.set(entityId, status(before))
      return [
        ...living().map(
          lead => `${lead.id} ${first.get(lead.id) ?? lead.statusId} ${instant(lead.createdAt)}`,
        ),
        ...rows.map(({ entityId, after, createdAt }) => `${entityId} ${status(after)} ${instant(createdAt)}`),
      ].toSorted()
    },
    touchDeal() {
      const lead = living()[3]!
      site.acts.updateLead(lead.id, { name: `${lead.name} (2)` }, { userId: account.admin.id })
      return { id: String(lead.id), title: lead.name }
    },
    loseDeal() {
      const withMoves = new Set(moved().map(({ entityId }) => entityId))
      const lead = living().find(({ id }) => !withMoves.has(id))!
      account.temper.webhooks = 'off'
      site.acts.eraseLead(lead.id)
      return String(lead.id)
    },
    disturb() {
      const { faults } = sandbox
      faults.add({ kind: 'html', on: 'leads', times: 1 })
      faults.add({
        kind: 'error',
        status: 500,
        code: 'Internal Server Error',
        on: 'events',
        after: 3,
        times: 2,
      })
      faults.add({ kind: 'error', status: 429, code: 'Too Many Requests', on: 'events', after: 9, times: 1 })
      faults.add({ kind: 'truncate', on: 'tasks', after: 2, times: 2 })
      faults.add({ kind: 'reset', on: 'events', after: 20, times: 1 })
      faults.add({ kind: 'drop', on: 'leads/notes', times: 1 })
      faults.add({ kind: 'expire', on: 'events', after: 30, times: 1 })
    },
    calm: () => sandbox.faults.clear(),
    close: () => sandbox.stop(),
  }
})
