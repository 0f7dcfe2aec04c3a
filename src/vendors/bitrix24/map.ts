import type { z } from 'zod'
import { textFingerprint } from '../../records/fingerprint.ts'
import type {
  Activity,
  ActivityKind,
  ActorClass,
  Deal,
  Invoice,
  Outcome,
  Rejected,
  StageMove,
  Task,
} from '../../records/records.ts'
import { type DealField, filledFields } from './fields.ts'
import { DEAL_TYPE } from './manifest.ts'
import { activityWire, dealWire, invoiceWire, stageHistoryWire, taskWire } from './wire.ts'

/** Wire record in, neutral record out; nothing here asks anybody. */

/** What a row cannot say by itself. */
export type MapContext = {
  fields: readonly DealField[]
  /** Outcome of every known stage, deals' and invoices'. */
  outcomes: ReadonlyMap<string, Outcome>
}

export type Mapped<T> = { records: T[]; rejected: Rejected[] }

/** Ids and paths only: values stay out of the reason. */
const reasonOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ')

const idOfRow = (row: unknown): string | null => {
  if (typeof row !== 'object' || row === null) return null
  const { id, ID } = row as { id?: unknown; ID?: unknown }
  const value = id ?? ID
  return (typeof value === 'string' && /^[\w-]{1,30}$/.test(value)) || typeof value === 'number'
    ? String(value)
    : null
}

const mapRows = <W extends z.ZodType, T extends object>(
  kind: string,
  wire: W,
  rows: readonly unknown[],
  /** The record, or the path of what it cannot exist without. */
  map: (wire: z.infer<W>, row: Readonly<Record<string, unknown>>) => T | string,
): Mapped<T> => {
  const records: T[] = []
  const rejected: Rejected[] = []
  for (const row of rows) {
    const parsed = wire.safeParse(row)
    if (!parsed.success) {
      rejected.push({ kind, id: idOfRow(row), reason: reasonOf(parsed.error) })
      continue
    }
    const mapped = map(parsed.data, row as Readonly<Record<string, unknown>>)
    if (typeof mapped === 'string') rejected.push({ kind, id: idOfRow(row), reason: `${mapped}: is missing` })
    else records.push(mapped)
  }
  return { records, rejected }
}

const SEMANTICS: Readonly<Record<string, Outcome>> = {
  P: 'open',
  S: 'won',
  F: 'lost',
  process: 'open',
  success: 'won',
  failure: 'lost',
  apology: 'lost',
}

/** Meaning of a stage's semantics, or null when the portal gives none. */
export const outcomeOfSemantics = (semantics: string): Outcome | null => SEMANTICS[semantics] ?? null

/** The portal's own system stages, for stages that were deleted or not read yet. */
const outcomeOfName = (stageId: string): Outcome => {
  if (/(^|:)WON$/.test(stageId) || /^DT31_\d+:P$/.test(stageId)) return 'won'
  if (/(^|:)(LOSE|APOLOGY)$/.test(stageId) || /^DT31_\d+:D$/.test(stageId)) return 'lost'
  return 'open'
}

const outcomeOf = (semantics: string, stageId: string, context: MapContext): Outcome =>
  outcomeOfSemantics(semantics) ?? context.outcomes.get(stageId) ?? outcomeOfName(stageId)

export const mapDeals = (rows: readonly unknown[], context: MapContext): Mapped<Deal> =>
  mapRows('deal', dealWire, rows, (wire, row): Deal | string => {
    const outcome = outcomeOf(wire.stageSemanticId, wire.stageId, context)
    const createdAt = wire.createdTime ?? wire.movedTime ?? wire.updatedTime
    if (createdAt === null) return 'createdTime'
    return {
      id: wire.id,
      title: wire.title.slice(0, 500),
      pipelineId: wire.categoryId,
      stageId: wire.stageId,
      outcome,
      responsibleId: wire.assignedById,
      createdBy: wire.createdBy,
      createdAt,
      updatedBy: wire.updatedBy,
      updatedAt: wire.updatedTime ?? createdAt,
      movedBy: wire.movedBy,
      movedAt: wire.movedTime,
      lastActivityBy: wire.lastActivityBy,
      lastActivityAt: wire.lastActivityTime,
      amount: wire.opportunity,
      currency: wire.currencyId || null,
      closeOn: wire.closedate,
      // A deal is closed by its last move.
      closedAt: outcome === 'open' ? null : wire.movedTime,
      isTemplate: wire.isRecurring,
      lossReasonId: null,
      fields: filledFields(row, context.fields),
    }
  })

