import type { Clock } from '../../clock.ts'
import { isVendorError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { emptyRecordSet, type RecordKind, type Rejected } from '../../records/records.ts'
import type { Connection, KnownIds, Portal, Vendor } from '../vendor.ts'
import { type Client, createClient, type Query } from './client.ts'
import { type Context, readContext, readDirectory, readInfo } from './directory.ts'
import { createInbound } from './inbound.ts'
import { creationOf, dealOf, distinct, parseRows, taskOf } from './map.ts'
import { refreshTokens } from './oauth.ts'
import { observe } from './observe.ts'
import { pagesOf } from './pages.ts'
import type { Platform } from './platform.ts'
import { createReader, feeds, mapEvents } from './read.ts'
import * as wire from './wire.ts'
import { applyChange, registerWebhook, sendAsTask } from './write.ts'

/** Ids that one list request may name. */
const IDS_PER_REQUEST = 250
const EVENT_IDS_PER_REQUEST = 10

/** amoCRM and Kommo: one vendor folder, two platforms. */
export const createAmocrm = (platform: Platform, { clock, log }: { clock: Clock; log: Logger }): Vendor => ({
  id: platform.id,
  can: {
    notifyInCrm: false,
    hierarchy: false,
    pastActors: true,
    deadlineHistory: true,
    invoices: true,
    markDeals: 'tag',
  },
  feeds,
  inbound: createInbound(platform, clock, log),
  refresh: (tokens, address) => refreshTokens(platform, tokens, address, clock),
  connect: connection => createPortal(platform, connection),
  cardPath: (kind, id) =>
    ({
      deal: `/leads/detail/${id}`,
      task: `/todo/line/?id=${id}`,
      user: `/settings/users/${id}/`,
      invoice: `/invoices/detail/${id}`,
    })[kind],
  appPath: (place, { view, params }) => {
    if (view === 'deal' && params['id']) return `/leads/detail/${params['id']}`
    // The widget's script reads the fragment. Until somebody has opened our page, nobody knows where it is.
    return `${place ?? '/stats/'}#${new URLSearchParams({ planerka: view, ...params })}`
  },
})

const createPortal = (platform: Platform, connection: Connection): Portal => {
  const client = createClient(platform, connection)
  let known: Promise<Context> | null = null
  const context = (): Promise<Context> => {
    known ??= readContext(client, platform.eventsPerPage).catch(error => {
      known = null
      throw error
    })
    return known
  }
  const reader = createReader(client, context)
  return {
    info: () => readInfo(client),
    directory: () => readDirectory(client),
    async register() {
      if (!connection.eventSecret) return
      try {
        await registerWebhook(client, `${platform.publicUrl}/${platform.id}/events/${connection.eventSecret}`)
      } catch (error) {
        // Webhooks need a higher tariff; without them changes come by polling.
        if (!isVendorError(error) || error.kind !== 'rejected') throw error
        connection.log.info({ code: error.code }, 'the account takes no webhooks; polling alone')
      }
    },
    backfill: reader.backfill,
    changes: reader.changes,
    fetch: (kind, ids) => fetchRecords(client, context, kind, ids),
    missing: (kind, ids) => findMissing(client, kind, ids),
    whoIs: async () => null,
    notify: message => sendAsTask(client, message),
    apply: change => applyChange(client, change),
    observe: asked => observe(client, asked),
    requests: client.requests,
  }
}

const chunks = <T>(items: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )

/** Every page: a vendor that serves fewer rows than asked must not make records look gone. */
const allRows = async (client: Client, path: string, key: string, query: Query, limit = IDS_PER_REQUEST) => {
  const rows: unknown[] = []
  for await (const page of pagesOf(client, path, key, query, limit)) rows.push(...page)
  return rows
}

const fetchRecords = async (
  client: Client,
  context: () => Promise<Context>,
  kind: RecordKind,
  ids: string[],
) => {
  const records = emptyRecordSet()
  const rejected: Rejected[] = []
  const seen = new Set<string>()
  if (kind === 'deal') {
    const { currency } = await context()
    for (const part of chunks(ids, IDS_PER_REQUEST)) {
      const rows = await allRows(client, 'leads', 'leads', { filter: { id: part } })
      const leads = distinct(parseRows(wire.lead, 'deal', rows, rejected)).filter(lead => !lead.is_deleted)
      for (const lead of leads) seen.add(lead.id)
      records.deals.push(...leads.map(lead => dealOf(lead, currency)))
      records.stageMoves.push(...leads.map(creationOf))
    }
    for (const part of chunks([...seen], EVENT_IDS_PER_REQUEST)) {
      const filter = {
        entity: 'lead',
        entity_id: part,
        type: 'lead_status_changed,entity_responsible_changed',
      }
      const found = mapEvents(await allRows(client, 'events', 'events', { filter }, 100))
      records.stageMoves.push(...found.records.stageMoves)
      records.factChanges.push(...found.records.factChanges)
      rejected.push(...found.rejected)
    }
  } else if (kind === 'task')
    for (const part of chunks(ids, IDS_PER_REQUEST)) {
      const rows = await allRows(client, 'tasks', 'tasks', { filter: { id: part } })
      const tasks = distinct(parseRows(wire.task, 'task', rows, rejected))
      for (const task of tasks) seen.add(task.id)
      records.tasks.push(...tasks.map(taskOf))
    }
  else return { records, rejected, missing: [] }
  const bad = new Set(rejected.map(({ id }) => id))
  return { records, rejected, missing: ids.filter(id => !seen.has(id) && !bad.has(id)) }
}

/** Asks for every id that we hold, 250 at a time; the vendor counts nothing for us. */
const findMissing = async (client: Client, kind: RecordKind, known: KnownIds): Promise<string[]> => {
  if (kind !== 'deal' && kind !== 'task') return []
  const [path, key] = kind === 'deal' ? (['leads', 'leads'] as const) : (['tasks', 'tasks'] as const)
  const gone: string[] = []
  const all = await known.ids(0, (await known.max()) + 1)
  for (const part of chunks(all, IDS_PER_REQUEST)) {
    const rows = await allRows(client, path, key, { filter: { id: part } })
    const live = new Set(
      rows
        .filter(row => !(row as { is_deleted?: unknown }).is_deleted)
        .map(row => String((row as { id?: unknown }).id)),
    )
    gone.push(...part.filter(id => !live.has(id)))
  }
  return gone
}
