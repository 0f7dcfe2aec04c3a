import { type Kysely, sql } from 'kysely'

/**
 * What people say about deals: pauses, objections to a flag with the head's answer, and what was decided about each
 * red deal in the first two weeks. Snapshots that were built before everything was read are marked, to be replaced.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table deal_pauses (
    installation_id text not null references installations on delete cascade,
    deal_id text not null,
    ordinal int not null,
    pause_id text not null,
    made_at timestamptz not null,
    made_by text not null,
    until timestamptz not null,
    reason text not null,
    ended_at timestamptz,
    ended_by text,
    primary key (installation_id, deal_id, ordinal)
  )`,
  'create unique index deal_pauses_by_id on deal_pauses (installation_id, pause_id)',
  `create table flag_objections (
    installation_id text not null references installations on delete cascade,
    deal_id text not null,
    opened_at timestamptz not null,
    opened_by text not null,
    stay_from timestamptz not null,
    answered_at timestamptz,
    answered_by text,
    answer text,
    primary key (installation_id, deal_id, stay_from)
  )`,
  `create table amnesty_outcomes (
    installation_id text not null references installations on delete cascade,
    deal_id text not null,
    outcome text not null,
    chosen_by text not null,
    chosen_at timestamptz not null,
    primary key (installation_id, deal_id)
  )`,
  'alter table snapshots add column is_first_look boolean not null default false',
]
