import { z } from 'zod'

/**
 * Replies as they come: unknown keys ignored, absent and null values alike. What a record stands on (ids,
 * dates, stage) must be there; anything else that is not as written never costs the record.
 */

const id = z.union([z.number(), z.string().min(1)]).transform(String)

/**
 * A list as the vendor's language writes it: an empty one may come as an object or null, one with gaps as a
 * map by number, one of a single thing as that thing.
 */
export const listed = (value: unknown): unknown => {
  if (value === null || value === undefined) return []
  if (typeof value !== 'object' || Array.isArray(value)) return value
  return Object.keys(value).every(key => /^\d+$/.test(key)) ? Object.values(value) : [value]
}

/** A list whose bad items are left out; no list at all is an empty one. */
const list = <S extends z.ZodType>(item: S) =>
  z
    .preprocess(listed, z.array(z.unknown()))
    .catch([])
    .transform(items =>
      items.flatMap(value => {
        const parsed = item.safeParse(value)
        return parsed.success ? [parsed.data] : []
      }),
    )

/** Yes or no in any of the vendor's spellings; null = not told. */
const flag = z
  .unknown()
  .optional()
  .transform((value): boolean | null =>
    value === true || value === 1 || value === '1' || value === 'true' || value === 'Y'
      ? true
      : value === false || value === 0 || value === '0' || value === 'false' || value === 'N'
        ? false
        : null,
  )
/** A person's id; 0 and null mean nobody. */
const person = z
  .union([z.number(), z.string(), z.null()])
  .optional()
  .transform(value =>
    value === undefined || value === null || String(value) === '0' || value === '' ? null : String(value),
  )
const seconds = z.coerce.number().int().positive()
const secondsOrNull = z
  .unknown()
  .optional()
  .transform(value => {
    const told = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN
    return Number.isFinite(told) && told > 0 ? told : null
  })
const text = z
  .unknown()
  .optional()
  .transform(value => (typeof value === 'string' || typeof value === 'number' ? String(value) : ''))
const word = z.string().nullish().catch(null)

export const tokenReply = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1),
  expires_in: z.coerce.number().positive(),
})

export const account = z.object({
  id,
  name: text,
  subdomain: text,
  current_user_id: person,
  currency: word,
  language: word,
  country: word,
  invoices_settings: z.object({ invoices_catalog_id: person }).nullish().catch(null),
  _embedded: z
    .object({
      users_groups: list(z.object({ id, name: text })),
      datetime_settings: z.object({ timezone: word }).nullish().catch(null),
    })
    .nullish()
    .catch(null),
})

export const user = z.object({
  id,
  name: text,
  email: word,
  lang: word,
  rights: z
    .object({
      leads: z.object({ view: word }).nullish().catch(null),
      is_admin: flag,
      is_free: flag,
      is_active: flag,
      group_id: z.union([z.number(), z.string(), z.null()]).optional().catch(null),
    })
    .nullish()
    .catch(null),
})

const status = z.object({
  id,
  name: text,
  sort: z.coerce.number().catch(0),
  color: word,
  type: z.coerce.number().catch(0),
})
export const pipeline = z.object({
  id,
  name: text,
  sort: z.coerce.number().catch(0),
  is_main: flag,
  _embedded: z
    .object({ statuses: list(status) })
    .nullish()
    .catch(null),
})

export const lossReason = z.object({ id, name: text })

export const customField = z.object({
  id,
  name: text,
  type: z.string().catch('text'),
  is_api_only: flag,
  required_statuses: list(z.unknown()),
  enums: list(z.object({ id, value: text })),
})

const fieldValue = z.object({
  field_id: id,
  values: list(
    z.object({
      value: z.unknown(),
      enum_id: z.union([z.number(), z.string(), z.null()]).optional().catch(null),
    }),
  ),
})

/** A sum as a number or as its text; what is neither is not told. */
const amount = z
  .unknown()
  .optional()
  .transform(value => {
    const told =
      typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')
        ? Number(value)
        : Number.NaN
    return Number.isFinite(told) ? told : null
  })

export const lead = z.object({
  id,
  name: text,
  price: amount,
  price_with_minor_units: amount,
  responsible_user_id: person,
  status_id: id,
  pipeline_id: id,
  loss_reason_id: person,
  created_by: person,
  updated_by: person,
  created_at: seconds,
  updated_at: seconds,
  closed_at: secondsOrNull,
  is_deleted: flag,
  custom_fields_values: list(fieldValue),
})
export type WireLead = z.infer<typeof lead>

export const task = z.object({
  id,
  created_by: person,
  updated_by: person,
  created_at: seconds,
  updated_at: seconds,
  responsible_user_id: person,
  entity_id: person,
  entity_type: word,
  is_completed: flag.transform(told => told ?? false),
  text,
  complete_till: secondsOrNull,
})
export type WireTask = z.infer<typeof task>

/** `value_before` and `value_after`: arrays of one-key objects; empty, missing or null alike. */
const values = list(z.record(z.string(), z.unknown()))

export const event = z.object({
  id,
  type: z.string(),
  entity_id: id,
  entity_type: z.string().catch(''),
  created_by: person,
  created_at: seconds,
  value_before: values,
  value_after: values,
  oauth_client_uuid: word,
})
export type WireEvent = z.infer<typeof event>

export const leadStatus = z.object({ id, pipeline_id: id })

export const note = z.object({
  id,
  entity_id: id,
  created_by: person,
  responsible_user_id: person,
  created_at: seconds,
  updated_at: seconds,
  note_type: z.string(),
  params: z
    .object({
      duration: z.coerce.number().nonnegative().nullish().catch(null),
    })
    .nullish()
    .catch(null),
})
export type WireNote = z.infer<typeof note>

export const element = z.object({
  id,
  name: text,
  created_by: person,
  created_at: seconds,
  updated_at: seconds,
  is_deleted: flag,
  custom_fields_values: list(
    z.object({ field_code: word, values: list(z.object({ value: z.unknown(), enum_code: word })) }),
  ),
})
export type WireElement = z.infer<typeof element>
