import { type Kysely, sql } from 'kysely'

/**
 * Who the CRM named as the last editor when a version of a deal's undated facts was first seen; `-` where it named
 * nobody. Versions stored before know it of nobody.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table deal_versions add column changed_by text`.execute(db)
}
