import { z } from 'zod'
import { type Clock, SECOND } from '../../clock.ts'
import { asError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { type Bot, TelegramError } from './bot.ts'
import type { Pairing } from './pairing.ts'

const chat = z.object({ id: z.union([z.number(), z.string()]).transform(String), type: z.string() })
const updateSchema = z.object({
  update_id: z.number(),
  message: z
    .object({
      chat,
      text: z.string().catch(''),
      from: z.object({ language_code: z.string().catch('') }).optional(),
    })
    .optional()
    .catch(undefined),
  my_chat_member: z
    .object({ chat, new_chat_member: z.object({ status: z.string() }) })
    .optional()
    .catch(undefined),
})
type Update = z.infer<typeof updateSchema>

const WORDS = {
  ru: {
    linked: (portal: string) =>
      `Готово: утренние сообщения «Планёрки» по ${portal} будут приходить сюда. Отключить: /stop`,
    unknown:
      'Ссылка устарела или уже использована. Откройте «Планёрку», «Настройки», «Сообщения» и нажмите «Подключить Телеграм» ещё раз.',
    hello:
      'Чтобы получать сообщения сюда, откройте «Планёрку», «Настройки», «Сообщения» и нажмите «Подключить Телеграм».',
    stopped: 'Отключено. Сообщения сюда больше не придут.',
  },
  en: {
    linked: (portal: string) =>
      `Done: Planerka’s morning messages about ${portal} will come here. To stop: /stop`,
    unknown:
      'This link has expired or was used already. Open Planerka, Settings, Messages, and press “Link Telegram” again.',
    hello: 'To get messages here, open Planerka, Settings, Messages, and press “Link Telegram”.',
    stopped: 'Switched off. No more messages will come here.',
  },
} as const

export type TelegramRooms = {
  bot: Bot
  pairing: Pick<Pairing, 'redeem'>
  unlinkChat(chatId: string): Promise<number>
  /** How people know the portal of an installation. */
  portalOf(installationId: string): Promise<string>
  clock: Clock
  log: Logger
}

/** What one update asks for: a link by a one-time code, an end of messages, or a word of explanation. */
export const handleUpdate = async (rooms: TelegramRooms, update: Update): Promise<void> => {
  const { bot, pairing, log } = rooms
  const { message, my_chat_member: membership } = update
  if (membership?.new_chat_member.status === 'kicked') {
    const count = await rooms.unlinkChat(membership.chat.id)
    if (count > 0) log.info({ count }, 'telegram chat unlinked: the bot was blocked')
    return
  }
  // In a group everybody would read somebody's own digest.
  if (message?.chat.type !== 'private') return
  const { id } = message.chat
  const words = WORDS[/^(ru|be|uk|kk)/.test(message.from?.language_code ?? 'ru') ? 'ru' : 'en']
  const [command = '', code] = message.text.trim().split(/\s+/)
  if (command === '/stop') {
    await rooms.unlinkChat(id)
    await bot.send(id, words.stopped)
    return
  }
  if (command !== '/start' || code === undefined) return void (await bot.send(id, words.hello))
  const link = await pairing.redeem(code, id)
  if (link === null) return void (await bot.send(id, words.unknown))
  log.info({ installationId: link.installationId, userId: link.userId }, 'telegram chat linked')
  await bot.send(id, words.linked(await rooms.portalOf(link.installationId)))
}

const POLL_SECONDS = 25
const PAUSE_MS = 5 * SECOND

/**
 * Hears the bot's chats until `until`, and confirms what it has dealt with before it leaves: whoever was told
 * that the chat is linked must not hear from the next listener that the link was used already. After a crash
 * it does come again, and an invitation is spent once, so nothing is linked twice.
 */
export const listen = async (
  rooms: TelegramRooms,
  { until, signal, pollSeconds = POLL_SECONDS }: { until: Date; signal: AbortSignal; pollSeconds?: number },
): Promise<void> => {
  const { bot, clock, log } = rooms
  let offset: number | null = null
  let confirmed: number | null = null
  let isOurs = false
  while (!signal.aborted && clock.now() < until)
    try {
      if (!isOurs) await bot.listenHere()
      isOurs = true
      const updates = await bot.updates(offset, pollSeconds, signal)
      confirmed = offset
      for (const raw of updates) {
        const update = updateSchema.parse(raw)
        await handleUpdate(rooms, update).catch((error: unknown) => {
          if (!(error instanceof TelegramError)) throw error
          log.warn({ err: error }, 'telegram reply not sent')
        })
        // Done with: anything else that failed is looked at again.
        offset = update.update_id + 1
      }
    } catch (error) {
      if (signal.aborted) break
      log.warn({ err: asError(error) }, 'telegram not heard')
      await clock.sleep(PAUSE_MS, signal).catch(() => {})
    }
  if (offset !== null && offset !== confirmed)
    await bot
      .confirm(offset)
      .catch((error: unknown) => log.warn({ err: asError(error) }, 'telegram updates not confirmed'))
}
