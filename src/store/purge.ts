import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

/** Tables that the installation's row does not take with it, and those too large to go with it at one stroke. */
const TABLES = [
  'snapshot_parts',
  'deadline_moves',
  'task_closings',
  'fact_changes',
  'deal_versions',
  'stage_moves',
  'activities',
  'task_deals',
  'tasks',
  'invoices',
  'deals',
  'crm_events',
  'single_use',
  'limits',
] as const satisfies (keyof Database)[]

const BATCH = 20_000

const emptyTables = async (db: Kysely<Database>, id: string): Promise<void> => {
  for (const table of TABLES)
    for (;;) {
      const { numAffectedRows = 0n } = await sql`
        delete from ${sql.table(table)} where ctid = any(array(
          select ctid from ${sql.table(table)} where installation_id = ${id} limit ${BATCH}))`.execute(db)
      if (numAffectedRows < BATCH) break
    }
}

/**
 * Deletes everything of an installation. In short steps, because nobody else gets a turn while one runs;
 * interrupted, it goes on where it stopped when called again.
 */
export const purgeInstallation = async (db: Kysely<Database>, id: string): Promise<void> => {
  await emptyTables(db, id)
  await db.deleteFrom('installations').where('installation_id', '=', id).execute()
  // A page may have been saved between the first sweep and the end of the installation; none can be any more.
  await emptyTables(db, id)
}

/** Drops what identifies people at once; ids stay, and the next reading of the directory brings the rest back. */
export const forgetPeople = async (db: Kysely<Database>, id: string): Promise<void> => {
  await db
    .updateTable('users')
    .set(eb => ({ name: eb.ref('user_id'), position: null, email: null }))
    .where('installation_id', '=', id)
    .execute()
  await db
    .updateTable('preferences')
    .set({ email: null, telegram_chat_id: null, channel: 'crm' })
    .where('installation_id', '=', id)
    .execute()
}
