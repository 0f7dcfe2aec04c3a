import { type Kysely, sql } from 'kysely'

/**
 * The first schema. Every primary key leads with installation_id. Only what PostgreSQL 15 has.
 * Forward only. Tables that are written by the thousand have no foreign key (checking it cost more than
 * writing the rows): pages are saved under a lock of the installation's row, and a purge names each table.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of SCHEMA.split(';')) if (statement.trim()) await sql.raw(statement).execute(db)
}

const SCHEMA = `
create table installations (
  installation_id text primary key,
  vendor text not null,
  portal_key text not null,
  address jsonb not null,
  status text not null check (status in ('active', 'reauth_required', 'suspended', 'uninstalled')),
  status_reason text,
  event_secret_hash text,
  event_secret_sealed text,
  app_code text,
  app_version text,
  scopes text[] not null default '{}',
  licence text,
  is_on_premise boolean not null default false,
  language text not null default 'ru',
  currency text,
  settings jsonb not null,
  installed_at timestamptz not null,
  updated_at timestamptz not null,
  uninstalled_at timestamptz,
  purge_after timestamptz,
  unique (vendor, portal_key)
);
create index on installations (event_secret_hash);

create table tokens (
  installation_id text primary key references installations on delete cascade,
  user_id text not null,
  sealed_access text not null,
  sealed_refresh text not null,
  sealed_previous_refresh text,
  expires_at timestamptz not null,
  rotated_at timestamptz not null,
  version integer not null default 1,
  lease_by text,
  lease_until timestamptz
);

create table single_use (
  installation_id text not null,
  purpose text not null,
  key_hash text not null,
  used_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (installation_id, purpose, key_hash)
);

create table limits (
  installation_id text not null,
  bucket text not null,
  level double precision not null default 0,
  updated_at timestamptz not null,
  parked_until timestamptz,
  primary key (installation_id, bucket)
);

create table sync_runs (
  installation_id text not null references installations on delete cascade,
  run_id text not null,
  kind text not null check (kind in ('full', 'incremental', 'reconcile', 'hints')),
  phase text not null,
  started_at timestamptz not null,
  heartbeat_at timestamptz not null,
  finished_at timestamptz,
  outcome text not null check (outcome in ('running', 'done', 'failed')),
  error_code text,
  error text,
  waiting_until timestamptz,
  requests integer not null default 0,
  rejected integer not null default 0,
  primary key (installation_id, run_id)
);
create index on sync_runs (installation_id, started_at desc);

create table feeds (
  installation_id text not null references installations on delete cascade,
  feed text not null,
  run_id text,
  resume text,
  cursor text,
  read_rows bigint not null default 0,
  expected_rows bigint,
  is_done boolean not null default false,
  started_at timestamptz,
  updated_at timestamptz not null,
  primary key (installation_id, feed)
);

create table rejected_records (
  installation_id text not null references installations on delete cascade,
  kind text not null,
  record_id text not null,
  reason text not null,
  seen_at timestamptz not null,
  run_id text not null,
  primary key (installation_id, kind, record_id)
);

create table users (
  installation_id text not null references installations on delete cascade,
  user_id text not null,
  name text not null,
  position text,
  is_active boolean not null,
  is_admin boolean,
  department_ids text[] not null default '{}',
  time_zone text,
  language text,
  email text,
  deals_visible text,
  is_gone boolean not null default false,
  primary key (installation_id, user_id)
);

create table departments (
  installation_id text not null references installations on delete cascade,
  department_id text not null,
  name text not null,
  parent_id text,
  head_id text,
  sort integer not null default 0,
  primary key (installation_id, department_id)
);

create table pipelines (
  installation_id text not null references installations on delete cascade,
  pipeline_id text not null,
  name text not null,
  sort integer not null default 0,
  is_default boolean not null default false,
  is_gone boolean not null default false,
  primary key (installation_id, pipeline_id)
);

create table stages (
  installation_id text not null references installations on delete cascade,
  pipeline_id text not null,
  stage_id text not null,
  name text not null,
  sort integer not null,
  outcome text not null check (outcome in ('open', 'won', 'lost')),
  color text,
  is_gone boolean not null default false,
  primary key (installation_id, pipeline_id, stage_id)
);

create table fields (
  installation_id text not null references installations on delete cascade,
  field_id text not null,
  title text not null,
  type text not null,
  is_custom boolean not null,
  is_required boolean not null,
  is_multiple boolean not null,
  options jsonb,
  is_gone boolean not null default false,
  primary key (installation_id, field_id)
);

create table loss_reasons (
  installation_id text not null references installations on delete cascade,
  reason_id text not null,
  name text not null,
  primary key (installation_id, reason_id)
);

create table deals (
  installation_id text not null,
  deal_id text not null,
  title text not null,
  pipeline_id text not null,
  stage_id text not null,
  outcome text not null,
  responsible_id text,
  created_by text,
  created_at timestamptz not null,
  updated_by text,
  updated_at timestamptz not null,
  moved_by text,
  moved_at timestamptz,
  last_activity_by text,
  last_activity_at timestamptz,
  amount double precision,
  currency text,
  close_on text,
  closed_at timestamptz,
  is_template boolean not null default false,
  loss_reason_id text,
  fields jsonb not null default '{}',
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  seen_run text,
  deleted_at timestamptz,
  primary key (installation_id, deal_id)
);

create table deal_versions (
  installation_id text not null,
  deal_id text not null,
  observed_at timestamptz not null,
  responsible_id text,
  amount double precision,
  currency text,
  close_on text,
  fields jsonb not null default '{}',
  primary key (installation_id, deal_id, observed_at)
);

create table fact_changes (
  installation_id text not null,
  deal_id text not null,
  fact text not null,
  at timestamptz not null,
  before text,
  after text,
  actor_id text,
  actor_class text not null,
  primary key (installation_id, deal_id, fact, at)
);

create table stage_moves (
  installation_id text not null,
  move_id text not null,
  deal_id text not null,
  at timestamptz not null,
  order_key text collate "C" not null,
  kind text not null,
  pipeline_id text not null,
  stage_id text not null,
  outcome text not null,
  moved_by text,
  actor_class text not null default 'unknown',
  evidence_at timestamptz,
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  seen_run text,
  primary key (installation_id, move_id)
);
create index stage_moves_by_deal on stage_moves (installation_id, deal_id, at, order_key);

create table activities (
  installation_id text not null,
  activity_id text not null,
  deal_id text,
  kind text not null,
  provider text not null,
  direction text,
  responsible_id text,
  author_id text,
  actor_class text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  start_at timestamptz,
  end_at timestamptz,
  deadline_at timestamptz,
  is_completed boolean not null,
  completed_at timestamptz,
  is_auto_completed boolean not null,
  is_waiting boolean not null,
  duration_seconds double precision,
  task_id text,
  is_own boolean not null default false,
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  seen_run text,
  deleted_at timestamptz,
  primary key (installation_id, activity_id)
);
create index activities_by_deal on activities (installation_id, deal_id, created_at);
create index activities_loose on activities (installation_id, activity_id) where deal_id is null;

create table tasks (
  installation_id text not null,
  task_id text not null,
  deal_ids text[] not null default '{}',
  status text not null,
  responsible_id text,
  created_by text,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  closed_at timestamptz,
  closed_by text,
  deadline_at timestamptz,
  text_hash text not null,
  text_words integer not null,
  is_own boolean not null default false,
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  seen_run text,
  deleted_at timestamptz,
  primary key (installation_id, task_id)
);
create index tasks_loose on tasks (installation_id, task_id) where deal_ids = '{}';

create table task_deals (
  installation_id text not null,
  deal_id text not null,
  task_id text not null,
  primary key (installation_id, deal_id, task_id)
);
create index task_deals_by_task on task_deals (installation_id, task_id);

create table own_items (
  installation_id text not null references installations on delete cascade,
  item_kind text not null check (item_kind in ('task', 'activity')),
  item_id text not null,
  primary key (installation_id, item_kind, item_id)
);

create table invoices (
  installation_id text not null,
  invoice_id text not null,
  deal_id text,
  responsible_id text,
  amount double precision,
  currency text,
  stage_id text not null,
  outcome text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  issued_on text,
  due_on text,
  moved_at timestamptz,
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  seen_run text,
  deleted_at timestamptz,
  primary key (installation_id, invoice_id)
);
create index invoices_by_deal on invoices (installation_id, deal_id);

create table deadline_moves (
  installation_id text not null,
  item_kind text not null,
  item_id text not null,
  at timestamptz not null,
  before timestamptz,
  after timestamptz,
  actor_id text,
  actor_class text not null,
  is_observed boolean not null default false,
  primary key (installation_id, item_kind, item_id, at)
);

create table crm_events (
  installation_id text not null references installations on delete cascade,
  event_id bigint generated always as identity,
  entity text not null,
  entity_id text not null,
  action text not null,
  at timestamptz not null,
  received_at timestamptz not null,
  actor_id text,
  actor_class text not null,
  sealed_actor_token text,
  handled_at timestamptz,
  primary key (installation_id, event_id)
);
create index crm_events_waiting on crm_events (installation_id, event_id) where handled_at is null;
create unique index crm_events_once on crm_events
  (installation_id, entity, entity_id, action, at, actor_class, actor_id) nulls not distinct;
create index crm_events_by_entity on crm_events (installation_id, entity, entity_id, at);

create table snapshots (
  installation_id text not null references installations on delete cascade,
  as_of timestamptz not null,
  built_at timestamptz not null,
  rules_version text not null,
  coverage double precision,
  is_reconstructed boolean not null,
  is_stored_partial boolean not null default false,
  primary key (installation_id, as_of)
);

create table snapshot_parts (
  installation_id text not null,
  as_of timestamptz not null,
  part text not null,
  chunk integer not null,
  content bytea not null,
  primary key (installation_id, as_of, part, chunk),
  foreign key (installation_id, as_of) references snapshots on delete cascade
);

create table preferences (
  installation_id text not null references installations on delete cascade,
  user_id text not null,
  digest boolean not null default true,
  channel text not null default 'crm',
  email text,
  telegram_chat_id text,
  language text,
  theme text,
  primary key (installation_id, user_id)
);

create table notifications (
  installation_id text not null references installations on delete cascade,
  user_id text not null,
  day text not null,
  channel text not null,
  role text not null,
  as_of timestamptz not null,
  claimed_at timestamptz not null,
  sent_at timestamptz,
  external_id text,
  error text,
  deal_ids text[] not null default '{}',
  primary key (installation_id, user_id, day)
);

create table settings_log (
  installation_id text not null references installations on delete cascade,
  at timestamptz not null,
  changed_by text not null,
  change jsonb not null,
  primary key (installation_id, at, changed_by)
);

create table write_journal (
  installation_id text not null references installations on delete cascade,
  entry_id text not null,
  batch_id text not null,
  kind text not null,
  deal_id text,
  external_id text,
  before jsonb,
  after jsonb,
  planned_at timestamptz not null,
  applied_at timestamptz,
  undone_at timestamptz,
  error text,
  primary key (installation_id, entry_id)
)
`
