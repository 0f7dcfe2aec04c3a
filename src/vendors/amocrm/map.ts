import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type {
  Activity,
  ActivityKind,
  ActorClass,
  DeadlineMove,
  Deal,
  FactChange,
  Invoice,
  Outcome,
  Rejected,
  StageMove,
  Task,
} from '../../records/records.ts'
import { inferredFromNow } from '../../records/records.ts'
import {
  leadStatus,
  type WireElement,
  type WireEvent,
  type WireLead,
  type WireNote,
  type WireTask,
} from './wire.ts'

/** Wire record in, neutral record out: pure and synchronous. */

const WON = '142'
const LOST = '143'

export const outcomeOf = (statusId: string): Outcome =>
  statusId === WON ? 'won' : statusId === LOST ? 'lost' : 'open'

const at = (seconds: number): Date => new Date(seconds * 1000)
const atOrNull = (seconds: number | null): Date | null => (seconds === null ? null : at(seconds))
const short = (value: unknown): string =>
  `#${createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('hex')
    .slice(0, 12)}`

/** Parses rows one by one: a bad one is rejected by name and never stops the rest. */
export const parseRows = <S extends z.ZodType>(
  schema: S,
  kind: string,
  rows: unknown[],
  rejected: Rejected[],
): z.infer<S>[] =>
  rows.flatMap(row => {
    const parsed = schema.safeParse(row)
    if (parsed.success) return [parsed.data]
    const id = (row as { id?: unknown } | null)?.id
    const where = parsed.error.issues.map(issue => `${issue.path.join('.')}: ${issue.code}`).join(', ')
    rejected.push({
      kind,
      id: typeof id === 'string' || typeof id === 'number' ? String(id) : null,
      reason: where.slice(0, 300),
    })
    return []
  })

/** Keeps the last of rows with one id: pages repeat rows when the list moves under the reader. */
export const distinct = <R extends { id: string }>(rows: R[]): R[] => [
  ...new Map(rows.map(row => [row.id, row])).values(),
]

export const actorOf = (event: Pick<WireEvent, 'created_by' | 'oauth_client_uuid'>): ActorClass =>
  event.oauth_client_uuid ? 'integration' : event.created_by === null ? 'robot' : 'person'

const priceOf = (lead: WireLead): number | null => lead.price_with_minor_units ?? lead.price

/** Filled fields: the option's id for lists, otherwise a short hash; values stay in the CRM. */
const fieldsOf = (lead: WireLead): Record<string, string> => {
  const filled: Record<string, string> = {}
  if ((priceOf(lead) ?? 0) !== 0) filled['price'] = short(priceOf(lead))
  for (const { field_id, values } of lead.custom_fields_values) {
    const real = values.filter(
      ({ value, enum_id }) => enum_id || (value !== null && value !== undefined && value !== ''),
    )
    if (real.length === 0) continue
    const options = real.map(({ enum_id }) => enum_id).filter(Boolean)
    filled[`cf_${field_id}`] = options.length > 0 ? options.join(',') : short(real.map(({ value }) => value))
  }
  return filled
}

export const dealOf = (lead: WireLead, currency: string | null): Deal => ({
  id: lead.id,
  title: lead.name,
  pipelineId: lead.pipeline_id,
  stageId: lead.status_id,
  outcome: outcomeOf(lead.status_id),
  responsibleId: lead.responsible_user_id,
  createdBy: lead.created_by,
  createdAt: at(lead.created_at),
  updatedBy: lead.updated_by,
  updatedAt: at(lead.updated_at),
  movedBy: null,
  movedAt: null,
  lastActivityBy: null,
  lastActivityAt: null,
  amount: priceOf(lead),
  currency,
  closeOn: null,
  closedAt: atOrNull(lead.closed_at),
  isTemplate: false,
  lossReasonId: lead.loss_reason_id,
  fields: fieldsOf(lead),
})

const creationId = (leadId: string): string => `created-${leadId}`

/** A lead carries no history: until a move says otherwise it began where it stands. */
export const creationOf = (lead: WireLead): StageMove => ({
  id: creationId(lead.id),
  dealId: lead.id,
  at: at(lead.created_at),
  orderKey: '',
  kind: 'created',
  pipelineId: lead.pipeline_id,
  stageId: lead.status_id,
  outcome: outcomeOf(lead.status_id),
  movedBy: lead.created_by,
  actorClass: lead.created_by === null ? 'robot' : 'person',
  evidenceAt: inferredFromNow,
})

const statusIn = (list: Record<string, unknown>[]): { id: string; pipeline_id: string } | null => {
  for (const item of list) {
    const parsed = leadStatus.safeParse(item['lead_status'])
    if (parsed.success) return parsed.data
  }
  return null
}

/** More status changes of one lead in one second than this are left in the order of their ids. */
const LONGEST_CHAIN = 10

