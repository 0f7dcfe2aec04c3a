import { randomUUID } from 'node:crypto'
import { badRequest, forbidden, VendorError } from '../../src/errors.ts'
import type {
  Activity,
  Deal,
  Directory,
  RecordKind,
  RecordSet,
  Rejected,
  StageMove,
  Task,
} from '../../src/records/records.ts'
import { emptyRecordSet } from '../../src/records/records.ts'
import type {
  Connection,
  CrmEvent,
  Grant,
  InboundRequest,
  Page,
  Portal,
  PortalInfo,
  Vendor,
} from '../../src/vendors/vendor.ts'

/** A CRM in memory behind the port: one user base, any number of portals, tokens that are spent once. */

type Row = Deal | Task | Activity | StageMove
type FeedOf = { deals: Deal; moves: StageMove; tasks: Task; activities: Activity }
const KIND = { deals: 'deal', moves: 'stageMove', tasks: 'task', activities: 'activity' } as const
const FIELD = { deals: 'deals', moves: 'stageMoves', tasks: 'tasks', activities: 'activities' } as const
type FeedKey = keyof FeedOf

export type FakePortal = {
  key: string
  host: string
  isAdmin: boolean
  isInstalled: boolean
  eventSecret: string
  directory: Directory
  rows: { [K in FeedKey]: Map<string, FeedOf[K] & { changedSeq: number }> }
  seq: number
  access: Set<string>
  refresh: Set<string>
  actors: Map<string, string>
  /** Our mark on each deal that has one. */
  marks: Map<string, string>
  requests: string[]
  rejected: Rejected[]
  put<K extends FeedKey>(feed: K, row: FeedOf[K]): void
  remove(feed: FeedKey, id: string): void
  issue(): { access: string; refresh: string; expiresAt: Date }
}

export type Fake = {
  vendor: Vendor
  portals: Map<string, FakePortal>
  addPortal(key: string, given?: { dealCount?: number }): FakePortal
  /** Called before every call; may throw a VendorError or change the portal. */
  onCall: ((portal: FakePortal, call: string, detail: string) => void | Promise<void>) | null
  /** Called instead of a refresh reply: `lost` = the pair is spent and the reply never comes. */
  onRefresh: ((attempt: number) => 'lost' | 'down' | null) | null
  refreshes: number
  pageSize: number
}

const START = Date.parse('2026-09-01T09:00:00Z')
const at = (minutes: number): Date => new Date(START + minutes * 60_000)

export const dealRow = (id: number, more: Partial<Deal> = {}): Deal => ({
  id: String(id),
  title: `Deal ${id}`,
  pipelineId: '0',
  stageId: 'NEW',
  outcome: 'open',
  responsibleId: '1',
  createdBy: '1',
  createdAt: at(id),
  updatedBy: '1',
  updatedAt: at(id),
  movedBy: null,
  movedAt: null,
  lastActivityBy: null,
  lastActivityAt: null,
  amount: 1000 + id,
  currency: 'RUB',
  closeOn: null,
  closedAt: null,
  isTemplate: false,
  lossReasonId: null,
  fields: {},
  ...more,
})

export const moveRow = (id: number, dealId: number, more: Partial<StageMove> = {}): StageMove => ({
  id: String(id),
  dealId: String(dealId),
  at: at(id),
  orderKey: String(id).padStart(12, '0'),
  kind: 'created',
  pipelineId: '0',
  stageId: 'NEW',
  outcome: 'open',
  movedBy: null,
  actorClass: 'unknown',
  ...more,
})

export const taskRow = (id: number, more: Partial<Task> = {}): Task => ({
  id: String(id),
  dealIds: ['1'],
  status: 'open',
  responsibleId: '1',
  createdBy: '1',
  createdAt: at(id),
  changedAt: at(id),
  closedAt: null,
  closedBy: null,
  deadlineAt: at(id + 1000),
  textHash: '00',
  textWords: 2,
  ...more,
})

