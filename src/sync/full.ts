import { conflict } from '../errors.ts'
import type { RecordKind } from '../records/records.ts'
import type { Feed } from '../vendors/vendor.ts'
import { readDirectory, readStanding } from './directory.ts'
import { saveFeed } from './feed-pages.ts'
import type { Run } from './run.ts'

/** Feeds read side by side: while one waits for the portal, the other is saved. */
const LANES = 2
/** Above this share, records that were not seen look like lost rights rather than deletions. */
export const BELIEVABLE_LOSS = 0.05

/** The kind whose deletions a feed can tell. */
const KIND_OF: Partial<Record<Feed['covers'], Exclude<RecordKind, 'stageMove'>>> = {
  deals: 'deal',
  activities: 'activity',
  tasks: 'task',
  invoices: 'invoice',
}

export type FullHooks = {
  /** Deals and their history are in: enough for a first look. */
  onUsable(installationId: string): Promise<void>
  onRightsLost(installationId: string): Promise<void>
}

/** Runs tasks in the order given, a few at a time; the first failure stops what has not begun. */
const inLanes = async <T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const waiting = [...items]
  let failure: { error: unknown } | null = null
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined && !failure; item = waiting.shift())
      try {
        await work(item)
      } catch (error) {
        failure ??= { error }
      }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  if (failure) throw (failure as { error: unknown }).error
}

/**
 * Everything from the beginning. A run that was interrupted goes on with the feeds that are not done, each
 * from its last saved page.
 */
export const runFull = async (run: Run, hooks: FullHooks): Promise<void> => {
  const { store, vendor, portal, installation, runId, clock, log } = run
  const id = installation.id
  await run.enter('directory')
  await readStanding(run, hooks.onRightsLost)
  await readDirectory(run)

  await run.enter('feeds')
  const waiting = new Set(vendor.feeds.filter(({ covers }) => isFirstLook(covers)).map(({ name }) => name))
  let isUsable = false
  const finished = async (feed: string): Promise<void> => {
    waiting.delete(feed)
    if (isUsable || waiting.size > 0) return
    isUsable = true
    await hooks.onUsable(id)
  }
  // All of them are begun at once, so that progress knows what is still to come.
  for (const { name } of vendor.feeds) await store.feeds.startRun(id, name, runId)
  await inLanes(vendor.feeds, LANES, async ({ name }) => {
    const state = await store.feeds.startRun(id, name, runId)
    if (!state.isDone) {
      await saveFeed(run, name, resume => portal.backfill(name, resume), {
        resume: state.resume,
        base: state.readRows,
      })
      log.info({ feed: name }, 'feed read')
    }
    await finished(name)
  })

  // What changed while we read: rows behind us have moved on, rows ahead may have come twice.
  await run.enter('changes')
  for (const { name } of vendor.feeds) await readChanges(run, name)

  await run.enter('deletions')
  for (const { covers, name } of vendor.feeds) {
    const kind = KIND_OF[covers]
    if (!kind) continue
    const share = await store.markUnseen(id, kind, runId, clock.now(), BELIEVABLE_LOSS)
    if (share <= BELIEVABLE_LOSS) continue
    log.warn({ feed: name, share }, 'many records not seen again')
    await readStanding(run, hooks.onRightsLost)
    // The token still sees everything: they are really gone.
    await store.markUnseen(id, kind, runId, clock.now(), 1)
  }

  await run.enter('credits')
  await store.creditMoves(id)
}

const isFirstLook = (covers: Feed['covers']): boolean => covers === 'deals' || covers === 'history'

/**
 * What changed since the cursor of a feed; the cursor moves when all of it is saved.
 * @throws AppError 409 `sync_needs_full` when the feed was never read to its end
 */
export const readChanges = async (
  run: Run,
  feed: string,
  onPage?: Parameters<typeof saveFeed>[3]['onPage'],
): Promise<void> => {
  const { store, portal, installation, runId } = run
  const { cursor, readRows } = await store.feeds.startRun(installation.id, feed, runId)
  if (cursor === null) throw conflict('sync_needs_full', 'This portal was never read to its end')
  await saveFeed(run, feed, resume => portal.changes(feed, resume ?? cursor), {
    resume: null,
    base: readRows,
    ...(onPage ? { onPage } : {}),
  })
}
