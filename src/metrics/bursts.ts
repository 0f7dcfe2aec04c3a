import { binomialTail, falseDiscoveryPasses } from './history/binomial.ts'
import type { WorkingTime } from './working-time.ts'

/** A person's write on a deal. Cosmetic = no substantive touch within a working day of it (metrics 4.2). */
export type Edit = { at: number; personId: string; dealId: string; isCosmetic: boolean }

export type Burst = {
  personId: string
  /** Start of the planerka that the week led to. */
  meetingAt: number
  /** Distinct deals edited in the week, and those edited only inside the window before the meeting, cosmetically. */
  edited: number
  tidied: number
  /** tidied / edited. */
  share: number
  baseline: number
  /** share − baseline, percentage points / 100. */
  excess: number
  lift: number
  pValue: number
  /** Stands after false-discovery control, with lift ≥ 2. */
  isSignal: boolean
  /** Weeks that were pooled to reach the least sample. */
  weeks: number
  dealIds: readonly string[]
}

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
const EVENING_MS = 18 * 3_600_000
const BASELINE_WEEKS = 8
const LEAST_BASELINE = 0.05
/** Fewer distinct deals, pooled over four weeks, say nothing about a person. */
export const LEAST_EDITED = 12
const POOLED_WEEKS = 4
const FALSE_DISCOVERY_RATE = 0.05
const LEAST_LIFT = 2
const TEAM_WEIGHT = 5
/** What was tidied has so many working days after the meeting to prove itself. */
export const STICK_DAYS = 5

type Count = { edited: number; tidied: number; dealIds: string[] }

/**
 * Tidied-before-planerka bursts (M26, metrics 4.6). Window: from 18:00 of the previous working day to the meeting. For
 * each person and meeting: n distinct deals edited in the seven days before it, k of them edited only inside the
 * window and only cosmetically. Baseline: the same share for windows of the same clock hours before the other
 * working days of the last eight weeks, shrunk to the team's (k + 5·p)/(n + 5), at least 0.05. Signal: one-sided binomial,
 * Benjamini–Hochberg 5 % over all person-weeks, and lift ≥ 2; under 12 deals four weeks are pooled.
 *
 * @param meetings starts of the planerkas that were held, ascending, from the journal and not from the calendar
 * @param earlier those before them: days of planerkas are no other days
 */
export const burstsOf = (
  edits: readonly Edit[],
  meetings: readonly number[],
  workingTime: WorkingTime,
  earlier: readonly number[] = [],
): Burst[] => {
  const byPerson = new Map<string, Edit[]>()
  for (const edit of edits) {
    const own = byPerson.get(edit.personId)
    if (own === undefined) byPerson.set(edit.personId, [edit])
    else own.push(edit)
  }
  for (const own of byPerson.values()) own.sort((a, b) => a.at - b.at)

  const found: (Omit<Burst, 'isSignal'> & { isEnough: boolean })[] = []
  meetings.forEach((meetingAt, index) => {
    const others = otherStarts(meetingAt, [...earlier, ...meetings], workingTime)
    const baselines = new Map<string, Count>()
    const team: Count = { edited: 0, tidied: 0, dealIds: [] }
    for (const [personId, own] of byPerson) {
      const sum = total(others.map(start => countBefore(own, start, workingTime)))
      baselines.set(personId, sum)
      team.edited += sum.edited
      team.tidied += sum.tidied
    }
    const teamShare = team.edited === 0 ? 0 : team.tidied / team.edited
    for (const [personId, own] of byPerson) {
      let weeks = 1
      let count = countBefore(own, meetingAt, workingTime)
      if (count.edited === 0) continue
      if (count.edited < LEAST_EDITED && index > 0) {
        const pooled = meetings.slice(Math.max(0, index + 1 - POOLED_WEEKS), index + 1)
        weeks = pooled.length
        count = total(pooled.map(start => countBefore(own, start, workingTime)))
      }
      const usual = baselines.get(personId) ?? team
      const shrunk = (usual.tidied + TEAM_WEIGHT * teamShare) / (usual.edited + TEAM_WEIGHT)
      const baseline = Math.max(LEAST_BASELINE, shrunk)
      const share = count.tidied / count.edited
      found.push({
        personId,
        meetingAt,
        ...count,
        share,
        baseline,
        excess: share - baseline,
        lift: share / baseline,
        pValue: binomialTail(count.tidied, count.edited, baseline),
        weeks,
        isEnough: count.edited >= LEAST_EDITED,
      })
    }
  })
  // A sample too small to test is no test, and must not make the others stricter.
  const tested = found.filter(each => each.isEnough)
  const passes = falseDiscoveryPasses(
    tested.map(each => each.pValue),
    FALSE_DISCOVERY_RATE,
  )
  const signals = new Set(tested.filter((each, index) => passes[index] && each.lift >= LEAST_LIFT))
  return found.map(each => {
    const { isEnough: _, ...burst } = each
    return { ...burst, isSignal: signals.has(each) }
  })
}

/** First instant of the window before a start: 18:00 of the previous working day. */
export const windowFrom = (start: number, workingTime: WorkingTime): number => {
  let day = workingTime.dayOf(start) - 1
  for (let tries = 0; tries < 31 && !workingTime.isWorkday(day); tries++) day--
  return workingTime.startOf(day) + EVENING_MS
}

/** Distinct deals of the week before a start, and those touched only inside its window and only cosmetically. */
const countBefore = (own: readonly Edit[], start: number, workingTime: WorkingTime): Count => {
  const from = windowFrom(start, workingTime)
  const deals = new Map<string, boolean>()
  for (const { at, dealId, isCosmetic } of own) {
    if (at < start - WEEK_MS) continue
    if (at >= start) break
    const isTidying = at >= from && isCosmetic
    deals.set(dealId, (deals.get(dealId) ?? true) && isTidying)
  }
  const dealIds = [...deals].filter(([, isTidied]) => isTidied).map(([dealId]) => dealId)
  return { edited: deals.size, tidied: dealIds.length, dealIds }
}

/** The same clock hour on the other working days of the last eight weeks. */
const otherStarts = (meetingAt: number, meetings: readonly number[], workingTime: WorkingTime): number[] => {
  const day = workingTime.dayOf(meetingAt)
  const clock = meetingAt - workingTime.startOf(day)
  const meetingDays = new Set(meetings.map(at => workingTime.dayOf(at)))
  const starts: number[] = []
  for (let other = day - 7 * BASELINE_WEEKS; other < day; other++)
    if (workingTime.isWorkday(other) && !meetingDays.has(other))
      starts.push(workingTime.startOf(other) + clock)
  return starts
}

const total = (counts: readonly Count[]): Count => ({
  edited: counts.reduce((sum, count) => sum + count.edited, 0),
  tidied: counts.reduce((sum, count) => sum + count.tidied, 0),
  dealIds: [...new Set(counts.flatMap(count => count.dealIds))],
})

/**
 * Share of tidied deals that were touched or moved in the five working days after the meeting: a promise date moved
 * again does not count.
 */
export const stickiness = (
  burst: Pick<Burst, 'dealIds' | 'meetingAt'>,
  isFollowed: (dealId: string, from: number, to: number) => boolean,
  workingTime: WorkingTime,
): number | null => {
  if (burst.dealIds.length === 0) return null
  const until = workingTime.add(burst.meetingAt, STICK_DAYS)
  const kept = burst.dealIds.filter(dealId => isFollowed(dealId, burst.meetingAt, until))
  return kept.length / burst.dealIds.length
}
