import { z } from 'zod'
import { AppError, badRequest } from '../../errors.ts'
import type { InboundRequest } from '../vendor.ts'

/** What comes from browsers and from the portal's queue; every leaf is text. */

const secret = z.string().regex(/^[\x21-\x7e]{1,2000}$/)
const portalKey = z.string().regex(/^[\w.-]{1,100}$/)
const optionalText = z.string().max(10_000).optional().catch(undefined)

const frameSchema = z.object({
  member_id: portalKey,
  AUTH_ID: secret,
  AUTH_EXPIRES: z.coerce.number().int().positive().max(86_400).catch(3600),
  REFRESH_ID: secret.optional(),
  SERVER_ENDPOINT: optionalText,
  APPLICATION_TOKEN: secret.optional(),
  APPLICATION_SCOPE: optionalText,
  PLACEMENT: optionalText,
  PLACEMENT_OPTIONS: optionalText,
})
export type FramePost = z.infer<typeof frameSchema>

const eventSchema = z.object({
  event: z
    .string()
    .regex(/^\w{3,80}$/)
    .transform(name => name.toUpperCase()),
  ts: z.coerce.number().int().min(0).max(9_999_999_999).nullable().catch(null),
  data: z.record(z.string(), z.unknown()).catch({}),
  auth: z.object({
    member_id: portalKey,
    application_token: secret.optional(),
    access_token: secret.optional().catch(undefined),
    refresh_token: secret.optional().catch(undefined),
    server_endpoint: optionalText,
  }),
})
export type EventPost = z.infer<typeof eventSchema>

/** @throws AppError 400 `frame_request_malformed` */
export const readFramePost = ({ body }: InboundRequest): FramePost => {
  const parsed = frameSchema.safeParse(body)
  if (!parsed.success)
    throw badRequest(
      'frame_request_malformed',
      'The request lacks what the CRM sends when it opens the application.',
    )
  return parsed.data
}

/** @throws AppError 400 `event_malformed` */
export const readEventPost = ({ body }: InboundRequest): EventPost => {
  const parsed = eventSchema.safeParse(body)
  if (!parsed.success) throw badRequest('event_malformed', 'The request is not an event of the CRM.')
  return parsed.data
}

/** Language of the interface, from the address the portal opened. */
export const languageOf = ({ query }: InboundRequest): string | null => {
  const value = query['LANG']
  return typeof value === 'string' && /^[a-z]{2}([-_]?[a-z]{2})?$/i.test(value) ? value.toLowerCase() : null
}

/** The portal that a request claims to come from; a key to look up and nothing more. */
export const claimedPortal = ({ body }: InboundRequest): string | null => {
  if (typeof body !== 'object' || body === null) return null
  const { member_id, auth } = body as { member_id?: unknown; auth?: unknown }
  const inAuth =
    typeof auth === 'object' && auth !== null ? (auth as { member_id?: unknown }).member_id : undefined
  const parsed = portalKey.safeParse(member_id ?? inAuth)
  return parsed.success ? parsed.data : null
}

export const notFoundHere = (): AppError => new AppError(404, 'not_found', 'This CRM has no such request.')
