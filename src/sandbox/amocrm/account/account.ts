import type { Clock } from '../../../clock.ts'
import { EventFeed } from './event-feed.ts'
import { EVENT_TYPES, MAIL_EVENT_TYPES } from './event-types.ts'
import {
  type FieldRow,
  type GroupRow,
  type InvoiceRow,
  isClosed,
  type LeadRow,
  type LossReasonRow,
  type NoteRow,
  type PersonRow,
  type PipelineRow,
  type RoleRow,
  type TagRow,
  type TaskRow,
  type TaskTypeRow,
  type UserRow,
  type WebhookRow,
} from './rows.ts'
import { Table } from './table.ts'

export type PlatformName = 'amocrm' | 'kommo'

export type AccountOptions = {
  /** What a test calls it; also its subdomain. */
  name: string
  platform?: PlatformName
  accountId?: number
  title?: string
  language?: 'ru' | 'en'
  timeZone?: string
  offset?: string
  currency?: string
  country?: string
  /** 0 = any free port. */
  port?: number
  /** The address the account moves to when it is renamed. */
  sparePort?: number
}

/** How the account misbehaves or differs; every switch is something seen on real accounts. */
export type Temper = {
  /** Seven requests in any one second; off for tests that run with a frozen clock. */
  rateLimit: 'on' | 'off'
  /** Refusals within a minute after which the caller is blocked with 403. */
  refusalsToBlock: number
  blockSeconds: number
  /** What a 429 carries. */
  limitBody: 'json' | 'html'
  /** The subscription has run out: 402 to everything. */
  isUnpaid: boolean
  /** The tariff has no webhooks. */
  hasWebhooks: boolean
  /** Webhooks go out at all. */
  webhooks: 'on' | 'off'
  webhookCopies: number
  /** Seconds until an event shows up in the listing. */
  eventLagSeconds: number
  /** Every n-th event is listed twice; 0 = none. */
  duplicateEvery: number
  /** Lists come in no order at all. */
  isShuffled: boolean
  /** This many pages after the first are answered by 204 although there is more. */
  prematureEnds: number
  /** A pass through events ends after this many; null = it goes to its end. */
  eventPassCap: number | null
  /** Largest page of events. */
  eventsPerPage: number
  /** Event types this account does not know. */
  missingEventTypes: string[]
  /** Events say which integration made them. */
  hasClientUuid: boolean
}

export const defaultTemper = (): Temper => ({
  rateLimit: 'on',
  refusalsToBlock: 30,
  blockSeconds: 900,
  limitBody: 'html',
  isUnpaid: false,
  hasWebhooks: true,
  webhooks: 'on',
  webhookCopies: 1,
  eventLagSeconds: 0,
  duplicateEvery: 0,
  isShuffled: false,
  prematureEnds: 0,
  eventPassCap: null,
  eventsPerPage: 100,
  missingEventTypes: [],
  hasClientUuid: true,
})

const numberOf = (text: string): number =>
  [...text].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 7_000_000, 7) + 31_000_000

/** State of one account. Knows no HTTP. */
export class Account {
  readonly name: string
  readonly platform: PlatformName
  readonly accountId: number
  readonly title: string
  readonly language: 'ru' | 'en'
  readonly timeZone: string
  readonly offset: string
  readonly currency: string
  readonly country: string
  readonly clock: Clock
  subdomain: string
  /** `127.0.0.1:4002`; a rename changes it. */
  host = ''

  readonly users = new Table<UserRow>(7_100_001)
  readonly groups: GroupRow[] = []
  readonly roles: RoleRow[] = []
  readonly pipelines: PipelineRow[] = []
  readonly fields = new Table<FieldRow>(1_500_001)
  readonly lossReasons: LossReasonRow[] = []
  readonly tags = new Table<TagRow>(40_001)
  readonly taskTypes: TaskTypeRow[] = [
    { id: 1, name: 'Связаться', code: 'FOLLOW_UP' },
    { id: 2, name: 'Встреча', code: 'MEETING' },
  ]
  readonly leads = new Table<LeadRow>(20_000_001)
  readonly contacts = new Table<PersonRow>(50_000_001)
  readonly companies = new Table<PersonRow>(60_000_001)
  readonly tasks = new Table<TaskRow>(9_000_001)
  readonly notes = new Table<NoteRow>(300_000_001)
  readonly invoices = new Table<InvoiceRow>(800_001)
  readonly webhooks = new Table<WebhookRow>(839_001)
  readonly events = new EventFeed()
  readonly invoicesCatalogId = 4321
  readonly temper: Temper = defaultTemper()
  #nextEnumId = 3_000_001

  constructor(options: AccountOptions, clock: Clock) {
    this.name = options.name
    this.platform = options.platform ?? 'amocrm'
    this.accountId = options.accountId ?? numberOf(options.name)
    this.title = options.title ?? options.name
    this.language = options.language ?? 'ru'
    this.timeZone = options.timeZone ?? 'Europe/Moscow'
    this.offset = options.offset ?? '+03:00'
    this.currency = options.currency ?? 'RUB'
    this.country = options.country ?? 'RU'
    this.subdomain = options.name
    this.clock = clock
    if (this.platform === 'kommo') this.temper.limitBody = 'json'
  }

  get origin(): string {
    return `http://${this.host}`
  }