/** Ids as text that sorts like the numbers they are. */
const orderKeyOf = (id: string): string => id.padStart(16, '0')

/**
 * @param isFirst says whether a row is known to be its deal's first: a deal created on a final stage
 *   comes as "moved to a final stage" (type 3)
 */
export const mapStageMoves = (
  rows: readonly unknown[],
  context: MapContext,
  isFirst: (moveId: string, dealId: string) => boolean,
): Mapped<StageMove> =>
  mapRows('stageMove', stageHistoryWire, rows, (wire): StageMove | string => {
    const first = isFirst(wire.ID, wire.OWNER_ID)
    if (wire.CREATED_TIME === null) return 'CREATED_TIME'
    const kind =
      wire.TYPE_ID === 1 || (wire.TYPE_ID === 3 && first)
        ? 'created'
        : wire.TYPE_ID === 5
          ? 'pipeline_changed'
          : 'moved'
    return {
      id: wire.ID,
      dealId: wire.OWNER_ID,
      at: wire.CREATED_TIME,
      orderKey: orderKeyOf(wire.ID),
      kind,
      pipelineId: wire.CATEGORY_ID,
      stageId: wire.STAGE_ID,
      outcome: outcomeOf(wire.STAGE_SEMANTIC_ID, wire.STAGE_ID, context),
      // The history has no author; from installation on, events tell.
      movedBy: null,
      actorClass: 'unknown',
    }
  })

const KIND_OF_TYPE: Readonly<Record<number, ActivityKind>> = {
  1: 'meeting',
  2: 'call',
  3: 'task',
  4: 'email',
}

const KIND_OF_PROVIDER: readonly (readonly [RegExp, ActivityKind])[] = [
  [/^VOXIMPLANT_CALL|^CALL|_CALL$/, 'call'],
  [/EMAIL/, 'email'],
  [/MEETING|^CALENDAR|^ZOOM/, 'meeting'],
  [/TODO/, 'todo'],
  [/TASK_COMMENT/, 'other'],
  [/TASK/, 'task'],
  [/^IMOPENLINES|SMS|WHATSAPP|TELEGRAM|^CRM_NOTIFICATION|^CRM_IMMESSAGE/, 'message'],
  [/DOCUMENT|^CRM_SIGN|^CRM_PAYMENT/, 'document'],
]

const kindOfActivity = (type: number | null, provider: string): ActivityKind => {
  const byType = type === null ? undefined : KIND_OF_TYPE[type]
  if (byType) return byType
  const name = provider.toUpperCase()
  return KIND_OF_PROVIDER.find(([pattern]) => pattern.test(name))?.[1] ?? 'other'
}

const actorOfActivity = (provider: string, authorId: string | null): ActorClass => {
  if (/REST_APP$/.test(provider)) return 'integration'
  if (/WEBFORM/.test(provider)) return 'robot'
  return authorId === null ? 'unknown' : 'person'
}

/** Kinds whose end is when they happened; the others end when somebody ticks them off. */
const HAPPENS = new Set<ActivityKind>(['call', 'meeting', 'email', 'message'])

