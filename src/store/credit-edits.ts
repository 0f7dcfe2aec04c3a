import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export const editCreditingOf = (db: Kysely<Database>) => ({
  /**
   * Notes on versions of deals whose save made them, and when: an event tells the first version that was observed
   * after it, and not after the reading that it led to. A version stays undated where no event tells it, where the
   * events are of more than one person, or where their saves lie further apart than one session of edits. A robot's
   * event names nobody; what it wrote right after a person's save and was read with it is that person's edit.
   * @param dealIds whose versions are looked at
   * @param sinceAt events before it are left alone
   */
  creditEdits: async (id: string, dealIds: readonly string[], sinceAt: Date): Promise<void> => {
    if (dealIds.length === 0) return
    await sql`
      update deal_versions target
      set edited_at = case when is_one then found.at end, edited_by = case when is_one then found.actor_id end
      from (
        select told.deal_id, told.observed_at, max(told.at) as at, min(told.actor_id) as actor_id,
          count(distinct told.actor_id) = 1
            and max(told.at) - min(told.at) <= interval '10 minutes' as is_one
        from (
          select event.entity_id as deal_id, event.at, event.actor_id, version.observed_at
          from crm_events event cross join lateral (
            select observed_at from deal_versions
            where installation_id = ${id} and deal_id = event.entity_id and observed_at >= event.at
            order by observed_at limit 1) version
          where event.installation_id = ${id} and event.entity = 'deal'
            and event.entity_id = any(${dealIds}::text[]) and event.at >= ${sinceAt}
            and event.action in ('updated', 'moved')
            and event.actor_class = 'person' and event.actor_id is not null
            and version.observed_at <= coalesce(event.handled_at, 'infinity')) told
        where exists (
          select from deal_versions
          where installation_id = ${id} and deal_id = told.deal_id and observed_at < told.observed_at)
        group by told.deal_id, told.observed_at) found
      where target.installation_id = ${id} and target.deal_id = found.deal_id
        and target.observed_at = found.observed_at`.execute(db)
  },
})
