import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Database } from '../schema.ts'
import { type Column, idArray, unnestRows } from './columns.ts'

/** Whose page it is, in which run, and when it was read. */
export type Stamp = { installationId: string; runId: string; seenAt: Date }

/** How records of one kind are laid down. */
export type TableSpec<Row> = {
  table: 'deals' | 'stage_moves' | 'activities' | 'tasks' | 'invoices'
  key: string
  columns: readonly Column<Row>[]
  /**
   * Columns that depend on what was stored before: `raw` is the incoming row, `old` the stored one
   * (all null when there is none).
   */
  merged?: (stamp: Stamp) => Record<string, RawBuilder<unknown>>
  /** Columns of the table that no record carries. */
  derived?: (stamp: Stamp) => Record<string, RawBuilder<unknown>>
  /** Expression over `i` (the incoming row) that names its deals as an array. */
  dealIds: string
  keepsDeleted: boolean
  /** Further steps over `incoming` and `old_rows`, in the same statement. */
  also?: (stamp: Stamp) => readonly { name: string; step: RawBuilder<unknown> }[]
}

/**
 * Rows of one statement at most, about a megabyte: the embedded database's socket puts a message together piece by
 * piece, copying all of it each time.
 */
const STATEMENT_ROWS = 2_000

/**
 * Writes rows of one kind, each id once, and compares them with what was stored.
 * Deleted rows that appear again are alive again.
 * @returns ids of the deals whose rows are new or differ
 */
export const upsertRows = async <Row>(
  trx: Transaction<Database>,
  spec: TableSpec<Row>,
  rows: readonly Row[],
  stamp: Stamp,
): Promise<string[]> => {
  const changed: string[] = []
  for (let from = 0; from < rows.length; from += STATEMENT_ROWS)
    changed.push(...(await upsertSome(trx, spec, rows.slice(from, from + STATEMENT_ROWS), stamp)))
  return changed
}

const upsertSome = async <Row>(
  trx: Transaction<Database>,
  spec: TableSpec<Row>,
  rows: readonly Row[],
  stamp: Stamp,
): Promise<string[]> => {
  const { installationId, runId, seenAt } = stamp
  const table = sql.table(spec.table)
  const key = sql.ref(spec.key)
  const names = spec.columns.map(column => column.name)
  const merged = spec.merged?.(stamp) ?? {}
  const derived = Object.entries(spec.derived?.(stamp) ?? {})
  const ids = rows.map(row => String(spec.columns.find(column => column.name === spec.key)?.of(row)))

  const incoming = names.map(name =>
    merged[name] ? sql`${merged[name]} as ${sql.ref(name)}` : sql`raw.${sql.ref(name)}`,
  )
  const list = sql.join(names.map(name => sql.ref(name)))
  const written = [...names.filter(name => name !== spec.key), ...derived.map(([name]) => name)]
  const updates = written.map(name => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`)
  const derivedNames = derived.map(([name]) => sql`, ${sql.ref(name)}`)
  const derivedValues = derived.map(([, value]) => sql`, ${value}`)
  const also = (spec.also?.(stamp) ?? []).map(({ name, step }) => sql`, ${sql.ref(name)} as (${step})`)
  const none = sql``
  const differs = sql`row(${sql.join(names.map(name => sql`i.${sql.ref(name)}`))})
    is distinct from row(${sql.join(names.map(name => sql`old.${sql.ref(name)}`))})`

  const { rows: changed } = await sql<{ deal_ids: (string | null)[] }>`
    with raw as (${unnestRows(spec.columns, rows)}),
    old_rows as (
      select * from ${table} where installation_id = ${installationId} and ${key} = any(${idArray(ids)})),
    incoming as (
      select ${sql.join(incoming)} from raw left join old_rows old on old.${key} = raw.${key}),
    saved as (
      insert into ${table}
        (installation_id, first_seen_at, seen_at, seen_run, ${list}${sql.join(derivedNames, none)})
      select ${installationId}, ${seenAt}::timestamptz, ${seenAt}::timestamptz, ${runId},
        ${list}${sql.join(derivedValues, none)} from incoming i
      on conflict (installation_id, ${key}) do update set
        ${sql.join(updates)}, seen_at = excluded.seen_at, seen_run = excluded.seen_run
        ${spec.keepsDeleted ? sql`, deleted_at = null` : none})
    ${sql.join(also, none)}
    select ${sql.raw(spec.dealIds)} as deal_ids
    from incoming i left join old_rows old on old.${key} = i.${key}
    where old.${key} is null ${spec.keepsDeleted ? sql`or old.deleted_at is not null` : none}
      or ${differs}`.execute(trx)
  return changed.flatMap(row => row.deal_ids).filter(dealId => dealId !== null)
}
