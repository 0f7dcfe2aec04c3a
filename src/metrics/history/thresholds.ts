import type { ThresholdSource } from '../../snapshot/document.ts'
import type { World } from '../world.ts'
import { EXITS, FORWARD, OPEN, WON } from './code.ts'
import {
  episodesOf,
  exitKind,
  isKnownDeal,
  pooled,
  type StageInfo,
  stageInfos,
  staysIn,
  WINDOW_MS,
} from './episodes.ts'
import { cumulativeIncidence, type Episodes, type Incidence, incidenceQuantile } from './incidence.ts'
import { medianOf, quantileOf } from './median.ts'
import { contactGaps } from './silence.ts'
import type { PortalHistory } from './stays.ts'
import { type StayCurve, stayCurve } from './still-there.ts'

/** How long is too long on a stage; days are working days. Null t-columns: nothing waits on a closed stage. */
export type StageThreshold = {
  /** 80 % point of the stage's own forward incidence, before shrinking and clamping. */
  t80OwnDays: number | null
  t80Days: number | null
  t95Days: number | null
  /** Silence limit; null when the portal shows no contacts at all. */
  s80Days: number | null
  source: ThresholdSource
  /** The stage's forward exits behind it. */
  sample: number
  /** How long deals stay here and in the whole pipeline, however they leave; null = nobody has been here. */
  stays?: { own: StayCurve; pipeline: StayCurve } | null
}

/** By `stageKey`. */
export type Thresholds = ReadonlyMap<string, StageThreshold>

/** Prior weight in λ = a/(a + 5): measured best in the simulation of metrics 4.5. */
const PRIOR_WEIGHT = 5
/** Own forward exits from which a stage's T95 is read directly. */
const DIRECT_T95 = 50
/** Own forward exits from which a threshold is called the stage's own (λ ≥ 0.8). */
const OWN_SAMPLE = 20
/** Forward exits below which a whole pipeline falls back to the preset. */
const PIPELINE_MIN = 10
/** T95/T80 where no parent tells it. */
const DEFAULT_RATIO = 2
/** Won deals from which the cycle is theirs alone. */
const CYCLE_MIN_WON = 5

type Point = { t80: number; t95: number }

/**
 * Thresholds of every stage in the history at `world.asOf` (metrics 4.5, 1–2).
 *
 * T80 = smallest event time at which G(t) = F(t)/F(∞) of *forward* reaches 0.80. Shrunk in logs to the parent
 * (pipeline, whose own is shrunk to the preset) with λ = a/(a+5); clamped to 1 working day … 2 × the pipeline's
 * median cycle. T95 directly from 50 own forward exits, else T80 × the parent's T95/T80, 2 by default. A stage
 * without forward exits, and a pipeline with fewer than 10, get the preset as it is.
 */
