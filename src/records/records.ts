/**
 * The nouns. Every vendor maps its replies to these; nothing downstream knows a vendor's words.
 * Ids are the vendor's own, as strings. Instants are `Date` (UTC); calendar days are `YYYY-MM-DD`.
 * `null` means unknown or absent, never zero.
 */

export type Outcome = 'open' | 'won' | 'lost'

/** Who acted: metrics about people use `person` only; `unknown` is credited to nobody. */
export type ActorClass = 'person' | 'robot' | 'integration' | 'unknown'

/** Known to be a robot's or an integration's doing; of an unknown author nobody can say so. */
export const isProgram = (actorClass: ActorClass): boolean =>
  actorClass === 'robot' || actorClass === 'integration'

export type User = {
  id: string
  name: string
  position: string | null
  isActive: boolean
  isAdmin: boolean | null
  departmentIds: string[]
  timeZone: string | null
  language: string | null
  email: string | null
  /** What the CRM lets this person see of deals; null where the vendor has a hierarchy instead. */
  dealsVisible: 'all' | 'group' | 'own' | 'none' | null
}

export type Department = {
  id: string
  name: string
  parentId: string | null
  headId: string | null
  sort: number
}

export type Pipeline = { id: string; name: string; sort: number; isDefault: boolean }

export type Stage = {
  id: string
  pipelineId: string
  name: string
  /** Order inside the pipeline, ascending. */
  sort: number
  outcome: Outcome
  color: string | null
  /** Requests wait here before anybody has taken them: no step of the road that the pipeline was designed to take. */
  isIncoming?: true
}

/** Metadata of a deal field that a person can fill. */
export type Field = {
  id: string
  title: string
  type: string
  isCustom: boolean
  isRequired: boolean
  isMultiple: boolean
  /** For lists: option id → title. */
  options: Record<string, string> | null
}

export type Deal = {
  id: string
  title: string
  pipelineId: string
  stageId: string
  /** As the vendor states it for this deal; survives a deleted stage. */
  outcome: Outcome
  responsibleId: string | null
  createdBy: string | null
  createdAt: Date
  updatedBy: string | null
  updatedAt: Date
  movedBy: string | null
  movedAt: Date | null
  lastActivityBy: string | null
  lastActivityAt: Date | null
  amount: number | null
  currency: string | null
  /** Expected close date. */
  closeOn: string | null
  closedAt: Date | null
  /** A template or otherwise not a real deal: kept, never measured. */
  isTemplate: boolean
  lossReasonId: string | null
  /**
   * Filled fields only: field id → option id for lists and flags, otherwise `#` and a short hash of the
   * value. The values themselves stay in the CRM.
   */
  fields: Record<string, string>
}

/** One change of stage, or the creation of a deal. What it came from is derived from the move before it. */
export type StageMove = {
  id: string
  dealId: string
  at: Date
  /** Sorts moves of one deal that share an instant; compared as plain text. */
  orderKey: string
  kind: 'created' | 'moved' | 'pipeline_changed'
  pipelineId: string
  stageId: string
  outcome: Outcome
  movedBy: string | null
  actorClass: ActorClass
  /**
   * For a creation whose stage is inferred: the instant of the move that tells it (`inferredFromNow` when only
   * the present stage does). The earliest evidence wins, of two from one instant the one with the lesser
   * `orderKey`; absent where the vendor states the row itself.
   */
  evidenceAt?: Date
}

/** Weakest evidence for the stage a deal was created on: where it stands now. */
export const inferredFromNow = new Date('9999-01-01T00:00:00Z')

export type ActivityKind = 'call' | 'meeting' | 'message' | 'email' | 'task' | 'todo' | 'document' | 'other'

export type Activity = {
  id: string
  dealId: string | null
  kind: ActivityKind
  /** The vendor's own word for the kind. */
  provider: string
  direction: 'in' | 'out' | null
  responsibleId: string | null
  authorId: string | null
  actorClass: ActorClass
  createdAt: Date
  updatedAt: Date
  startAt: Date | null
  endAt: Date | null
  deadlineAt: Date | null
  isCompleted: boolean
  /** When completion was stated by the vendor or seen by us; null while open. */
  completedAt: Date | null
  /** Closed by the CRM itself when the deal was closed: nobody's work. */
  isAutoCompleted: boolean
  /** An incoming message or call still waiting for an answer. */
  isWaiting: boolean
  durationSeconds: number | null
  /** The task behind this activity, where the vendor shows tasks twice. */
  taskId: string | null
}

export type Task = {
  id: string
  dealIds: string[]
  status: 'open' | 'awaiting_control' | 'completed' | 'deferred'
  responsibleId: string | null
  createdBy: string | null
  createdAt: Date
  changedAt: Date
  closedAt: Date | null
  closedBy: string | null
  deadlineAt: Date | null
  /** The text is hashed in place: enough to see repeats, not enough to read. */
  textHash: string
  textWords: number
}

export type Invoice = {
  id: string
  dealId: string | null
  responsibleId: string | null
  amount: number | null
  currency: string | null
  stageId: string
  outcome: Outcome
  createdAt: Date
  updatedAt: Date
  issuedOn: string | null
  dueOn: string | null
  movedAt: Date | null
}

/**
 * An undated fact of a deal that a vendor's feed dates for us (amoCRM: who was responsible when). `fields`: fields
 * were saved, and what was in them is not told.
 */
export type FactChange = {
  dealId: string
  at: Date
  fact: 'responsible' | 'amount' | 'fields'
  before: string | null
  after: string | null
  actorId: string | null
  actorClass: ActorClass
}

/** A deadline that was moved, from the vendor's history or seen by comparing two reads. */
export type DeadlineMove = {
  itemKind: 'task' | 'activity'
  itemId: string
  at: Date
  before: Date | null
  after: Date | null
  actorId: string | null
  actorClass: ActorClass
}

/** A completion of a task that a vendor's feed dates for us, where the task itself does not say when. */
export type TaskClosing = { taskId: string; at: Date; actorId: string | null }

/** What one page of a feed may carry. A feed fills the arrays that it knows. */
export type RecordSet = {
  deals: Deal[]
  stageMoves: StageMove[]
  activities: Activity[]
  tasks: Task[]
  invoices: Invoice[]
  factChanges: FactChange[]
  deadlineMoves: DeadlineMove[]
  taskClosings: TaskClosing[]
}

export const emptyRecordSet = (): RecordSet => ({
  deals: [],
  stageMoves: [],
  activities: [],
  tasks: [],
  invoices: [],
  factChanges: [],
  deadlineMoves: [],
  taskClosings: [],
})

/** Record kinds that exist one by one in the CRM and can vanish from it. */
export type RecordKind = 'deal' | 'stageMove' | 'activity' | 'task' | 'invoice'

/** A record that failed its schema: counted and kept with its reason; never stops the rest. */
export type Rejected = { kind: string; id: string | null; reason: string }

export type Directory = {
  users: User[]
  departments: Department[]
  pipelines: Pipeline[]
  stages: Stage[]
  fields: Field[]
  lossReasons: { id: string; name: string }[]
  rejected: Rejected[]
}
