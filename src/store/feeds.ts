import { type Kysely, type Selectable, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Database, FeedsTable } from './schema.ts'

export type FeedState = {
  feed: string
  runId: string | null
  /** Where a full read goes on after its last saved page. */
  resume: string | null
  /** Where changes are read from; null until a full read has ended once. */
  cursor: string | null
  readRows: number
  expectedRows: number | null
  isDone: boolean
  startedAt: Date | null
  updatedAt: Date
}

const fromRow = (row: Selectable<FeedsTable>): FeedState => ({
  feed: row.feed,
  runId: row.run_id,
  resume: row.resume,
  cursor: row.cursor,
  readRows: row.read_rows,
  expectedRows: row.expected_rows,
  isDone: row.is_done,
  startedAt: row.started_at,
  updatedAt: row.updated_at,
})

export const feedsOf = (db: Kysely<Database>, clock: Clock) => ({
  all: async (id: string): Promise<FeedState[]> => {
    const rows = await db
      .selectFrom('feeds')
      .selectAll()
      .where('installation_id', '=', id)
      .orderBy('feed')
      .execute()
    return rows.map(fromRow)
  },

  /**
   * A run begins to read a feed. The same run again finds its `resume`; another run starts from nothing,
   * and `cursor` stays until it is replaced.
   */
  startRun: async (id: string, feed: string, runId: string): Promise<FeedState> => {
    const now = clock.now()
    const { rows } = await sql<Selectable<FeedsTable>>`
      insert into feeds (installation_id, feed, run_id, started_at, updated_at)
      values (${id}, ${feed}, ${runId}, ${now}, ${now})
      on conflict (installation_id, feed) do update set
        run_id = excluded.run_id,
        resume = case when feeds.run_id = excluded.run_id then feeds.resume end,
        read_rows = case when feeds.run_id = excluded.run_id then feeds.read_rows else 0 end,
        expected_rows = case when feeds.run_id = excluded.run_id then feeds.expected_rows end,
        is_done = coalesce(feeds.run_id = excluded.run_id, false) and feeds.is_done,
        started_at = case when feeds.run_id = excluded.run_id then feeds.started_at else excluded.started_at end,
        updated_at = excluded.updated_at
      returning *`.execute(db)
    return fromRow(rows[0]!)
  },

  /** The feed was read to its end: changes go on from `cursor`. */
  finishRun: async (id: string, feed: string, runId: string, cursor: string): Promise<void> => {
    const end = { run_id: runId, cursor, resume: null, is_done: true, updated_at: clock.now() }
    await db
      .insertInto('feeds')
      .values({ installation_id: id, feed, ...end })
      .onConflict(conflict => conflict.columns(['installation_id', 'feed']).doUpdateSet(end))
      .execute()
  },
})
