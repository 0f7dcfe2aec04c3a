import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../../clock.ts'
import { DEAL, Dictionaries, INVOICE, LEAD } from './dictionaries.ts'
import type {
  ActivityRow,
  DepartmentRow,
  HistoryRow,
  ItemRow,
  LogMessageRow,
  NotificationRow,
  TaskRow,
  UserRow,
} from './rows.ts'
import { Table } from './table.ts'

export type EventHandler = { event: string; handler: string; authType: number; isOffline: boolean }

export type PlacementRow = {
  placement: string
  handler: string
  title: string
  description: string
  langAll: Record<string, { TITLE?: string; DESCRIPTION?: string; GROUP_NAME?: string }>
  options: Record<string, unknown>
}

/** One application on one portal. */
export type Installed = {
  clientId: string
  /** Numeric id of the application on the portal, as app.info tells it. */
  id: number
  applicationToken: string
  version: number
  scopes: string[]
  /** False until the frame calls installFinish: no events, no placements. */
  isFinished: boolean
  isActive: boolean
  installedBy: number
  handlers: EventHandler[]
  placements: PlacementRow[]
  options: Record<string, string>
  userOptions: Map<number, Record<string, string>>
}

export type PortalOptions = {
  /** What a test calls it. */
  name: string
  memberId?: string
  title?: string
  language?: 'ru' | 'en'
  timeZone?: string
  /** The server's offset in dates, in minutes. */
  offsetMinutes?: number
  currency?: string
  licence?: 'standard' | 'enterprise'
  /** A box: no `operating`, no newer methods. */
  isOnPremise?: boolean
  /** 0 = any free port. */
  port?: number
}

/** How the portal misbehaves or differs by version; every switch is a fact about real portals. */
export type Temper = {
  /** Leaky bucket of requests; off for tests that run with a frozen clock. */
  rateLimit: 'standard' | 'enterprise' | 'off'
  /** Seconds of `operating` one method may use in ten minutes. */
  operatingLimit: number
  /** Seconds that one call is said to cost; null = as long as it really took. */
  operatingCost: number | null
  operatingCosts: Record<string, number>
  /** Older versions erase a deal's history at a pipeline move and the final row at a reopening. */
  history: 'append' | 'erase'
  /** Older versions answer history values as strings. */
  historyAsText: boolean
  isSuspended: boolean
  isDeleted: boolean
  isOverloaded: boolean
  /** Users whom the admin did not let into the app. */
  barredUsers: number[]
  /** Null = everything; otherwise only these event names are delivered. */
  events: 'on' | 'off'
  /** Each event is delivered this many times. */
  eventCopies: number
  eventNames: 'upper' | 'camel'
  /** Events name the acting user outright. */
  eventsNameUser: boolean
  missingMethods: string[]
}

export const defaultTemper = (licence: 'standard' | 'enterprise'): Temper => ({
  rateLimit: licence,
  operatingLimit: 480,
  operatingCost: null,
  operatingCosts: {},
  history: 'append',
  historyAsText: false,
  isSuspended: false,
  isDeleted: false,
  isOverloaded: false,
  barredUsers: [],
  events: 'on',
  eventCopies: 1,
  eventNames: 'upper',
  eventsNameUser: false,
  missingMethods: [],
})

export type ItemStore = { items: Table<ItemRow>; history: Table<HistoryRow> }

/** State of one portal. Knows no HTTP. */
export class Portal {
  readonly name: string
  readonly memberId: string
  readonly title: string
  readonly language: 'ru' | 'en'
  readonly timeZone: string
  readonly offsetMinutes: number
  readonly currency: string
  readonly licence: 'standard' | 'enterprise'
  readonly isOnPremise: boolean
  readonly clock: Clock
  /** `127.0.0.1:4001`; a rename changes it. */
  domain = ''

