import { type Kysely, sql } from 'kysely'
import type { RecordKind } from '../records/records.ts'
import type { Database } from './schema.ts'

/** Kinds whose rows can be marked as deleted. Moves are history: a portal may forget them, we do not. */
const TABLES = {
  deal: { table: 'deals', key: 'deal_id' },
  activity: { table: 'activities', key: 'activity_id' },
  task: { table: 'tasks', key: 'task_id' },
  invoice: { table: 'invoices', key: 'invoice_id' },
} as const

const tableOf = (kind: Exclude<RecordKind, 'stageMove'>) => {
  const { table, key } = TABLES[kind]
  return { table: sql.table(table), key: sql.ref(key) }
}

export const goneOf = (db: Kysely<Database>) => ({
  /** The CRM no longer has these; a record that was marked before keeps its instant. */
  markDeleted: async (id: string, kind: RecordKind, ids: readonly string[], at: Date): Promise<number> => {
    if (kind === 'stageMove' || ids.length === 0) return 0
    const { table, key } = tableOf(kind)
    const result = await sql`
      update ${table} set deleted_at = ${at}
      where installation_id = ${id} and ${key} = any(${ids}::text[]) and deleted_at is null`.execute(db)
    return Number(result.numAffectedRows ?? 0)
  },

  /**
   * Marks as deleted what a finished full run did not see. When more than `guard` of the rows would go,
   * nothing is marked: losing rights looks the same.
   * @param guard largest believable share, 0..1
   * @returns the share of rows that were not seen, 0..1
   */
  markUnseen: async (
    id: string,
    kind: RecordKind,
    runId: string,
    at: Date,
    guard: number,
  ): Promise<number> => {
    if (kind === 'stageMove') return 0
    const { table } = tableOf(kind)
    // Rows read by someone else while the run went on were seen, too.
    const isUnseen = sql`seen_run is distinct from ${runId} and seen_at < coalesce(
      (select started_at from sync_runs where installation_id = ${id} and run_id = ${runId}), 'infinity')`
    const { rows } = await sql<{ all: number; unseen: number }>`
      select count(*) as all, count(*) filter (where ${isUnseen}) as unseen
      from ${table} where installation_id = ${id} and deleted_at is null`.execute(db)
    const { all = 0, unseen = 0 } = rows[0] ?? {}
    const share = all === 0 ? 0 : unseen / all
    if (unseen > 0 && share <= guard)
      await sql`update ${table} set deleted_at = ${at}
        where installation_id = ${id} and deleted_at is null and ${isUnseen}`.execute(db)
    return share
  },

  /**
   * Numeric ids that we hold of one kind and believe to exist, as they were when first asked.
   * `from` is inclusive, `to` exclusive.
   */
  knownIds: (id: string, kind: RecordKind) => {
    const load = async (): Promise<number[]> => {
      const source =
        kind === 'stageMove'
          ? sql`select move_id as key from stage_moves where installation_id = ${id}`
          : sql`select ${tableOf(kind).key} as key from ${tableOf(kind).table}
              where installation_id = ${id} and deleted_at is null`
      const { rows } = await sql<{ key: number }>`
        select key::bigint as key from (${source}) held where key ~ '^[0-9]{1,15}$' order by 1`.execute(db)
      return rows.map(row => row.key)
    }
    let loading: Promise<number[]> | null = null
    const held = (): Promise<number[]> => {
      loading ??= load()
      return loading
    }
    /** Index of the first id that is not below `bound`. */
    const indexOf = (ids: readonly number[], bound: number): number => {
      let [low, high] = [0, ids.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (ids[middle]! < bound) low = middle + 1
        else high = middle
      }
      return low
    }
    return {
      count: async (from: number, to: number): Promise<number> => {
        const ids = await held()
        return Math.max(0, indexOf(ids, to) - indexOf(ids, from))
      },
      ids: async (from: number, to: number): Promise<string[]> => {
        const ids = await held()
        return ids.slice(indexOf(ids, from), indexOf(ids, to)).map(String)
      },
      /** 0 when nothing is held. */
      max: async (): Promise<number> => (await held()).at(-1) ?? 0,
    }
  },
})
