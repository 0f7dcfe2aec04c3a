import type { Clock } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { AppError } from '../../errors.ts'
import type { Installations } from '../../installations/installations.ts'
import type { Logger } from '../../logger.ts'
import type { Store } from '../../store/open-store.ts'
import { createBot, TelegramError } from './bot.ts'
import { listen } from './listen.ts'
import { createPairing } from './pairing.ts'

export type Telegram = {
  /** A link that opens the bot and links the chat of whoever follows it, once. */
  invite(installationId: string, userId: string): Promise<{ url: string; expiresAt: Date }>
  /** Hears what people write to the bot. */
  listen(given: { until: Date; signal: AbortSignal }): Promise<void>
}

/** @returns null when the server has no bot */
export const createTelegram = (deps: {
  store: Pick<Store, 'telegramCodes'>
  installations: Pick<Installations, 'load'>
  config: Pick<Config, 'SECRET_KEY' | 'TELEGRAM_BOT_TOKEN' | 'TELEGRAM_API_ORIGIN'>
  clock: Clock
  log: Logger
}): Telegram | null => {
  const { store, installations, config, clock, log } = deps
  if (config.TELEGRAM_BOT_TOKEN === undefined) return null
  const bot = createBot(config.TELEGRAM_API_ORIGIN, config.TELEGRAM_BOT_TOKEN, clock)
  const pairing = createPairing({ secrets: config.SECRET_KEY, codes: store.telegramCodes, clock })
  return {
    async invite(installationId, userId) {
      const name = await bot.username().catch((error: unknown) => {
        log.warn({ err: error }, 'telegram bot does not answer')
        const said = error instanceof TelegramError ? error.message : 'no answer'
        throw new AppError(503, 'telegram_unavailable', `The bot cannot be reached now (${said})`)
      })
      const { code, expiresAt } = await pairing.invite(installationId, userId)
      return { url: `https://t.me/${name}?start=${code}`, expiresAt }
    },
    listen: given =>
      listen(
        {
          bot,
          pairing,
          unlinkChat: store.telegramCodes.unlinkChat,
          portalOf: async id => (await installations.load(id)).address.host,
          clock,
          log,
        },
        given,
      ),
  }
}
