import { z } from 'zod'
import { id, instant } from './values.ts'

export const sessionSchema = z.object({ token: z.string(), expiresAt: instant })

export const meSchema = z.object({
  userId: id,
  name: z.string(),
  role: z.enum(['employee', 'head', 'admin']),
  /** User ids whose data this viewer may see. */
  sees: z.array(id),
  vendor: z.enum(['bitrix24', 'amocrm', 'kommo']),
  portal: z.object({
    host: z.string(),
    /** Origin for links into the CRM. */
    origin: z.string(),
    currency: z.string().nullable(),
    timeZone: z.string(),
  }),
  language: z.enum(['ru', 'en']),
  theme: z.enum(['light', 'dark']),
  status: z.enum(['active', 'reauth_required', 'suspended', 'uninstalled']),
  /** An administrator to ask, for screens without rights. */
  adminName: z.string().nullable(),
  hasSnapshot: z.boolean(),
  /** An administrator, or the head of everybody: may look at the set-up as a whole. */
  seesCompany: z.boolean(),
  departments: z.array(z.object({ id, name: z.string(), parentId: id.nullable() })),
  /** Where the frame was opened: screen and its parameters. */
  start: z.object({ view: z.string(), params: z.record(z.string(), z.string()) }),
})

export type Session = z.infer<typeof sessionSchema>
export type Me = z.infer<typeof meSchema>
