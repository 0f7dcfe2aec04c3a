import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { PortalAddress } from '../records/portal.ts'
import type { Directory, RecordKind, RecordSet, Rejected } from '../records/records.ts'

/**
 * The port between Planerka and a CRM. A vendor is one folder that exports one `Vendor`; a difference
 * between vendors is data (`can`, `feeds`, `inbound.routes`), never a method that throws.
 * Everything here fails with `VendorError` (five kinds) when the CRM is at fault, and with `AppError`
 * (4xx and a stable code) when an inbound request is.
 */

export type { PortalAddress }

export type VendorId = 'bitrix24' | 'amocrm' | 'kommo'

export type Tokens = { access: string; refresh: string; expiresAt: Date }

/** A proven installation: the vendor itself confirmed every field. */
export type Grant = {
  /** The portal's stable id at the vendor. */
  portalKey: string
  address: PortalAddress
  tokens: Tokens
  scopes: string[]
  userId: string
  /** null = the CRM has not said in time: to be asked before the pair replaces one that works. */
  isAdmin: boolean | null
  /** Secret that authenticates this portal's events, where the vendor has one. */
  eventSecret: string | null
  language: string | null
}

/** What installations keeps about a portal and a vendor needs back to judge an inbound request. */
export type KnownPortal = {
  portalKey: string
  address: PortalAddress
  eventSecret: string | null
  appCode: string | null
}

/** A neutral inbound HTTP request; `body` is parsed (form or JSON) or `{}`. */
export type InboundRequest = {
  method: string
  query: Readonly<Record<string, unknown>>
  params: Readonly<Record<string, string>>
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: unknown
}

export type ScreenTarget = { view: string; params: Record<string, string> }

/** The person in the frame, proved by the vendor. */
export type FrameUser = {
  userId: string
  isAdmin: boolean
  /** A pair that may heal the installation when an admin opens the app; null where frames carry none. */
  tokens: Tokens | null
  /** What this request spends, where the vendor signs one-time tokens; a second use is refused. */
  singleUse?: string
  scopes: string[]
  language: string | null
  theme: 'light' | 'dark' | null
  target: ScreenTarget
  /** Where our page lives in this CRM, as an administrator's frame tells; `isHome` = rather than elsewhere. */
  place?: { path: string; isHome: boolean }
  /** What an administrator has just agreed to, or taken back, on the CRM's own install page. */
  consent?: { crmTasks: boolean }
}

/** A verified inbound message: a hint, never a fact. */
export type CrmEvent =
  | {
      type: 'changed'
      entity: 'deal' | 'activity' | 'task' | 'invoice'
      id: string
      action: 'added' | 'updated' | 'deleted' | 'moved'
      at: Date
      /** Token of the acting user, to be resolved once and discarded; null when nobody's token came. */
      actorToken: string | null
      /** The acting user where the vendor names one outright. */
      actorId: string | null
      /** Whether the vendor says that a person acted; `unknown` where it does not say. */
      actorClass: 'person' | 'robot' | 'integration' | 'unknown'
    }
  | { type: 'metadata_changed' }
  | { type: 'app_installed' | 'app_updated'; grant: Grant }
  | { type: 'app_uninstalled'; purge: boolean }

export type RoutePurpose = 'install' | 'frame' | 'event' | 'uninstall' | 'ticket' | 'page' | 'connect'

/** A route under `/<vendor id>`. */
export type InboundRoute = { method: 'GET' | 'POST'; path: string; purpose: RoutePurpose; maxBytes: number }

