import { type Kysely, sql } from 'kysely'

/**
 * What the journal of our own writes needs to be told and undone: who asked, when a write was tried (so that
 * its echo is known), what became of it, and who asked for it to be undone.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
    alter table write_journal
      add column origin text not null default 'schedule',
      add column asked_by text,
      add column tried_at timestamptz,
      add column note text,
      add column undo_asked_at timestamptz,
      add column undo_asked_by text`.execute(db)
  await sql`create index write_journal_by_deal on write_journal (installation_id, deal_id, planned_at desc)`.execute(
    db,
  )
  await sql`create index write_journal_by_time on write_journal (installation_id, planned_at desc)`.execute(
    db,
  )
}
