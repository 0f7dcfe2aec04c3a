import { sql } from 'kysely'
import type { Activity } from '../../records/records.ts'
import { observedDeadlines } from './deadlines.ts'
import type { TableSpec } from './upsert.ts'

export const activitiesSpec = (diffDeadlines: boolean): TableSpec<Activity> => ({
  table: 'activities',
  key: 'activity_id',
  dealIds: 'array[i.deal_id]',
  keepsDeleted: true,
  columns: [
    { name: 'activity_id', type: 'text', of: activity => activity.id },
    { name: 'deal_id', type: 'text', of: activity => activity.dealId },
    { name: 'kind', type: 'text', of: activity => activity.kind },
    { name: 'provider', type: 'text', of: activity => activity.provider },
    { name: 'direction', type: 'text', of: activity => activity.direction },
    { name: 'responsible_id', type: 'text', of: activity => activity.responsibleId },
    { name: 'author_id', type: 'text', of: activity => activity.authorId },
    { name: 'actor_class', type: 'text', of: activity => activity.actorClass },
    { name: 'created_at', type: 'timestamptz', of: activity => activity.createdAt },
    { name: 'updated_at', type: 'timestamptz', of: activity => activity.updatedAt },
    { name: 'start_at', type: 'timestamptz', of: activity => activity.startAt },
    { name: 'end_at', type: 'timestamptz', of: activity => activity.endAt },
    { name: 'deadline_at', type: 'timestamptz', of: activity => activity.deadlineAt },
    { name: 'is_completed', type: 'boolean', of: activity => activity.isCompleted },
    { name: 'completed_at', type: 'timestamptz', of: activity => activity.completedAt },
    { name: 'is_auto_completed', type: 'boolean', of: activity => activity.isAutoCompleted },
    { name: 'is_waiting', type: 'boolean', of: activity => activity.isWaiting },
    { name: 'duration_seconds', type: 'float8', of: activity => activity.durationSeconds },
    { name: 'task_id', type: 'text', of: activity => activity.taskId },
  ],
  merged: ({ seenAt }) => ({
    // Unstated: the record changed last no earlier than it was completed; later edits do not move it.
    completed_at: sql`coalesce(raw.completed_at, case when raw.is_completed
      then coalesce(old.completed_at, least(raw.updated_at, ${seenAt}::timestamptz)) end)`,
  }),
  derived: ({ installationId }) => ({
    is_own: sql`exists (select from own_items own where own.installation_id = ${installationId}
      and ((own.item_kind = 'activity' and own.item_id = i.activity_id)
        or (own.item_kind = 'task' and own.item_id = i.task_id)))`,
  }),
  also: stamp => (diffDeadlines ? [observedDeadlines('activity', 'activity_id', 'updated_at', stamp)] : []),
})