export type Inbound = {
  routes: readonly InboundRoute[]
  /**
   * Milliseconds within which the vendor wants an install request answered. What takes longer goes on
   * without the request, and what need not be done at once is left to a job. Absent = a person waits in
   * our page, and sees everything done.
   */
  answerWithinMs?: number
  /**
   * Which portal a request claims to be from: a key to look up, not a fact. Null = the claim is missing.
   * For routes whose secret is in the path (`/events/:key`) the key is that secret.
   */
  claim(req: InboundRequest): { by: 'portalKey' | 'eventSecret'; value: string } | null
  /**
   * Proves an installation request with the vendor's OAuth server.
   * `singleUse` names what the request spends (a code, a refresh token), so that a second use is refused
   * before anything is asked of anyone. `state` is what `authorizeUrl` was given, to be verified by whoever
   * made it; absent where the vendor installs without our page. Questions to a portal that may be read meanwhile
   * keep within `limitsOf` that portal.
   */
  installProof(req: InboundRequest): {
    singleUse: string
    state?: string
    prove(limitsOf?: (portalKey: string) => LimitLedger): Promise<Grant>
  }
  /** Proves the person in a frame; asks only the stored address. */
  frame(req: InboundRequest, portal: KnownPortal): Promise<FrameUser>
  /** Verifies an event's secret and reads it. Synchronous in spirit: asks nobody, except to prove tokens of app_* events. */
  events(req: InboundRequest, portal: KnownPortal): Promise<CrmEvent[]>
  /** Verifies a signed "integration disabled" hook. Returns the portal's key. */
  uninstall(req: InboundRequest): string
  /** Address of the vendor's authorise page for the button flow. */
  authorizeUrl(state: string): string
  /** CSP `frame-ancestors` sources for a portal; without one, for a first install. */
  frameAncestors(address: PortalAddress | null): string[]
  /** Whether a browser page of this origin may call the `ticket` route (CORS). */
  allowsOrigin?(origin: string): boolean
}

/** What one portal allows to be asked, kept where every process sees it. */
export type LimitLedger = {
  /**
   * Takes one request from a leaky bucket.
   * @returns milliseconds to wait before sending it; 0 = now
   */
  reserve(bucket: string, rule: { burst: number; perSecond: number }): Promise<number>
  /** Nothing named `key` (a method, a whole portal) may be called before `until`. */
  park(key: string, until: Date): Promise<void>
  parkedUntil(key: string): Promise<Date | null>
}

/** Opaque to everyone but the vendor that made it. */
export type Cursor = string

export type Page = {
  records: RecordSet
  rejected: Rejected[]
  /** Records that the CRM says are gone. */
  gone?: { kind: RecordKind; ids: string[] }[]
  /** Where to go on from, when everything up to and including this page is saved. */
  resume: Cursor
  /** Rows read so far and expected by this feed, for progress; `expected` null = not known. */
  progress: { read: number; expected: number | null }
}

export type FeedName = string

/** One stream of records. Feeds are read in the order given; `covers` says what a person sees advancing. */
export type Feed = { name: FeedName; covers: 'deals' | 'history' | 'activities' | 'tasks' | 'invoices' }

export type PortalInfo = {
  /** The portal's own clock. */
  now: Date
  isAdmin: boolean
  /** False until the vendor considers the app installed. */
  isInstalled: boolean
  timeZone: string | null
  language: string | null
  currency: string | null
  appCode: string | null
  appVersion: string | null
  licence: string | null
  isOnPremise: boolean
  scopes: string[]
  /** Working week and hours where the CRM tells. */
  calendar: { workdays: number[]; hours: [string, string]; holidays: string[] } | null
}

/** What we hold of one kind, for finding what vanished from the CRM. `to` is exclusive. */
export type KnownIds = {
  count(from: number, to: number): Promise<number>
  ids(from: number, to: number): Promise<string[]>
  max(): Promise<number>
}

export type Message = {
  userId: string
  /** Lines of plain text; links are absolute. */
  lines: { text: string; link: { label: string; url: string } | null }[]
  /** The same tag replaces the earlier message. */
  tag: string
  /** Where a message must be filed on an object with a due time (a CRM task). */
  dueAt: Date | null
}

export type WriteBack =
  | { kind: 'task'; dealId: string; responsibleId: string; title: string; dueAt: Date }
  | { kind: 'closeTask'; taskId: string }
  /** Puts `to` where our mark stands on a deal and takes `from` away; null = no mark. Other people's marks stay. */
  | { kind: 'mark'; dealId: string; from: string | null; to: string | null }
  /** Takes a task of ours back: deleted where the vendor can, otherwise closed. */
  | { kind: 'removeTask'; taskId: string }
  | { kind: 'reopenTask'; taskId: string }