  /** Now, in whole seconds as the account keeps time. */
  now(): number {
    return Math.floor(this.clock.now().getTime() / 1000)
  }

  /** The administrator with the smallest id. */
  get admin(): UserRow {
    const admin = this.users.rows.find(user => user.isAdmin && user.isActive)
    if (!admin) throw new Error(`Account ${this.name} has no active administrator.`)
    return admin
  }

  eventTypes(): readonly (readonly [string, string])[] {
    const all = this.platform === 'kommo' ? [...EVENT_TYPES, ...MAIL_EVENT_TYPES] : EVENT_TYPES
    return all.filter(([key]) => !this.temper.missingEventTypes.includes(key))
  }

  pipeline(id: number): PipelineRow | undefined {
    return this.pipelines.find(pipeline => pipeline.id === id)
  }

  statusOf(lead: Pick<LeadRow, 'pipelineId' | 'statusId'>) {
    return this.pipeline(lead.pipelineId)?.statuses.find(({ id }) => id === lead.statusId)
  }

  /** Adds a pipeline with the incoming stage before its own and the two final ones after. */
  addPipeline(
    pipeline: Omit<PipelineRow, 'statuses' | 'isArchive'>,
    stages: readonly { id: number; name: string; color?: string }[],
    ends: { won?: string; lost?: string } = {},
  ): PipelineRow {
    const statuses = [
      { id: pipeline.id + 1, name: 'Неразобранное', sort: 10, color: '#c1c1c1', type: 1 as const },
      ...stages.map(({ id, name, color }, index) => ({
        id,
        name,
        sort: 20 + index * 10,
        color: color ?? '#99ccff',
        type: 0 as const,
      })),
      { id: 142, name: ends.won ?? 'Успешно реализовано', sort: 10_000, color: '#CCFF66', type: 0 as const },
      {
        id: 143,
        name: ends.lost ?? 'Закрыто и не реализовано',
        sort: 11_000,
        color: '#D5D8DB',
        type: 0 as const,
      },
    ]
    const row = { ...pipeline, isArchive: false, statuses }
    this.pipelines.push(row)
    return row
  }

  addField(
    field: Pick<FieldRow, 'name' | 'type'> &
      Partial<Pick<FieldRow, 'code' | 'isApiOnly' | 'requiredStatuses'>> & {
        options?: readonly { value: string; code?: string | null }[]
      },
  ): FieldRow {
    const { options = [], ...rest } = field
    return this.fields.add({
      code: null,
      isApiOnly: false,
      requiredStatuses: [],
      ...rest,
      sort: 500 + this.fields.rows.length,
      enums: options.map(({ value, code }, sort) => ({
        id: this.#nextEnumId++,
        value,
        sort,
        code: code ?? null,
      })),
    })
  }

  tagNamed(name: string): TagRow {
    return this.tags.rows.find(tag => tag.name === name) ?? this.tags.add({ name, color: null })
  }

  /** The nearest open task of a lead, for its `closest_task_at`. */
  #closest = { version: -1, byLead: new Map<number, number>() }
  closestTaskAt(leadId: number): number | null {
    if (this.#closest.version !== this.tasks.version) {
      const byLead = new Map<number, number>()
      for (const task of this.tasks.rows)
        if (!task.isCompleted && task.entityType === 'leads' && task.entityId !== null)
          byLead.set(
            task.entityId,
            Math.min(byLead.get(task.entityId) ?? Number.POSITIVE_INFINITY, task.completeTill),
          )
      this.#closest = { version: this.tasks.version, byLead }
    }
    return this.#closest.byLead.get(leadId) ?? null
  }

  /** Users whose leads this user may see; null = everybody's. */
  visibleUsers(user: UserRow): Set<number> | null {
    if (user.isAdmin || user.leads.view === 'A') return null
    if (user.leads.view === 'D') return new Set()
    if (user.leads.view === 'M') return new Set([user.id])
    return new Set(this.users.rows.filter(other => other.groupId === user.groupId).map(({ id }) => id))
  }

  counts(): Record<string, number> {
    const live = new Set<number>()
    let open = 0
    for (const lead of this.leads.rows)
      if (!lead.isDeleted) {
        live.add(lead.id)
        if (!isClosed(lead.statusId)) open++
      }
    const activityTypes = new Set([
      'incoming_call',
      'outgoing_call',
      'incoming_chat_message',
      'outgoing_chat_message',
      'entity_direct_message',
      'incoming_sms',
      'outgoing_sms',
      'incoming_mail',
      'outgoing_mail',
      'common_note_added',
      'attachment_note_added',
    ])
    let moves = 0
    let activities = 0
    for (const event of this.events.all()) {
      if (event.type === 'lead_status_changed' && live.has(event.entityId)) moves++
      if (activityTypes.has(event.type)) activities++
    }
    return {
      users: this.users.rows.length,
      pipelines: this.pipelines.length,
      leads: live.size,
      openLeads: open,
      deletedLeads: this.leads.rows.length - live.size,
      /** Creations and status changes of the leads that exist. */
      stageMoves: live.size + moves,
      tasks: this.tasks.rows.length,
      activities,
      events: this.events.all().length,
      callNotes: this.notes.rows.filter(note => note.noteType.startsWith('call_')).length,
      invoices: this.invoices.rows.filter(row => !row.isDeleted).length,
    }
  }
}
