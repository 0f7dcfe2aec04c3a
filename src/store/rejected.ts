import { hash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { RecordSet, Rejected } from '../records/records.ts'
import { type Column, unnestRows } from './pages/columns.ts'
import type { Database } from './schema.ts'

type RejectedRow = { kind: string; id: string; reason: string }

const COLUMNS: Column<RejectedRow>[] = [
  { name: 'kind', type: 'text', of: row => row.kind },
  { name: 'record_id', type: 'text', of: row => row.id },
  { name: 'reason', type: 'text', of: row => row.reason },
]
const MAX_REASON = 500

/** Records without an id are told apart by their reason and by how often it came in this page. */
const withIds = (rejected: readonly Rejected[]): RejectedRow[] => {
  const nameless = new Map<string, number>()
  const rows = new Map<string, RejectedRow>()
  for (const { kind, id, reason } of rejected) {
    const mark = hash('sha256', reason, 'hex').slice(0, 12)
    const count = (nameless.get(kind + mark) ?? 0) + 1
    if (id === null) nameless.set(kind + mark, count)
    const row = { kind, id: id ?? `?${mark}-${count}`, reason: reason.slice(0, MAX_REASON) }
    rows.set(`${kind} ${row.id}`, row)
  }
  return [...rows.values()]
}

/** Forgets records that were rejected once and are read properly now. */
const forgetMended = async (
  db: Kysely<Database>,
  installationId: string,
  records: RecordSet,
  stillBad: readonly RejectedRow[],
): Promise<void> => {
  const held = await db
    .selectFrom('rejected_records')
    .select(['kind', 'record_id'])
    .where('installation_id', '=', installationId)
    .execute()
  if (held.length === 0) return
  const idsOf = (rows: readonly { id: string }[]) => new Set(rows.map(row => row.id))
  const read = new Map([
    ['deal', idsOf(records.deals)],
    ['stageMove', idsOf(records.stageMoves)],
    ['activity', idsOf(records.activities)],
    ['task', idsOf(records.tasks)],
    ['invoice', idsOf(records.invoices)],
  ])
  const bad = new Set(stillBad.map(row => `${row.kind} ${row.id}`))
  for (const { kind, record_id } of held)
    if (read.get(kind)?.has(record_id) && !bad.has(`${kind} ${record_id}`))
      await db
        .deleteFrom('rejected_records')
        .where('installation_id', '=', installationId)
        .where('kind', '=', kind)
        .where('record_id', '=', record_id)
        .execute()
}

/** Keeps what failed its schema with the reason, and forgets what has been read properly since. */
export const saveRejected = async (
  db: Kysely<Database>,
  stamp: { installationId: string; runId: string; seenAt: Date },
  rejected: readonly Rejected[],
  records: RecordSet | null,
): Promise<void> => {
  const { installationId, runId, seenAt } = stamp
  const rows = withIds(rejected)
  if (records) await forgetMended(db, installationId, records, rows)
  if (rows.length === 0) return
  await sql`
    insert into rejected_records (installation_id, run_id, seen_at, kind, record_id, reason)
    select ${installationId}, ${runId}, ${seenAt}::timestamptz, raw.* from (${unnestRows(COLUMNS, rows)}) raw
    on conflict (installation_id, kind, record_id) do update set reason = excluded.reason,
      seen_at = excluded.seen_at, run_id = excluded.run_id`.execute(db)
}

export const rejectedOf = (db: Kysely<Database>) => ({
  rejectedCount: async (id: string): Promise<number> => {
    const row = await db
      .selectFrom('rejected_records')
      .select(eb => eb.fn.countAll<number>().as('count'))
      .where('installation_id', '=', id)
      .executeTakeFirstOrThrow()
    return row.count
  },

  /** Newest first. */
  rejected: async (id: string, limit: number): Promise<(Rejected & { seenAt: Date })[]> => {
    const rows = await db
      .selectFrom('rejected_records')
      .select(['kind', 'record_id', 'reason', 'seen_at'])
      .where('installation_id', '=', id)
      .orderBy('seen_at', 'desc')
      .orderBy('kind')
      .orderBy('record_id')
      .limit(limit)
      .execute()
    return rows.map(row => ({
      kind: row.kind,
      id: row.record_id.startsWith('?') ? null : row.record_id,
      reason: row.reason,
      seenAt: row.seen_at,
    }))
  },
})