export const mapActivities = (rows: readonly unknown[]): Mapped<Activity> =>
  mapRows('activity', activityWire, rows, (wire): Activity | string => {
    const createdAt = wire.CREATED ?? wire.LAST_UPDATED ?? wire.START_TIME
    if (createdAt === null) return 'CREATED'
    const updatedAt = wire.LAST_UPDATED ?? createdAt
    const kind = kindOfActivity(wire.TYPE_ID, wire.PROVIDER_ID)
    const isAutoCompleted = wire.STATUS === 3
    const isCompleted = wire.COMPLETED || wire.STATUS === 2 || isAutoCompleted
    const { START_TIME: startAt, END_TIME: endAt } = wire
    // There is no time of completion: what happened ended at its end, what was ticked off was last changed then.
    const happenedAt = HAPPENS.has(kind) && endAt !== null && endAt <= updatedAt ? endAt : updatedAt
    const lengthMs =
      kind === 'call' && startAt !== null && endAt !== null ? endAt.getTime() - startAt.getTime() : 0
    return {
      id: wire.ID,
      dealId: wire.OWNER_TYPE_ID === DEAL_TYPE ? wire.OWNER_ID : null,
      kind,
      provider: (wire.PROVIDER_ID || `TYPE_${wire.TYPE_ID ?? 0}`).slice(0, 100),
      direction: wire.DIRECTION === 1 ? 'in' : wire.DIRECTION === 2 ? 'out' : null,
      responsibleId: wire.RESPONSIBLE_ID,
      authorId: wire.AUTHOR_ID,
      actorClass: actorOfActivity(wire.PROVIDER_ID.toUpperCase(), wire.AUTHOR_ID),
      createdAt,
      updatedAt,
      startAt,
      endAt,
      deadlineAt: wire.DEADLINE,
      isCompleted,
      completedAt: isCompleted ? happenedAt : null,
      isAutoCompleted,
      isWaiting: wire.IS_INCOMING_CHANNEL && !isCompleted,
      durationSeconds: lengthMs > 0 ? Math.round(lengthMs / 1000) : null,
      taskId:
        kind === 'task' || /^CRM_TASKS_TASK$/i.test(wire.PROVIDER_ID) ? wire.ASSOCIATED_ENTITY_ID : null,
    }
  })

const TASK_STATUS: Readonly<Record<number, Task['status']>> = {
  4: 'awaiting_control',
  5: 'completed',
  6: 'deferred',
}

/** Bindings look like `D_759`; other objects have other letters. */
const dealIdsOf = (bindings: unknown): string[] => {
  const list = Array.isArray(bindings)
    ? bindings
    : typeof bindings === 'object' && bindings !== null
      ? Object.values(bindings)
      : [bindings]
  const ids = list.flatMap(binding => {
    const match = typeof binding === 'string' ? /^D_([1-9]\d{0,15})$/.exec(binding) : null
    return match?.[1] ? [match[1]] : []
  })
  return [...new Set(ids)]
}

export const mapTasks = (rows: readonly unknown[]): Mapped<Task> =>
  mapRows('task', taskWire, rows, (wire): Task | string => {
    const createdAt = wire.createdDate ?? wire.changedDate
    if (createdAt === null) return 'createdDate'
    const status = TASK_STATUS[wire.status ?? 0] ?? 'open'
    return {
      id: wire.id,
      dealIds: dealIdsOf(wire.ufCrmTask),
      status,
      responsibleId: wire.responsibleId,
      createdBy: wire.createdBy,
      createdAt,
      changedAt: wire.changedDate ?? createdAt,
      closedAt: wire.closedDate,
      closedBy: wire.closedBy,
      deadlineAt: wire.deadline,
      ...textFingerprint(wire.title),
    }
  })

export const mapInvoices = (rows: readonly unknown[], context: MapContext): Mapped<Invoice> =>
  mapRows('invoice', invoiceWire, rows, (wire): Invoice | string => {
    const createdAt = wire.createdTime ?? wire.updatedTime
    if (createdAt === null) return 'createdTime'
    return {
      id: wire.id,
      dealId: wire.parentId2,
      responsibleId: wire.assignedById,
      amount: wire.opportunity,
      currency: wire.currencyId || null,
      stageId: wire.stageId,
      outcome: outcomeOf(wire.stageSemanticId, wire.stageId, context),
      createdAt,
      updatedAt: wire.updatedTime ?? createdAt,
      issuedOn: wire.begindate,
      dueOn: wire.closedate,
      movedAt: wire.movedTime,
    }
  })
