import type { ActivityKind, ActorClass, Outcome } from './records.ts'

/**
 * What metrics are computed from. Instants are milliseconds since the epoch. The store streams one
 * `Dossier` per deal; a metric folds over them and never sees the whole base at once. Facts later than
 * `asOf` may be present in a dossier: whoever reads it cuts at `asOf`.
 */

export type MoveFact = {
  at: number
  pipelineId: string
  stageId: string
  outcome: Outcome
  isCreation: boolean
  movedBy: string | null
  actorClass: ActorClass
}

/** Undated facts of a deal as observed at an instant; the first version also stands for everything before it. */
export type DealVersion = {
  observedAt: number
  responsibleId: string | null
  amount: number | null
  currency: string | null
  closeOn: string | null
  fields: Readonly<Record<string, string>>
  /** Who the CRM named as the last editor when this version was first seen; absent = not noted. */
  changedBy?: string | null
  /** `robot`: the CRM named nobody; absent = not noted. */
  changeClass?: 'person' | 'robot' | null
}

/** A person's save of a deal's fields (amount, close date, custom fields, whoever answers), told by an event. */
export type EditFact = {
  /** The event's own time. */
  at: number
  /** When we read what was saved; never before `at`. */
  knownAt: number
  by: string
}

export type ActivityFact = {
  id: string
  kind: ActivityKind
  direction: 'in' | 'out' | null
  responsibleId: string | null
  authorId: string | null
  actorClass: ActorClass
  createdAt: number
  startAt: number | null
  endAt: number | null
  /** Deadline in force now; earlier ones are in `deadlineMoves`. */
  deadlineAt: number | null
  completedAt: number | null
  isAutoCompleted: boolean
  durationSeconds: number | null
  deadlineMoves: readonly DeadlineMoveFact[]
}

export type TaskFact = {
  id: string
  dealIds: readonly string[]
  responsibleId: string | null
  createdBy: string | null
  createdAt: number
  closedAt: number | null
  closedBy: string | null
  deadlineAt: number | null
  isDeferred: boolean
  textHash: string
  textWords: number
  deadlineMoves: readonly DeadlineMoveFact[]
}

export type DeadlineMoveFact = {
  at: number
  before: number | null
  after: number | null
  actorId: string | null
  actorClass: ActorClass
}

export type InvoiceFact = {
  id: string
  responsibleId: string | null
  amount: number | null
  currency: string | null
  outcome: Outcome
  createdAt: number
  issuedOn: string | null
  movedAt: number | null
}

/**
 * A dated reason on the customer's side for which the clocks of a deal stand still (metrics 4.5, 4). It runs from
 * the moment it was made: nobody pauses the past.
 */
export type PauseFact = {
  madeAt: number
  until: number
  /** Ended by a person before its date. */
  endedAt: number | null
}

/** Somebody's word against a flag, and the head's answer to it. A head's own word is answered when made. */
export type ObjectionFact = {
  openedAt: number
  answeredAt: number | null
  answer: 'normal' | 'stands' | null
}

/** One deal with everything we know about it, moves ascending by (at, order key). */
export type Dossier = {
  id: string
  title: string
  createdAt: number
  createdBy: string | null
  isTemplate: boolean
  /** When we saw that the CRM no longer has it. */
  deletedAt: number | null
  lossReasonId: string | null
  /** Current place, for deals whose history has no rows. */
  current: {
    pipelineId: string
    stageId: string
    outcome: Outcome
    movedAt: number | null
    closedAt: number | null
  }
  moves: readonly MoveFact[]
  /** Ascending by observedAt, at least one. */
  versions: readonly DealVersion[]
  /** Ascending by `at`; absent = none is known. */
  edits?: readonly EditFact[]
  activities: readonly ActivityFact[]
  tasks: readonly TaskFact[]
  invoices: readonly InvoiceFact[]
  /** Ascending by `madeAt`; absent = none. */
  pauses?: readonly PauseFact[]
  /** Ascending by `openedAt`; absent = none. */
  objections?: readonly ObjectionFact[]
}

/** Activities and tasks that hang on no deal. */
export type LooseItems = {
  activities: readonly ActivityFact[]
  tasks: readonly TaskFact[]
  invoices: readonly InvoiceFact[]
}
