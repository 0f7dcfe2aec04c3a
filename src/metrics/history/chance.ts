import type { WorkingTime } from '../working-time.ts'
import type { StageInfo } from './episodes.ts'
import { type ExitCurve, type ExitModel, exitShares, fitSorted, rowAt, weigh } from './exit-model.ts'
import { exitOrderOf, type KnownExits } from './exit-order.ts'
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

export type FitAt = { asOf: number; workingTime: WorkingTime; historyStart: number | null }

/** Fitted chances; plain data, so that another thread may fit them. */
export type ChanceModel = {
  /** By stage number; null for a stage that no exit tells anything about. */
  readonly stages: readonly (Fitted | null)[]
  readonly pools: readonly Fitted[]
  /** Number of each stage's pipeline among the pools. */
  readonly poolOf: readonly number[]
}

type Fitted = { readonly curve: ExitCurve; readonly won: Float64Array }

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
  at: FitAt,
): { model: ChanceModel; open: KnownExits['open'] } => {
  const order = exitOrderOf(history, infos, at.workingTime)
  const { poolOf, targets, wonTarget } = order
  const known = order.at({
    asOf: at.asOf,
    from: at.asOf - WINDOW_MS,
    historyStart: at.historyStart ?? at.asOf,
  })
  const models = known.own.map(sample => (sample === null ? null : fitSorted(sample, targets)))
  const poolModels = known.pools.map(sample => fitSorted(sample, targets))

  const worth = solveWorth({ models, poolModels, poolOf, targets, wonTarget })
  // Once weighed, the single exits are not needed: they would be most of what a model keeps.
  const weighed = (model: ExitModel): Fitted => ({
    curve: { times: model.times, survival: model.survival, remaining: model.remaining, exits: model.exits },
    won: weigh(model, worth),
  })
  const stages = models.map(model => (model === null ? null : weighed(model)))
  return { model: { stages, pools: poolModels.map(weighed), poolOf }, open: known.open }
}

/**
 * Chance to win of a deal on a stage.
 * @param ageMs working milliseconds on the stage
 * @returns null for a stage that no exit tells anything about
 */
export const chanceAt = (model: ChanceModel, stage: number, ageMs: number): Chance | null => {
  const mine = model.stages[stage]
  const pool = model.pools[model.poolOf[stage]!]
  if (mine === null || mine === undefined || pool === undefined || pool.curve.exits === 0) return null
  const own = worthAt(mine, ageMs)
  const parent = worthAt(pool, ageMs)
  const weight = own.exits / (own.exits + PRIOR_WEIGHT)
  const win = weight * own.win + (1 - weight) * parent.win
  const isOwn = mine.curve.exits >= OWN_EXITS && !own.isHeld
  return { win: Math.min(1, Math.max(0, win)), basis: isOwn ? 'own' : 'mixed' }
}

/** What is still to be won from a stay of some age, by its own curve. */
const worthAt = ({ curve, won }: Fitted, ageMs: number) => {
  const { row, isHeld } = rowAt(curve, ageMs, RELIABLE_TAIL)
  if (curve.exits === 0) return { win: 0, exits: 0, isHeld }
  if (row < 0) return { win: won.at(-1)!, exits: curve.exits, isHeld }
  return {
    win: (won.at(-1)! - won[row]!) / curve.survival[row]!,
    exits: curve.remaining[row]!,
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
