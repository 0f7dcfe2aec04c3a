import axios, { isAxiosError } from 'axios'
import { z } from 'zod'
import { type Clock, SECOND, systemClock } from '../../clock.ts'

const TIMEOUT_MS = 15_000
/** Whoever shuts down does not wait long. */
const CONFIRM_TIMEOUT_MS = 3_000
/** The bot's own limit is 30 messages a second; a digest round has no hurry. */
const APART_MS = 50
const LONGEST_WAIT_MS = 60 * SECOND
const TRIES = 4

const failure = z.object({
  description: z.string().catch(''),
  parameters: z.object({ retry_after: z.number().optional() }).optional().catch(undefined),
})
const success = z.object({ ok: z.literal(true), result: z.unknown() })

/**
 * What Telegram said, or that it said nothing. `wasTaken` tells whether the call may have had its effect: an
 * answer that was lost says nothing about what was done.
 */
export class TelegramError extends Error {
  override readonly name = 'TelegramError'
  /** HTTP status; 0 = no answer. */
  readonly status: number
  readonly wasTaken: 'no' | 'unknown'
  constructor(status: number, description: string, wasTaken: 'no' | 'unknown') {
    super(
      `Telegram answered ${status === 0 ? 'nothing' : status}${description === '' ? '' : `: ${description}`}`,
    )
    this.status = status
    this.wasTaken = wasTaken
  }
}

/** The person has blocked the bot or the chat is gone: nothing will ever arrive there. */
export const isChatGone = (error: unknown): boolean =>
  error instanceof TelegramError &&
  (error.status === 403 ||
    (error.status === 400 && /chat not found|user is deactivated/i.test(error.message)))

export type Bot = {
  /** The bot's name, without `@`. */
  username(): Promise<string>
  /** @returns id of the message */
  send(chatId: string, text: string): Promise<string>
  /** What people wrote to the bot, waited for up to `waitSeconds`. `offset`: everything before it is done with. */
  updates(offset: number | null, waitSeconds: number, signal: AbortSignal): Promise<unknown[]>
  /** Says that everything before `offset` is done with, for whoever stops asking. */
  confirm(offset: number): Promise<void>
  /** Makes updates come to us by asking. */
  listenHere(): Promise<void>
}

const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
])

/** The bot's token is a part of the address: whatever fails, the address never leaves this function. */
export const createBot = (apiOrigin: string, botToken: string, clock: Clock = systemClock): Bot => {
  const client = axios.create({ maxRedirects: 0, validateStatus: () => true })
  let freeAt = 0
  let name: Promise<string> | null = null

  const call = async (method: string, params: object, timeout = TIMEOUT_MS, signal?: AbortSignal) => {
    for (let attempt = 1; ; attempt += 1) {
      const { status, data } = await client
        .post(`${apiOrigin}/bot${botToken}/${method}`, params, { timeout, ...(signal ? { signal } : {}) })
        .catch((error: unknown) => {
          signal?.throwIfAborted()
          const code = isAxiosError(error) ? (error.code ?? '') : ''
          throw new TelegramError(0, '', NOT_SENT.has(code) ? 'no' : 'unknown')
        })
      const told = success.safeParse(data)
      if (told.success) return told.data.result
      const { description, parameters } = failure.catch({ description: '' }).parse(data)
      const wait = (parameters?.retry_after ?? 0) * SECOND
      if (status !== 429 || wait > LONGEST_WAIT_MS || attempt === TRIES)
        throw new TelegramError(status, description, status >= 400 && status < 500 ? 'no' : 'unknown')
      await clock.sleep(Math.max(wait, SECOND), signal)
    }
  }

  return {
    username: () => {
      name ??= call('getMe', {})
        .then(me => z.object({ username: z.string().min(1) }).parse(me).username)
        .catch((error: unknown) => {
          name = null
          throw error
        })
      return name
    },
    async send(chatId, text) {
      const now = clock.now().getTime()
      const wait = Math.max(0, freeAt - now)
      freeAt = now + wait + APART_MS
      if (wait > 0) await clock.sleep(wait)
      const sent = await call('sendMessage', {
        chat_id: chatId,
        text: text.slice(0, 4096),
        link_preview_options: { is_disabled: true },
      })
      return String(z.object({ message_id: z.number() }).parse(sent).message_id)
    },
    async updates(offset, waitSeconds, signal) {
      const params = { timeout: waitSeconds, allowed_updates: ['message', 'my_chat_member'] }
      const waited = (waitSeconds + 10) * SECOND
      const found = await call('getUpdates', offset === null ? params : { ...params, offset }, waited, signal)
      return z.array(z.unknown()).parse(found)
    },
    confirm: async offset =>
      void (await call('getUpdates', { offset, limit: 1, timeout: 0 }, CONFIRM_TIMEOUT_MS)),
    listenHere: async () => void (await call('deleteWebhook', {})),
  }
}
