import type { LooseItems } from '../records/facts.ts'
import type { ActorClass } from '../records/records.ts'
import type { PillarId } from '../snapshot/document.ts'
import type { DealContext } from './deal-context.ts'
import type { FixList, Ledger } from './evidence.ts'
import type { Measured } from './measured.ts'
import type { Numbers, Tally } from './tally.ts'
import type { PortalUse } from './use/portal-use.ts'
import type { Window } from './window.ts'
import type { World } from './world.ts'

/** A may be tied to pay, B is for coaching, C never to a person's pay. */
export type PayClass = 'A' | 'B' | 'C'

export type Unit = 'share' | 'ratio' | 'index' | 'hours' | 'days' | 'count' | 'points'

/** What a metric needs of the vendor or the portal; without it the metric is off, never zero. */
export type Need =
  | 'history'
  | 'deadlineHistory'
  | 'invoices'
  | 'calls'
  | 'activities'
  | 'tasks'
  | 'planerka_journal'
  | 'ledger'
  | 'survey'
  | 'board'

/** One number: the metric itself (`M13`) or a part of it (`M13.dead`). */
export type Measure = {
  id: string
  unit: Unit
  payClass: PayClass
  /** Null where nothing is aimed at. */
  target: number | null
  /** Where attainment is 0. */
  floor: number | null
  lessIsBetter: boolean
}

/**
 * One metric, one file. It gives its facts (`measures`, the first is the metric itself) and `start`, a fold
 * over deals that keeps sums only. The score reads it through `score`.
 */
export type Metric = {
  id: string
  pillar: PillarId | null
  measures: readonly [Measure, ...Measure[]]
  /** Bumped when the formula changes. */
  version: string
  formula: string
  caveats: readonly string[]
  needs: readonly Need[]
  score: {
    /** Weight inside the pillar, 0..1. */
    weight: number
    /**
     * `day`: a state, judged every working day and averaged over the week; `week`: events, too rare for a
     * single day, judged over the week as a whole.
     */
    over: 'day' | 'week'
    /** A share of cases; its uncertainty is binomial. */
    isShare: boolean
  } | null
  /** True when the vendor's dated facts tell it for days before the installation. */
  isKnownForPast(can: World['can']): boolean
  /** Minutes one deal takes to put right; null = nothing to put right in single deals. */
  minutesPerFix: number | null
  start(context: MetricContext): Fold
}

export type Fold = {
  addDeal?(deal: DealContext): void
  /** Items that hang on no deal. May be called many times, in any order. */
  addLoose?(items: LooseItems): void
  /** @param earlier what the metrics before it in the catalogue say of the same window */
  finish(earlier: readonly Measured[]): Result[]
}

export type Result = {
  measure: string
  numbers: Numbers
  evidence?: Ledger
  fixes?: FixList
  /** Machine word; set = the measure is off in this portal at this time. */
  offReason?: string | null
  /** People in whom the measure's own test sees a pattern; where given, it decides instead of the plain target. */
  signals?: ReadonlySet<string>
  /** The same, with those in whom the pattern is no bad sign yet. */
  seen?: ReadonlySet<string>
  /** Whose hand it was; more than a fifth unknown switches the measure off for single people. */
  authors?: Authors
}

/** Counts how often the hand behind a fact is known. */
export class Authors {
  known = 0
  unknown = 0

  /** @param actorClass null = the fact says nothing about how often authors are known */
  count(actorClass: ActorClass | null): void {
    if (actorClass === 'unknown') this.unknown++
    else if (actorClass !== null) this.known++
  }

  /** Share of facts whose author nobody knows; 0 of nothing. */
  get unknownShare(): number {
    const all = this.known + this.unknown
    return all === 0 ? 0 : this.unknown / all
  }
}

export const MAX_UNKNOWN_SHARE = 0.2

/** What every fold is given. */
export type MetricContext = {
  world: World
  window: Window
  /** Deal-days of eligible deals per person, complete when `finish` is called. */
  exposure: Tally
  /** Counts in metrics: known, active and not left out by settings. */
  isCounted(userId: string | null): userId is string
  /** Away on a local day (days since 1970-01-01): nothing is expected then. */
  isAbsent(who: string, day: number): boolean
  /** Working milliseconds between two instants, without the days on which the person was away. */
  elapsed(who: string | null, from: number, to: number): number
  ledger(): Ledger
  fixList(): FixList
  /** What the first pass over all deals counted, closed long ago or not; null where it was not asked to. */
  portal: PortalUse | null
  /** False for weeks before the installation. */
  isSinceInstall: boolean
}

export const shareMeasure = (id: string, payClass: PayClass, target: number, floor: number): Measure => ({
  id,
  unit: 'share',
  payClass,
  target,
  floor,
  lessIsBetter: floor > target,
})
