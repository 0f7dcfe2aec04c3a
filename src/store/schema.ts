import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { PortalAddress } from '../records/portal.ts'
import type { Settings } from '../records/settings.ts'

/** The tables as Kysely sees them, column by column as in the migrations. */

type Defaulted<T> = ColumnType<T, T | undefined, T>

export type InstallationsTable = {
  installation_id: string
  vendor: string
  portal_key: string
  address: JSONColumnType<PortalAddress>
  status: string
  status_reason: string | null
  event_secret_hash: string | null
  event_secret_sealed: string | null
  app_code: string | null
  app_version: string | null
  scopes: Defaulted<string[]>
  licence: string | null
  is_on_premise: Defaulted<boolean>
  language: Defaulted<string>
  currency: string | null
  settings: JSONColumnType<Settings>
  installed_at: Date
  updated_at: Date
  uninstalled_at: Date | null
  purge_after: Date | null
}

export type TokensTable = {
  installation_id: string
  user_id: string
  sealed_access: string
  sealed_refresh: string
  sealed_previous_refresh: string | null
  expires_at: Date
  rotated_at: Date
  version: Defaulted<number>
  lease_by: string | null
  lease_until: Date | null
}

export type SingleUseTable = {
  installation_id: string
  purpose: string
  key_hash: string
  used_at: Date
  expires_at: Date
}

export type LimitsTable = {
  installation_id: string
  bucket: string
  level: Defaulted<number>
  updated_at: Date
  parked_until: Date | null
}

export type SyncRunsTable = {
  installation_id: string
  run_id: string
  kind: string
  phase: string
  started_at: Date
  heartbeat_at: Date
  finished_at: Date | null
  outcome: string
  error_code: string | null
  error: string | null
  waiting_until: Date | null
  requests: Defaulted<number>
  rejected: Defaulted<number>
}

export type FeedsTable = {
  installation_id: string
  feed: string
  run_id: string | null
  resume: string | null
  cursor: string | null
  read_rows: Defaulted<number>
  expected_rows: number | null
  is_done: Defaulted<boolean>
  started_at: Date | null
  updated_at: Date
}

export type RejectedRecordsTable = {
  installation_id: string
  kind: string
  record_id: string
  reason: string
  seen_at: Date
  run_id: string
}

export type UsersTable = {
  installation_id: string
  user_id: string
  name: string
  position: string | null
  is_active: boolean
  is_admin: boolean | null
  department_ids: Defaulted<string[]>
  time_zone: string | null
  language: string | null
  email: string | null
  deals_visible: string | null
  is_gone: Defaulted<boolean>
}

export type DepartmentsTable = {
  installation_id: string
  department_id: string
  name: string
  parent_id: string | null
  head_id: string | null
  sort: Defaulted<number>
}

export type PipelinesTable = {
  installation_id: string
  pipeline_id: string
  name: string
  sort: Defaulted<number>
  is_default: Defaulted<boolean>
  is_gone: Defaulted<boolean>
}

export type StagesTable = {
  installation_id: string
  pipeline_id: string
  stage_id: string
  name: string
  sort: number
  outcome: string
  color: string | null
  is_gone: Defaulted<boolean>
  is_incoming: Defaulted<boolean>
}

export type FieldsTable = {
  installation_id: string
  field_id: string
  title: string
  type: string
  is_custom: boolean
  is_required: boolean
  is_multiple: boolean
  options: JSONColumnType<Record<string, string>> | null
  is_gone: Defaulted<boolean>
}

export type LossReasonsTable = {
  installation_id: string
  reason_id: string
  name: string
}

export type DealsTable = {
  installation_id: string
  deal_id: string
  title: string
  pipeline_id: string
  stage_id: string
  outcome: string
  responsible_id: string | null
  created_by: string | null
  created_at: Date
  updated_by: string | null
  updated_at: Date
  moved_by: string | null
  moved_at: Date | null
  last_activity_by: string | null
  last_activity_at: Date | null
  amount: number | null
  currency: string | null
  close_on: string | null
  closed_at: Date | null
  is_template: Defaulted<boolean>
  loss_reason_id: string | null
  fields: JSONColumnType<Record<string, string>>
  first_seen_at: Date
  seen_at: Date
  seen_run: string | null
  deleted_at: Date | null
}

