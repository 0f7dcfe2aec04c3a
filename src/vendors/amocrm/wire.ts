import { z } from 'zod'

/** Replies as they come: unknown keys ignored, absent and null values alike. */

const id = z.union([z.number(), z.string()]).transform(String)
/** A person's id; 0 and null mean nobody. */
const person = z
  .union([z.number(), z.string(), z.null()])
  .optional()
  .transform(value =>
    value === undefined || value === null || String(value) === '0' || value === '' ? null : String(value),
  )
const seconds = z.coerce.number().int().positive()
const secondsOrNull = z
  .union([z.number(), z.string(), z.null()])
  .optional()
  .transform(value =>
    value === null || value === undefined || Number(value) <= 0 || Number.isNaN(Number(value))
      ? null
      : Number(value),
  )
const text = z
  .union([z.string(), z.null()])
  .optional()
  .transform(value => value ?? '')

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
  currency: z.string().nullish(),
  language: z.string().nullish(),
  country: z.string().nullish(),
  invoices_settings: z.object({ invoices_catalog_id: person }).nullish().catch(null),
  _embedded: z
    .object({
      users_groups: z.array(z.object({ id, name: text })).catch([]),
      datetime_settings: z.object({ timezone: z.string().nullish() }).nullish().catch(null),
    })
    .partial()
    .nullish(),
})

export const user = z.object({
  id,
  name: text,
  email: z.string().nullish(),
  lang: z.string().nullish(),
  rights: z
    .object({
      leads: z.object({ view: z.string().nullish() }).nullish().catch(null),
      is_admin: z.boolean().nullish(),
      is_free: z.boolean().nullish(),
      is_active: z.boolean().nullish(),
      group_id: z.union([z.number(), z.string(), z.null()]).optional(),
    })
    .nullish(),
})

const status = z.object({ id, name: text, sort: z.coerce.number().catch(0), color: z.string().nullish() })
export const pipeline = z.object({
  id,
  name: text,
  sort: z.coerce.number().catch(0),
  is_main: z.boolean().nullish(),
  _embedded: z.object({ statuses: z.array(status).catch([]) }).nullish(),
})

export const lossReason = z.object({ id, name: text })

export const customField = z.object({
  id,
  name: text,
  type: z.string().catch('text'),
  is_api_only: z.boolean().nullish(),
  required_statuses: z.array(z.unknown()).nullish(),
  enums: z.array(z.object({ id, value: text })).nullish(),
})

const fieldValue = z.object({
  field_id: id,
  field_type: z.string().nullish(),
  values: z
    .array(z.object({ value: z.unknown(), enum_id: z.union([z.number(), z.string(), z.null()]).optional() }))
    .nullish(),
})

export const lead = z.object({
  id,
  name: text,
  price: z.union([z.number(), z.string(), z.null()]).optional(),
  price_with_minor_units: z.number().nullish(),
  responsible_user_id: person,
  status_id: id,
  pipeline_id: id,
  loss_reason_id: person,
  created_by: person,
  updated_by: person,
  created_at: seconds,
  updated_at: seconds,
  closed_at: secondsOrNull,
  is_deleted: z.boolean().nullish(),
  custom_fields_values: z.array(fieldValue).nullish(),
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
  entity_type: z.string().nullish(),
  is_completed: z.union([z.boolean(), z.number()]).transform(Boolean),
  text,
  complete_till: secondsOrNull,
})
export type WireTask = z.infer<typeof task>

/** `value_before` and `value_after`: arrays of one-key objects; empty, missing or null alike. */
const values = z
  .array(z.record(z.string(), z.unknown()))
  .nullish()
  .catch([])
  .transform(list => list ?? [])

export const event = z.object({
  id: z.string().min(1),
  type: z.string(),
  entity_id: id,
  entity_type: z.string().catch(''),
  created_by: person,
  created_at: seconds,
  value_before: values,
  value_after: values,
  oauth_client_uuid: z.string().nullish(),
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
      call_status: z.union([z.number(), z.string(), z.null()]).optional(),
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
  is_deleted: z.boolean().nullish(),
  custom_fields_values: z
    .array(
      z.object({
        field_code: z.string().nullish(),
        values: z.array(z.object({ value: z.unknown(), enum_code: z.string().nullish() })).nullish(),
      }),
    )
    .nullish(),
})
export type WireElement = z.infer<typeof element>
