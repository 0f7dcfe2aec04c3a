import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

/** Remembers that we made this task ourselves, before or after a sync has read it: it is nobody's work. */
export const markOwnTask = async (db: Kysely<Database>, id: string, taskId: string): Promise<void> => {
  await db
    .insertInto('own_items')
    .values({ installation_id: id, item_kind: 'task', item_id: taskId })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  await sql`update tasks set is_own = true
    where installation_id = ${id} and task_id = ${taskId}`.execute(db)
  await sql`update activities set is_own = true
    where installation_id = ${id} and task_id = ${taskId}`.execute(db)
}
