import type { Dossier, MoveFact } from '../../records/facts.ts'
import { isProgram } from '../../records/records.ts'
import { Authors } from '../metric.ts'
import type { Numbers, Reading } from '../tally.ts'
import { countedPeople, stageKey, type World } from '../world.ts'

const DAY = 86_400_000
/** A rise that is undone within so many days was made for the date. */
export const UNDONE_MS = 10 * DAY
const LAST_DAYS = 2
/** Fewer rises say nothing about one person. */
const MIN_RISES = 10

/** A pay period, a calendar month in the portal's zone, whose rises can all be judged already. */
export type Period = {
  from: number
  /** First instant after it. */
  until: number
  /** First instant of its last two working days. */
  endFrom: number
  workdays: number
}

/** The last month that ended ten days before `asOf` or earlier. */
export const lastPeriod = ({ workingTime, asOf }: Pick<World, 'workingTime' | 'asOf'>): Period => {
  const [year = 1970, month = 1] = workingTime
    .dateOf(workingTime.dayOf(asOf - UNDONE_MS))
    .split('-')
    .map(Number)
  const firstDay = Date.UTC(year, month - 2, 1) / DAY
  const nextDay = Date.UTC(year, month - 1, 1) / DAY
  let workdays = 0
  let endDay = nextDay
  for (let day = nextDay - 1; day >= firstDay; day--) {
    if (!workingTime.isWorkday(day)) continue
    workdays++
    if (workdays <= LAST_DAYS) endDay = day
  }
  return {
    from: workingTime.startOf(firstDay),
    until: workingTime.startOf(nextDay),
    endFrom: workingTime.startOf(endDay),
    workdays,
  }
}

type Sums = { rises: number; undoneAtEnd: number; undoneBefore: number }

/** A rise of the last two days that did not last. */
export type UndoneRise = { who: string | null; at: number; undoneAt: number; dealId: string; title: string }

export type Bunching = { period: Period; numbers: Numbers; authors: Authors; undone: readonly UndoneRise[] }

const MAX_SHOWN = 2000

/**
 * Collects rises (closes as won and moves to a later stage) of one pay period from the moves of every deal.
 * Before authors are known a rise belongs to whoever answers for the deal, and then to groups only.
 */
export const collectBunching = (world: World) => {
  const period = lastPeriod(world)
  const people = new Map<string, Sums>()
  const authors = new Authors()
  const undone: UndoneRise[] = []
  const counted = countedPeople(world)
  const parked = new Set(world.settings.parkedPipelines)
  const count = (who: string, isUndone: boolean, isAtEnd: boolean): void => {
    const sums = people.get(who) ?? { rises: 0, undoneAtEnd: 0, undoneBefore: 0 }
    people.set(who, sums)
    sums.rises++
    if (isUndone && isAtEnd) sums.undoneAtEnd++
    else if (isUndone) sums.undoneBefore++
  }
  return {
    add: (dossier: Dossier): void => {
      const { moves } = dossier
      const last = moves.at(-1)
      if (last === undefined || last.at < period.from || dossier.isTemplate) return
      for (let index = 1; index < moves.length; index++) {
        const move = moves[index]!
        if (move.at < period.from || move.at >= period.until) continue
        if (isProgram(move.actorClass) || parked.has(move.pipelineId)) continue
        if (!isRise(moves[index - 1]!, move, world)) continue
        authors.count(move.actorClass)
        const version = dossier.versions.findLast(({ observedAt }) => observedAt <= move.at)
        const owner = (version ?? dossier.versions[0])?.responsibleId ?? null
        const hand = move.actorClass === 'person' ? move.movedBy : owner
        const who = hand !== null && counted.has(hand) ? hand : null
        const undoneAt = undoneOf(moves, index, world)
        const isAtEnd = move.at >= period.endFrom
        if (who !== null) count(who, undoneAt !== null, isAtEnd)
        if (undoneAt !== null && isAtEnd && undone.length < MAX_SHOWN)
          undone.push({ who, at: move.at, undoneAt, dealId: dossier.id, title: dossier.title })
      }
    },
    finish: (): Bunching => ({ period, numbers: bunchingNumbers(people, period), authors, undone }),
  }
}

/**
 * Share of rises that were made in the last two working days and undone, minus what two of the other working days
 * hold: 0 when undoing is spread evenly, whatever the number of honest deals at the end of the month.
 */
const bunchingNumbers = (people: ReadonlyMap<string, Sums>, { workdays }: Period): Numbers => ({
  people: () => people.keys(),
  read: (names): Reading => {
    const sums = { rises: 0, undoneAtEnd: 0, undoneBefore: 0 }
    for (const name of names) {
      const own = people.get(name)
      if (own === undefined) continue
      sums.rises += own.rises
      sums.undoneAtEnd += own.undoneAtEnd
      sums.undoneBefore += own.undoneBefore
    }
    const usual = workdays > LAST_DAYS ? (sums.undoneBefore * LAST_DAYS) / (workdays - LAST_DAYS) : 0
    const excess = sums.undoneAtEnd - usual
    return {
      value: sums.rises < MIN_RISES ? null : excess / sums.rises,
      numerator: excess,
      denominator: sums.rises,
      sample: sums.rises,
    }
  },
})

const placeOf = (move: MoveFact, world: World) => {
  const stage = world.stages.get(stageKey(move.pipelineId, move.stageId))
  return { outcome: stage?.outcome ?? move.outcome, order: stage?.order ?? 0 }
}

const isRise = (before: MoveFact, move: MoveFact, world: World): boolean => {
  if (move.isCreation || before.pipelineId !== move.pipelineId) return false
  const [from, to] = [placeOf(before, world), placeOf(move, world)]
  if (to.outcome === 'won') return from.outcome !== 'won'
  return to.outcome === 'open' && from.outcome === 'open' && to.order > from.order
}

/** When the rise was taken back: an earlier stage again, or a won deal that is won no more. Losing an open deal is honest. */
const undoneOf = (moves: readonly MoveFact[], index: number, world: World): number | null => {
  const risen = moves[index]!
  const top = placeOf(risen, world)
  for (let later = index + 1; later < moves.length; later++) {
    const move = moves[later]!
    if (move.at > risen.at + UNDONE_MS) return null
    if (move.pipelineId !== risen.pipelineId) continue
    const place = placeOf(move, world)
    const isBack =
      top.outcome === 'won' ? place.outcome !== 'won' : place.outcome === 'open' && place.order < top.order
    if (isBack) return move.at
  }
  return null
}
