import { type Clock, DAY } from '../clock.ts'
import type { Installations } from '../installations/installations.ts'
import type { Logger } from '../logger.ts'
import type { SnapshotParts } from '../snapshot/document.ts'
import type { Store } from '../store/open-store.ts'

/** Daily snapshots of the last weeks are kept whole; older ones keep what trends and series need. */
const THIN_AFTER = 100 * DAY
const DROP_SNAPSHOTS_AFTER = 800 * DAY
const KEPT_PARTS: readonly (keyof SnapshotParts)[] = ['scores', 'summary', 'metrics', 'catalogue']
/** Who acted is copied into moves within minutes; the hints behind it are kept for a while, to be asked about. */
const DROP_HINTS_AFTER = 90 * DAY
const DROP_RUNS_AFTER = 30 * DAY
/** What was written into the CRM is told for so long; what may still stand there is never forgotten. */
const DROP_WRITES_AFTER = 400 * DAY

/** Forgets what nobody will ask for again. */
export const prune = async (deps: {
  store: Store
  installations: Installations
  clock: Clock
  log: Logger
}): Promise<void> => {
  const { store, installations, clock, log } = deps
  const before = (age: number): Date => new Date(clock.now().getTime() - age)
  await store.singleUse.forget(clock.now())
  await store.telegramCodes.forgetExpired()
  await store.crmEvents.pruneHandled(before(DROP_HINTS_AFTER))
  await store.syncRuns.prune(before(DROP_RUNS_AFTER))
  await store.journal.prune(before(DROP_WRITES_AFTER))
  for (const { id } of await installations.list())
    await store.snapshots.prune(id, {
      dropBefore: before(DROP_SNAPSHOTS_AFTER),
      thinBefore: before(THIN_AFTER),
      keepParts: KEPT_PARTS,
    })
  await store.maintain()
  log.info('old rows forgotten')
}
