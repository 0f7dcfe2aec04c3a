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
  /** After two quarters running without a link. */
  proposal: WeightProposal | null
}
