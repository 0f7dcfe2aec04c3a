import type { Calendar } from '../records/settings.ts'
import { type Changes, compareSnapshots } from './compare.ts'
import type { Score, SnapshotParts } from './document.ts'
import { HISTORY_WEEKS } from './history.ts'
import { weekSeries } from './series.ts'
import type { SnapshotStore, StoredSnapshot } from './source.ts'

/** One week of the series; `scores` by `scope:scopeId`. */
export type WeekScores = {
  /** Monday, `YYYY-MM-DD`. */
  from: string
  /** ISO instant of the snapshot behind it; null = none was built. */
  asOf: string | null
  isPartial: boolean
  rulesVersion: string | null
  scores: ReadonlyMap<string, Score>
}

/** Stored snapshots as screens, digests and exports read them: nothing is recomputed. */
export type SnapshotReader = {
  /** Newest first. */
  list(installationId: string): Promise<StoredSnapshot[]>
  latest(installationId: string): Promise<StoredSnapshot | null>
  at(installationId: string, asOf: Date): Promise<StoredSnapshot | null>
  part<K extends keyof SnapshotParts>(
    installationId: string,
    asOf: Date,
    name: K,
  ): Promise<SnapshotParts[K] | null>
  /** Twelve weeks up to `asOf`, oldest first. */
  weeks(installationId: string, asOf: Date): Promise<WeekScores[]>
  /** Against the snapshot about a week earlier; null when there is none. */
  changes(installationId: string, asOf: Date): Promise<Changes | null>
}

/** Parsed parts kept in memory; the least recently read go first. */
const CACHED_PARTS = 96

const DAY = 86_400_000
/** Weeks rebuilt on the first day end on Sundays: the nearest one is never further from a week ago. */
const WEEK_SLACK_DAYS = 3.5

/** @param calendarOf the portal's calendar: weeks are cut in its zone */
export const createSnapshotReader = (
  store: Pick<SnapshotStore, 'snapshots'>,
  calendarOf: (installationId: string) => Promise<Calendar>,
): SnapshotReader => {
  const cache = new Map<string, unknown>()
  const list: SnapshotReader['list'] = installationId => store.snapshots.list(installationId)
  const at: SnapshotReader['at'] = async (installationId, asOf) =>
    (await list(installationId)).find(snapshot => snapshot.asOf.getTime() === asOf.getTime()) ?? null

  const read = async <K extends keyof SnapshotParts>(
    installationId: string,
    snapshot: StoredSnapshot,
    name: K,
  ): Promise<SnapshotParts[K] | null> => {
    // Built again means another `builtAt`, and so another key.
    const key = `${installationId}|${snapshot.asOf.getTime()}|${snapshot.builtAt.getTime()}|${name}`
    if (cache.has(key)) {
      const known = cache.get(key) as SnapshotParts[K] | null
      cache.delete(key)
      cache.set(key, known)
      return known
    }
    const part = await store.snapshots.part(installationId, snapshot.asOf, name)
    cache.set(key, part)
    if (cache.size > CACHED_PARTS) cache.delete(cache.keys().next().value!)
    return part
  }

  return {
    list,
    at,
    latest: async installationId => (await list(installationId))[0] ?? null,
    part: async (installationId, asOf, name) => {
      const snapshot = await at(installationId, asOf)
      return snapshot === null ? null : read(installationId, snapshot, name)
    },
    weeks: async (installationId, asOf) => {
      const [snapshots, calendar] = await Promise.all([list(installationId), calendarOf(installationId)])
      return Promise.all(
        weekSeries(snapshots, calendar, asOf, HISTORY_WEEKS).map(async ({ from, snapshot, isPartial }) => {
          const scores = snapshot === null ? null : await read(installationId, snapshot, 'scores')
          return {
            from,
            asOf: snapshot?.asOf.toISOString() ?? null,
            isPartial,
            rulesVersion: snapshot?.rulesVersion ?? null,
            scores: new Map((scores ?? []).map(score => [`${score.scope}:${score.scopeId}`, score])),
          }
        }),
      )
    },
    changes: async (installationId, asOf) => {
      const snapshots = await list(installationId)
      const now = snapshots.find(snapshot => snapshot.asOf.getTime() === asOf.getTime())
      const earlier = aWeekBefore(snapshots, asOf)
      if (now === undefined || earlier === null) return null
      const [before, deals, closed, stages] = await Promise.all([
        read(installationId, earlier, 'deals'),
        read(installationId, now, 'deals'),
        read(installationId, now, 'closed'),
        read(installationId, now, 'stages'),
      ])
      if (before === null || deals === null) return null
      return compareSnapshots(
        { asOf: earlier.asOf, parts: { deals: before } },
        { deals, closed: closed ?? [], stages: stages ?? [] },
      )
    },
  }
}

/** The snapshot nearest to seven days before, at most half a week away from it. */
const aWeekBefore = (snapshots: readonly StoredSnapshot[], asOf: Date): StoredSnapshot | null => {
  const wanted = asOf.getTime() - 7 * DAY
  const distance = (snapshot: StoredSnapshot): number => Math.abs(snapshot.asOf.getTime() - wanted)
  const near = snapshots
    .filter(snapshot => distance(snapshot) <= WEEK_SLACK_DAYS * DAY)
    .toSorted((a, b) => distance(a) - distance(b))
  return near[0] ?? null
}
