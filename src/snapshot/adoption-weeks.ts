import {
  adoptionOf,
  firstTidying,
  habitWeek,
  hasSlidBack,
  type ScoredWeeks,
  steadyHabit,
  type WeekBurst,
} from '../metrics/adoption.ts'
import type { AdoptionUse, CurveRow, FirstWeek, Score, SnapshotParts } from './document.ts'
import { launchDayOf } from './launch.ts'
import { type SeriesWeek, weekSeries } from './series.ts'
import type { Portal, SnapshotStore, StoredSnapshot } from './source.ts'

/**
 * Weeks that the curve looks back at most: nearly as long as snapshots are kept. Were it shorter than the time since the
 * launch, everybody's own week 0 would move on, and week 3 with it.
 */
const ADOPTION_WEEKS = 104
const WEEK = 7 * 86_400_000

type Input = { store: Pick<SnapshotStore, 'snapshots'>; installationId: string; portal: Portal }

/**
 * The adoption curve of a snapshot and the people behind it, from the scores of the weeks stored so far, back to the launch. Scores read
 * once serve all instants of one build.
 */
export const startAdoption = ({ store, installationId, portal }: Input) => {
  const known = new Map<number, readonly PersonScore[]>()
  const { calendar } = portal.settings
  const launchedOn = launchDayOf(portal)
  return async (
    snapshot: StoredSnapshot,
    { scores, catalogue }: Pick<SnapshotParts, 'scores' | 'catalogue'>,
  ): Promise<{ curve: CurveRow[]; use: AdoptionUse }> => {
    known.set(snapshot.asOf.getTime(), ofPeople(scores))
    const stored = (await store.snapshots.list(installationId)).filter(
      ({ asOf }) => asOf.getTime() !== snapshot.asOf.getTime(),
    )
    const sinceThen = Math.ceil((snapshot.asOf.getTime() - Date.parse(launchedOn)) / WEEK) + 1
    const looked = Math.min(ADOPTION_WEEKS, Math.max(1, sinceThen))
    const series = weekSeries([...stored, snapshot], calendar, snapshot.asOf, looked)
    const weeks: (readonly PersonScore[])[] = []
    const launched = sinceLaunch(series, launchedOn)
    for (const { snapshot: own } of launched) {
      const at = own?.asOf.getTime()
      if (own !== null && at !== undefined && !known.has(at))
        known.set(at, ofPeople((await store.snapshots.part(installationId, own.asOf, 'scores')) ?? []))
      weeks.push(at === undefined ? [] : (known.get(at) ?? []))
    }
    const people = scoredWeeks(weeks)
    const { curve, reached, isTooFew, intervals } = adoptionOf(people, calendar.workdays.length)
    /** The snapshot that tells of a person's own week; null of no week. */
    const toldAt = (firstWeek: number, own: number | null): string | null =>
      own === null ? null : (launched[firstWeek + own]!.snapshot?.asOf.toISOString() ?? null)
    const seenAt = (first: Omit<FirstWeek, 'asOf'>, firstWeek: number): FirstWeek => ({
      ...first,
      asOf: toldAt(firstWeek, first.week),
    })
    const use: AdoptionUse = {
      launchedOn,
      week: launched.length - 1,
      people: people.map(({ personId, scores: own, bursts, firstWeek }) => {
        const habit = habitWeek(own)
        return {
          personId,
          from: launched[firstWeek]!.from,
          weeks: own.length,
          habitWeek: habit,
          habitAsOf: toldAt(firstWeek, habit),
          hasSlidBack: hasSlidBack(own),
          lastScore: own.at(-1) ?? null,
          lastAsOf: toldAt(firstWeek, own.length - 1),
          tidying: seenAt(firstTidying(bursts), firstWeek),
          steady: seenAt(steadyHabit(own, bursts), firstWeek),
        }
      }),
      burstOff: catalogue.find(({ metric }) => metric === 'M26')?.offReason ?? null,
      reached,
      isTooFew,
      ...intervals,
    }
    return { curve, use }
  }
}

const sinceLaunch = (series: readonly SeriesWeek[], launchedOn: string): readonly SeriesWeek[] => {
  const after = series.findIndex(({ from }) => from > launchedOn)
  // The week that holds the launch; the whole series where it lies further back.
  return after < 0 ? series.slice(-1) : series.slice(Math.max(0, after - 1))
}

/** The little of a score that the curve needs: two years of weeks are held at once. */
type PersonScore = { personId: string; score: number | null; burst: WeekBurst }

const ofPeople = (scores: readonly Score[]): PersonScore[] =>
  scores
    .filter(({ scope }) => scope === 'employee')
    .map(({ scopeId, value, burst = null }) => ({ personId: scopeId, score: value, burst }))

type PersonWeeks = ScoredWeeks & { firstWeek: number; bursts: WeekBurst[] }

/** Everybody's scores and bursts week by week, since the person's own first week with a score. */
const scoredWeeks = (weeks: readonly (readonly PersonScore[])[]): PersonWeeks[] => {
  const people = new Map<string, PersonScore[]>()
  weeks.forEach((scores, week) => {
    for (const one of scores) {
      if (one.score === null && !people.has(one.personId)) continue
      const own = people.get(one.personId) ?? []
      people.set(one.personId, own)
      own[week] = one
    }
  })
  return [...people]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([personId, own]) => {
      const firstWeek = own.findIndex(week => week !== undefined)
      const since = Array.from(own.slice(firstWeek), week => week ?? { score: null, burst: null })
      return {
        personId,
        firstWeek,
        scores: since.map(({ score }) => score),
        bursts: since.map(({ burst }) => burst),
      }
    })
}
