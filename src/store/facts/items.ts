import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Pool } from 'pg'
import type { ActivityFact, DeadlineMoveFact, InvoiceFact, TaskFact } from '../../records/facts.ts'
import type { ActivityKind, ActorClass, Outcome } from '../../records/records.ts'
import type { Database } from '../schema.ts'
import { epoch, list, type PackedRows, packed, readPacked } from './packed.ts'

/** Activities, tasks and invoices as facts: columns and how they are read; deal and item lead. */

export type DeadlineMoves = ReadonlyMap<string, readonly DeadlineMoveFact[]>
const NONE: readonly never[] = []

export const ACTIVITY_COLUMNS = packed([
  'item.deal_id',
  'item.activity_id',
  'item.kind',
  'item.direction',
  'item.responsible_id',
  'item.author_id',
  'item.actor_class',
  epoch('item.created_at'),
  epoch('item.start_at'),
  epoch('item.end_at'),
  epoch('item.deadline_at'),
  epoch('item.completed_at'),
  'item.is_auto_completed',
  'item.duration_seconds',
])

export const activityOf = (row: PackedRows, moves: DeadlineMoves): ActivityFact => ({
  id: row.text(1),
  kind: row.name(2) as ActivityKind,
  direction: row.nameOrNull(3) as ActivityFact['direction'],
  responsibleId: row.nameOrNull(4),
  authorId: row.nameOrNull(5),
  actorClass: row.name(6) as ActorClass,
  createdAt: row.instant(7),
  startAt: row.instantOrNull(8),
  endAt: row.instantOrNull(9),
  deadlineAt: row.instantOrNull(10),
  completedAt: row.instantOrNull(11),
  isAutoCompleted: row.is(12),
  durationSeconds: row.number(13),
  deadlineMoves: moves.get(row.text(1)) ?? NONE,
})

/** The place of a deal's id is empty: a task may hang on several. */
export const TASK_COLUMNS = packed([
  'null',
  'item.task_id',
  list('item.deal_ids'),
  'item.responsible_id',
  // Of a task that we made, nobody is the author, whoever's access we used.
  'case when item.is_own then null else item.created_by end',
  epoch('item.created_at'),
  epoch('item.closed_at'),
  'item.closed_by',
  epoch('item.deadline_at'),
  `item.status = 'deferred'`,
  'item.text_hash',
  'item.text_words',
])

export const taskOf = (row: PackedRows, moves: DeadlineMoves): TaskFact => ({
  id: row.text(1),
  dealIds: row.list(2),
  responsibleId: row.nameOrNull(3),
  createdBy: row.nameOrNull(4),
  createdAt: row.instant(5),
  closedAt: row.instantOrNull(6),
  closedBy: row.nameOrNull(7),
  deadlineAt: row.instantOrNull(8),
  isDeferred: row.is(9),
  textHash: row.text(10),
  textWords: Number(row.text(11)),
  deadlineMoves: moves.get(row.text(1)) ?? NONE,
})

export const INVOICE_COLUMNS = packed([
  'item.deal_id',
  'item.invoice_id',
  'item.responsible_id',
  'item.amount',
  'item.currency',
  'item.outcome',
  epoch('item.created_at'),
  'item.issued_on',
  epoch('item.moved_at'),
])

export const invoiceOf = (row: PackedRows): InvoiceFact => ({
  id: row.text(1),
  responsibleId: row.nameOrNull(2),
  amount: row.number(3),
  currency: row.nameOrNull(4),
  outcome: row.name(5) as Outcome,
  createdAt: row.instant(6),
  issuedOn: row.orNull(7),
  movedAt: row.instantOrNull(8),
})

const DEADLINE_COLUMNS = packed([
  'item_id',
  epoch('at'),
  epoch('before'),
  epoch('after'),
  'actor_id',
  'actor_class',
])

const deadlineMoveOf = (row: PackedRows): DeadlineMoveFact => ({
  at: row.instant(1),
  before: row.instantOrNull(2),
  after: row.instantOrNull(3),
  actorId: row.orNull(4),
  actorClass: row.name(5) as ActorClass,
})

/** Deadline moves of these items by item id, ascending. */
export const readDeadlineMoves = async (
  db: Kysely<Database>,
  pool: Pool,
  id: string,
  kind: 'task' | 'activity',
  itemIds: readonly string[],
): Promise<Map<string, DeadlineMoveFact[]>> => {
  if (itemIds.length === 0) return new Map()
  const rows = await readPacked(
    db,
    pool,
    DEADLINE_COLUMNS,
    sql`from deadline_moves where installation_id = ${id} and item_kind = ${kind}
      and item_id = any(${itemIds}::text[]) order by item_id, at`,
  )
  return rows.grouped(deadlineMoveOf)
}

/**
 * Rows of activities, tasks or invoices that count: still in the CRM and not our own. A task of ours whose date
 * somebody has moved since is a promise of theirs: we never move dates.
 */
export const countable = (id: string, kind: 'activity' | 'task' | 'invoice'): RawBuilder<unknown> => {
  const kept = sql`item.installation_id = ${id} and item.deleted_at is null`
  if (kind === 'invoice') return kept
  if (kind === 'activity') return sql`${kept} and not item.is_own`
  return sql`${kept} and (not item.is_own or (item.deal_ids <> '{}' and exists (
    select from deadline_moves move where move.installation_id = ${id} and move.item_kind = 'task'
      and move.item_id = item.task_id and move.actor_class <> 'robot')))`
}
