import { PILLARS } from '../metrics/pillars.ts'
import {
  proposeWeights,
  QUARTER_WEEKS,
  type TheatrePerson,
  type TheatreWeek,
  theatreCases,
  theatreQuarter,
} from '../metrics/theatre.ts'
import { mondayOf } from '../metrics/window.ts'
import type { MetricRow, PillarId, Score, Theatre } from './document.ts'
import { launchDayOf } from './launch.ts'
import { type SeriesWeek, weekSeries } from './series.ts'
import type { Portal, SnapshotStore, StoredSnapshot } from './source.ts'

const DAY = 86_400_000
/** Quarters that are remembered. */
const KEPT_QUARTERS = 8

type Input = { store: Pick<SnapshotStore, 'snapshots'>; installationId: string; portal: Portal }

/**
 * The theatre check of a snapshot: the quarters since the launch that have ended. A quarter is judged once, from its
 * stored weeks, by the first snapshot after it; later ones carry its answer on. Before the first has ended nothing is
 * read from the store.
 */
export const startTheatre = ({ store, installationId, portal }: Input) => {
  const { calendar } = portal.settings
  const launchedOn = launchDayOf(portal)
  const launch = mondayOf(dayOf(launchedOn))

  const readWeek = async ({ from, snapshot }: SeriesWeek): Promise<TheatreWeek> => {
    if (snapshot === null || snapshot.isReconstructed) return null
    const scores = await store.snapshots.part(installationId, snapshot.asOf, 'scores')
    const metrics = await store.snapshots.part(installationId, snapshot.asOf, 'metrics')
    const { asOf, rulesVersion } = snapshot
    return { from, asOf: asOf.toISOString(), rulesVersion, people: peopleOf(scores ?? [], metrics ?? []) }
  }

  return async ({ asOf }: StoredSnapshot): Promise<Theatre> => {
    const monday = dayOf(weekSeries([], calendar, asOf, 1)[0]!.from)
    const ended = Math.max(0, Math.floor((monday - launch) / 7 / QUARTER_WEEKS))
    const none: Theatre = {
      launchedOn,
      nextOn: dateOf(launch + 7 * QUARTER_WEEKS * (ended + 1)),
      quarters: [],
      proposal: null,
    }
    if (ended === 0) return none
    const stored = (await store.snapshots.list(installationId)).filter(one => one.asOf < asOf)
    const [newest] = stored
    const before =
      newest === undefined ? null : await store.snapshots.part(installationId, newest.asOf, 'theatre')
    const known = before?.launchedOn === launchedOn ? before.quarters : []
    if (before && known.at(-1)?.number === ended) return before
    // Two quarters running are asked about: the last one, and the one before where nobody has judged it yet.
    const first = Math.max(1, ended - 1)
    const weeks = (monday - launch) / 7 - QUARTER_WEEKS * (first - 1) + 1
    const series = weekSeries(stored, calendar, asOf, weeks)
    const read = new Map<number, TheatreWeek[]>()
    const weeksOf = async (number: number): Promise<TheatreWeek[]> => {
      const known = read.get(number)
      if (known !== undefined) return known
      const from = QUARTER_WEEKS * (number - first)
      const own: TheatreWeek[] = []
      for (const week of series.slice(from, from + QUARTER_WEEKS)) own.push(await readWeek(week))
      read.set(number, own)
      return own
    }
    const quarters = known.filter(({ number }) => number < ended)
    for (let number = first; number <= ended; number++) {
      if (quarters.some(quarter => quarter.number === number)) continue
      const from = launch + 7 * QUARTER_WEEKS * (number - 1)
      quarters.push({
        number,
        from: dateOf(from),
        to: dateOf(from + 7 * QUARTER_WEEKS - 1),
        ...theatreQuarter(await weeksOf(number)),
      })
    }
    const isNoTwice = ended > 1 && quarters.slice(-2).every(({ answer }) => answer === 'no')
    const proposal = isNoTwice ? proposeWeights([await weeksOf(ended - 1), await weeksOf(ended)]) : null
    return {
      ...none,
      quarters: quarters.slice(-KEPT_QUARTERS),
      cases: theatreCases(await weeksOf(ended)),
      proposal,
    }
  }
}

/** Days since 1970-01-01 of a date, and back. */
const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY
const dateOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)

const peopleOf = (scores: readonly Score[], metrics: readonly MetricRow[]): TheatrePerson[] => {
  const rows = new Map(
    metrics
      .filter(({ windowDays, scope }) => windowDays === 7 && scope !== 'team')
      .map(row => [`${row.metric} ${row.scope === 'company' ? '' : row.scopeId}`, row]),
  )
  // Nobody moved anything: the week has nothing to say of moves, or they are not told.
  const areMovesTold = metrics.some(({ metric, scope }) => metric === 'M21.skips' && scope === 'employee')
  return scores
    .filter(({ scope }) => scope === 'employee')
    .map(({ scopeId, value, pillars }) => {
      const won = rows.get(`M15.accuracy ${scopeId}`)
      const dealDays = rows.get(`M09 ${scopeId}`)?.denominator ?? null
      return {
        personId: scopeId,
        score: value,
        pillars: Object.fromEntries(
          PILLARS.map(id => {
            const own = pillars.find(({ pillar }) => pillar === id)
            return [id, own === undefined || own.weight === 0 ? null : (100 * own.points) / own.weight]
          }),
        ) as Record<PillarId, number | null>,
        accuracy: won === undefined ? null : { good: won.numerator ?? 0, cases: won.denominator ?? 0 },
        // Each forward move counts the stages that it passed: that is the denominator of their skips.
        moves:
          dealDays === null || !areMovesTold
            ? null
            : { good: rows.get(`M21.skips ${scopeId}`)?.denominator ?? 0, cases: dealDays },
      }
    })
}
