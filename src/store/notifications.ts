import { type Kysely, type Selectable, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import { markOwnTask } from './own-items.ts'
import type { Database, NotificationsTable } from './schema.ts'

export type Notification = {
  userId: string
  /** Calendar day in the portal's time zone. */
  day: string
  channel: string
  role: string
  asOf: Date
  claimedAt: Date
  sentAt: Date | null
  externalId: string | null
  error: string | null
  dealIds: string[]
}

const fromRow = (row: Selectable<NotificationsTable>): Notification => ({
  userId: row.user_id,
  day: row.day,
  channel: row.channel,
  role: row.role,
  asOf: row.as_of,
  claimedAt: row.claimed_at,
  sentAt: row.sent_at,
  externalId: row.external_id,
  error: row.error,
  dealIds: row.deal_ids,
})

/** Who was told what on which day. A claim comes before the message, so that nobody is told twice. */
export const notificationsOf = (db: Kysely<Database>, clock: Clock) => {
  const one = (id: string, userId: string, day: string) =>
    db
      .updateTable('notifications')
      .where('installation_id', '=', id)
      .where('user_id', '=', userId)
      .where('day', '=', day)
  return {
    /** @returns false when this person's message of that day is somebody's already */
    claim: async (
      id: string,
      userId: string,
      day: string,
      message: Pick<Notification, 'channel' | 'role' | 'asOf' | 'dealIds'>,
    ): Promise<boolean> => {
      const row = await db
        .insertInto('notifications')
        .values({
          installation_id: id,
          user_id: userId,
          day,
          channel: message.channel,
          role: message.role,
          as_of: message.asOf,
          claimed_at: clock.now(),
          deal_ids: message.dealIds,
        })
        .onConflict(conflict => conflict.doNothing())
        .returning('day')
        .executeTakeFirst()
      return row !== undefined
    },

    /** A message that was filed as a task in the CRM is known as our own from then on. */
    sent: (id: string, userId: string, day: string, externalId: string | null): Promise<void> =>
      db.transaction().execute(async trx => {
        const row = await trx
          .updateTable('notifications')
          .set({ sent_at: clock.now(), external_id: externalId, error: null })
          .where('installation_id', '=', id)
          .where('user_id', '=', userId)
          .where('day', '=', day)
          .returning('channel')
          .executeTakeFirst()
        if (row?.channel === 'task' && externalId !== null) await markOwnTask(trx, id, externalId)
      }),

    /** It may or may not have gone out: the claim stays. */
    failed: async (id: string, userId: string, day: string, error: string): Promise<void> => {
      await one(id, userId, day).set({ error }).execute()
    },

    /** It certainly did not go out: somebody else may try. */
    release: async (id: string, userId: string, day: string): Promise<void> => {
      await db
        .deleteFrom('notifications')
        .where('installation_id', '=', id)
        .where('user_id', '=', userId)
        .where('day', '=', day)
        .where('sent_at', 'is', null)
        .execute()
    },

    /** The task that carried a person's last message, by user id, unless somebody has done with it. */
    openTasks: async (id: string): Promise<Map<string, string>> => {
      const { rows } = await sql<{ user_id: string; external_id: string }>`
        select last.user_id, last.external_id from (
          select distinct on (user_id) user_id, external_id from notifications
          where installation_id = ${id} and channel = 'task' and sent_at is not null and external_id is not null
          order by user_id, day desc) last
        left join tasks on tasks.installation_id = ${id} and tasks.task_id = last.external_id
        where tasks.task_id is null or (tasks.status <> 'completed' and tasks.deleted_at is null)`.execute(db)
      return new Map(rows.map(row => [row.user_id, row.external_id]))
    },

    /** The newest message that went out to this person. */
    last: async (id: string, userId: string, channel?: string): Promise<Notification | null> => {
      const sent = db
        .selectFrom('notifications')
        .selectAll()
        .where('installation_id', '=', id)
        .where('user_id', '=', userId)
        .where('sent_at', 'is not', null)
        .orderBy('day', 'desc')
        .limit(1)
      const row = await (channel === undefined
        ? sent
        : sent.where('channel', '=', channel)
      ).executeTakeFirst()
      return row ? fromRow(row) : null
    },
  }
}
