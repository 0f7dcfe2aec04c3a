import type { ChanceBasis } from './words.ts'

/** How good flags and chances are here, measured on the portal's own past. */
export type BackTest = {
  basis: ChanceBasis
  decidedDeals: number
  auc: number | null
  aucLow: number | null
  aucHigh: number | null
  brier: number | null
  calibrationError: number | null
  calibration: { predicted: number; observed: number; deals: number }[]
  instants: number
}

type Moved = { deals: number; moved: number }

/** What became of the deals of a flag day 60 days later (metrics 4.5, 7). */
export type FlagCheck = {
  flaggedAt: string
  days: number
  /** The flag day lies before the installation: steps and owners of then are as far as the CRM tells. */
  isReconstructed: boolean
  /** Red deals and unflagged ones, and how many of each left their stage forward since. */
  red: Moved
  unflagged: Moved
  /** Red deals' forward rate against the unflagged rate of the same stages; null of nothing to compare. */
  ratio: number | null
  /** Red deals that a head has called normal since. */
  normal: number
  stages: {
    pipelineId: string
    stageId: string
    red: Moved
    unflagged: Moved
    ratio: number | null
    /** Red deals move on nearly as others do: the stage is badly defined or its threshold too tight. */
    isMisjudged: boolean
  }[]
}
