import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Pool } from 'pg'
import type { ActivityFact, DeadlineMoveFact, InvoiceFact, TaskFact } from '../../records/facts.ts'
import type { ActivityKind, ActorClass, Outcome } from '../../records/records.ts'
import type { Database } from '../schema.ts'
import { epoch, msOf, numberOf, orNull, packed, readPacked } from './packed.ts'

/** Activities, tasks and invoices as facts: columns and how they are read; deal and item lead. */

type DeadlineMoves = ReadonlyMap<string, readonly DeadlineMoveFact[]>
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

export const activityOf = (row: string[], moves: DeadlineMoves): ActivityFact => ({
  id: row[1]!,
  dealId: orNull(row[0]),
  kind: row[2] as ActivityKind,
  direction: orNull(row[3]) as ActivityFact['direction'],
  responsibleId: orNull(row[4]),
  authorId: orNull(row[5]),
  actorClass: row[6] as ActorClass,
  createdAt: msOf(row[7])!,
  startAt: msOf(row[8]),
  endAt: msOf(row[9]),
  deadlineAt: msOf(row[10]),
  completedAt: msOf(row[11]),
  isAutoCompleted: row[12] === 'true',
  durationSeconds: numberOf(row[13]),
  deadlineMoves: moves.get(row[1]!) ?? NONE,
})

const DEAL_IDS_SEPARATOR = '\u001e'

/** The place of a deal's id is empty: a task may hang on several. */
export const TASK_COLUMNS = packed([
  'null',
  'item.task_id',
  `array_to_string(item.deal_ids, E'\\x1e')`,
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

export const taskOf = (row: string[], moves: DeadlineMoves): TaskFact => ({
  id: row[1]!,
  dealIds: row[2] ? row[2].split(DEAL_IDS_SEPARATOR) : [],
  responsibleId: orNull(row[3]),
  createdBy: orNull(row[4]),
  createdAt: msOf(row[5])!,
  closedAt: msOf(row[6]),
  closedBy: orNull(row[7]),
  deadlineAt: msOf(row[8]),
  isDeferred: row[9] === 'true',
  textHash: row[10]!,
  textWords: Number(row[11]),
  deadlineMoves: moves.get(row[1]!) ?? NONE,
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

export const invoiceOf = (row: string[]): InvoiceFact => ({
  id: row[1]!,
  dealId: orNull(row[0]),
  responsibleId: orNull(row[2]),
  amount: numberOf(row[3]),
  currency: orNull(row[4]),
  outcome: row[5] as Outcome,
  createdAt: msOf(row[6])!,
  issuedOn: orNull(row[7]),
  movedAt: msOf(row[8]),
})

/** Deadline moves of these items by item id, ascending. */
export const readDeadlineMoves = async (
  db: Kysely<Database>,
  pool: Pool,
  id: string,
  kind: 'task' | 'activity',
  itemIds: readonly string[],
): Promise<Map<string, DeadlineMoveFact[]>> => {
  const byItem = new Map<string, DeadlineMoveFact[]>()
  if (itemIds.length === 0) return byItem
  const columns = packed(['item_id', epoch('at'), epoch('before'), epoch('after'), 'actor_id', 'actor_class'])
  const rows = await readPacked(
    db,
    pool,
    sql`select ${columns} from deadline_moves where installation_id = ${id} and item_kind = ${kind}
      and item_id = any(${itemIds}::text[]) order by item_id, at`,
  )
  for (const row of rows) {
    const move: DeadlineMoveFact = {
      at: msOf(row[1])!,
      before: msOf(row[2]),
      after: msOf(row[3]),
      actorId: orNull(row[4]),
      actorClass: row[5] as ActorClass,
    }
    const moves = byItem.get(row[0]!)
    if (moves) moves.push(move)
    else byItem.set(row[0]!, [move])
  }
  return byItem
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
