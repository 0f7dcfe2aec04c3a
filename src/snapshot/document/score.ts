import type { Band, PillarId, Scope, TrustMark } from './words.ts'

/** A metric inside one person's (team's, company's) score. */
export type ScoredMetric = {
  metric: string
  /** Weight inside the pillar after unmeasured metrics dropped out, 0..1. */
  weight: number
  value: number | null
  numerator: number | null
  denominator: number | null
  /** 0..1; null = switched off. */
  attainment: number | null
  /** Points of 100 earned and at most. */
  points: number
  maxPoints: number
  /** Machine word for why it is switched off; null = measured. */
  offReason: string | null
}

export type PillarScore = { pillar: PillarId; weight: number; points: number; metrics: ScoredMetric[] }

export type Score = {
  scope: Scope
  scopeId: string
  /** 0..100; null = no score (coverage or sample too small). */
  value: number | null
  /** 90 % interval. */
  low: number | null
  high: number | null
  /** Of a team: how far its people lie apart (standard deviation in points, weighted as the score is). */
  spread?: number | null
  /** Share of the weights that could be measured, 0..1. */
  coverage: number
  band: Band | null
  trust: TrustMark
  trustReasons: string[]
  /** Why there is no score: `coverage`, `deals`, `days`, `amnesty`, `not_read_yet`; null = there is one. */
  absence: string | null
  /** Eligible deals and working days behind it. */
  deals: number
  days: number
  isReconstructed: boolean
  pillars: PillarScore[]
  /** The three changes that would lift the score most, with the deals to change. */
  fixes: {
    metric: string
    points: number
    minutes: number
    dealIds: string[]
    /** In step with `dealIds`: what each of them would have added to the week. */
    dealPoints?: number[]
  }[]
  /**
   * Of a person: share of deals tidied only before the planerka beyond the usual one (M26, 0..1), and whether that is
   * significant; null = it cannot be told. Absent in snapshots of earlier versions.
   */
  burst?: { excess: number; isSignal: boolean } | null
}
