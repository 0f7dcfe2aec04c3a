import type { Dossier } from '../records/facts.ts'
import type { Outcome } from '../records/records.ts'
import type { DealClocks, DealRow, FlagKind, FlagRow, Level } from '../snapshot/document.ts'
import { noMoveWithin } from './history/still-there.ts'
import type { StageThreshold, Thresholds } from './history/thresholds.ts'
import { type NextStep, nextStepAt } from './next-step.ts'
import { staleReason } from './stale-reason.ts'
import { type Hold, holdAt, ranOutAt, runningDays } from './standstill.ts'
import { touchOf } from './touch.ts'
import { stageKey, type World } from './world.ts'

/** What flags of single deals stand on. */
export type Standing = {
  thresholds: Thresholds
  /** How long deals stay on each stage, by `stageKey`. */
  stays?: ReadonlyMap<string, NonNullable<StageThreshold['stays']>>
  /** The portal shows two-way contacts at all; without them nobody can be called silent. */
  hasContacts: boolean
}

/** Where a deal stands at an instant. */
export type Place = { pipelineId: string; stageId: string; outcome: Outcome; enteredAt: number }

/** The three clocks of an open deal at an instant (metrics 4.5, 3). */
export type Clocks = {
  place: Place
  level: Level
  /** Working days on the stage, pauses left out: what is held against the thresholds. */
  ageDays: number
  /** Working days of the stay that were paused. */
  pausedDays: number
  /** Why the flag does not count now; a pause and the head's "normal" clear it, an objection only holds it. */
  hold: Hold | null
  /** Null when the portal shows no contacts. */
  silenceDays: number | null
  silentSince: number
  hasContact: boolean
  nextStep: NextStep
  isAged: boolean
  isSilent: boolean
  t80Days: number | null
  t95Days: number | null
  s80Days: number | null
}

/**
 * The place of a deal at an instant, by its moves up to then; a deal without rows is in its stage since its last
 * known move. Null when it did not exist then, was deleted, or is a template.
 */
export const placeAt = (dossier: Dossier, at: number, world: World): Place | null => {
  if (dossier.isTemplate || (dossier.deletedAt !== null && dossier.deletedAt <= at)) return null
  let place: Place | null = null
  for (const move of dossier.moves) {
    if (move.at > at) break
    if (place !== null && place.pipelineId === move.pipelineId && place.stageId === move.stageId) continue
    const { pipelineId, stageId, outcome } = move
    place = { pipelineId, stageId, outcome, enteredAt: move.at }
  }
  if (dossier.moves.length === 0) {
    const { pipelineId, stageId, outcome, movedAt, closedAt } = dossier.current
    const enteredAt = movedAt ?? (outcome === 'open' ? null : closedAt) ?? dossier.createdAt
    if (enteredAt <= at) place = { pipelineId, stageId, outcome, enteredAt }
  }
  if (place === null) return null
  const listed = world.stages.get(stageKey(place.pipelineId, place.stageId))
  return listed === undefined ? place : { ...place, outcome: listed.outcome }
}

/**
 * Amber: age > T80, or silence > S80. Red: age > T95, or age > T80 and (silence > S80 or the promise broken).
 * Thresholds are those of the standing; the deal is judged at `at`, which may be earlier.
 * @returns null when the deal was not open then
 */
export const clocksAt = (dossier: Dossier, at: number, standing: Standing, world: World): Clocks | null => {
  const place = placeAt(dossier, at, world)
  if (place === null || place.outcome !== 'open') return null
  const { workingTime } = world
  const threshold = standing.thresholds.get(stageKey(place.pipelineId, place.stageId))
  const isParked = world.settings.parkedPipelines.includes(place.pipelineId)
  const t80Days = threshold?.t80Days ?? null
  const t95Days = threshold?.t95Days ?? null
  const s80Days = standing.hasContacts ? (threshold?.s80Days ?? null) : null
  const lastContact = lastContactOf(dossier, at)
  const silentSince = Math.max(lastContact ?? dossier.createdAt, 0)
  const ageDays = runningDays(dossier, place.enteredAt, at, workingTime)
  const pausedDays = workingTime.days(place.enteredAt, at) - ageDays
  const silenceDays = standing.hasContacts ? runningDays(dossier, silentSince, at, workingTime) : null
  const hold = holdAt(dossier, at, place.enteredAt, workingTime)
  const isCleared = hold !== null && hold.kind !== 'disputed'
  // Steps that have not been read yet are not missing, and a paused deal owes none.
  const isStepKnown = world.unread?.has('activities') !== true && world.unread?.has('tasks') !== true
  const nextStep = isStepKnown && hold?.kind !== 'paused' ? nextStepAt(dossier, at) : KEPT
  const isAged = !isParked && t80Days !== null && ageDays > t80Days
  const isSilent = !isParked && s80Days !== null && silenceDays !== null && silenceDays > s80Days
  const isPastT95 = isAged && t95Days !== null && ageDays > t95Days
  const isRed = isPastT95 || (isAged && (isSilent || nextStep.state !== 'ok'))
  const level = isCleared ? 'none' : isRed ? 'red' : isAged || isSilent ? 'amber' : 'none'
  const clocks = { isAged, isSilent, t80Days, t95Days, s80Days }
  const hasContact = lastContact !== null
  return {
    place,
    level,
    ageDays,
    pausedDays,
    hold,
    silenceDays,
    silentSince,
    hasContact,
    nextStep,
    ...clocks,
  }
}

