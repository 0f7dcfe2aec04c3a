import type { Outcome } from '../../records/records.ts'
import { stageKey, type World } from '../world.ts'
import { BACK, FORWARD, LOSS, OPEN, OTHER, OUTCOMES, STAYING } from './code.ts'
import type { Episodes } from './incidence.ts'
import type { PortalHistory } from './stays.ts'

const DAY_MS = 86_400_000
/** Stays that touch so many days before `asOf` are episodes (metrics 4.5). */
export const WINDOW_MS = 365 * DAY_MS
/** Shorter stays are skips, not episodes (4.5); elapsed time, not working time. */
export const SKIP_MS = 2 * 60_000

/** A stage of the history with what the portal's directory says about it. */
export type StageInfo = {
  key: string
  pipelineId: string
  stageId: string
  name: string
  order: number
  outcome: Outcome
  /** Number of the outcome, as in the columns. */
  code: number
  isListed: boolean
}

/** Stages in the order of the history's stage numbers. A stage that nobody lists is known by its rows only. */
export const stageInfos = (history: PortalHistory, world: World): StageInfo[] =>
  history.stages.map(({ pipelineId, stageId, key, outcome }) => {
    const fact = world.stages.get(stageKey(pipelineId, stageId))
    const known = fact?.outcome ?? outcome
    return {
      key,
      pipelineId,
      stageId,
      name: fact?.name ?? stageId,
      order: fact?.order ?? 0,
      outcome: known,
      code: OUTCOMES.indexOf(known),
      isListed: fact?.isListed ?? false,
    }
  })

/**
 * Kind of the exit from one stage to the very next one entered (4.5): another pipeline, lost, forward = later in
 * the pipeline's order or won, otherwise back.
 */
export const exitKind = (from: StageInfo, to: StageInfo): number => {
  if (from.pipelineId !== to.pipelineId) return OTHER
  if (to.outcome === 'lost') return LOSS
  if (to.outcome === 'won') return FORWARD
  return from.code === OPEN && to.order > from.order ? FORWARD : BACK
}

/** True when the deal exists for a reader at `asOf`. */
export const isKnownDeal = (history: PortalHistory, deal: number, asOf: number): boolean =>
  !(history.deal.deletedAt[deal]! <= asOf)

/** What a stay looks like from `asOf`: not begun, still running or left. */
export const isBegun = (history: PortalHistory, stay: number, asOf: number): boolean =>
  history.stay.enteredAt[stay]! <= asOf && isKnownDeal(history, history.stay.deal[stay]!, asOf)

/** The instant from which a stay was watched: the window's, and for places without rows history's beginning. */
export const watchedFrom = (history: PortalHistory, stay: number, from: number, world: World): number => {
  const enteredAt = history.stay.enteredAt[stay]!
  const seen = history.stay.entryRow[stay]! < 0 ? Math.max(from, world.historyStart ?? world.asOf) : from
  return Math.max(enteredAt, seen)
}

/** True when the stay began by a bulk creation or ended by a bulk closing known at `asOf`. */
export const isBulk = (history: PortalHistory, stay: number, asOf: number): boolean => {
  const { bulkKnownAt, isCreation, outcome } = history.row
  const entry = history.stay.entryRow[stay]!
  const exit = history.stay.exitRow[stay]!
  return (
    (entry >= 0 && isCreation[entry] === 1 && bulkKnownAt[entry]! <= asOf) ||
    (exit >= 0 && outcome[exit] !== OPEN && bulkKnownAt[exit]! <= asOf)
  )
}

/**
 * Episodes of some stays by metrics 4.5: the stays that touch the 365 days before `asOf`, without skips and
 * bulk clean-ups. Ages are working milliseconds (whole numbers, so that equal times tie); one that began before
 * the window enters at the age it had then. Causes are exit kinds.
 */
export const episodesOf = (
  history: PortalHistory,
  stays: Int32Array,
  infos: readonly StageInfo[],
  world: World,
): Episodes => {
  const { asOf, workingTime } = world
  const from = asOf - WINDOW_MS
  const { stage, enteredAt, leftAt, nextStage } = history.stay
  const entry = new Float64Array(stays.length)
  const duration = new Float64Array(stays.length)
  const cause = new Uint8Array(stays.length)
  let size = 0
  for (const stay of stays) {
    if (!isBegun(history, stay, asOf)) continue
    const begun = enteredAt[stay]!
    const hasLeft = leftAt[stay]! <= asOf
    const until = hasLeft ? leftAt[stay]! : asOf
    if (until < from || until - begun < SKIP_MS) continue
    if (world.settings.stale.dropBulk && isBulk(history, stay, asOf)) continue
    const watched = watchedFrom(history, stay, from, world)
    entry[size] = watched > begun ? workingTime.elapsed(begun, watched) : -1
    duration[size] = workingTime.elapsed(begun, until)
    cause[size++] = hasLeft ? exitKind(infos[stage[stay]!]!, infos[nextStage[stay]!]!) : STAYING
  }
  return {
    entry: entry.subarray(0, size),
    duration: duration.subarray(0, size),
    cause: cause.subarray(0, size),
  }
}

/** Stays of one stage, in no particular order. */
export const staysIn = (history: PortalHistory, stage: number): Int32Array =>
  history.byStage.order.subarray(history.byStage.first[stage]!, history.byStage.first[stage + 1]!)

/** Episodes of several stages as one sample. */
export const pooled = (parts: readonly Episodes[]): Episodes => {
  const size = parts.reduce((sum, part) => sum + part.duration.length, 0)
  const all = {
    entry: new Float64Array(size),
    duration: new Float64Array(size),
    cause: new Uint8Array(size),
  }
  let offset = 0
  for (const part of parts) {
    all.entry.set(part.entry, offset)
    all.duration.set(part.duration, offset)
    all.cause.set(part.cause, offset)
    offset += part.duration.length
  }
  return all
}

/** Where a deal is at `asOf`: its last stay begun by then; −1 when it is not there at all. */
export const stayAt = (history: PortalHistory, deal: number, asOf: number): number => {
  if (!isKnownDeal(history, deal, asOf)) return -1
  const { firstStay } = history.deal
  for (let stay = firstStay[deal + 1]! - 1; stay >= firstStay[deal]!; stay--)
    if (history.stay.enteredAt[stay]! <= asOf) return stay
  return -1
}
