import type { Dossier, PauseFact } from '../records/facts.ts'
import type { WorkingTime } from './working-time.ts'

/** A pause is never longer, in working days, and a deal never has more of them (metrics 4.5, 4). */
export const MAX_PAUSE_DAYS = 30
export const MAX_PAUSES = 2
/** An objection that nobody answers holds the flag so many working days, and no longer. */
export const OBJECTION_DAYS = 5
/** The head's "this is normal" holds for one stay, so many working days at most. */
export const NORMAL_DAYS = 30

/** Why a flag does not count at an instant, and until when. */
export type Hold = { kind: 'paused' | 'disputed' | 'normal'; until: number }

type Marked = Pick<Dossier, 'pauses' | 'objections'>
type Span = { from: number; to: number }

/** When a pause ends by itself: its date, an earlier word, or the longest that a pause may be. */
export const pauseEnd = (pause: PauseFact, workingTime: WorkingTime): number =>
  Math.min(
    pause.until,
    pause.endedAt ?? Number.POSITIVE_INFINITY,
    workingTime.add(pause.madeAt, MAX_PAUSE_DAYS),
  )

const NO_SPANS: readonly Span[] = []

/** The pauses that stop clocks: the first two of a deal, each from when it was made. */
const spansOf = ({ pauses }: Marked, workingTime: WorkingTime): readonly Span[] => {
  if (pauses === undefined || pauses.length === 0) return NO_SPANS
  const spans: Span[] = []
  for (const pause of pauses.slice(0, MAX_PAUSES)) {
    const from = Math.max(pause.madeAt, spans.at(-1)?.to ?? 0)
    const to = pauseEnd(pause, workingTime)
    if (to > from) spans.push({ from, to })
  }
  return spans
}

/** Working days between two instants during which the clocks ran. */
export const runningDays = (deal: Marked, from: number, to: number, workingTime: WorkingTime): number => {
  let days = workingTime.days(from, to)
  for (const span of spansOf(deal, workingTime))
    days -= workingTime.days(Math.max(from, span.from), Math.min(to, span.to))
  return Math.max(0, days)
}

/** The instant at which a clock started at `from` has run for `days` working days. */
export const ranOutAt = (deal: Marked, from: number, days: number, workingTime: WorkingTime): number => {
  let at = workingTime.add(from, days)
  for (const span of spansOf(deal, workingTime)) {
    if (span.from >= at || span.to <= from) continue
    at = workingTime.add(at, workingTime.days(Math.max(from, span.from), span.to))
  }
  return at
}

/**
 * What keeps the flag of a deal from counting at an instant. Objections belong to the stay in which they were made:
 * the first of a stay counts, so that objecting again and again holds nothing.
 * @param stayFrom when the deal entered the stage
 */
export const holdAt = (deal: Marked, at: number, stayFrom: number, workingTime: WorkingTime): Hold | null => {
  const pause = spansOf(deal, workingTime).find(span => span.from <= at && at < span.to)
  if (pause !== undefined) return { kind: 'paused', until: pause.to }
  if (deal.objections === undefined || deal.objections.length === 0) return null
  const said = deal.objections.filter(({ openedAt }) => openedAt >= stayFrom && openedAt <= at)
  const normal = said.find(({ answer, answeredAt }) => answer === 'normal' && (answeredAt ?? at + 1) <= at)
  if (normal !== undefined) {
    const until = workingTime.add(normal.answeredAt ?? normal.openedAt, NORMAL_DAYS)
    return at < until ? { kind: 'normal', until } : null
  }
  const first = said[0]
  if (first === undefined || (first.answeredAt !== null && first.answeredAt <= at)) return null
  const until = workingTime.add(first.openedAt, OBJECTION_DAYS)
  return at < until ? { kind: 'disputed', until } : null
}
