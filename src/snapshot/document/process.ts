import type { Outcome } from '../../records/records.ts'

export type ProcessRow = {
  pipelineId: string
  fromStageId: string
  toStageId: string
  deals: number
  moves: number
  medianDays: number | null
  isDesigned: boolean
}

export type VariantRow = {
  pipelineId: string
  path: string[]
  deals: number
  won: number
  lost: number
  open: number
  medianDays: number | null
  conformanceCost: number
}

/**
 * Deals of one group that share a move, a stage or a road. `days` = working days, in ascending order: all of them
 * while they are few, else evenly spread points of their distribution, the middle one being the median.
 */
export type GroupCell = {
  deals: number
  /** How many durations stand behind `days`. */
  measured: number
  days: number[]
  /** The newest deals. A person's deals that stand alike are at most 30 in all cohorts, so the newest 30 of any period are here. */
  dealIds: string[]
}

export type GroupEdge = GroupCell & {
  fromStageId: string
  toStageId: string
  /** Of a shortcut: decided deals of it that also took the road from the same stage. */
  alsoRoad: number
}

export type GroupStage = GroupCell & {
  stageId: string
  visits: number
  forwardExits: number
  backExits: number
  lostExits: number
  otherExits: number
  openNow: number
  /** Decided deals that left this stage backwards at least once. */
  turnedBack: number
}

/** `road`: place in the part `processRoads`. */
export type GroupRoad = GroupCell & { road: number }

/**
 * Part `processGroups`: the process of the deals that one person answers for at `asOf` (null = nobody), that were
 * created in one cohort (`PERIOD_DAYS`) and stand alike at `asOf`. Each deal is in one group with its whole history,
 * whoever moved it before; so groups add up to whatever is asked for.
 */
export type ProcessGroup = {
  responsibleId: string | null
  cohort: number
  outcome: Outcome
  pipelines: {
    pipelineId: string
    stages: GroupStage[]
    edges: GroupEdge[]
    /** The person's most usual roads; `rest` = all the others together, null of none. */
    roads: GroupRoad[]
    rest: GroupCell | null
    /** Deals with a road, and those of them that never left the designed one. */
    all: number
    onRoad: number
  }[]
}

/** Part `processRoads`: roads that groups tell apart; a road belongs to the pipeline that it ends in. */
export type ProcessRoad = { path: string[]; conformanceCost: number }
