import type { BackTest } from '../../snapshot/document.ts'
import type { WorkingTime } from '../working-time.ts'
import type { World } from '../world.ts'
import { aucOf, brierOf, calibrationError, calibrationOf, type Judged } from './auc.ts'
import { chanceAt, type FitAt, fitChances } from './chance.ts'
import { NEVER, OPEN, WON } from './code.ts'
import { type StageInfo, stayAt } from './episodes.ts'
import type { PortalHistory } from './stays.ts'

const DAY_MS = 86_400_000
/** Decided deals below which nothing is said (metrics 4.5a, 4). */
export const MIN_DECIDED = 200
/** The lower end of the interval must be above this, or time in stage predicts nothing here (4.5a, 5). */
export const MIN_AUC = 0.55
/** Past instants at most. */
const INSTANTS = 26
/** Won deals, and lost ones, that a past instant must have known: before, the chances had nothing to learn from. */
const MIN_KNOWN = 10
/** Won deals, and lost ones, that must have been judged for the interval to mean anything. */
const MIN_JUDGED = 10
const SHORTEST_STEP = DAY_MS / 8

type Predictions = { deal: Int32Array; win: Float64Array }

/**
 * Walk-forward back-test: at each of up to 26 past instants the chances are fitted again on what was known then,
 * and told for the deals open then; deals decided by `asOf` are compared. The step is a power of two of days on
 * a fixed grid, so that neighbouring snapshots ask about the same instants and share the fits.
 */
export const backTest = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  world: World,
): BackTest & { isPredictive: boolean } => {
  const decisions = decidedAt(history, infos, world.asOf)
  const won = decisions.at.filter((at, deal) => at < NEVER && decisions.won[deal] === 1).sort()
  const lost = decisions.at.filter((at, deal) => at < NEVER && decisions.won[deal] === 0).sort()
  const decidedDeals = won.length + lost.length
  const nothing = {
    basis: 'none' as const,
    decidedDeals,
    auc: null,
    aucLow: null,
    aucHigh: null,
    brier: null,
    calibrationError: null,
    calibration: [],
    instants: 0,
    isPredictive: false,
  }
  if (decidedDeals < MIN_DECIDED) return nothing
  const learntAt = Math.max(won[MIN_KNOWN - 1] ?? world.asOf, lost[MIN_KNOWN - 1] ?? world.asOf)
  const instants = instantsBetween(learntAt, world.asOf)
  const judged = judge(
    instants.map(instant => predictionsAt(history, infos, world, instant)),
    instants,
    decisions,
  )
  const area = hasEnough(judged) ? aucOf(judged) : null
  const calibration = calibrationOf(judged)
  const isPredictive = area !== null && area.low > MIN_AUC
  return {
    basis: isPredictive ? 'own' : 'none',
    decidedDeals,
    auc: area?.auc ?? null,
    aucLow: area?.low ?? null,
    aucHigh: area?.high ?? null,
    brier: brierOf(judged),
    calibrationError: calibrationError(calibration),
    calibration,
    instants: instants.length,
    isPredictive,
  }
}

/** An interval from a handful of deals would be too sure of itself. */
const hasEnough = ({ happened, group }: Judged): boolean => {
  const deals = [new Set<number>(), new Set<number>()]
  happened.forEach((outcome, index) => void deals[outcome]!.add(group[index]!))
  return deals.every(each => each.size >= MIN_JUDGED)
}

/** When each deal was last decided, and how, as known at `asOf`; NEVER while it is open. */
const decidedAt = (history: PortalHistory, infos: readonly StageInfo[], asOf: number) => {
  const at = new Float64Array(history.deals).fill(NEVER)
  const won = new Uint8Array(history.deals)
  const { firstStay } = history.deal
  for (let deal = 0; deal < history.deals; deal++) {
    let last = stayAt(history, deal, asOf)
    if (last < 0 || infos[history.stay.stage[last]!]!.code === OPEN) continue
    won[deal] = infos[history.stay.stage[last]!]!.code === WON ? 1 : 0
    // A move between closed stages does not decide anew.
    while (last > firstStay[deal]! && infos[history.stay.stage[last - 1]!]!.code !== OPEN) last--
    at[deal] = history.stay.enteredAt[last]!
  }
  return { at, won }
}

const instantsBetween = (from: number, asOf: number): number[] => {
  let step = SHORTEST_STEP
  while ((asOf - from) / step > INSTANTS) step *= 2
  const instants: number[] = []
  for (let at = Math.ceil(from / step) * step; at < asOf; at += step) instants.push(at)
  return instants
}

/** Fits already made, by history: they depend on nothing later than their own instant. */
const made = new WeakMap<PortalHistory, { workingTime: WorkingTime; byInstant: Map<number, Predictions> }>()

const predictionsAt = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  world: World,
  instant: number,
): Predictions => {
  const { workingTime, historyStart } = world
  let known = made.get(history)
  if (known === undefined || known.workingTime !== workingTime) {
    known = { workingTime, byInstant: new Map() }
    made.set(history, known)
  }
  let predictions = known.byInstant.get(instant)
  if (predictions === undefined) {
    predictions = predict(history, infos, { asOf: instant, workingTime, historyStart })
    known.byInstant.set(instant, predictions)
  }
  return predictions
}

const predict = (history: PortalHistory, infos: readonly StageInfo[], at: FitAt): Predictions => {
  const { model, open } = fitChances(history, infos, at)
  const deals: number[] = []
  const wins: number[] = []
  for (let index = 0; index < open.deal.length; index++) {
    const chance = chanceAt(model, open.stage[index]!, open.age[index]!)
    if (chance === null) continue
    deals.push(open.deal[index]!)
    wins.push(chance.win)
  }
  return { deal: Int32Array.from(deals), win: Float64Array.from(wins) }
}

const judge = (
  predictions: readonly Predictions[],
  instants: readonly number[],
  decisions: { at: Float64Array; won: Uint8Array },
): Judged => {
  const predicted: number[] = []
  const happened: number[] = []
  const group: number[] = []
  predictions.forEach(({ deal, win }, index) => {
    const instant = instants[index]!
    deal.forEach((number, item) => {
      const at = decisions.at[number]!
      if (!(at > instant && at < NEVER)) return
      predicted.push(win[item]!)
      happened.push(decisions.won[number]!)
      group.push(number)
    })
  })
  return {
    predicted: Float64Array.from(predicted),
    happened: Uint8Array.from(happened),
    group: Int32Array.from(group),
  }
}