/** What the CRM shows now of things that we may have written; what is missing is not there any more. */
export type Observed = {
  /** `mark`: the one of ours that the deal carries. */
  deals: { id: string; mark: string | null }[]
  tasks: { id: string; isOpen: boolean; title: string; responsibleId: string | null; dueAt: Date | null }[]
}

/** A portal that can be asked. */
export type Portal = {
  info(): Promise<PortalInfo>
  directory(): Promise<Directory>
  /** Binds events and placements to our address; safe to repeat. */
  register(): Promise<void>
  /**
   * Everything from the beginning. Restartable: given the `resume` of the last saved page it goes on.
   * Ends with `cursor`, from which `changes` continues without a gap.
   */
  backfill(feed: FeedName, resume: Cursor | null): AsyncGenerator<Page, { cursor: Cursor }>
  /** What changed since the cursor, with overlap: the same record may come again. */
  changes(feed: FeedName, cursor: Cursor): AsyncGenerator<Page, { cursor: Cursor }>
  /** Reads records again by id; `missing` are those the CRM no longer shows. */
  fetch(
    kind: RecordKind,
    ids: string[],
  ): Promise<{ records: RecordSet; rejected: Rejected[]; missing: string[] }>
  /** Ids that we hold and the CRM no longer shows. */
  missing(kind: RecordKind, known: KnownIds): Promise<string[]>
  /** User id behind an actor's token; null when the token is not worth anything. */
  whoIs(actorToken: string): Promise<string | null>
  /** @returns id of what was written, where the vendor gives one */
  notify(message: Message): Promise<string | null>
  apply(change: WriteBack): Promise<string | null>
  /** @param marks every word that a mark of ours may be, where marks stand among other people's */
  observe(asked: {
    marks: readonly string[]
    dealIds: readonly string[]
    taskIds: readonly string[]
  }): Promise<Observed>
  /** HTTP requests made through this connection so far. */
  requests(): number
}

export type Connection = {
  address: PortalAddress
  /** Key of the installation, for limits and logs. */
  installationId: string
  /** Secret in the address that events come to, where the vendor has no other proof. */
  eventSecret?: string | null
  /** The portal's plan as it was told last: the vendor's limits may depend on it. */
  licence?: string | null
  /** A valid access token; `stale` = this one was refused, get another. */
  getToken(stale?: string): Promise<string>
  /** The portal answered from another host: verify and remember. */
  onMoved(address: PortalAddress): Promise<void>
  limits: LimitLedger
  clock: Clock
  log: Logger
  signal?: AbortSignal
}

export type Vendor = {
  id: VendorId
  can: {
    /** Messages reach people inside the CRM without writing to its data. */
    notifyInCrm: boolean
    /** The CRM knows who heads whom. */
    hierarchy: boolean
    /** Stage moves of the past carry their author. */
    pastActors: boolean
    /** Deadline moves are dated by the vendor. */
    deadlineHistory: boolean
    invoices: boolean
    /** How a mark on a deal looks to people: a tag among others, or a field of its own. */
    markDeals: 'tag' | 'field'
  }
  feeds: readonly Feed[]
  inbound: Inbound
  /** Spends the refresh token. @throws VendorError `auth_revoked` when it is worth nothing any more */
  refresh(tokens: Tokens, address: PortalAddress): Promise<{ tokens: Tokens; address: PortalAddress }>
  connect(connection: Connection): Portal
  /** Address of a record's card in the CRM, relative to the portal. */
  cardPath(kind: 'deal' | 'task' | 'user' | 'invoice', id: string, userId?: string): string
  /** Address that opens our app on a screen, relative to the portal. `appCode`: what is known of where it lives. */
  appPath(appCode: string | null, target: ScreenTarget): string
}