export const thresholdsOf = (history: PortalHistory, world: World): Thresholds => {
  const infos = stageInfos(history, world)
  const { dayMs } = world.workingTime
  const found = new Map<string, StageThreshold>()
  const cycles = medianCycles(history, infos, world)
  const presets = new Map<string, number>()
  const hasContacts = hasContactsAt(history, world)
  for (const stages of byPipeline(infos)) {
    const episodes = stages.map(stage => episodesOf(history, staysIn(history, stage), infos, world))
    const isOpen = stages.map(stage => infos[stage]!.code === OPEN)
    const { pipelineId } = infos[stages[0]!]!
    const cycle = cycles.get(pipelineId) ?? null
    const preset = presetDays(cycle, world)
    presets.set(pipelineId, preset)
    const cap = cycle === null ? Number.POSITIVE_INFINITY : Math.max(1, 2 * cycle)
    const clamp = (days: number): number => Math.min(Math.max(days, 1), cap)
    const { loosened } = world.settings.stale

    const whole = pooled(episodes.filter((_, index) => isOpen[index]))
    const wholeCount = countForward(whole)
    const wholeCurve = cumulativeIncidence(whole, EXITS.length)
    const pipelineStays = stayCurve(wholeCurve)
    const parent = shrunk(ownPoint(wholeCurve, wholeCount, dayMs, DEFAULT_RATIO), wholeCount, {
      t80: preset,
      t95: preset * DEFAULT_RATIO,
    })
    const silence = hasContacts ? silenceOf(history, stages, infos, world, preset) : null

    stages.forEach((stage, index) => {
      const sample = countForward(episodes[index]!)
      const curve = cumulativeIncidence(episodes[index]!, EXITS.length)
      const own = ownPoint(curve, sample, dayMs, parent.t95 / parent.t80)
      const isPreset = sample === 0 || wholeCount < PIPELINE_MIN
      const point = shrunk(own, sample, parent)
      const { stageId } = infos[stage]!
      // A threshold that raised too many flags on deals that went well, as an administrator decided.
      const factor = loosened[`${pipelineId}/${stageId}`] ?? 1
      found.set(infos[stage]!.key, {
        t80OwnDays: own?.t80 ?? null,
        t80Days: isOpen[index] ? factor * (isPreset ? preset : clamp(point.t80)) : null,
        t95Days: isOpen[index] ? factor * (isPreset ? preset * DEFAULT_RATIO : clamp(point.t95)) : null,
        s80Days: isOpen[index] ? clampNullable(silence?.get(stage) ?? null, clamp) : null,
        source: isPreset ? 'preset' : sample >= OWN_SAMPLE ? 'own' : 'mixed',
        sample,
        stays: isOpen[index] ? { own: stayCurve(curve), pipeline: pipelineStays } : null,
      })
    })
  }
  // Stages that no deal has been in yet.
  for (const [key, { pipelineId, outcome }] of world.stages)
    if (!found.has(key))
      found.set(key, presetThreshold(presets.get(pipelineId) ?? presetDays(null, world), outcome === 'open'))
  return found
}

/** A stage without a single forward exit has nothing but the preset of its pipeline's cycle. */
const presetThreshold = (days: number, isOpen: boolean): StageThreshold => ({
  t80OwnDays: null,
  t80Days: isOpen ? days : null,
  t95Days: isOpen ? days * DEFAULT_RATIO : null,
  s80Days: null,
  source: 'preset',
  sample: 0,
  stays: null,
})

/**
 * True when the portal shows two-way contacts at all by `asOf`; without them nobody can be called silent, and while
 * they are still being read nobody can either.
 */
export const hasContactsAt = (history: PortalHistory, { asOf, unread }: World): boolean =>
  unread?.has('activities') !== true && history.contact.knownAt.some(knownAt => knownAt <= asOf)

/** Preset T80 by cycle length: 3 / 7 / 14 / 30 for up to 2 weeks / 6 weeks / 6 months / longer; 14 if unknown. */
const presetDays = (cycleDays: number | null, world: World): number => {
  const week = world.settings.calendar.workdays.length
  if (cycleDays === null) return 14
  if (cycleDays <= 2 * week) return 3
  if (cycleDays <= 6 * week) return 7
  return cycleDays <= 26 * week ? 14 : 30
}

/**
 * Median cycle by pipeline: working days from a deal's first row in the pipeline to its last closing there, over deals
 * closed in the window: won ones, or all closed ones while fewer than five were won. Null when none was.
 */