  readonly dictionaries = new Dictionaries()
  readonly users = new Table<UserRow>()
  readonly departments = new Table<DepartmentRow>()
  readonly activities = new Table<ActivityRow>()
  readonly tasks = new Table<TaskRow>()
  readonly notifications = new Table<NotificationRow>()
  readonly logMessages = new Table<LogMessageRow>()
  readonly installed = new Map<string, Installed>()
  readonly temper: Temper
  readonly workTime = {
    start: '9',
    end: '18',
    yearHolidays: '1.01,2.01,3.01,4.01,5.01,6.01,7.01,8.01,23.02,8.03,1.05,9.05,12.06,4.11',
    yearWorkdays: '',
    weekHolidays: ['SA', 'SU'],
    weekStart: 'MO',
  }
  readonly #stores = new Map<number, ItemStore>([
    [LEAD, { items: new Table(), history: new Table() }],
    [DEAL, { items: new Table(), history: new Table() }],
    [INVOICE, { items: new Table(), history: new Table() }],
  ])
  #nextAppId = 1

  constructor(options: PortalOptions, clock: Clock) {
    this.name = options.name
    this.memberId = options.memberId ?? createHash('md5').update(`portal:${options.name}`).digest('hex')
    this.title = options.title ?? options.name
    this.language = options.language ?? 'ru'
    this.timeZone = options.timeZone ?? 'Europe/Moscow'
    this.offsetMinutes = options.offsetMinutes ?? 180
    this.currency = options.currency ?? 'RUB'
    this.licence = options.licence ?? 'standard'
    this.isOnPremise = options.isOnPremise ?? false
    this.temper = defaultTemper(this.licence)
    this.clock = clock
  }

  get origin(): string {
    return `http://${this.domain}`
  }

  get clientEndpoint(): string {
    return `${this.origin}/rest/`
  }

  /** Now, in whole seconds as the portal keeps time. */
  now(): number {
    return Math.floor(this.clock.now().getTime() / 1000) * 1000
  }

  store(entityTypeId: number): ItemStore | undefined {
    return this.#stores.get(entityTypeId)
  }

  get deals(): Table<ItemRow> {
    return this.#stores.get(DEAL)!.items
  }

  get dealHistory(): Table<HistoryRow> {
    return this.#stores.get(DEAL)!.history
  }

  get invoices(): Table<ItemRow> {
    return this.#stores.get(INVOICE)!.items
  }

  /** The administrator with the smallest id. */
  get admin(): UserRow {
    const admin = this.users.rows.find(user => user.isAdmin && user.isActive)
    if (!admin) throw new Error(`Portal ${this.name} has no active administrator.`)
    return admin
  }

  install(clientId: string, version: number, scopes: string[], userId: number): Installed {
    const before = this.installed.get(clientId)
    const installed: Installed = {
      clientId,
      id: before?.id ?? this.#nextAppId++,
      applicationToken: randomBytes(16).toString('hex'),
      version,
      scopes,
      isFinished: false,
      isActive: true,
      installedBy: userId,
      handlers: [],
      placements: [],
      options: before?.options ?? {},
      userOptions: before?.userOptions ?? new Map(),
    }
    this.installed.set(clientId, installed)
    return installed
  }

  /** Departments that a user heads, with everything below them. */
  branchOf(userId: number): Set<number> {
    const branch = new Set(this.departments.rows.filter(row => row.headId === userId).map(row => row.id))
    for (let size = -1; size !== branch.size; ) {
      size = branch.size
      for (const row of this.departments.rows)
        if (row.parentId !== null && branch.has(row.parentId)) branch.add(row.id)
    }
    return branch
  }

  /** Users whose records this user may see; null = everybody's. */
  visibleUsers(user: UserRow): Set<number> | null {
    if (user.isAdmin) return null
    const branch = this.branchOf(user.id)
    const seen = new Set([user.id])
    for (const other of this.users.rows)
      if (other.departments.some(department => branch.has(department))) seen.add(other.id)
    return seen
  }
}
