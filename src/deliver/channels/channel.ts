import type { DigestLine } from '../digest.ts'

export type ChannelName = 'crm' | 'task' | 'email' | 'telegram' | 'widget'

export type Delivery = {
  userId: string
  language: 'ru' | 'en'
  lines: readonly DigestLine[]
  /** Makes the lines' paths absolute. */
  origin: string
  email: string | null
  telegramChatId: string | null
  /** Until when a message filed as a task should be dealt with. */
  dueAt: Date
}

/** @returns id of what was sent, where the channel gives one */
export type Channel = (delivery: Delivery) => Promise<string | null>

/** Links are paths inside the CRM until somebody outside of it has to open them. */
export const absolute = (path: string, origin: string): string => new URL(path, origin).href
