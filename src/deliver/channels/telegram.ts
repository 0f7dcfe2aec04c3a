import axios, { isAxiosError } from 'axios'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { digestText } from '../digest.ts'
import type { Channel } from './channel.ts'

const TIMEOUT_MS = 15_000
const replySchema = z.object({ ok: z.literal(true), result: z.object({ message_id: z.number() }) })

/** The bot's token is a part of the address: whatever fails, the address never leaves this function. */
export const createTelegramChannel = (apiOrigin: string, botToken: string): Channel => {
  const client = axios.create({ timeout: TIMEOUT_MS, maxRedirects: 0 })
  return async delivery => {
    if (delivery.telegramChatId === null)
      throw new AppError(409, 'no_address', 'This person has not linked Telegram')
    try {
      const { data } = await client.post(`${apiOrigin}/bot${botToken}/sendMessage`, {
        chat_id: delivery.telegramChatId,
        text: digestText(delivery.lines, delivery.origin),
        link_preview_options: { is_disabled: true },
      })
      return String(replySchema.parse(data).result.message_id)
    } catch (error) {
      const status = isAxiosError(error) ? error.response?.status : undefined
      throw new AppError(
        502,
        'telegram_failed',
        `Telegram did not take the message (${status ?? 'no answer'})`,
      )
    }
  }
}
