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
  /** Address that switches messages off without signing in, for channels that need one. */
  unsubscribeUrl: string | null
  /** Until when a message filed as a task should be dealt with. */
  dueAt: Date
}

/** @returns id of what was sent, where the channel gives one */
export type Channel = (delivery: Delivery) => Promise<string | null>

/**
 * The message certainly did not go out. `again`: it may later; `refused`: it never will as it is; `gone`:
 * nobody is at this address any more. Any other error leaves it unknown, and then nothing is sent twice.
 */
export class Undelivered extends Error {
  override readonly name = 'Undelivered'
  readonly outcome: 'again' | 'refused' | 'gone'
  constructor(outcome: 'again' | 'refused' | 'gone', message: string) {
    super(message)
    this.outcome = outcome
  }
}

/** Links are paths inside the CRM until somebody outside of it has to open them. */
export const absolute = (path: string, origin: string): string => new URL(path, origin).href
