import { type Kysely, sql } from 'kysely'

/** One waiting invitation a person: a newer one takes the place of the older. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
    create table telegram_codes (
      installation_id text not null references installations on delete cascade,
      user_id text not null,
      code_hash text not null unique,
      expires_at timestamptz not null,
      primary key (installation_id, user_id)
    )`.execute(db)
  await sql`
    create index preferences_by_chat on preferences (telegram_chat_id)
      where telegram_chat_id is not null`.execute(db)
}
