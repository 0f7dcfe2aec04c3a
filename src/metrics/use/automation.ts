import type { Dossier, MoveFact } from '../../records/facts.ts'
import type { AutomationKind, AutomationRow, AutomationUse } from '../../snapshot/document.ts'
import { type AutomationRun, automationSavings } from '../automation-savings.ts'
import { Authors, MAX_UNKNOWN_SHARE } from '../metric.ts'
import type { World } from '../world.ts'
import { Newest } from './newest.ts'
import { medianGapSeconds } from './session-gaps.ts'

const DAY = 86_400_000
/** Runs are counted over four weeks and told per month. */
const WINDOW_DAYS = 28
const MONTHS = 365.25 / 12 / WINDOW_DAYS
/** A result undone within so many days was not kept (4.9). */
const UNDONE_MS = 3 * DAY
/** A robot's step that nobody closed for so long after its date was nobody's help. */
const IGNORED_MS = 10 * DAY
/** How people work is learned from the ninety days before. */
const LEARN_MS = 90 * DAY
const ACTS_KEPT = 50_000

/** Minutes that the same action takes a person where no session tells: the low end, said to be assumed. */
const PRESET_MINUTES: Readonly<Record<AutomationKind, number>> = { move: 0.25, step: 0.5, message: 1 }
/** A gap holds other work too: no more than this is taken for the action itself. */
const MOST_MINUTES = 1.5
/** A result is looked at for ten seconds at least. */
const CHECK_MINUTES = 10 / 60

class KindCount {
  runs = 0
  kept = 0
  readonly deals = new Newest()
  readonly lost = new Newest()
  readonly byPeople = new Map<string, number[]>()
  acts = 0
}

/**
 * What robots did in the last four weeks (M35): stage moves, steps set and messages sent by a robot or an
 * integration, which of them were kept, and how long the same takes people.
 */
export const collectAutomation = (world: World) => {
  const { asOf } = world
  const since = asOf - WINDOW_DAYS * DAY
  const learnFrom = asOf - LEARN_MS
  const authors = new Authors()
  const kinds: Record<AutomationKind, KindCount> = {
    move: new KindCount(),
    step: new KindCount(),
    message: new KindCount(),
  }
  const learn = (kind: AutomationKind, who: string | null, at: number): void => {
    const count = kinds[kind]
    if (who === null || at < learnFrom || count.acts >= ACTS_KEPT) return
    count.acts++
    const own = count.byPeople.get(who)
    if (own === undefined) count.byPeople.set(who, [at])
    else own.push(at)
  }
  const run = (kind: AutomationKind, isKept: boolean, at: number, dossier: Dossier): void => {
    const count = kinds[kind]
    count.runs++
    count.deals.add(at, dossier.id, dossier.title)
    if (isKept) count.kept++
    else count.lost.add(at, dossier.id, dossier.title)
  }
  return {
    add: (dossier: Dossier): void => {
      if (dossier.isTemplate) return
      const { moves } = dossier
      for (let index = moves.length - 1; index > 0; index--) {
        const move = moves[index]!
        if (move.at < learnFrom) break
        if (move.at >= since) authors.count(move.actorClass)
        if (move.actorClass === 'person') learn('move', move.movedBy, move.at)
        else if (move.actorClass !== 'unknown' && move.at >= since)
          run('move', !isUndone(moves, index), move.at, dossier)
      }
      for (const item of dossier.activities) {
        if (item.createdAt < learnFrom) continue
        const kind = item.kind === 'todo' || item.kind === 'task' ? 'step' : isSent(item) ? 'message' : null
        if (kind === null) continue
        if (item.actorClass === 'person') learn(kind, item.authorId, item.createdAt)
        else if (item.actorClass !== 'unknown' && item.createdAt >= since) {
          const isIgnored =
            kind === 'step' &&
            item.completedAt === null &&
            item.deadlineAt !== null &&
            item.deadlineAt < asOf - IGNORED_MS
          run(kind, !isIgnored && !(kind === 'step' && item.isAutoCompleted), item.createdAt, dossier)
        }
      }
      for (const task of dossier.tasks) {
        // A task hangs on its first deal; one that nobody has made is a robot's.
        if (
          task.createdBy !== null ||
          task.createdAt < since ||
          (task.dealIds[0] ?? dossier.id) !== dossier.id
        )
          continue
        const isIgnored =
          task.closedAt === null && task.deadlineAt !== null && task.deadlineAt < asOf - IGNORED_MS
        run('step', !isIgnored, task.createdAt, dossier)
      }
    },
    finish: (people: number): AutomationUse => {
      const rows = (Object.keys(kinds) as AutomationKind[])
        .filter(kind => kinds[kind].runs > 0)
        .map(kind => rowOf(kind, kinds[kind]))
      const runs: AutomationRun[] = rows.map(row => ({
        id: row.kind,
        runs: row.runs * MONTHS,
        keptShare: row.kept / row.runs,
        manualMinutes: row.manualMinutes,
        isAssumed: row.isAssumed,
        checkMinutes: CHECK_MINUTES,
      }))
      // Undoing costs about what doing costs.
      const repairHours = rows.reduce(
        (sum, row) => sum + ((row.runs - row.kept) * MONTHS * row.manualMinutes) / 60,
        0,
      )
      const { dayMs } = world.workingTime
      const workdays = world.settings.calendar.workdays.length * (365.25 / 12 / 7)
      const teamWorkingHours = (people * workdays * dayMs) / 3_600_000
      return {
        offReason:
          authors.unknownShare > MAX_UNKNOWN_SHARE
            ? 'author_unknown'
            : rows.length === 0
              ? 'no_robot_runs'
              : null,
        savings: automationSavings(runs, { upkeepHours: 0, repairHours, teamWorkingHours }),
        repairHours,
        teamWorkingHours,
        rows,
      }
    },
  }
}

const rowOf = (kind: AutomationKind, count: KindCount): AutomationRow => {
  const measured = medianGapSeconds(count.byPeople.values())
  return {
    kind,
    runs: count.runs,
    kept: count.kept,
    manualMinutes: measured === null ? PRESET_MINUTES[kind] : Math.min(MOST_MINUTES, measured / 60),
    isAssumed: measured === null,
    deals: count.deals.deals(),
    lost: count.lost.deals(),
  }
}

const isSent = (item: Dossier['activities'][number]): boolean =>
  (item.kind === 'message' || item.kind === 'email') && item.direction === 'out'

/** Put back where it came from within three days. */
const isUndone = (moves: readonly MoveFact[], index: number): boolean => {
  const [before, move] = [moves[index - 1]!, moves[index]!]
  for (let later = index + 1; later < moves.length; later++) {
    const next = moves[later]!
    if (next.at > move.at + UNDONE_MS) return false
    if (next.pipelineId === before.pipelineId && next.stageId === before.stageId) return true
  }
  return false
}
