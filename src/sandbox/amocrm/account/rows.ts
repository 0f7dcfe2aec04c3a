/** What an account keeps. Instants are seconds since the epoch, as the API gives them. */

/** A list's option by its id, or the value itself. */
export type FieldValue = string | number | boolean

export type LeadRow = {
  id: number
  name: string
  price: number
  responsibleId: number
  statusId: number
  pipelineId: number
  lossReasonId: number | null
  /** 0 = robot. */
  createdBy: number
  updatedBy: number
  createdAt: number
  updatedAt: number
  closedAt: number | null
  /** In the recycle bin: ordinary lists do not show it. */
  isDeleted: boolean
  tagIds: number[]
  contactId: number | null
  companyId: number | null
  /** Filled fields only: field id → values. */
  fields: Record<number, FieldValue[]>
}

export type TaskRow = {
  id: number
  createdBy: number
  updatedBy: number
  createdAt: number
  updatedAt: number
  responsibleId: number
  entityId: number | null
  entityType: 'leads' | 'contacts' | 'companies' | null
  typeId: number
  text: string
  resultText: string | null
  isCompleted: boolean
  completeTill: number
}

export type NoteEntity = 'leads' | 'contacts' | 'companies'

export type NoteRow = {
  id: number
  entity: NoteEntity
  entityId: number
  createdBy: number
  updatedBy: number
  createdAt: number
  updatedAt: number
  responsibleId: number
  noteType: string
  params: Record<string, unknown>
}

/** `value_before` and `value_after`: arrays of one-key objects. */
export type EventValue = readonly Record<string, unknown>[]

export type EventRow = {
  /** Order of arrival: what happened later in one second has a greater one. Ids are made from it when shown. */
  seq: number
  type: string
  entityId: number
  entityType: 'lead' | 'contact' | 'company' | 'task'
  /** 0 = robot. */
  createdBy: number
  createdAt: number
  before: EventValue
  after: EventValue
  /** The integration whose token did it; null = a person or a robot. */
  clientUuid: string | null
  /** Of chat messages: the contact behind the talk. */
  linkedContactId: number | null
}

/** A: all, G: own group, M: own, D: denied. */
export type Level = 'A' | 'G' | 'M' | 'D'

export type UserRow = {
  id: number
  name: string
  email: string
  lang: 'ru' | 'en'
  groupId: number
  roleId: number | null
  isAdmin: boolean
  isFree: boolean
  isActive: boolean
  leads: { view: Level; edit: Level; add: Level; delete: Level; export: Level }
}

export type GroupRow = { id: number; name: string }
export type RoleRow = { id: number; name: string }

export type StatusRow = {
  id: number
  name: string
  sort: number
  color: string
  /** 1 = incoming, not yet accepted. */
  type: 0 | 1
}

export type PipelineRow = {
  id: number
  name: string
  sort: number
  isMain: boolean
  isArchive: boolean
  statuses: StatusRow[]
}

export type FieldRow = {
  id: number
  name: string
  type: 'text' | 'numeric' | 'checkbox' | 'select' | 'multiselect' | 'date' | 'textarea' | 'tracking_data'
  code: string | null
  sort: number
  isApiOnly: boolean
  enums: { id: number; value: string; sort: number; code: string | null }[]
  requiredStatuses: { pipelineId: number; statusId: number }[]
}

export type LossReasonRow = { id: number; name: string; sort: number; createdAt: number }
export type TagRow = { id: number; name: string; color: string | null }
export type TaskTypeRow = { id: number; name: string; code: string | null }

/** An element of the invoices list. */
export type InvoiceRow = {
  id: number
  name: string
  leadId: number | null
  createdBy: number
  createdAt: number
  updatedAt: number
  status: 'created' | 'paid' | 'partially_paid' | 'paid_in_advance'
  price: number
  paidAt: number | null
  isDeleted: boolean
}

export type PersonRow = { id: number; name: string; createdAt: number; updatedAt: number }

export type WebhookRow = {
  id: number
  destination: string
  settings: string[]
  createdAt: number
  updatedAt: number
  createdBy: number
  sort: number
  disabled: boolean
}

export const WON = 142
export const LOST = 143

export const isClosed = (statusId: number): boolean => statusId === WON || statusId === LOST
