import { type RawBuilder, sql } from 'kysely'
import type { Stamp } from './upsert.ts'

/**
 * Deadlines that differ from the stored ones, as moves that we observed. Where the vendor tells the move
 * itself, its own row stands and ours is not written.
 * @param changedAt column with the instant the record changed last
 */
export const observedDeadlines = (
  kind: 'task' | 'activity',
  key: string,
  changedAt: string,
  { installationId, seenAt }: Stamp,
): { name: string; step: RawBuilder<unknown> } => ({
  name: 'deadlines',
  step: sql`
    insert into deadline_moves
      (installation_id, item_kind, item_id, at, before, after, actor_id, actor_class, is_observed)
    select ${installationId}, ${kind}, i.${sql.ref(key)}, least(i.${sql.ref(changedAt)}, ${seenAt}::timestamptz),
      old.deadline_at, i.deadline_at, null, 'unknown', true
    from incoming i join old_rows old on old.${sql.ref(key)} = i.${sql.ref(key)}
    where old.deadline_at is distinct from i.deadline_at and not exists (
      select from deadline_moves stated
      where stated.installation_id = ${installationId} and stated.item_kind = ${kind}
        and stated.item_id = i.${sql.ref(key)} and not stated.is_observed
        and stated.after is not distinct from i.deadline_at and stated.at >= old.${sql.ref(changedAt)})
    on conflict do nothing`,
})
