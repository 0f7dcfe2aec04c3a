import { z } from 'zod'

/**
 * What the portal sends. Types drift between methods, versions and boxes: ids come as numbers or strings,
 * and "nothing" may be null, "", 0, "0", false, [] or no key at all. Unknown keys are ignored; only what a
 * record cannot exist without makes it fail.
 */

const anything = z.unknown().optional()

/** Positive integer id as a string, or null. */
const idText = (value: unknown): string | null => {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : null
  return typeof value === 'string' && /^[1-9]\d{0,15}$/.test(value) ? value : null
}

/** Instants carry an offset; without one they are taken as UTC. */
const instantOf = (value: unknown): Date | null => {
  if (typeof value !== 'string' || value.length < 10) return null
  const hasZone = /(?:[zZ]|[+-]\d\d:?\d\d)$/.test(value)
  const date = new Date(hasZone || value.length === 10 ? value : `${value.replace(' ', 'T')}Z`)
  return Number.isNaN(date.getTime()) ? null : date
}

/** An id that must be there. */
export const id = anything.transform((value, ctx) => {
  const text = idText(value)
  if (text === null) {
    ctx.addIssue({ code: 'custom', message: 'is not an id' })
    return z.NEVER
  }
  return text
})

/** An id that may be absent in any of the vendor's ways. */
export const optionalId = anything.transform(idText)

/** A pipeline: 0 is the portal's first one, and absence means it too. */
export const pipelineId = anything.transform(value => idText(value) ?? '0')

export const text = anything.transform(value =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '',
)

/** A word that must be there, such as a stage. */
export const word = anything.transform((value, ctx) => {
  const plain = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
  if (plain === '' || plain.length > 200) {
    ctx.addIssue({ code: 'custom', message: 'is empty' })
    return z.NEVER
  }
  return plain
})

export const amount = anything.transform(value => {
  if (value === null || value === undefined || value === '' || typeof value === 'boolean') return null
  const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN
  return Number.isFinite(number) ? number : null
})

export const flag = anything.transform(
  value =>
    value === true || value === 'Y' || value === 'y' || value === 1 || value === '1' || value === 'true',
)

export const instant = anything.transform(instantOf)

/** A due time: "none" is stored as the year 9999. */
export const dueInstant = anything.transform(value => {
  const at = instantOf(value)
  return at === null || at.getUTCFullYear() >= 9000 ? null : at
})

/** The calendar day that the portal shows. */
export const day = anything.transform(value => {
  if (typeof value !== 'string') return null
  const match = /^(\d{4})-\d\d-\d\d/.exec(value)
  return match && Number(match[1]) < 9000 && instantOf(value) !== null ? match[0] : null
})

const small = anything.transform(value => {
  const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN
  return Number.isInteger(number) ? number : null
})

export const dealWire = z.object({
  id,
  title: text,
  categoryId: pipelineId,
  stageId: word,
  stageSemanticId: text,
  assignedById: optionalId,
  createdBy: optionalId,
  createdTime: instant,
  updatedBy: optionalId,
  updatedTime: instant,
  movedBy: optionalId,
  movedTime: instant,
  lastActivityBy: optionalId,
  lastActivityTime: instant,
  closedate: day,
  opportunity: amount,
  currencyId: text,
  isRecurring: flag,
})

export const stageHistoryWire = z.object({
  ID: id,
  TYPE_ID: small,
  OWNER_ID: id,
  CREATED_TIME: instant,
  CATEGORY_ID: pipelineId,
  STAGE_SEMANTIC_ID: text,
  STAGE_ID: word,
})

export const activityWire = z.object({
  ID: id,
  OWNER_TYPE_ID: small,
  OWNER_ID: optionalId,
  TYPE_ID: small,
  PROVIDER_ID: text,
  PROVIDER_TYPE_ID: text,
  DIRECTION: small,
  STATUS: small,
  COMPLETED: flag,
  RESPONSIBLE_ID: optionalId,
  AUTHOR_ID: optionalId,
  CREATED: instant,
  LAST_UPDATED: instant,
  START_TIME: dueInstant,
  END_TIME: dueInstant,
  DEADLINE: dueInstant,
  IS_INCOMING_CHANNEL: flag,
  ASSOCIATED_ENTITY_ID: optionalId,
})

export const taskWire = z.object({
  id,
  title: text,
  status: small,
  responsibleId: optionalId,
  createdBy: optionalId,
  createdDate: instant,
  changedDate: instant,
  closedDate: instant,
  closedBy: optionalId,
  deadline: dueInstant,
  ufCrmTask: anything,
})

export const invoiceWire = z.object({
  id,
  stageId: word,
  stageSemanticId: text,
  assignedById: optionalId,
  createdTime: instant,
  updatedTime: instant,
  movedTime: instant,
  begindate: day,
  closedate: day,
  opportunity: amount,
  currencyId: text,
  parentId2: optionalId,
})

export const userWire = z.object({
  ID: id,
  ACTIVE: flag,
  NAME: text,
  LAST_NAME: text,
  WORK_POSITION: text,
  UF_DEPARTMENT: anything,
  TIME_ZONE: text,
  EMAIL: text,
})

export const departmentWire = z.object({
  ID: id,
  NAME: text,
  SORT: amount,
  PARENT: optionalId,
  UF_HEAD: optionalId,
})

export const categoryWire = z.object({ id: pipelineId, name: text, sort: amount, isDefault: flag })

export const statusWire = z.object({
  ID: anything,
  ENTITY_ID: word,
  STATUS_ID: word,
  NAME: text,
  SORT: amount,
  COLOR: text,
  SEMANTICS: text,
  EXTRA: z.object({ SEMANTICS: text, COLOR: text }).nullish().catch(null),
})

export const fieldWire = z.object({
  type: text,
  title: text,
  isRequired: flag,
  isReadOnly: flag,
  isMultiple: flag,
  isDynamic: flag,
  items: anything,
})

export const profileWire = z.object({
  ID: id,
  ADMIN: flag,
  TIME_ZONE: text,
  TIME_ZONE_OFFSET: amount,
})

export const appInfoWire = z.object({
  CODE: text,
  VERSION: text,
  INSTALLED: flag,
  LANGUAGE_ID: text,
  LICENSE: text,
  LICENSE_FAMILY: text,
})

export const calendarWire = z.object({
  work_time_start: text,
  work_time_end: text,
  year_holidays: text,
  week_holidays: anything,
})
