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

/** Table by table: others go in between. */
const eachBig = async (db: Kysely<Database>, command: 'analyze' | 'vacuum (analyze)'): Promise<void> => {
  for (const table of BIG) await sql`${sql.raw(command)} ${sql.table(table)}`.execute(db)
}

/** Rows of a portal after which the planner hears of it, and again whenever they have doubled. */
const FIRST_LOOK_ROWS = 2_000

/**
 * Tells the planner of a portal while its first reading goes on. Until then it believes that a portal it has not met
 * has one row in every table, and joins half a million of them pairwise.
 */
export const plannerNewsOf = (db: Kysely<Database>) => {
  const portals = new Map<string, { rows: number; next: number }>()
  /** @param rows just saved */
  return async (id: string, rows: number): Promise<void> => {
    const portal = portals.get(id) ?? { rows: 0, next: FIRST_LOOK_ROWS }
    portals.set(id, portal)
    portal.rows += rows
    if (portal.rows < portal.next) return
    portal.next = portal.rows * 2
    await eachBig(db, 'analyze')
  }
}

export const maintenanceOf = (db: Kysely<Database>, isEmbedded: boolean, log: Logger) => ({
  /**
   * Tells the planner what the tables look like now; the embedded database, which has nobody to sweep up
   * behind it, also gets its dead rows removed. Worth a call every night.
   */
  maintain: async (): Promise<void> => {
    const elapsed = stopwatch()
    await eachBig(db, isEmbedded ? 'vacuum (analyze)' : 'analyze')
    // Keeps the write-ahead log small and the next start after a crash short.
    if (isEmbedded) await sql`checkpoint`.execute(db)
    log.debug({ ms: Math.round(elapsed()) }, 'database maintained')
  },
})