const directory = (): Directory => ({
  users: [1, 2, 3].map(id => ({
    id: String(id),
    name: `Person ${id}`,
    position: null,
    isActive: true,
    isAdmin: id === 1,
    departmentIds: ['10'],
    timeZone: null,
    language: 'en',
    email: `person${id}@example.com`,
    dealsVisible: null,
  })),
  departments: [{ id: '10', name: 'Sales', parentId: null, headId: '2', sort: 1 }],
  pipelines: [{ id: '0', name: 'General', sort: 1, isDefault: true }],
  stages: [
    { id: 'NEW', pipelineId: '0', name: 'New', sort: 1, outcome: 'open', color: null },
    { id: 'TALK', pipelineId: '0', name: 'Talks', sort: 2, outcome: 'open', color: null },
    { id: 'WON', pipelineId: '0', name: 'Won', sort: 3, outcome: 'won', color: null },
    { id: 'LOST', pipelineId: '0', name: 'Lost', sort: 4, outcome: 'lost', color: null },
  ],
  fields: [],
  lossReasons: [],
  rejected: [],
})

const makePortal = (key: string, dealCount: number): FakePortal => {
  const portal: FakePortal = {
    key,
    host: `${key}.example.com`,
    isAdmin: true,
    isInstalled: true,
    eventSecret: `secret-of-${key}`,
    directory: directory(),
    marks: new Map(),
    rows: { deals: new Map(), moves: new Map(), tasks: new Map(), activities: new Map() },
    seq: 0,
    access: new Set(),
    refresh: new Set(),
    actors: new Map(),
    requests: [],
    rejected: [],
    put(feed, row) {
      portal.seq += 1
      portal.rows[feed].set(row.id, { ...row, changedSeq: portal.seq } as never)
    },
    remove(feed, id) {
      portal.rows[feed].delete(id)
    },
    issue() {
      const access = `access-${randomUUID()}`
      const refresh = `refresh-${randomUUID()}`
      portal.access.add(access)
      portal.refresh.add(refresh)
      return { access, refresh, expiresAt: new Date(fakeNow() + 3_600_000) }
    },
  }
  for (let id = 1; id <= dealCount; id += 1) {
    portal.put('deals', dealRow(id))
    portal.put('moves', moveRow(id, id))
    if (id % 2 === 0) portal.put('tasks', taskRow(id, { dealIds: [String(id)] }))
  }
  return portal
}

let fakeNow: () => number = () => START

