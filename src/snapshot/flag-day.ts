import { CHECK_DAYS } from '../metrics/history/flag-check.ts'
import type { Computed } from './compute.ts'
import type { SnapshotStore, StoredSnapshot } from './source.ts'

const DAY = 86_400_000
/** Snapshots of single weeks are kept: the flag day is the newest one that is old enough, at most this much older. */
const SLACK_DAYS = 10

/**
 * How good the flags of about sixty days ago were, from the snapshot stored then: what was flagged with what was known
 * that day, and what the deals have done since. Null while there is no such snapshot.
 */
export const startFlagChecks = async (
  store: SnapshotStore,
  installationId: string,
): Promise<(of: Computed) => Promise<void>> => {
  const stored = await store.snapshots.list(installationId)
  const marks = await store.dealMarks?.ofDeals(installationId)
  const saved: StoredSnapshot[] = [...stored]
  return async ({ world, parts, checkFlags, outcome }) => {
    const latest = world.asOf - CHECK_DAYS * DAY
    const day = saved
      .filter(({ asOf }) => asOf.getTime() <= latest && asOf.getTime() > latest - SLACK_DAYS * DAY)
      .toSorted((a, b) => b.asOf.getTime() - a.asOf.getTime())[0]
    // One build may hold the flag day of a later instant: it is looked for in what was saved by then.
    saved.push({
      asOf: new Date(world.asOf),
      builtAt: new Date(world.asOf),
      rulesVersion: '',
      coverage: null,
      isReconstructed: outcome.isReconstructed,
    })
    if (day === undefined) return
    const deals = await store.snapshots.part(installationId, day.asOf, 'deals')
    if (deals === null) return
    const flaggedAt = day.asOf.getTime()
    const normal = new Set(
      (marks?.objections ?? [])
        .filter(({ answer, answeredAt }) => answer === 'normal' && answeredAt !== null)
        .filter(({ answeredAt }) => {
          const at = answeredAt?.getTime() ?? 0
          return at > flaggedAt && at <= Math.min(world.asOf, flaggedAt + CHECK_DAYS * DAY)
        })
        .map(({ dealId }) => dealId),
    )
    parts.flagcheck = checkFlags({
      flaggedAt,
      deals,
      isNormal: dealId => normal.has(dealId),
      isReconstructed: day.isReconstructed,
    })
  }
}