const medianCycles = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  world: World,
): Map<string, number | null> => {
  const { asOf, workingTime } = world
  const { firstStay } = history.deal
  const { stage, enteredAt, entryRow } = history.stay
  const lengths = new Map<string, { won: number[]; closed: number[] }>()
  for (let deal = 0; deal < history.deals; deal++) {
    if (!isKnownDeal(history, deal, asOf)) continue
    const spans = new Map<string, { begun: number; ended: number; isWon: boolean }>()
    for (let stay = firstStay[deal]!; stay < firstStay[deal + 1]!; stay++) {
      const at = enteredAt[stay]!
      if (at > asOf || entryRow[stay]! < 0) break
      const { pipelineId, code } = infos[stage[stay]!]!
      const begun = spans.get(pipelineId)?.begun ?? at
      spans.set(pipelineId, { begun, ended: code === OPEN ? -1 : at, isWon: code === WON })
    }
    for (const [pipelineId, { begun, ended, isWon }] of spans) {
      if (ended < asOf - WINDOW_MS || ended <= begun) continue
      const known = lengths.get(pipelineId) ?? { won: [], closed: [] }
      lengths.set(pipelineId, known)
      const days = workingTime.days(begun, ended)
      known.closed.push(days)
      if (isWon) known.won.push(days)
    }
  }
  return new Map(
    [...lengths].map(([id, { won, closed }]) => [id, medianOf(won.length >= CYCLE_MIN_WON ? won : closed)]),
  )
}

const countForward = (episodes: Episodes): number => {
  let count = 0
  const { entry, duration, cause } = episodes
  for (let index = 0; index < cause.length; index++)
    if (cause[index] === FORWARD && entry[index]! < duration[index]!) count++
  return count
}

/** Null when nothing went forward. @param ratio T95/T80 of the parent, while own exits are too few */
const ownPoint = (curve: Incidence, sample: number, dayMs: number, ratio: number): Point | null => {
  const t80 = incidenceQuantile(curve, FORWARD, 0.8)
  if (t80 === null) return null
  const t95 = sample >= DIRECT_T95 ? (incidenceQuantile(curve, FORWARD, 0.95) ?? t80) : t80 * ratio
  return { t80: t80 / dayMs, t95: t95 / dayMs }
}

/** log T̂ = λ·log T_own + (1 − λ)·log T_parent, λ = a/(a + 5). */
const shrunk = (own: Point | null, sample: number, parent: Point): Point => {
  if (own === null) return parent
  return {
    t80: shrinkLog(own.t80, parent.t80, sample),
    t95: shrinkLog(own.t95, parent.t95, sample),
  }
}

const shrinkLog = (own: number, parent: number, sample: number): number => {
  const weight = sample / (sample + PRIOR_WEIGHT)
  // An own point of zero working days (all moved on overnight) has no logarithm; the clamp lifts it anyway.
  const floor = 1 / 1440
  return Math.exp(weight * Math.log(Math.max(own, floor)) + (1 - weight) * Math.log(Math.max(parent, floor)))
}

/** S80 by stage number: 80 % point of contact gaps in stays later left forward, shrunk the same way. */
const silenceOf = (
  history: PortalHistory,
  stages: readonly number[],
  infos: readonly StageInfo[],
  world: World,
  preset: number,
): Map<number, number> => {
  const gaps = new Map(
    stages.map(stage => [
      stage,
      infos[stage]!.code === OPEN
        ? contactGaps(history, staysIn(history, stage), world, stay => {
            const next = history.stay.nextStage[stay]!
            return exitKind(infos[stage]!, infos[next]!) === FORWARD
          })
        : [],
    ]),
  )
  const all = [...gaps.values()].flat()
  const own = all.length >= PIPELINE_MIN ? quantileOf(all, 0.8) : null
  const parent = own === null ? preset : shrinkLog(own, preset, all.length)
  return new Map(
    stages.map(stage => {
      const mine = gaps.get(stage) ?? []
      const point = own === null ? null : quantileOf(mine, 0.8)
      return [stage, point === null ? parent : shrinkLog(point, parent, mine.length)]
    }),
  )
}

const clampNullable = (days: number | null, clamp: (days: number) => number): number | null =>
  days === null ? null : clamp(days)

const byPipeline = (infos: readonly StageInfo[]): number[][] => {
  const groups = new Map<string, number[]>()
  infos.forEach((info, stage) => {
    const group = groups.get(info.pipelineId)
    if (group === undefined) groups.set(info.pipelineId, [stage])
    else group.push(stage)
  })
  return [...groups.values()]
}