/** These edges in an order in which each begins where the last one ended; null = there is none. */
const chainOf = <E extends { before: string; after: string }>(
  edges: readonly E[],
  from?: string,
): E[] | null => {
  if (edges.length === 0) return []
  for (const [index, edge] of edges.entries()) {
    if (from !== undefined && edge.before !== from) continue
    const rest = chainOf(edges.toSpliced(index, 1), edge.after)
    if (rest) return [edge, ...rest]
  }
  return null
}

/**
 * Order keys of status changes that share their lead and second: the vendor's ids are said to rise with time,
 * nobody promises it, but each change tells where it began. The earliest of the chain takes the smallest id.
 * @returns keys by event id; events that are alone in their second keep their own id and are not listed
 */
export const orderKeysOf = (events: readonly WireEvent[]): Map<string, string> => {
  const groups = Map.groupBy(
    events.filter(({ type }) => type === 'lead_status_changed'),
    ({ entity_id, created_at }) => `${entity_id} ${created_at}`,
  )
  const keys = new Map<string, string>()
  for (const group of groups.values()) {
    if (group.length < 2 || group.length > LONGEST_CHAIN) continue
    const edges = group
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .flatMap(event => {
        const [before, after] = [statusIn(event.value_before), statusIn(event.value_after)]
        const name = (at: typeof before) => `${at?.pipeline_id} ${at?.id}`
        return before && after ? [{ id: event.id, before: name(before), after: name(after) }] : []
      })
    if (edges.length !== group.length) continue
    const chain = chainOf(edges) ?? edges
    for (const [index, { id }] of chain.entries()) keys.set(id, edges[index]?.id ?? id)
  }
  return keys
}

/**
 * A status change is one move, and evidence of where the deal stood before it.
 * @param orderKey orders moves of one instant
 */
export const movesOf = (event: WireEvent, orderKey = event.id): StageMove[] | null => {
  const after = statusIn(event.value_after)
  if (!after) return null
  const before = statusIn(event.value_before)
  const when = at(event.created_at)
  const move: StageMove = {
    id: event.id,
    dealId: event.entity_id,
    at: when,
    orderKey,
    kind: before && before.pipeline_id !== after.pipeline_id ? 'pipeline_changed' : 'moved',
    pipelineId: after.pipeline_id,
    stageId: after.id,
    outcome: outcomeOf(after.id),
    movedBy: event.created_by,
    actorClass: actorOf(event),
  }
  if (!before) return [move]
  const creation: StageMove = {
    ...move,
    id: creationId(event.entity_id),
    // Before every move of the same instant, and telling which of them it was inferred from.
    orderKey: ` ${orderKey}`,
    kind: 'created',
    pipelineId: before.pipeline_id,
    stageId: before.id,
    outcome: outcomeOf(before.id),
    movedBy: null,
    actorClass: 'unknown',
    evidenceAt: when,
  }
  return [creation, move]
}

const idIn = (list: Record<string, unknown>[], key: string): string | null => {
  const found = list
    .map(item => item[key] as { id?: unknown } | undefined)
    .find(value => value?.id !== undefined)
  const id = found?.id
  return id === undefined || id === null || String(id) === '0' ? null : String(id)
}

export const responsibleChangeOf = (event: WireEvent): FactChange => ({
  dealId: event.entity_id,
  at: at(event.created_at),
  fact: 'responsible',
  before: idIn(event.value_before, 'responsible_user'),
  after: idIn(event.value_after, 'responsible_user'),
  actorId: event.created_by,
  actorClass: actorOf(event),
})

const FIELD_SAVED = /^(sale_field_changed|custom_field_(\d+_)?value_changed)$/

/** A person's save of a lead's own fields, whatever was in them; null for every other event. */
export const fieldSaveOf = (event: WireEvent): FactChange | null =>
  FIELD_SAVED.test(event.type) && event.entity_type === 'lead' && actorOf(event) === 'person'
    ? {
        dealId: event.entity_id,
        at: at(event.created_at),
        fact: 'fields',
        before: null,
        after: null,
        actorId: event.created_by,
        actorClass: 'person',
      }
    : null

export const deadlineMoveOf = (event: WireEvent): DeadlineMove => {
  const stamp = (list: Record<string, unknown>[]): Date | null => {
    const value = list
      .map(item => (item['task_deadline'] as { timestamp?: unknown } | undefined)?.timestamp)
      .find(Boolean)
    return Number.isFinite(Number(value)) && Number(value) > 0 ? at(Number(value)) : null
  }
  return {
    itemKind: 'task',
    itemId: event.entity_id,
    at: at(event.created_at),
    before: stamp(event.value_before),
    after: stamp(event.value_after),
    actorId: event.created_by,
    actorClass: actorOf(event),
  }
}

