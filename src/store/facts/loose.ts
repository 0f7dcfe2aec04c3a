import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Pool } from 'pg'
import type { LooseItems } from '../../records/facts.ts'
import type { Database } from '../schema.ts'
import {
  ACTIVITY_COLUMNS,
  activityOf,
  countable,
  INVOICE_COLUMNS,
  invoiceOf,
  readDeadlineMoves,
  TASK_COLUMNS,
  taskOf,
} from './items.ts'
import { type Packed, type PackedRows, readPacked } from './packed.ts'

const BATCH = 5000

/** Activities, tasks and invoices that hang on no deal, some thousands at a time. */
export const looseOf = (db: Kysely<Database>, pool: Pool) => {
  async function* pages(
    columns: Packed,
    query: (after: string) => RawBuilder<unknown>,
  ): AsyncGenerator<{ rows: PackedRows; ids: string[] }> {
    let after: string | undefined = ''
    while (after !== undefined) {
      const rows: PackedRows = await readPacked(db, pool, columns, query(after))
      const ids = rows.map(row => row.text(1))
      if (ids.length > 0) yield { rows, ids }
      after = ids.length < BATCH ? undefined : ids.at(-1)
    }
  }
  return async function* loose(id: string): AsyncGenerator<LooseItems> {
    const movesOf = (kind: 'task' | 'activity', ids: readonly string[]) =>
      readDeadlineMoves(db, pool, id, kind, ids)
    const activities = pages(
      ACTIVITY_COLUMNS,
      after => sql`from activities item
        where ${countable(id, 'activity')} and item.deal_id is null and item.activity_id > ${after}
        order by item.activity_id limit ${BATCH}`,
    )
    for await (const { rows, ids } of activities) {
      const moves = await movesOf('activity', ids)
      yield { activities: rows.map(row => activityOf(row, moves)), tasks: [], invoices: [] }
    }
    const tasks = pages(
      TASK_COLUMNS,
      after => sql`from tasks item
        where ${countable(id, 'task')} and item.deal_ids = '{}' and item.task_id > ${after}
        order by item.task_id limit ${BATCH}`,
    )
    for await (const { rows, ids } of tasks) {
      const moves = await movesOf('task', ids)
      yield { activities: [], tasks: rows.map(row => taskOf(row, moves)), invoices: [] }
    }
    const invoices = pages(
      INVOICE_COLUMNS,
      after => sql`from invoices item
        where ${countable(id, 'invoice')} and item.deal_id is null and item.invoice_id > ${after}
        order by item.invoice_id limit ${BATCH}`,
    )
    for await (const { rows } of invoices) yield { activities: [], tasks: [], invoices: rows.map(invoiceOf) }
  }
}
