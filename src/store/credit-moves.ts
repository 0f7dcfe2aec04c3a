import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export const creditingOf = (db: Kysely<Database>) => ({
  /**
   * Fills in who made moves that carry no author: first from the nearest event of the same deal from 5 s
   * before to 60 s after the move; then, for a deal's last move, from the deal itself when it was moved
   * within 2 s of it. A known actor is never replaced; an event whose token is not resolved yet is left
   * for later.
   * @param sinceAt moves before it are left alone
   * @returns how many moves were credited
   */
  creditMoves: async (id: string, sinceAt?: Date): Promise<number> => {
    const since = sinceAt ?? null
    // From the few events to the many moves: most of a portal's past has no events at all.
    const byEvents = await sql`
      update stage_moves target set moved_by = found.actor_id, actor_class = found.actor_class
      from (
        select distinct on (move.move_id) move.move_id, event.actor_id, event.actor_class
        from crm_events event
        join stage_moves move on move.installation_id = ${id} and move.deal_id = event.entity_id
          and move.at between event.at - interval '60 seconds' and event.at + interval '5 seconds'
        where event.installation_id = ${id} and event.entity = 'deal' and move.actor_class = 'unknown'
          and (event.actor_class in ('robot', 'integration')
            or (event.actor_class = 'person' and event.actor_id is not null))
          and (${since}::timestamptz is null or (move.at >= ${since}::timestamptz
            and event.at >= ${since}::timestamptz - interval '5 seconds'))
        order by move.move_id, abs(date_part('epoch', event.at - move.at)),
          event.actor_class = 'person' desc, event.event_id) found
      where target.installation_id = ${id} and target.move_id = found.move_id`.execute(db)
    const byDeals = await sql`
      update stage_moves target set moved_by = found.moved_by, actor_class = 'person'
      from (
        select last.move_id, deal.moved_by
        from deals deal cross join lateral (
          select move_id, at, actor_class from stage_moves
          where installation_id = ${id} and deal_id = deal.deal_id
          order by at desc, order_key desc limit 1) last
        where deal.installation_id = ${id} and deal.moved_by is not null
          and (${since}::timestamptz is null or deal.moved_at >= ${since}::timestamptz - interval '2 seconds')
          and (${since}::timestamptz is null or last.at >= ${since}::timestamptz)
          and last.actor_class = 'unknown'
          and last.at between deal.moved_at - interval '2 seconds' and deal.moved_at + interval '2 seconds'
          and not exists (
            select from crm_events
            where installation_id = ${id} and entity = 'deal' and entity_id = deal.deal_id
              and at between last.at - interval '5 seconds' and last.at + interval '60 seconds'
              and (actor_class in ('robot', 'integration') or sealed_actor_token is not null))) found
      where target.installation_id = ${id} and target.move_id = found.move_id`.execute(db)
    return Number(byEvents.numAffectedRows ?? 0) + Number(byDeals.numAffectedRows ?? 0)
  },
})
