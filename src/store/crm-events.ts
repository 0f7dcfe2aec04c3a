import { type Kysely, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import type { ActorClass } from '../records/records.ts'
import { type Column, unnestRows } from './pages/columns.ts'
import type { Database } from './schema.ts'

/** A hint that something changed. */
export type NewCrmEvent = {
  entity: 'deal' | 'activity' | 'task' | 'invoice'
  entityId: string
  action: 'added' | 'updated' | 'deleted' | 'moved'
  at: Date
  receivedAt: Date
  actorId: string | null
  actorClass: ActorClass
  /** Token of whoever acted, to be resolved once; it is dropped when the event is handled. */
  sealedActorToken: string | null
}

export type WaitingCrmEvent = NewCrmEvent & { eventId: number }

const COLUMNS: Column<NewCrmEvent>[] = [
  { name: 'entity', type: 'text', of: event => event.entity },
  { name: 'entity_id', type: 'text', of: event => event.entityId },
  { name: 'action', type: 'text', of: event => event.action },
  { name: 'at', type: 'timestamptz', of: event => event.at },
  { name: 'received_at', type: 'timestamptz', of: event => event.receivedAt },
  { name: 'actor_id', type: 'text', of: event => event.actorId },
  { name: 'actor_class', type: 'text', of: event => event.actorClass },
  { name: 'sealed_actor_token', type: 'text', of: event => event.sealedActorToken },
]
const LIST = sql.join(COLUMNS.map(column => sql.ref(column.name)))

export const crmEventsOf = (db: Kysely<Database>, clock: Clock) => ({
  /**
   * Writes hints down; one that is known already changes nothing.
   * @returns how many were new
   */
  add: async (id: string, events: readonly NewCrmEvent[]): Promise<number> => {
    if (events.length === 0) return 0
    const result = await sql`
      insert into crm_events (installation_id, ${LIST})
      select ${id}, raw.* from (${unnestRows(COLUMNS, events)}) raw on conflict do nothing`.execute(db)
    return Number(result.numAffectedRows ?? 0)
  },

  /** Oldest first. */
  waiting: async (id: string, limit: number): Promise<WaitingCrmEvent[]> => {
    const rows = await db
      .selectFrom('crm_events')
      .selectAll()
      .where('installation_id', '=', id)
      .where('handled_at', 'is', null)
      .orderBy('event_id')
      .limit(limit)
      .execute()
    return rows.map(row => ({
      eventId: row.event_id,
      entity: row.entity as NewCrmEvent['entity'],
      entityId: row.entity_id,
      action: row.action as NewCrmEvent['action'],
      at: row.at,
      receivedAt: row.received_at,
      actorId: row.actor_id,
      actorClass: row.actor_class as ActorClass,
      sealedActorToken: row.sealed_actor_token,
    }))
  },

  /** The records were read again; a token nobody resolved is dropped, and its actor stays unknown. */
  handled: async (id: string, eventIds: readonly number[]): Promise<void> => {
    await sql`
      update crm_events set handled_at = ${clock.now()},
        actor_class = case when sealed_actor_token is not null and actor_id is null then 'unknown'
          else actor_class end,
        sealed_actor_token = null
      where installation_id = ${id} and event_id = any(${eventIds}::bigint[])`.execute(db)
  },

  /** Who acted, once the token is resolved (null = it was worth nothing); the token is dropped. */
  resolveActor: async (id: string, eventId: number, actorId: string | null): Promise<void> => {
    await db
      .updateTable('crm_events')
      .set({
        actor_id: actorId,
        actor_class: actorId === null ? 'unknown' : 'person',
        sealed_actor_token: null,
      })
      .where('installation_id', '=', id)
      .where('event_id', '=', eventId)
      .execute()
  },

  /**
   * Forgets hints that are the echo of our own writes: the same deal or task, within seconds of the write, by
   * a program or by the person whose access we use. They tell nothing new, and nobody acted. What was deleted is
   * left in: no other reading would miss it for days.
   * @returns their ids
   */
  dropEchoes: async (id: string): Promise<number[]> => {
    const { rows } = await sql<{ event_id: string }>`
      delete from crm_events event using write_journal own
      where event.installation_id = ${id} and own.installation_id = ${id} and event.handled_at is null
        and own.tried_at is not null
        and ((event.entity = 'deal' and event.entity_id = own.deal_id and own.kind = 'mark')
          or (event.entity = 'task' and event.entity_id = own.external_id))
        and event.at between own.tried_at - interval '3 seconds' and least(
            coalesce(
              case when own.undone_at is not null then own.undone_at
                when own.applied_at >= own.tried_at then own.applied_at end,
              ${clock.now()}::timestamptz),
            own.tried_at + interval '2 minutes') + interval '3 seconds'
        and event.action in ('added', 'updated')
        and (event.actor_class in ('robot', 'integration')
          or event.actor_id = (select user_id from tokens where installation_id = ${id}))
      returning event.event_id`.execute(db)
    return rows.map(row => Number(row.event_id))
  },

  /** Forgets events that were handled before `before`, in every portal. */
  pruneHandled: async (before: Date): Promise<void> => {
    await db.deleteFrom('crm_events').where('handled_at', '<', before).execute()
  },
})