/** @param now the present of the CRM, in milliseconds */
export const createFake = (now: () => number): Fake => {
  fakeNow = now
  const portals = new Map<string, FakePortal>()
  const body = (req: InboundRequest) => (req.body ?? {}) as Record<string, unknown>
  const portalOf = (key: unknown): FakePortal => {
    const portal = portals.get(String(key))
    if (!portal) throw badRequest('unknown_portal', 'no such portal')
    return portal
  }
  const addressOf = (portal: FakePortal) => ({
    api: `https://${portal.host}/rest/`,
    oauth: 'https://oauth.example.com',
    host: portal.host,
  })

  const fake: Fake = {
    portals,
    onCall: null,
    onRefresh: null,
    refreshes: 0,
    pageSize: 50,
    addPortal(key, { dealCount = 120 } = {}) {
      const portal = makePortal(key, dealCount)
      portals.set(key, portal)
      return portal
    },
    vendor: {
      id: 'bitrix24',
      can: {
        notifyInCrm: true,
        hierarchy: true,
        pastActors: false,
        deadlineHistory: false,
        invoices: false,
        markDeals: 'tag',
      },
      feeds: [
        { name: 'deals', covers: 'deals' },
        { name: 'moves', covers: 'history' },
        { name: 'activities', covers: 'activities' },
        { name: 'tasks', covers: 'tasks' },
      ],
      inbound: {
        routes: [],
        claim: req => {
          const portal = body(req).portal
          return typeof portal === 'string' ? { by: 'portalKey', value: portal } : null
        },
        installProof(req) {
          const { refresh, portal: key, isAdmin = true } = body(req)
          if (typeof refresh !== 'string') throw badRequest('malformed_install', 'no refresh token')
          return {
            singleUse: refresh,
            async prove(): Promise<Grant> {
              const portal = portalOf(key)
              portal.requests.push('prove')
              await fake.onCall?.(portal, 'prove', '')
              if (!portal.refresh.delete(refresh))
                throw badRequest('install_refused', 'the pair is not known')
              portal.isInstalled = true
              return {
                portalKey: portal.key,
                address: addressOf(portal),
                tokens: portal.issue(),
                scopes: ['crm'],
                userId: '1',
                isAdmin: isAdmin === true,
                eventSecret: portal.eventSecret,
                language: 'en',
              }
            },
          }
        },
        async frame(req, known) {
          const given = body(req)
          const portal = portalOf(known.portalKey)
          if (!portal.access.has(String(given.access))) throw forbidden('frame_forged', 'unknown token')
          return {
            userId: String(given.userId ?? '1'),
            isAdmin: given.isAdmin === true,
            tokens:
              typeof given.refresh === 'string'
                ? {
                    access: String(given.access),
                    refresh: given.refresh,
                    expiresAt: new Date(now() + 3_600_000),
                  }
                : null,
            scopes: ['crm', 'task'],
            language: 'en',
            theme: null,
            target: { view: 'overview', params: {} },
            ...(typeof given.singleUse === 'string' ? { singleUse: given.singleUse } : {}),
            ...(given.place ? { place: given.place as { path: string; isHome: boolean } } : {}),
            ...(given.consent ? { consent: given.consent as { crmTasks: boolean } } : {}),
          }
        },
        async events(req, known): Promise<CrmEvent[]> {
          const given = body(req)
          if (given.secret !== known.eventSecret) throw forbidden('event_forged', 'wrong secret')
          return given.events as CrmEvent[]
        },
        uninstall: req => {
          if (body(req).signature !== 'signed') throw forbidden('hook_forged', 'wrong signature')
          return String(body(req).portal)
        },
        authorizeUrl: state => `https://oauth.example.com/authorize?state=${state}`,
        frameAncestors: () => ['https://*.example.com'],
      },
      async refresh(tokens, address) {
        fake.refreshes += 1
        const portal = [...portals.values()].find(({ host }) => host === address.host)
        if (!portal) throw new VendorError('unavailable', 'no_host', 'no such host')
        await new Promise(resolve => setTimeout(resolve, 20))
        const fault = fake.onRefresh?.(fake.refreshes) ?? null
        if (fault === 'down') throw new VendorError('unavailable', 'http_503', 'the OAuth server is down')
        if (!portal.refresh.delete(tokens.refresh))
          throw new VendorError('auth_revoked', 'invalid_grant', 'the pair is spent')
        const issued = portal.issue()
        if (fault === 'lost') throw new VendorError('unavailable', 'timeout', 'no reply')
        return { tokens: issued, address }
      },
      connect: connection => connectFake(fake, portals, connection),
      cardPath: (kind, id) => `/${kind}/${id}`,
      appPath: () => '/app',
    },
  }
  return fake
}

