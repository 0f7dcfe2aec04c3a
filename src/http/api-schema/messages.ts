import { z } from 'zod'
import { id, instant } from './values.ts'

/** `widget`: the message waits in the widget and goes nowhere. */
const channel = z.enum(['crm', 'email', 'telegram', 'task', 'widget'])

export const preferencesSchema = z.object({
  digest: z.boolean(),
  channel,
  email: z.string().nullable(),
  /** The CRM's own address of this person, used while none is given here. */
  crmEmail: z.string().nullable(),
  telegramLinked: z.boolean(),
  /** The server has a bot, so that a chat can be linked. */
  telegramAvailable: z.boolean(),
  language: z.enum(['ru', 'en']).nullable(),
  theme: z.enum(['light', 'dark']).nullable(),
  /** Channels that can work here. */
  channels: z.array(channel),
})

/** A link that opens the bot and links the chat of whoever follows it, once. */
export const telegramInviteSchema = z.object({ url: z.url(), expiresAt: instant })

/** The viewer's own message of today, as it stands in the widget. */
export const ownDigestSchema = z.object({
  asOf: instant,
  role: z.enum(['head', 'employee']),
  lines: z.array(
    z.object({
      text: z.string(),
      link: z
        .object({
          label: z.string(),
          /** Inside the CRM. */
          path: z.string(),
          /** The screen of ours behind the path; absent = a page of the CRM. */
          target: z.object({ view: z.string(), params: z.record(z.string(), z.string()) }).optional(),
        })
        .nullable(),
    }),
  ),
})

export const preferencesPatchSchema = z
  .strictObject({
    digest: z.boolean(),
    channel,
    email: z.email().nullable(),
    language: z.enum(['ru', 'en']).nullable(),
    theme: z.enum(['light', 'dark']).nullable(),
  })
  .partial()

export const digestPreviewSchema = z.array(
  z.object({
    userId: id,
    name: z.string(),
    role: z.enum(['head', 'employee']),
    channel: z.string(),
    text: z.string(),
    dealIds: z.array(id),
  }),
)

export type Preferences = z.infer<typeof preferencesSchema>
export type PreferencesPatch = z.infer<typeof preferencesPatchSchema>
export type TelegramInvite = z.infer<typeof telegramInviteSchema>
export type OwnDigest = z.infer<typeof ownDigestSchema>
export type DigestPreview = z.infer<typeof digestPreviewSchema>
