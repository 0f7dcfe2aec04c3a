import { type Kysely, sql } from 'kysely'

/** When tasks were completed, where the CRM tells it apart from the task itself. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
    create table task_closings (
      installation_id text not null,
      task_id text not null,
      at timestamptz not null,
      actor_id text,
      primary key (installation_id, task_id, at)
    )`.execute(db)
}
