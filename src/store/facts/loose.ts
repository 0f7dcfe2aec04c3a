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
import { readPacked } from './packed.ts'

const BATCH = 5000

/** Activities, tasks and invoices that hang on no deal, some thousands at a time. */
export const looseOf = (db: Kysely<Database>, pool: Pool) => {
  async function* pages(query: (after: string) => RawBuilder<unknown>): AsyncGenerator<string[][]> {
    let after: string | undefined = ''
    while (after !== undefined) {
      const rows: string[][] = await readPacked(db, pool, query(after))
      if (rows.length > 0) yield rows
      after = rows.length < BATCH ? undefined : rows.at(-1)?.[1]
    }
  }
  return async function* loose(id: string): AsyncGenerator<LooseItems> {
    const movesOf = (kind: 'task' | 'activity', rows: string[][]) =>
      readDeadlineMoves(
        db,
        pool,
        id,
        kind,
        rows.map(row => row[1]!),
      )
    const activities = pages(
      after => sql`select ${ACTIVITY_COLUMNS} from activities item
        where ${countable(id, 'activity')} and item.deal_id is null and item.activity_id > ${after}
        order by item.activity_id limit ${BATCH}`,
    )
    for await (const rows of activities) {
      const moves = await movesOf('activity', rows)
      yield { activities: rows.map(row => activityOf(row, moves)), tasks: [], invoices: [] }
    }
    const tasks = pages(
      after => sql`select ${TASK_COLUMNS} from tasks item
        where ${countable(id, 'task')} and item.deal_ids = '{}' and item.task_id > ${after}
        order by item.task_id limit ${BATCH}`,
    )
    for await (const rows of tasks) {
      const moves = await movesOf('task', rows)
      yield { activities: [], tasks: rows.map(row => taskOf(row, moves)), invoices: [] }
    }
    const invoices = pages(
      after => sql`select ${INVOICE_COLUMNS} from invoices item
        where ${countable(id, 'invoice')} and item.deal_id is null and item.invoice_id > ${after}
        order by item.invoice_id limit ${BATCH}`,
    )
    for await (const rows of invoices) yield { activities: [], tasks: [], invoices: rows.map(invoiceOf) }
  }
}
