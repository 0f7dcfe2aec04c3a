import type { Page } from '../vendors/vendor.ts'
import { patientPages } from './patience.ts'
import type { Run } from './run.ts'

/** Something a page brought that the directory did not know. */
export type OnPage = (page: Page) => void

/**
 * Reads a feed and saves it page by page; the next page is asked for while the last one is saved. A page
 * and the place to go on from are stored together, so that a process killed anywhere goes on from there.
 * @returns ids of deals about which something has changed
 */
export const saveFeed = async (
  run: Run,
  feed: string,
  open: (resume: string | null) => AsyncGenerator<Page, { cursor: string }>,
  given: { resume: string | null; base: number; onPage?: OnPage },
): Promise<Set<string>> => {
  const { store, clock, signal, installation, runId, vendor } = run
  const changed = new Set<string>()
  let read = given.base
  let saving: Promise<void> = Promise.resolve()

  const save = async (page: Page): Promise<void> => {
    const seenAt = clock.now()
    const { changedDealIds } = await store.savePage(installation.id, {
      feed,
      runId,
      records: page.records,
      rejected: page.rejected,
      resume: page.resume,
      progress: { read, expected: page.progress.expected },
      seenAt,
      diffDeadlines: !vendor.can.deadlineHistory,
    })
    for (const id of changedDealIds) changed.add(id)
    for (const { kind, ids } of page.gone ?? []) await store.markDeleted(installation.id, kind, ids, seenAt)
    run.rejected(page.rejected.length)
  }

  const pages = patientPages(run.patience(), open, given.resume)
  try {
    for (;;) {
      const next = await pages.next()
      await saving
      signal.throwIfAborted()
      if (next.done) {
        await store.feeds.finishRun(installation.id, feed, runId, next.value.cursor)
        return changed
      }
      read = Math.max(read, next.value.progress.read)
      given.onPage?.(next.value)
      saving = save(next.value)
      // Awaited before the next page is saved; until then a failure must not count as unhandled.
      saving.catch(() => {})
    }
  } finally {
    await saving.catch(() => {})
    await pages.return({ cursor: '' })
  }
}
