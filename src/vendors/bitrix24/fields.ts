import { z } from 'zod'
import { valueFingerprint } from '../../records/fingerprint.ts'
import type { Field, Rejected } from '../../records/records.ts'
import { fieldWire } from './wire.ts'

/** A deal field whose filling is measured, with all that is needed to read it from a row. */
export type DealField = Field & {
  kind: 'option' | 'flag' | 'reference' | 'value'
  /** The name under which older portals return the same field. */
  alias: string | null
}

/** Always filled, set by the portal itself, or a second name of another field: filling says nothing. */
const NOT_MEASURED = new Set([
  'id',
  'xmlId',
  'categoryId',
  'stageId',
  'previousStageId',
  'stageSemanticId',
  'assignedById',
  'createdBy',
  'updatedBy',
  'movedBy',
  'createdTime',
  'updatedTime',
  'movedTime',
  'opened',
  'closed',
  'isManualOpportunity',
  'isNew',
  'isRecurring',
  'isReturnCustomer',
  'isRepeatedApproach',
  'begindate',
  'currencyId',
  'exchRate',
  'accountCurrencyId',
  'opportunityAccount',
  'taxValue',
  'taxValueAccount',
  'contactIds',
  'contacts',
  'observers',
  'leadId',
  'quoteId',
  'webformId',
  'originId',
  'originatorId',
  'locationId',
  'searchContent',
  'fm',
  'probability',
])
const NOT_MEASURED_NAMES = /^(utm[A-Z]|lastActivity|lastCommunication|parentId\d|UF_CRM_PLANERKA_)/

const OPTION_TYPES = new Set(['enumeration', 'crm_status'])
const REFERENCE_TYPES = /^(crm(_.*)?|user|employee|iblock.*|integer_reference|file|hlblock)$/

const itemsSchema = z.array(
  z.object({ ID: z.union([z.string(), z.number()]).transform(String), VALUE: z.coerce.string() }),
)

const kindOf = (type: string): DealField['kind'] =>
  OPTION_TYPES.has(type)
    ? 'option'
    : type === 'boolean'
      ? 'flag'
      : REFERENCE_TYPES.test(type)
        ? 'reference'
        : 'value'

/** `UF_CRM_MY_FIELD` as older portals spell it: `ufCrmMyField`, digits after an underscore keep it. */
const camelName = (name: string): string =>
  name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** @param fields reply of `crm.item.fields`: name → description */
export const readDealFields = (fields: unknown): { fields: DealField[]; rejected: Rejected[] } => {
  const found: DealField[] = []
  const rejected: Rejected[] = []
  const entries =
    typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? Object.entries(fields) : []
  for (const [id, raw] of entries) {
    const parsed = fieldWire.safeParse(raw)
    if (!parsed.success) {
      rejected.push({ kind: 'field', id, reason: 'is not a description of a field' })
      continue
    }
    const { type, title, isRequired, isReadOnly, isMultiple, isDynamic, items } = parsed.data
    const isCustom = isDynamic || /^(UF_|ufCrm)/.test(id)
    if (isReadOnly || NOT_MEASURED.has(id) || NOT_MEASURED_NAMES.test(id)) continue
    const options = itemsSchema.safeParse(items)
    found.push({
      id,
      title: title || id,
      type: type || 'string',
      isCustom,
      isRequired,
      isMultiple,
      options: options.success ? Object.fromEntries(options.data.map(({ ID, VALUE }) => [ID, VALUE])) : null,
      kind: kindOf(type),
      alias: id.startsWith('UF_') ? camelName(id) : null,
    })
  }
  return { fields: found, rejected }
}

const isBlank = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === false ||
  (typeof value === 'string' && value.trim() === '')

/** Text of one value, or null when the portal means "nothing". 0 is a value for numbers and money only. */
const textOf = (value: unknown, kind: DealField['kind']): string | null => {
  if (isBlank(value)) return null
  if (Array.isArray(value)) {
    const parts = value.map(part => textOf(part, kind)).filter(part => part !== null)
    return parts.length > 0 ? parts.join(',') : null
  }
  if (typeof value === 'object') return Object.keys(value as object).length > 0 ? JSON.stringify(value) : null
  const text = String(value)
  if (kind !== 'value') return text === '0' ? null : text
  // Money without a sum: only the currency is there.
  return text.startsWith('|') ? null : text
}

const flagOf = (value: unknown): string | null => {
  if (value === null || value === undefined || value === '') return null
  if (Array.isArray(value)) return value.length > 0 ? flagOf(value[0]) : null
  return value === true || value === 'Y' || value === 1 || value === '1' ? 'Y' : 'N'
}

/** Filled fields of a row: option ids and flags as they are, everything else as a fingerprint. */
export const filledFields = (
  row: Readonly<Record<string, unknown>>,
  fields: readonly DealField[],
): Record<string, string> => {
  const filled: Record<string, string> = {}
  for (const { id, alias, kind } of fields) {
    let value = row[id]
    if (value === undefined && alias !== null) value = row[alias]
    if (kind === 'flag') {
      const mark = flagOf(value)
      if (mark !== null) filled[id] = mark
      continue
    }
    const text = textOf(value, kind)
    if (text !== null) filled[id] = kind === 'option' ? text : valueFingerprint(text)
  }
  return filled
}