const connectFake = (
  fake: Fake,
  portals: ReadonlyMap<string, FakePortal>,
  connection: Connection,
): Portal => {
  let sent = 0
  const portalNow = (): FakePortal => {
    const portal = [...portals.values()].find(({ host }) => host === connection.address.host)
    if (!portal) throw new VendorError('unavailable', 'no_host', 'no such host')
    return portal
  }
  const call = async (name: string, detail: string): Promise<FakePortal> => {
    const portal = portalNow()
    connection.signal?.throwIfAborted()
    await connection.limits.reserve('rest', { burst: 1000, perSecond: 1000 })
    sent += 1
    portal.requests.push(`${name}:${detail}`)
    await fake.onCall?.(portal, name, detail)
    let token = await connection.getToken()
    if (!portal.isInstalled)
      throw new VendorError('auth_revoked', 'APP_GONE', 'not installed', { verdict: 'uninstalled' })
    if (!portal.access.has(token)) {
      token = await connection.getToken(token)
      if (!portal.access.has(token)) throw new VendorError('auth_revoked', 'invalid_token', 'refused')
    }
    return portal
  }
  const strip = <T extends Row>(row: T & { changedSeq: number }): T => {
    const { changedSeq: _, ...rest } = row
    return rest as unknown as T
  }
  const setOf = (feed: FeedKey, rows: (Row & { changedSeq: number })[]): RecordSet =>
    ({ ...emptyRecordSet(), [FIELD[feed]]: rows.map(strip) }) as RecordSet

  async function* pages(
    feed: FeedKey,
    mode: 'backfill' | 'changes',
    from: { id: number; seq: number },
  ): AsyncGenerator<Page, { cursor: string }> {
    const startSeq = portalNow().seq
    let last = from.id
    let read = 0
    for (;;) {
      const portal = await call(mode, `${feed}>${last}`)
      const all = [...portal.rows[feed].values()] as (Row & { changedSeq: number })[]
      const rows = all
        .filter(row => Number(row.id) > last && row.changedSeq > from.seq)
        .sort((a, b) => Number(a.id) - Number(b.id))
        .slice(0, fake.pageSize)
      if (rows.length === 0) break
      last = Number(rows.at(-1)?.id)
      read += rows.length
      yield {
        records: setOf(feed, rows),
        rejected: feed === 'deals' ? portal.rejected.splice(0) : [],
        resume: JSON.stringify({ id: last, seq: from.seq }),
        progress: { read, expected: mode === 'backfill' ? all.length : null },
      }
    }
    return { cursor: JSON.stringify({ id: 0, seq: startSeq }) }
  }
  const feedOf = (kind: RecordKind): FeedKey =>
    (Object.keys(KIND) as FeedKey[]).find(key => KIND[key] === kind) ?? 'deals'

  return {
    async info(): Promise<PortalInfo> {
      const portal = await call('info', '')
      return {
        now: connection.clock.now(),
        isAdmin: portal.isAdmin,
        isInstalled: true,
        timeZone: 'Europe/Moscow',
        language: 'ru',
        currency: 'RUB',
        appCode: 'planerka',
        appVersion: '1',
        licence: 'std',
        isOnPremise: false,
        scopes: ['crm'],
        calendar: null,
      }
    },
    async directory() {
      return structuredClone((await call('directory', '')).directory)
    },
    async register() {
      await call('register', '')
    },
    backfill: (feed, resume) =>
      pages(feed as FeedKey, 'backfill', resume === null ? { id: 0, seq: -1 } : JSON.parse(resume)),
    changes: (feed, cursor) => pages(feed as FeedKey, 'changes', JSON.parse(cursor)),
    async fetch(kind, ids) {
      const portal = await call('fetch', `${kind}:${ids.join(',')}`)
      const feed = feedOf(kind)
      const found = ids.flatMap(id => {
        const row = portal.rows[feed].get(id) as (Row & { changedSeq: number }) | undefined
        return row ? [row] : []
      })
      const records = setOf(feed, found)
      if (kind === 'deal')
        records.stageMoves = [...portal.rows.moves.values()]
          .filter(({ dealId }) => ids.includes(dealId))
          .map(row => strip<StageMove>(row))
      const shown = new Set(found.map(({ id }) => id))
      return { records, rejected: [], missing: ids.filter(id => !shown.has(id)) }
    },
    async missing(kind, known) {
      const portal = await call('missing', kind)
      const held = await known.ids(0, (await known.max()) + 1)
      return held.filter(id => !portal.rows[feedOf(kind)].has(id))
    },
    async whoIs(actorToken) {
      const portal = await call('whoIs', '')
      return portal.actors.get(actorToken) ?? null
    },
    async notify() {
      await call('notify', '')
      return null
    },
    async apply(change) {
      const portal = await call('apply', change.kind)
      if (change.kind !== 'mark') return null
      if (change.to === null) portal.marks.delete(change.dealId)
      else portal.marks.set(change.dealId, change.to)
      return null
    },
    async observe({ dealIds }) {
      const portal = await call('observe', '')
      const shown = dealIds.filter(id => portal.rows.deals.has(id))
      return { deals: shown.map(id => ({ id, mark: portal.marks.get(id) ?? null })), tasks: [] }
    },
    requests: () => sent,
  }
}
