import { type Kysely, sql } from 'kysely'

/** Stages where deals wait before anybody has taken them. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table stages add column is_incoming boolean not null default false`.execute(db)
}
