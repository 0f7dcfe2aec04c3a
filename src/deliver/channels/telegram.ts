import { digestText } from '../digest.ts'
import { type Bot, isChatGone, TelegramError } from '../telegram/bot.ts'
import { type Channel, Undelivered } from './channel.ts'

/** A message in the person's own chat with the bot. */
export const createTelegramChannel =
  (bot: Pick<Bot, 'send'>): Channel =>
  async delivery => {
    if (delivery.telegramChatId === null)
      throw new Undelivered('refused', 'This person has not linked Telegram')
    try {
      return await bot.send(delivery.telegramChatId, digestText(delivery.lines, delivery.origin))
    } catch (error) {
      if (isChatGone(error)) throw new Undelivered('gone', 'The person has blocked the bot')
      if (!(error instanceof TelegramError) || error.wasTaken === 'unknown') throw error
      throw new Undelivered(error.status === 400 ? 'refused' : 'again', error.message)
    }
  }