export type DealVersionsTable = {
  installation_id: string
  deal_id: string
  observed_at: Date
  responsible_id: string | null
  amount: number | null
  currency: string | null
  close_on: string | null
  fields: JSONColumnType<Record<string, string>>
  /** Last editor as the CRM named it; `-` = it named nobody; null = not noted. */
  changed_by: string | null
  /** The person's save that made it, as an event told; null where none did. */
  edited_at: Date | null
  edited_by: string | null
}

export type FactChangesTable = {
  installation_id: string
  deal_id: string
  fact: string
  at: Date
  before: string | null
  after: string | null
  actor_id: string | null
  actor_class: string
}

export type StageMovesTable = {
  installation_id: string
  move_id: string
  deal_id: string
  at: Date
  order_key: string
  kind: string
  pipeline_id: string
  stage_id: string
  outcome: string
  moved_by: string | null
  actor_class: Defaulted<string>
  /** For an inferred creation: the instant of what tells its stage; null where the vendor states the row. */
  evidence_at: Date | null
  first_seen_at: Date
  seen_at: Date
  seen_run: string | null
}

export type ActivitiesTable = {
  installation_id: string
  activity_id: string
  deal_id: string | null
  kind: string
  provider: string
  direction: string | null
  responsible_id: string | null
  author_id: string | null
  actor_class: string
  created_at: Date
  updated_at: Date
  start_at: Date | null
  end_at: Date | null
  deadline_at: Date | null
  is_completed: boolean
  completed_at: Date | null
  is_auto_completed: boolean
  is_waiting: boolean
  duration_seconds: number | null
  task_id: string | null
  is_own: Defaulted<boolean>
  first_seen_at: Date
  seen_at: Date
  seen_run: string | null
  deleted_at: Date | null
}

export type TasksTable = {
  installation_id: string
  task_id: string
  deal_ids: Defaulted<string[]>
  status: string
  responsible_id: string | null
  created_by: string | null
  created_at: Date
  changed_at: Date
  closed_at: Date | null
  closed_by: string | null
  deadline_at: Date | null
  text_hash: string
  text_words: number
  is_own: Defaulted<boolean>
  first_seen_at: Date
  seen_at: Date
  seen_run: string | null
  deleted_at: Date | null
}

/** `tasks.deal_ids` unrolled, to be read by deal. */
export type TaskDealsTable = {
  installation_id: string
  deal_id: string
  task_id: string
}

/** What we wrote into the CRM ourselves: nobody's work. */
export type OwnItemsTable = {
  installation_id: string
  item_kind: string
  item_id: string
}

export type InvoicesTable = {
  installation_id: string
  invoice_id: string
  deal_id: string | null
  responsible_id: string | null
  amount: number | null
  currency: string | null
  stage_id: string
  outcome: string
  created_at: Date
  updated_at: Date
  issued_on: string | null
  due_on: string | null
  moved_at: Date | null
  first_seen_at: Date
  seen_at: Date
  seen_run: string | null
  deleted_at: Date | null
}

export type DeadlineMovesTable = {
  installation_id: string
  item_kind: string
  item_id: string
  at: Date
  before: Date | null
  after: Date | null
  actor_id: string | null
  actor_class: string
  /** Seen by comparing two reads, not told by the vendor. */
  is_observed: Defaulted<boolean>
}

export type CrmEventsTable = {
  installation_id: string
  event_id: Generated<number>
  entity: string
  entity_id: string
  action: string
  at: Date
  received_at: Date
  actor_id: string | null
  actor_class: string
  sealed_actor_token: string | null
  handled_at: Date | null
}

