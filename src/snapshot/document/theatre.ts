import type { PillarId } from './words.ts'

/** What followed the weeks with a higher score, each person's weeks against their own mean. */
export type TheatreLink = {
  /** People with enough weeks, weeks of people, and the cases behind them (deals won; deal-days). */
  people: number
  weeks: number
  cases: number
  /** What ten more points of a week brought in the next one, with the 90 % interval; null = too little to tell. */
  effect: { value: number; low: number; high: number } | null
}

/** Theatre check (metrics 4.4, 8) of thirteen weeks since the launch. */
export type TheatreQuarter = {
  /** 1 = the first one since the launch. */
  number: number
  from: string
  /** Last day, `YYYY-MM-DD`. */
  to: string
  answer: 'yes' | 'no' | 'unknown'
  /** Share of won deals that were won within 14 days of the date set 30 days earlier. */
  accuracy: TheatreLink
  /** Stages passed forward per deal-day. */
  moves: TheatreLink
}

/** A person's week with its score, and the results of the week after: what the links are counted from. */
export type TheatreCase = {
  personId: string
  /** Monday of the week, `YYYY-MM-DD`. */
  from: string
  /** ISO instants of the snapshots of both weeks. */
  asOf: string
  nextAsOf: string
  score: number
  /** Deals won of which the date set 30 days earlier is known, and those won within 14 days of it; null = not measured. */
  accuracy: { good: number; cases: number } | null
  /** Stages passed forward, and deal-days; null = not measured. */
  moves: { good: number; cases: number } | null
}

/** What weights would follow what worked; a person takes them into a new version of the rules, or does not. */
export type WeightProposal = {
  /** Pillars whose weeks went with better results. */
  gaining: PillarId[]
  /** Of a hundred; null = there is nothing to propose. */
  weights: Record<PillarId, number> | null
}

export type Theatre = {
  launchedOn: string
  /** First day on which the next quarter can be judged. */
  nextOn: string
  /** Oldest first. */
  quarters: TheatreQuarter[]
  /** Behind the last quarter, person by person and week by week; absent in snapshots of earlier versions. */
  cases?: TheatreCase[]
  /** After two quarters running without a link. */
  proposal: WeightProposal | null
}