/** A promise that nobody can call broken. */
const KEPT: NextStep = { state: 'ok', overdue: 0, deadlineAt: null, brokenAt: null }

const lastContactOf = (dossier: Dossier, at: number): number | null => {
  let last: number | null = null
  for (const activity of dossier.activities) {
    const touch = touchOf(activity)
    if (touch?.isTwoWay !== true || touch.knownAt > at || touch.at > at) continue
    if (last === null || touch.at > last) last = touch.at
  }
  return last
}

/**
 * Rows of one deal for `deals` and `flags` at `world.asOf`: a flag row for each clock that has run out, when the
 * level is not `none`. Undated facts are as last observed by then, or as first observed, and marked so. The chance to
 * win is told later (`tellChances`).
 * @returns null when the deal was not open then
 */
export const flagDeal = (
  dossier: Dossier,
  standing: Standing,
  world: World,
): { deal: DealRow; flags: FlagRow[] } | null => {
  const { asOf, workingTime } = world
  const clocks = clocksAt(dossier, asOf, standing, world)
  if (clocks === null) return null
  const { place, level, ageDays, silenceDays, nextStep } = clocks
  const { pipelineId, stageId, enteredAt } = place
  const key = stageKey(pipelineId, stageId)
  const threshold = standing.thresholds.get(key)
  const version = dossier.versions.findLast(each => each.observedAt <= asOf)
  const facts = version ?? dossier.versions[0]
  const isBroken = nextStep.state !== 'ok'
  const ranOut: { flag: FlagKind; since: number; thresholdDays: number | null }[] = []
  if (clocks.isAged)
    ranOut.push({
      flag: 'age',
      since: ranOutAt(dossier, enteredAt, clocks.t80Days ?? 0, workingTime),
      thresholdDays: clocks.t80Days,
    })
  if (clocks.isSilent)
    ranOut.push({
      flag: 'silence',
      since: ranOutAt(dossier, clocks.silentSince, clocks.s80Days ?? 0, workingTime),
      thresholdDays: clocks.s80Days,
    })
  if (isBroken) ranOut.push({ flag: 'promise', since: nextStep.brokenAt ?? asOf, thresholdDays: null })
  const shown = level === 'none' ? [] : ranOut

  const deadline = nextStep.state === 'overdue' ? nextStep.deadlineAt : null
  const promise = nextStep.state === 'ok' ? null : nextStep.state
  const promiseOverdueDays = deadline === null ? null : workingTime.days(deadline, asOf)
  const own: DealClocks = {
    t80Days: clocks.t80Days,
    t95Days: clocks.t95Days,
    source: threshold?.source ?? 'preset',
    sample: threshold?.sample ?? 0,
    s80Days: clocks.s80Days,
    flags: shown.map(each => each.flag),
    promise,
    promiseOverdueDays,
    pausedDays: clocks.pausedDays,
    hold:
      clocks.hold === null
        ? null
        : { kind: clocks.hold.kind, until: new Date(clocks.hold.until).toISOString() },
  }
  const stays = standing.stays?.get(key)
  const still =
    stays === undefined
      ? null
      : noMoveWithin(stays, ageDays * workingTime.dayMs, weekDays(world) * workingTime.dayMs)
  const deal: DealRow = {
    dealId: dossier.id,
    title: dossier.title,
    pipelineId,
    stageId,
    responsibleId: facts?.responsibleId ?? null,
    amount: facts?.amount ?? null,
    currency: facts?.currency ?? null,
    enteredAt: new Date(enteredAt).toISOString(),
    ageDays,
    silenceDays,
    level,
    winChance: null,
    winChanceBasis: 'none',
    noMoveChance: still,
    noMoveDays: weekDays(world),
    clocks: own,
    isFirstObserved: version === undefined,
  }
  if (level === 'none') return { deal, flags: [] }
  const reason = staleReason({
    stageName: world.stages.get(key)?.name ?? stageId,
    ageDays,
    t80Days: clocks.isAged ? clocks.t80Days : null,
    isPreset: own.source === 'preset',
    silence: clocks.isSilent
      ? { days: silenceDays ?? 0, s80Days: clocks.s80Days ?? 0, hasContact: clocks.hasContact }
      : null,
    promise,
    promiseOverdueDays,
  })
  const flags = shown.map(({ flag, since, thresholdDays }) => ({
    dealId: dossier.id,
    pipelineId,
    stageId,
    responsibleId: deal.responsibleId,
    flag,
    level,
    since: new Date(Math.min(since, asOf)).toISOString(),
    ageDays,
    thresholdDays,
    winChance: null,
    reason,
  }))
  return { deal, flags }
}

/** Working days of the portal's week: the horizon within which a deal is asked to move. */
const weekDays = (world: World): number => world.settings.calendar.workdays.length