/** Events that are somebody's contact with a client, or a note about one. */
const ACTIVITY_TYPES: Record<string, { kind: ActivityKind; direction: 'in' | 'out' | null }> = {
  incoming_call: { kind: 'call', direction: 'in' },
  outgoing_call: { kind: 'call', direction: 'out' },
  incoming_chat_message: { kind: 'message', direction: 'in' },
  outgoing_chat_message: { kind: 'message', direction: 'out' },
  entity_direct_message: { kind: 'message', direction: 'out' },
  incoming_sms: { kind: 'message', direction: 'in' },
  outgoing_sms: { kind: 'message', direction: 'out' },
  incoming_mail: { kind: 'email', direction: 'in' },
  outgoing_mail: { kind: 'email', direction: 'out' },
  common_note_added: { kind: 'other', direction: null },
  attachment_note_added: { kind: 'document', direction: null },
}

export const activityTypes = Object.keys(ACTIVITY_TYPES)

/** Things whose calls are read as notes. */
const WITH_NOTES: ReadonlySet<string> = new Set(['lead', 'contact', 'company'])

export const activityOf = (event: WireEvent): Activity | null => {
  const type = ACTIVITY_TYPES[event.type]
  if (!type) return null
  // The call's note says the same and how long it lasted: were both read, whichever came last would win.
  if (type.kind === 'call' && idIn(event.value_after, 'note') && WITH_NOTES.has(event.entity_type))
    return null
  const when = at(event.created_at)
  return {
    id: event.id,
    dealId: event.entity_type === 'lead' ? event.entity_id : null,
    kind: type.kind,
    provider: event.type,
    direction: type.direction,
    responsibleId: event.created_by,
    authorId: event.created_by,
    actorClass: actorOf(event),
    createdAt: when,
    updatedAt: when,
    startAt: when,
    endAt: when,
    deadlineAt: null,
    isCompleted: true,
    completedAt: when,
    isAutoCompleted: false,
    isWaiting: false,
    durationSeconds: null,
    taskId: null,
  }
}

/** A call, from its note: the event of it lacks how long it lasted. */
export const callOf = (note: WireNote, entity: 'leads' | 'contacts' | 'companies'): Activity => {
  const when = at(note.created_at)
  const actor = note.created_by ?? note.responsible_user_id
  return {
    id: `note-${note.id}`,
    dealId: entity === 'leads' ? note.entity_id : null,
    kind: 'call',
    provider: note.note_type,
    direction: note.note_type === 'call_in' ? 'in' : 'out',
    responsibleId: note.responsible_user_id ?? note.created_by,
    authorId: actor,
    actorClass: actor === null ? 'robot' : 'person',
    createdAt: when,
    updatedAt: at(note.updated_at),
    startAt: when,
    endAt: when,
    deadlineAt: null,
    isCompleted: true,
    completedAt: when,
    isAutoCompleted: false,
    isWaiting: false,
    durationSeconds: note.params?.duration ?? null,
    taskId: null,
  }
}

export const taskOf = (task: WireTask): Task => ({
  id: task.id,
  dealIds: task.entity_type === 'leads' && task.entity_id !== null ? [task.entity_id] : [],
  status: task.is_completed ? 'completed' : 'open',
  responsibleId: task.responsible_user_id,
  createdBy: task.created_by,
  createdAt: at(task.created_at),
  changedAt: at(task.updated_at),
  // The task dates no completion; until the event that does is read, its last change is the nearest.
  closedAt: task.is_completed ? at(task.updated_at) : null,
  closedBy: task.is_completed ? task.updated_by : null,
  deadlineAt: atOrNull(task.complete_till),
  textHash: short(task.text.trim().toLowerCase()),
  textWords: new Set(task.text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).size,
})

/** An element of the invoices list; `dealIds` come from links and may be unknown. */
export const invoiceOf = (element: WireElement, currency: string | null): Invoice => {
  const field = (code: string) =>
    element.custom_fields_values?.find(({ field_code }) => field_code === code)?.values?.[0]
  const status = field('BILL_STATUS')
  const isPaid = /paid/i.test(status?.enum_code ?? '') && !/partial/i.test(status?.enum_code ?? '')
  const amount = Number(field('BILL_PRICE')?.value ?? Number.NaN)
  const paidAt = Number(field('BILL_PAYMENT_DATE')?.value ?? Number.NaN)
  return {
    id: element.id,
    dealId: null,
    responsibleId: element.created_by,
    amount: Number.isFinite(amount) ? amount : null,
    currency,
    stageId: status?.enum_code ?? 'created',
    outcome: isPaid ? 'won' : 'open',
    createdAt: at(element.created_at),
    updatedAt: at(element.updated_at),
    issuedOn: at(element.created_at).toISOString().slice(0, 10),
    dueOn: null,
    movedAt: Number.isFinite(paidAt) && paidAt > 0 ? at(paidAt) : null,
  }
}
