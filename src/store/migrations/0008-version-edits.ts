import { type Kysely, sql } from 'kysely'

/** Whose save a version came from, and the save's own instant, where the CRM told it as it happened. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
    alter table deal_versions add column edited_at timestamptz, add column edited_by text`.execute(db)
}
