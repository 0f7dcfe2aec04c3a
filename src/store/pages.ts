import type { Kysely, Transaction } from 'kysely'
import { AppError } from '../errors.ts'
import type { RecordSet, Rejected } from '../records/records.ts'
import { activitiesSpec } from './pages/activities.ts'
import { saveDeadlineMoves, saveFactChanges } from './pages/changes.ts'
import { saveTaskClosings } from './pages/closings.ts'
import { dealsSpec } from './pages/deals.ts'
import { invoicesSpec } from './pages/invoices.ts'
import { mergeMoves, stageMovesSpec } from './pages/stage-moves.ts'
import { tasksSpec } from './pages/tasks.ts'
import { type Stamp, upsertRows } from './pages/upsert.ts'
import { saveRejected } from './rejected.ts'
import type { Database } from './schema.ts'

export type PageToSave = {
  /** Whose progress moves with the page; null = nobody's (records read again by id). */
  feed: string | null
  runId: string
  records: RecordSet
  rejected: Rejected[]
  /** Where to go on from after this page. */
  resume?: string | null
  /** The feed is read to its end, and changes go on from here. */
  cursor?: string | null
  progress?: { read: number; expected: number | null }
  /** When the page was read. */
  seenAt: Date
  /** False where the vendor dates deadline moves itself. */
  diffDeadlines?: boolean
}

/** One row per id: the same record may come twice in a page; the later one stands. */
const once = <Row extends { id: string }>(
  rows: readonly Row[],
  merge: (first: Row, second: Row) => Row = (_first, second) => second,
): Row[] => {
  const byId = new Map<string, Row>()
  for (const row of rows) {
    const earlier = byId.get(row.id)
    byId.set(row.id, earlier ? merge(earlier, row) : row)
  }
  return [...byId.values()]
}

const moveFeed = async (trx: Transaction<Database>, page: PageToSave, stamp: Stamp): Promise<void> => {
  const { feed, resume, cursor, progress } = page
  if (feed === null || (resume === undefined && cursor === undefined && progress === undefined)) return
  const isEnd = cursor !== undefined && cursor !== null
  const place = {
    run_id: stamp.runId,
    updated_at: stamp.seenAt,
    ...(isEnd ? { cursor, is_done: true, resume: null } : {}),
    ...(resume === undefined ? {} : { resume }),
    ...(progress ? { read_rows: progress.read, expected_rows: progress.expected } : {}),
  }
  await trx
    .insertInto('feeds')
    .values({ installation_id: stamp.installationId, feed, ...place })
    .onConflict(conflict => conflict.columns(['installation_id', 'feed']).doUpdateSet(place))
    .execute()
}

/** @param grown told how many rows of a portal were saved */
export const pageSaverOf = (db: Kysely<Database>, grown: (id: string, rows: number) => Promise<void>) => ({
  /**
   * Saves one page and the place to go on from in one transaction: either all of it is stored or nothing.
   * Saving the same page again changes nothing.
   * @returns ids of deals that are new or about which something differs from before
   * @throws AppError `installation_not_found` when it was purged meanwhile
   */
  savePage: async (id: string, page: PageToSave): Promise<{ changedDealIds: string[] }> => {
    const stamp: Stamp = { installationId: id, runId: page.runId, seenAt: page.seenAt }
    const diff = page.diffDeadlines ?? true
    const { deals, stageMoves, activities, tasks, invoices, factChanges, deadlineMoves, taskClosings } =
      page.records
    const saved = await db.transaction().execute(async trx => {
      // Pages of one portal follow each other, whichever process saves them.
      const installation = await trx
        .selectFrom('installations')
        .select('installation_id')
        .where('installation_id', '=', id)
        .forNoKeyUpdate()
        .executeTakeFirst()
      if (!installation) throw new AppError(404, 'installation_not_found', 'The installation was removed')
      await saveDeadlineMoves(trx, deadlineMoves, stamp)
      const changed = [
        await upsertRows(trx, dealsSpec, once(deals), stamp),
        await upsertRows(trx, stageMovesSpec, once(stageMoves, mergeMoves), stamp),
        await upsertRows(trx, activitiesSpec(diff), once(activities), stamp),
        await upsertRows(trx, tasksSpec(diff), once(tasks), stamp),
        await upsertRows(trx, invoicesSpec, once(invoices), stamp),
        await saveFactChanges(trx, factChanges, stamp),
        await saveTaskClosings(trx, taskClosings, stamp),
      ]
      await saveRejected(trx, stamp, page.rejected, page.records)
      await moveFeed(trx, page, stamp)
      return { changedDealIds: [...new Set(changed.flat())] }
    })
    await grown(id, deals.length + stageMoves.length + activities.length + tasks.length + invoices.length)
    return saved
  },
})
