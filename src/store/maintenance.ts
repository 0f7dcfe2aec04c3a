import { type Kysely, sql } from 'kysely'
import { stopwatch } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Database } from './schema.ts'

/** Tables that grow with a portal. */
const BIG = [
  'deals',
  'deal_versions',
  'fact_changes',
  'stage_moves',
  'activities',
  'tasks',
  'task_deals',
  'invoices',
  'deadline_moves',
  'crm_events',
  'snapshot_parts',
] as const satisfies (keyof Database)[]

export const maintenanceOf = (db: Kysely<Database>, isEmbedded: boolean, log: Logger) => ({
  /**
   * Tells the planner what the tables look like now; the embedded database, which has nobody to sweep up
   * behind it, also gets its dead rows removed. Worth a call every night. Table by table: others go in between.
   */
  maintain: async (): Promise<void> => {
    const elapsed = stopwatch()
    for (const table of BIG)
      await sql`${sql.raw(isEmbedded ? 'vacuum (analyze)' : 'analyze')} ${sql.table(table)}`.execute(db)
    // Keeps the write-ahead log small and the next start after a crash short.
    if (isEmbedded) await sql`checkpoint`.execute(db)
    log.debug({ ms: Math.round(elapsed()) }, 'database maintained')
  },
})
