import { sql, type Transaction } from 'kysely'
import type { DeadlineMove, FactChange } from '../../records/records.ts'
import type { Database } from '../schema.ts'
import { type Column, unnestRows } from './columns.ts'
import type { Stamp } from './upsert.ts'

const FACT_COLUMNS: Column<FactChange>[] = [
  { name: 'deal_id', type: 'text', of: change => change.dealId },
  { name: 'fact', type: 'text', of: change => change.fact },
  { name: 'at', type: 'timestamptz', of: change => change.at },
  { name: 'before', type: 'text', of: change => change.before },
  { name: 'after', type: 'text', of: change => change.after },
  { name: 'actor_id', type: 'text', of: change => change.actorId },
  { name: 'actor_class', type: 'text', of: change => change.actorClass },
]

const DEADLINE_COLUMNS: Column<DeadlineMove>[] = [
  { name: 'item_kind', type: 'text', of: move => move.itemKind },
  { name: 'item_id', type: 'text', of: move => move.itemId },
  { name: 'at', type: 'timestamptz', of: move => move.at },
  { name: 'before', type: 'timestamptz', of: move => move.before },
  { name: 'after', type: 'timestamptz', of: move => move.after },
  { name: 'actor_id', type: 'text', of: move => move.actorId },
  { name: 'actor_class', type: 'text', of: move => move.actorClass },
]

const lastByKey = <Row>(rows: readonly Row[], key: (row: Row) => string): Row[] => [
  ...new Map(rows.map(row => [key(row), row])).values(),
]

/**
 * Changes of facts that the vendor dates itself.
 * @returns ids of deals with a change not known before
 */
export const saveFactChanges = async (
  trx: Transaction<Database>,
  changes: readonly FactChange[],
  { installationId }: Stamp,
): Promise<string[]> => {
  if (changes.length === 0) return []
  const rows = lastByKey(changes, row => `${row.dealId} ${row.fact} ${row.at.getTime()}`)
  const saved = await sql<{ deal_id: string; is_new: boolean }>`
    insert into fact_changes (installation_id, deal_id, fact, at, before, after, actor_id, actor_class)
    select ${installationId}, raw.* from (${unnestRows(FACT_COLUMNS, rows)}) raw
    on conflict (installation_id, deal_id, fact, at) do update set before = excluded.before,
      after = excluded.after, actor_id = excluded.actor_id, actor_class = excluded.actor_class
    returning deal_id, xmax = 0 as is_new`.execute(trx)
  return saved.rows.filter(row => row.is_new).map(row => row.deal_id)
}

/** Deadline moves told by the vendor; what we had observed of the same change gives way. */
export const saveDeadlineMoves = async (
  trx: Transaction<Database>,
  moves: readonly DeadlineMove[],
  { installationId }: Stamp,
): Promise<void> => {
  if (moves.length === 0) return
  const rows = lastByKey(moves, row => `${row.itemKind} ${row.itemId} ${row.at.getTime()}`)
  const items = rows.map(row => row.itemId)
  await sql`
    insert into deadline_moves
      (installation_id, item_kind, item_id, at, before, after, actor_id, actor_class)
    select ${installationId}, raw.* from (${unnestRows(DEADLINE_COLUMNS, rows)}) raw
    on conflict (installation_id, item_kind, item_id, at) do update set before = excluded.before,
      after = excluded.after, actor_id = excluded.actor_id, actor_class = excluded.actor_class,
      is_observed = false`.execute(trx)
  await sql`
    delete from deadline_moves ours using deadline_moves stated
    where ours.installation_id = ${installationId} and ours.item_id = any(${items}::text[])
      and ours.is_observed and not stated.is_observed
      and stated.installation_id = ours.installation_id and stated.item_kind = ours.item_kind
      and stated.item_id = ours.item_id and stated.after is not distinct from ours.after`.execute(trx)
}
