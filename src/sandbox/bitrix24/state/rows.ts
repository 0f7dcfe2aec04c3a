/** What a portal keeps. Instants are milliseconds since the epoch; replies turn them into ISO strings. */

export type Semantic = 'P' | 'S' | 'F'

/** A value of a custom field as REST takes and gives it. */
export type FieldValue = string | number | boolean | null | (string | number)[]

/** A lead (1), a deal (2) or a smart invoice (31): what `crm.item.*` calls an item. */
export type ItemRow = {
  id: number
  title: string
  typeId: string
  categoryId: number
  stageId: string
  /** Stated at each move, so that it survives a deleted stage. */
  semantic: Semantic
  previousStageId: string
  assignedById: number
  createdBy: number
  updatedBy: number
  movedBy: number
  lastActivityBy: number
  createdTime: number
  updatedTime: number
  movedTime: number
  lastActivityTime: number
  /** Midnight UTC of the day, as date fields are kept. */
  begindate: number | null
  closedate: number | null
  opportunity: number
  currencyId: string
  companyId: number
  contactId: number
  sourceId: string
  comments: string
  isRecurring: boolean
  isReturnCustomer: boolean
  /** The deal of a smart invoice. */
  parentId2: number | null
  /** Custom fields by their original name, `UF_CRM_…`. */
  custom: Record<string, FieldValue>
}

export type HistoryRow = {
  id: number
  /** 1 created, 2 moved, 3 reached a final stage, 5 changed the pipeline. */
  typeId: number
  ownerId: number
  createdTime: number
  categoryId: number
  stageId: string
  semantic: Semantic
}

export type ActivityRow = {
  id: number
  ownerTypeId: number
  ownerId: number
  typeId: number
  providerId: string
  providerTypeId: string
  direction: number
  /** 1 waiting, 2 completed, 3 completed by the CRM itself. */
  status: number
  responsibleId: number
  authorId: number
  editorId: number
  created: number
  lastUpdated: number
  startTime: number | null
  endTime: number | null
  /** Null is shown as the year 9999. */
  deadline: number | null
  isIncomingChannel: boolean
  associatedEntityId: number
  subject: string
  description: string
}

export type TaskChange = {
  at: number
  field: string
  from: string
  to: string
  userId: number
}

export type TaskRow = {
  id: number
  title: string
  description: string
  /** 2 pending, 3 in progress, 4 awaiting control, 5 completed, 6 deferred. */
  status: number
  responsibleId: number
  createdBy: number
  createdDate: number
  changedDate: number
  changedBy: number
  activityDate: number
  closedDate: number | null
  closedBy: number
  deadline: number | null
  groupId: number
  tags: string[]
  /** Bindings such as `D_759`. */
  crm: string[]
  changes: TaskChange[]
}

export type UserRow = {
  id: number
  name: string
  lastName: string
  secondName: string
  gender: 'M' | 'F' | ''
  email: string
  position: string
  departments: number[]
  isActive: boolean
  isAdmin: boolean
  /** Robots' and the marketplace's own accounts: not returned by user.get. */
  isSystem: boolean
  registered: number
  lastLogin: number
  lastActivity: number
}

export type DepartmentRow = {
  id: number
  name: string
  sort: number
  parentId: number | null
  headId: number | null
}

export type CategoryRow = {
  id: number
  entityTypeId: number
  name: string
  sort: number
  isDefault: boolean
}

/** A row of a dictionary: stages of every pipeline, sources, types. */
export type StatusRow = {
  id: number
  entityId: string
  statusId: string
  name: string
  sort: number
  isSystem: boolean
  categoryId: number | null
  color: string
  semantic: Semantic | null
  /** What EXTRA calls the outcome: process, success, failure, apology. */
  extra: string
}

export type CustomFieldRow = {
  id: number
  entityTypeId: number
  fieldName: string
  userType: string
  labels: { ru: string; en: string }
  isMultiple: boolean
  isMandatory: boolean
  sort: number
  options: { id: number; value: string; sort: number }[]
}

export type NotificationRow = {
  id: number
  kind: 'system' | 'personal'
  userId: number
  message: string
  messageOut: string
  tag: string
  at: number
  fromId: number
  /** How many messages this one has taken the place of. */
  replaced: number
}

export type LogMessageRow = {
  id: number
  entityTypeId: number
  entityId: number
  title: string
  text: string
}
