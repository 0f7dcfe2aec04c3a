import { type Kysely, sql, type Transaction } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Department, Directory, Field, Pipeline, Stage, User } from '../records/records.ts'
import { type Column, keptText, unnestRows } from './pages/columns.ts'
import { saveRejected } from './rejected.ts'
import type { Database } from './schema.ts'

const USERS: Column<User>[] = [
  { name: 'user_id', type: 'text', of: user => user.id },
  { name: 'name', type: 'text', of: user => user.name },
  { name: 'position', type: 'text', of: user => user.position },
  { name: 'is_active', type: 'boolean', of: user => user.isActive },
  { name: 'is_admin', type: 'boolean', of: user => user.isAdmin },
  { name: 'department_ids', type: 'text[]', of: user => user.departmentIds },
  { name: 'time_zone', type: 'text', of: user => user.timeZone },
  { name: 'language', type: 'text', of: user => user.language },
  { name: 'email', type: 'text', of: user => user.email },
  { name: 'deals_visible', type: 'text', of: user => user.dealsVisible },
]
const DEPARTMENTS: Column<Department>[] = [
  { name: 'department_id', type: 'text', of: department => department.id },
  { name: 'name', type: 'text', of: department => department.name },
  { name: 'parent_id', type: 'text', of: department => department.parentId },
  { name: 'head_id', type: 'text', of: department => department.headId },
  { name: 'sort', type: 'int', of: department => department.sort },
]
const PIPELINES: Column<Pipeline>[] = [
  { name: 'pipeline_id', type: 'text', of: pipeline => pipeline.id },
  { name: 'name', type: 'text', of: pipeline => pipeline.name },
  { name: 'sort', type: 'int', of: pipeline => pipeline.sort },
  { name: 'is_default', type: 'boolean', of: pipeline => pipeline.isDefault },
]
const STAGES: Column<Stage>[] = [
  { name: 'pipeline_id', type: 'text', of: stage => stage.pipelineId },
  { name: 'stage_id', type: 'text', of: stage => stage.id },
  { name: 'name', type: 'text', of: stage => stage.name },
  { name: 'sort', type: 'int', of: stage => stage.sort },
  { name: 'outcome', type: 'text', of: stage => stage.outcome },
  { name: 'color', type: 'text', of: stage => stage.color },
  { name: 'is_incoming', type: 'boolean', of: stage => stage.isIncoming ?? false },
]
const FIELDS: Column<Field>[] = [
  { name: 'field_id', type: 'text', of: field => field.id },
  { name: 'title', type: 'text', of: field => field.title },
  { name: 'type', type: 'text', of: field => field.type },
  { name: 'is_custom', type: 'boolean', of: field => field.isCustom },
  { name: 'is_required', type: 'boolean', of: field => field.isRequired },
  { name: 'is_multiple', type: 'boolean', of: field => field.isMultiple },
  { name: 'options', type: 'jsonb', of: field => field.options },
]
const LOSS_REASONS: Column<Directory['lossReasons'][number]>[] = [
  { name: 'reason_id', type: 'text', of: reason => reason.id },
  { name: 'name', type: 'text', of: reason => reason.name },
]

type Listing<Row> = {
  table: 'users' | 'departments' | 'pipelines' | 'stages' | 'fields' | 'loss_reasons'
  keys: string[]
  columns: Column<Row>[]
  /** What the CRM lists no more: marked, because history still names it, or forgotten. */
  missing: 'mark' | 'forget'
}

/** Writes a listing. An empty one is not believed: it looks like lost rights. */
const saveListing = async <Row>(
  trx: Transaction<Database>,
  id: string,
  { table, keys, columns, missing }: Listing<Row>,
  rows: readonly Row[],
  /** First key of records that the listing has, but that failed their schema. */
  spared: readonly string[],
): Promise<void> => {
  if (rows.length === 0) return
  const keyColumns = columns.filter(column => keys.includes(column.name))
  const unique = [
    ...new Map(
      rows.map(row => [keyColumns.map(column => keptText(String(column.of(row)))).join('\u0000'), row]),
    ).values(),
  ]
  const names = sql.join(columns.map(column => sql.ref(column.name)))
  const updates = columns
    .filter(column => !keys.includes(column.name))
    .map(({ name }) => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`)
  const alive = missing === 'mark' ? sql`, is_gone = false` : sql``
  await sql`
    insert into ${sql.table(table)} (installation_id, ${names})
    select ${id}, raw.* from (${unnestRows(columns, unique)}) raw
    on conflict (installation_id, ${sql.join(keys.map(key => sql.ref(key)))})
      do update set ${sql.join(updates)}${alive}`.execute(trx)
  const isMissing = sql`installation_id = ${id} and not ${sql.ref(keys[0]!)} = any(${spared}::text[])
    and (${sql.join(keys.map(key => sql.ref(key)))}) not in (
      select ${sql.join(keys.map(key => sql`raw.${sql.ref(key)}`))} from (${unnestRows(keyColumns, unique)}) raw)`
  await (missing === 'mark'
    ? sql`update ${sql.table(table)} set is_gone = true where not is_gone and ${isMissing}`
    : sql`delete from ${sql.table(table)} where ${isMissing}`
  ).execute(trx)
}

export const directorySaverOf = (db: Kysely<Database>, clock: Clock) => ({
  /**
   * Stores who and what there is in the portal. People, pipelines, stages and fields that it lists no more
   * are marked as gone and kept; departments and loss reasons are replaced.
   */
  saveDirectory: (id: string, directory: Directory, runId = 'directory'): Promise<void> =>
    db.transaction().execute(async trx => {
      const badIds = directory.rejected.flatMap(row => (row.id === null ? [] : [row.id]))
      const save = <Row>(listing: Listing<Row>, rows: readonly Row[]) =>
        saveListing(trx, id, listing, rows, badIds)
      await save({ table: 'users', keys: ['user_id'], columns: USERS, missing: 'mark' }, directory.users)
      await save(
        { table: 'departments', keys: ['department_id'], columns: DEPARTMENTS, missing: 'forget' },
        directory.departments,
      )
      await save(
        { table: 'pipelines', keys: ['pipeline_id'], columns: PIPELINES, missing: 'mark' },
        directory.pipelines,
      )
      await save(
        { table: 'stages', keys: ['pipeline_id', 'stage_id'], columns: STAGES, missing: 'mark' },
        directory.stages,
      )
      await save({ table: 'fields', keys: ['field_id'], columns: FIELDS, missing: 'mark' }, directory.fields)
      await save(
        { table: 'loss_reasons', keys: ['reason_id'], columns: LOSS_REASONS, missing: 'forget' },
        directory.lossReasons,
      )
      await saveRejected(trx, { installationId: id, runId, seenAt: clock.now() }, directory.rejected, null)
    }),
})
