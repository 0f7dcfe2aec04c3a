import type { WorkingTime } from '../working-time.ts'
import { LOST, OPEN, WON } from './code.ts'
import { isKnownDeal, type StageInfo } from './episodes.ts'
import { type ExitModel, exitShares, fitExits, rowAt, StaySample, weigh } from './exit-model.ts'
import type { PortalHistory } from './stays.ts'

/** Stays that touch so many days before the instant teach the chances. */
const WINDOW_MS = 2 * 365 * 86_400_000
/** λ = n/(n + 5), as for thresholds. */
const PRIOR_WEIGHT = 5
/** Own exits below which the basis is mixed (metrics 4.5a, 4). */
const OWN_EXITS = 30
/** Exits that must still be to come for a value to be reliable; beyond, the last reliable one is kept. */
const RELIABLE_TAIL = 10

export type Chance = { win: number; basis: 'own' | 'mixed' }

export type ChanceModel = {
  /** @param ageMs working milliseconds on the stage; null for a stage that no exit tells anything about */
  of(stage: number, ageMs: number): Chance | null
}

type Fitted = { model: ExitModel; won: Float64Array }

/**
 * Chance to win by stage and age, from what was known at `asOf` (metrics 4.5a, 1–4).
 *
 * Per stage: competing exits to each next stage, won and lost; F_k by Aalen–Johansen. Across stages: the worth of
 * entering stage s solves w_s = Σ_k F_k(∞)·w_k, w_won = 1, w_lost = 0. Given the age: Σ_k (F_k(∞) − F_k(a))·w_k / (1 − Σ_j F_j(a)).
 * Both are shrunk to the pipeline's pooled exits with λ = n/(n + 5), n = the stage's exits beyond that age. Stays
 * whose end was never seen count as not won: sharing them out among the seen ends was measured to be worse.
 */
export const fitChances = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  at: { asOf: number; workingTime: WorkingTime; historyStart: number | null },
): ChanceModel => {
  const wonTarget = infos.length
  const lostTarget = infos.length + 1
  const targets = infos.length + 2
  const { own, pools, poolOf } = collectExits(history, infos, at, wonTarget, lostTarget)
  const models = own.map(sample => (sample === null ? null : fitExits(sample, targets)))
  const poolModels = pools.map(sample => fitExits(sample, targets))

  const worth = solveWorth({ models, poolModels, poolOf, targets, wonTarget })
  const weighed = (model: ExitModel): Fitted => ({ model, won: weigh(model, worth) })
  const fitted = models.map(model => (model === null ? null : weighed(model)))
  const fittedPools = poolModels.map(weighed)

  return {
    of(stage, ageMs) {
      const mine = fitted[stage]
      const pool = fittedPools[poolOf[stage]!]
      if (mine === null || mine === undefined || pool === undefined || pool.model.exits === 0) return null
      const own = worthAt(mine, ageMs)
      const parent = worthAt(pool, ageMs)
      const weight = own.exits / (own.exits + PRIOR_WEIGHT)
      const win = weight * own.win + (1 - weight) * parent.win
      const isOwn = mine.model.exits >= OWN_EXITS && !own.isHeld
      return { win: Math.min(1, Math.max(0, win)), basis: isOwn ? 'own' : 'mixed' }
    },
  }
}

const collectExits = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  at: { asOf: number; workingTime: WorkingTime; historyStart: number | null },
  wonTarget: number,
  lostTarget: number,
) => {
  const { asOf, workingTime } = at
  const from = asOf - WINDOW_MS
  const historyStart = at.historyStart ?? asOf
  const pipelines = new Map<string, number>()
  const poolOf = infos.map(({ pipelineId }) => {
    const known = pipelines.get(pipelineId) ?? pipelines.size
    pipelines.set(pipelineId, known)
    return known
  })
  const own = infos.map(info => (info.code === OPEN ? new StaySample() : null))
  const pools = [...pipelines].map(() => new StaySample())
  const targetOf = infos.map((info, stage) =>
    info.code === WON ? wonTarget : info.code === LOST ? lostTarget : stage,
  )
  const { deal, stage, enteredAt, leftAt, nextStage, entryRow } = history.stay
  for (let stay = 0; stay < history.stays; stay++) {
    const place = stage[stay]!
    const sample = own[place]
    const begun = enteredAt[stay]!
    if (sample === null || sample === undefined || begun > asOf || !isKnownDeal(history, deal[stay]!, asOf))
      continue
    const hasLeft = leftAt[stay]! <= asOf
    const until = hasLeft ? leftAt[stay]! : asOf
    if (until < from) continue
    const seen = entryRow[stay]! < 0 ? Math.max(from, historyStart) : from
    const entry = seen > begun ? workingTime.elapsed(begun, seen) : -1
    const duration = workingTime.elapsed(begun, until)
    const target = hasLeft ? targetOf[nextStage[stay]!]! : -1
    sample.push(entry, duration, target)
    pools[poolOf[place]!]!.push(entry, duration, target)
  }
  return { own, pools, poolOf }
}

/** What is still to be won from a stay of some age, by its own curve. */
const worthAt = ({ model, won }: Fitted, ageMs: number) => {
  const { row, isHeld } = rowAt(model, ageMs, RELIABLE_TAIL)
  if (model.exits === 0) return { win: 0, exits: 0, isHeld }
  if (row < 0) return { win: won.at(-1)!, exits: model.exits, isHeld }
  return {
    win: (won.at(-1)! - won[row]!) / model.survival[row]!,
    exits: model.remaining[row]!,
    isHeld,
  }
}

/**
 * Chance to win from the moment a stage is entered, by target number, each stage shrunk to its pipeline. The system is w = A·w + b with rows of A summing to at most one: Gauss–Seidel, which settles because every
 * loop of stages leaks to won, lost or the unseen rest.
 */
const solveWorth = (of: {
  models: readonly (ExitModel | null)[]
  poolModels: readonly ExitModel[]
  poolOf: readonly number[]
  targets: number
  wonTarget: number
}): Float64Array => {
  const rows = of.models.map((model, stage) => {
    if (model === null) return null
    const weight = model.exits / (model.exits + PRIOR_WEIGHT)
    const shares = new Map<number, number>()
    const add = (source: ExitModel, part: number): void => {
      for (const [target, share] of exitShares(source))
        shares.set(target, (shares.get(target) ?? 0) + part * share)
    }
    add(model, weight)
    add(of.poolModels[of.poolOf[stage]!]!, 1 - weight)
    return { targets: Int32Array.from(shares.keys()), shares: Float64Array.from(shares.values()) }
  })
  const worth = new Float64Array(of.targets)
  worth[of.wonTarget] = 1
  for (let round = 0; round < 5_000; round++) {
    let change = 0
    // Later stages first: worth flows from the end of the funnel to its beginning.
    for (let stage = rows.length - 1; stage >= 0; stage--) {
      const row = rows[stage]
      if (row === null || row === undefined) continue
      let sum = 0
      for (let index = 0; index < row.targets.length; index++)
        sum += row.shares[index]! * worth[row.targets[index]!]!
      change = Math.max(change, Math.abs(sum - worth[stage]!))
      worth[stage] = sum
    }
    if (change < 1e-12) break
  }
  return worth
}
