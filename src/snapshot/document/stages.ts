import type { Outcome } from '../../records/records.ts'
import type { ThresholdSource } from './words.ts'

export type StageRow = {
  pipelineId: string
  stageId: string
  name: string
  outcome: Outcome
  visits: number
  forwardExits: number
  backExits: number
  lostExits: number
  otherExits: number
  openNow: number
  medianDays: number | null
  t80OwnDays: number | null
  t80Days: number | null
  t95Days: number | null
  source: ThresholdSource
  /** False: the CRM lists it no more, only history mentions it; absent = listed. */
  isListed?: boolean
}

export type CurveRow = {
  kind: 'stage' | 'adoption'
  pipelineId: string
  stageId: string
  exit: 'forward' | 'back' | 'lost' | 'other' | 'reached'
  tDays: number
  atRisk: number
  events: number
  value: number
}

/** Rows of one curve in columns that run in step: a stage of a large portal has tens of thousands of them. */
export type Curve = Pick<CurveRow, 'kind' | 'pipelineId' | 'stageId' | 'exit'> & {
  tDays: number[]
  atRisk: number[]
  events: number[]
  value: number[]
}

export type FieldRow = {
  pipelineId: string
  field: string
  isCustom: boolean
  filled: number
  total: number
  fillRate: number | null
}
