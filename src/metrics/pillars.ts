import type { Band, PillarId } from '../snapshot/document.ts'

/** Weights of the composite score, of 100 (4.4). */
export const PILLAR_WEIGHTS: Readonly<Record<PillarId, number>> = {
  presence: 12,
  work: 25,
  pipeline: 33,
  truth: 15,
  process: 15,
}

export const PILLARS = Object.keys(PILLAR_WEIGHTS) as PillarId[]

/** Below this measured share of the weights there is no score. */
export const MIN_COVERAGE = 0.6

/** Fewer eligible deals or working days than this say nothing about a person. */
export const MIN_DEALS = 5
export const MIN_DAYS = 5

/** 80 / 60 / 40. */
export const bandOf = (score: number): Band =>
  score >= 80 ? 'habit' : score >= 60 ? 'forming' : score >= 40 ? 'on_request' : 'outside'
