import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { TaskClosing } from '../../records/records.ts'
import type { Database } from '../schema.ts'
import { type Column, unnestRows } from './columns.ts'
import type { Stamp } from './upsert.ts'

const COLUMNS: Column<TaskClosing>[] = [
  { name: 'task_id', type: 'text', of: closing => closing.taskId },
  { name: 'at', type: 'timestamptz', of: closing => closing.at },
  { name: 'actor_id', type: 'text', of: closing => closing.actorId },
]

/** A task and the word of its completion are dated by two clocks. */
const SLACK = sql`interval '1 minute'`

/**
 * The last completion that was told of a completed task, not later than its last change: a task that was opened
 * again and is read before its second completion has none yet.
 */
export const toldClosing = (
  { installationId }: Pick<Stamp, 'installationId'>,
  row: string,
  column: 'at' | 'actor_id',
): RawBuilder<unknown> => sql`(
  select told.${sql.ref(column)} from task_closings told
  where told.installation_id = ${installationId} and told.task_id = ${sql.ref(`${row}.task_id`)}
    and told.at <= ${sql.ref(`${row}.changed_at`)} + ${SLACK}
  order by told.at desc limit 1)`

/**
 * Completions that the vendor dates itself; tasks stored before learn of them.
 * @returns ids of deals whose tasks were completed at another time than we knew
 */
export const saveTaskClosings = async (
  trx: Transaction<Database>,
  closings: readonly TaskClosing[],
  stamp: Stamp,
): Promise<string[]> => {
  if (closings.length === 0) return []
  const { installationId } = stamp
  const rows = [...new Map(closings.map(row => [`${row.taskId} ${row.at.getTime()}`, row])).values()]
  await sql`
    insert into task_closings (installation_id, task_id, at, actor_id)
    select ${installationId}, raw.* from (${unnestRows(COLUMNS, rows)}) raw
    on conflict (installation_id, task_id, at) do update set actor_id = excluded.actor_id`.execute(trx)
  const ids = rows.map(row => row.taskId)
  const saved = await sql<{ deal_ids: string[] }>`
    with told as (
      select tasks.task_id, ${toldClosing(stamp, 'tasks', 'at')} as at, ${toldClosing(stamp, 'tasks', 'actor_id')} as actor_id
      from tasks where tasks.installation_id = ${installationId} and tasks.task_id = any(${ids}::text[])
        and tasks.status = 'completed')
    update tasks set closed_at = told.at, closed_by = coalesce(told.actor_id, tasks.closed_by)
    from told where tasks.installation_id = ${installationId} and tasks.task_id = told.task_id
      and told.at is not null and tasks.closed_at is distinct from told.at
    returning tasks.deal_ids`.execute(trx)
  return saved.rows.flatMap(row => row.deal_ids)
}
