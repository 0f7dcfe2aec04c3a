import type { Dossier } from '../records/facts.ts'
import type { Level } from '../snapshot/document.ts'

/** Everything about a deal that the stale flag looks at, by when it takes effect; planned instants too. */
const instantsOf = (dossier: Dossier): number[] => {
  const instants: (number | null)[] = [dossier.createdAt, dossier.deletedAt]
  for (const { at } of dossier.moves) instants.push(at)
  for (const { createdAt, startAt, endAt, deadlineAt, completedAt, deadlineMoves } of dossier.activities) {
    instants.push(createdAt, startAt, endAt, deadlineAt, completedAt)
    for (const move of deadlineMoves) instants.push(move.at, move.before, move.after)
  }
  for (const { createdAt, closedAt, deadlineAt, deadlineMoves } of dossier.tasks) {
    instants.push(createdAt, closedAt, deadlineAt)
    for (const move of deadlineMoves) instants.push(move.at, move.before, move.after)
  }
  return instants.filter(at => at !== null)
}

/**
 * The flag's level at the end of each day. While nothing happens on a deal its clocks only run on, so that its level
 * only rises: where both ends of such a stretch have one level, so has everything between.
 * @param days ascending
 * @param levelAt the level at an instant
 * @returns levels by the day's index
 */
export const levelsOver = (
  dossier: Dossier,
  days: readonly { index: number; end: number }[],
  levelAt: (at: number) => Level,
): Map<number, Level> => {
  const levels = days.map((): Level | null => null)
  const levelOf = (place: number): Level => {
    levels[place] ??= levelAt(days[place]!.end)
    return levels[place]
  }
  // People's words hold the clocks and let them go: such deals are few, and each day is looked at.
  const isMarked = (dossier.pauses?.length ?? 0) > 0 || (dossier.objections?.length ?? 0) > 0
  const happened = isMarked ? null : instantsOf(dossier)
  const isQuiet = (from: number, to: number): boolean => {
    if (happened === null) return false
    const [since, until] = [days[from]!.end, days[to]!.end]
    return !happened.some(at => at >= since && at <= until)
  }
  const fill = (from: number, to: number): void => {
    if (to - from < 2) return
    if (levelOf(from) === levelOf(to) && isQuiet(from, to)) {
      levels.fill(levelOf(from), from, to)
      return
    }
    const middle = (from + to) >> 1
    fill(from, middle)
    fill(middle, to)
  }
  fill(0, days.length - 1)
  return new Map(days.map(({ index }, place) => [index, levelOf(place)]))
}