export type SnapshotsTable = {
  installation_id: string
  as_of: Date
  built_at: Date
  rules_version: string
  coverage: number | null
  is_reconstructed: boolean
  is_stored_partial: Defaulted<boolean>
  /** Built while activities or tasks were still being read for the first time. */
  is_first_look: Defaulted<boolean>
}

export type SnapshotPartsTable = {
  installation_id: string
  as_of: Date
  part: string
  chunk: number
  /** A piece of the part's JSON, deflated. */
  content: Buffer
}

export type PreferencesTable = {
  installation_id: string
  user_id: string
  digest: Defaulted<boolean>
  channel: Defaulted<string>
  email: string | null
  telegram_chat_id: string | null
  language: string | null
  theme: string | null
}

export type NotificationsTable = {
  installation_id: string
  user_id: string
  day: string
  channel: string
  role: string
  as_of: Date
  claimed_at: Date
  sent_at: Date | null
  external_id: string | null
  error: string | null
  deal_ids: Defaulted<string[]>
}

export type SettingsLogTable = {
  installation_id: string
  at: Date
  changed_by: string
  change: JSONColumnType<object>
}

export type WriteJournalTable = {
  installation_id: string
  entry_id: string
  batch_id: string
  kind: string
  deal_id: string | null
  external_id: string | null
  before: JSONColumnType<object> | null
  after: JSONColumnType<object> | null
  planned_at: Date
  applied_at: Date | null
  undone_at: Date | null
  error: string | null
  origin: Defaulted<string>
  asked_by: string | null
  /** When the write was sent; its echo comes back from then on. */
  tried_at: Date | null
  note: string | null
  undo_asked_at: Date | null
  undo_asked_by: string | null
}

export type TaskClosingsTable = {
  installation_id: string
  task_id: string
  at: Date
  actor_id: string | null
}

export type TelegramCodesTable = {
  installation_id: string
  user_id: string
  code_hash: string
  expires_at: Date
}

export type DealPausesTable = {
  installation_id: string
  deal_id: string
  /** 1, 2, … within the deal. */
  ordinal: number
  pause_id: string
  made_at: Date
  made_by: string
  until: Date
  reason: string
  ended_at: Date | null
  ended_by: string | null
}

export type FlagObjectionsTable = {
  installation_id: string
  deal_id: string
  opened_at: Date
  opened_by: string
  /** When the deal entered the stage: a stay can be objected to once. */
  stay_from: Date
  answered_at: Date | null
  answered_by: string | null
  answer: string | null
}

export type AmnestyOutcomesTable = {
  installation_id: string
  deal_id: string
  outcome: string
  chosen_by: string
  chosen_at: Date
}

export type Database = {
  installations: InstallationsTable
  tokens: TokensTable
  single_use: SingleUseTable
  limits: LimitsTable
  sync_runs: SyncRunsTable
  feeds: FeedsTable
  rejected_records: RejectedRecordsTable
  users: UsersTable
  departments: DepartmentsTable
  pipelines: PipelinesTable
  stages: StagesTable
  fields: FieldsTable
  loss_reasons: LossReasonsTable
  deals: DealsTable
  deal_versions: DealVersionsTable
  fact_changes: FactChangesTable
  stage_moves: StageMovesTable
  activities: ActivitiesTable
  tasks: TasksTable
  task_deals: TaskDealsTable
  own_items: OwnItemsTable
  invoices: InvoicesTable
  deadline_moves: DeadlineMovesTable
  crm_events: CrmEventsTable
  snapshots: SnapshotsTable
  snapshot_parts: SnapshotPartsTable
  preferences: PreferencesTable
  notifications: NotificationsTable
  settings_log: SettingsLogTable
  write_journal: WriteJournalTable
  telegram_codes: TelegramCodesTable
  task_closings: TaskClosingsTable
  deal_pauses: DealPausesTable
  flag_objections: FlagObjectionsTable
  amnesty_outcomes: AmnestyOutcomesTable
}
