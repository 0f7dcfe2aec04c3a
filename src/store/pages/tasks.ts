import { sql } from 'kysely'
import type { Task } from '../../records/records.ts'
import { toldClosing } from './closings.ts'
import { observedDeadlines } from './deadlines.ts'
import type { TableSpec } from './upsert.ts'

export const tasksSpec = (diffDeadlines: boolean): TableSpec<Task> => ({
  table: 'tasks',
  key: 'task_id',
  dealIds: 'i.deal_ids',
  keepsDeleted: true,
  columns: [
    { name: 'task_id', type: 'text', of: task => task.id },
    { name: 'deal_ids', type: 'text[]', of: task => [...new Set(task.dealIds)] },
    { name: 'status', type: 'text', of: task => task.status },
    { name: 'responsible_id', type: 'text', of: task => task.responsibleId },
    { name: 'created_by', type: 'text', of: task => task.createdBy },
    { name: 'created_at', type: 'timestamptz', of: task => task.createdAt },
    { name: 'changed_at', type: 'timestamptz', of: task => task.changedAt },
    { name: 'closed_at', type: 'timestamptz', of: task => task.closedAt },
    { name: 'closed_by', type: 'text', of: task => task.closedBy },
    { name: 'deadline_at', type: 'timestamptz', of: task => task.deadlineAt },
    { name: 'text_hash', type: 'text', of: task => task.textHash },
    { name: 'text_words', type: 'int', of: task => task.textWords },
  ],
  merged: stamp => ({
    // Told apart from the task, told by the task, known from before, or seen just now.
    closed_at: sql`case when raw.status = 'completed' then coalesce(${toldClosing(stamp, 'raw', 'at')},
      raw.closed_at, old.closed_at, least(raw.changed_at, ${stamp.seenAt}::timestamptz)) else raw.closed_at end`,
    closed_by: sql`case when raw.status = 'completed'
      then coalesce(${toldClosing(stamp, 'raw', 'actor_id')}, raw.closed_by) else raw.closed_by end`,
  }),
  derived: ({ installationId }) => ({
    is_own: sql`exists (select from own_items own where own.installation_id = ${installationId}
      and own.item_kind = 'task' and own.item_id = i.task_id)`,
  }),
  also: stamp => [
    {
      name: 'unlinked',
      step: sql`
        delete from task_deals link using incoming i
        where link.installation_id = ${stamp.installationId} and link.task_id = i.task_id
          and not link.deal_id = any(i.deal_ids)`,
    },
    {
      name: 'linked',
      step: sql`
        insert into task_deals (installation_id, deal_id, task_id)
        select ${stamp.installationId}, unnest(i.deal_ids), i.task_id from incoming i
        on conflict do nothing`,
    },
    ...(diffDeadlines ? [observedDeadlines('task', 'task_id', 'changed_at', stamp)] : []),
  ],
})
