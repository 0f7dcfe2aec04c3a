import type { Outcome } from '../../records/records.ts'
import type { ChanceBasis, FlagKind, Level, ThresholdSource } from './words.ts'

export type FlagRow = {
  dealId: string
  pipelineId: string
  stageId: string
  responsibleId: string | null
  flag: FlagKind
  level: Exclude<Level, 'none'>
  /** ISO instant at which this clock ran out. */
  since: string
  ageDays: number
  thresholdDays: number | null
  winChance: number | null
  /** The reason sentence in Russian; screens build theirs from `clocks` of the deal. */
  reason: string
}

/** One deal open at `asOf`. */
export type DealRow = {
  dealId: string
  title: string
  pipelineId: string
  stageId: string
  responsibleId: string | null
  amount: number | null
  currency: string | null
  enteredAt: string
  ageDays: number
  silenceDays: number | null
  level: Level
  winChance: number | null
  winChanceBasis: ChanceBasis
  /** Chance that the deal is still on its stage after `noMoveDays` more working days; null = too little to tell. */
  noMoveChance?: number | null
  noMoveDays?: number
  clocks: DealClocks
  /** Undated facts taken as first observed, because `asOf` is before the first sync. */
  isFirstObserved: boolean
}

/** A deal that was closed in the last 28 days: what two snapshots need to tell what was won between them. */
export type ClosedRow = {
  dealId: string
  title: string
  pipelineId: string
  stageId: string
  outcome: Exclude<Outcome, 'open'>
  responsibleId: string | null
  amount: number | null
  currency: string | null
  closedAt: string
}

/** Everything that the reason sentence and the age strip say. */
export type DealClocks = {
  t80Days: number | null
  t95Days: number | null
  source: ThresholdSource
  /** Forward exits behind the threshold. */
  sample: number
  s80Days: number | null
  flags: FlagKind[]
  /** `missing`: no next step; `overdue`: the step's date has passed; null = there is a step in time. */
  promise: 'missing' | 'overdue' | null
  promiseOverdueDays: number | null
  /** Working days of this stay during which the clocks stood still. */
  pausedDays?: number
  /** Why the flag does not count, and until when. */
  hold?: { kind: 'paused' | 'disputed' | 'normal'; until: string } | null
}
