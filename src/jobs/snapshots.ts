import type { Clock } from '../clock.ts'
import type { Installations } from '../installations/installations.ts'
import type { Logger } from '../logger.ts'
import { type BuildInput, buildSnapshot, buildSnapshots, type Source } from '../snapshot/build.ts'
import { HISTORY_WEEKS, weekEnds } from '../snapshot/history.ts'
import type { Store } from '../store/open-store.ts'
import type { Feed } from '../vendors/vendor.ts'

export type SnapshotJobs = {
  /** Builds the snapshot of an instant. */
  build(installationId: string, asOf: Date): Promise<void>
  /** Builds what is missing of the last twelve week ends, so that there is a trend to look at. */
  fillWeeks(installationId: string): Promise<void>
}

export const createSnapshotJobs = (deps: {
  store: Store
  installations: Installations
  clock: Clock
  log: Logger
}): SnapshotJobs => {
  const { store, installations, clock, log } = deps

  const inputFor = async (installationId: string): Promise<BuildInput> => {
    const installation = await installations.load(installationId)
    const { can, feeds } = installations.vendorOf(installation)
    const read = new Map((await store.feeds.all(installationId)).map(state => [state.feed, state]))
    // A feed has a cursor once it was read to its end; until then what it has not brought is not absent.
    const unread = new Set(
      feeds
        .filter(({ name }) => (read.get(name)?.cursor ?? null) === null)
        .flatMap(({ covers }) => sourceOf(covers)),
    )
    return { store, installationId, can, unread, log, clock }
  }

  return {
    async build(installationId, asOf) {
      await buildSnapshot({ ...(await inputFor(installationId)), asOf })
    },
    async fillWeeks(installationId) {
      const input = await inputFor(installationId)
      const [{ settings }, stored, start] = await Promise.all([
        installations.load(installationId),
        store.snapshots.list(installationId),
        store.facts.historyStart(installationId),
      ])
      const known = new Set(stored.map(({ asOf }) => asOf.getTime()))
      const asOfs = weekEnds(settings.calendar, clock.now(), HISTORY_WEEKS).filter(
        // A week that ended before anything was recorded has nothing to say.
        asOf => !known.has(asOf.getTime()) && (start === null || asOf.getTime() > Number(start)),
      )
      if (asOfs.length === 0) return
      await buildSnapshots({ ...input, asOfs })
      // The weeks may hold the flag day that the newest snapshot looks back to: on the first day it is built before them.
      const [newest] = stored
      if (newest && (await store.snapshots.part(installationId, newest.asOf, 'flagcheck')) === null)
        await buildSnapshot({ ...input, asOf: newest.asOf })
    },
  }
}

const sourceOf = (covers: Feed['covers']): Source[] =>
  covers === 'activities' || covers === 'tasks' || covers === 'invoices' ? [covers] : []
