import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/deliver/channels/channel.ts'
import { createTelegramChannel } from '../../src/deliver/channels/telegram.ts'
import { createBot } from '../../src/deliver/telegram/bot.ts'
import { INVITED_FOR } from '../../src/deliver/telegram/pairing.ts'
import { createTelegram, type Telegram } from '../../src/deliver/telegram/telegram.ts'
import { createLogger } from '../../src/logger.ts'
import { defaultSettings } from '../../src/records/settings.ts'
import type { Store } from '../../src/store/open-store.ts'
import { KEY, type TestClock, type TestDatabase, testClock, testDatabase } from '../installations/rooms.ts'
import { startTelegram, type TelegramServer } from './telegram-server.ts'

const ID = 'amocrm-1'
let database: TestDatabase
let store: Store
let clock: TestClock
let server: TelegramServer
let telegram: Telegram
let logLines: string[]

beforeAll(async () => {
  clock = testClock()
  database = await testDatabase()
  store = await database.open(clock)
  await store.installations.upsert({
    id: ID,
    vendor: 'amocrm',
    portalKey: '1',
    address: { api: 'https://acme.example/', oauth: 'https://acme.example', host: 'acme.example' },
    settings: defaultSettings('UTC', 'ru'),
    language: 'ru',
  })
}, 120_000)
afterAll(() => database.close())

beforeEach(async () => {
  server = await startTelegram()
  logLines = []
  telegram = createTelegram({
    store,
    installations: { load: async () => ({ address: { host: 'acme.example' } }) as never },
    config: { SECRET_KEY: [KEY], TELEGRAM_BOT_TOKEN: server.token, TELEGRAM_API_ORIGIN: server.origin },
    clock,
    log: createLogger('trace', { write: line => void logLines.push(line) }),
  })!
})
afterEach(() => server.stop())

const linkedChat = async (userId: string) => (await store.preferences.load(ID, userId)).telegramChatId

/** Hears the bot until what is waited for has come. */
const hearUntil = async (isIt: () => boolean): Promise<void> => {
  const stop = new AbortController()
  const heard = telegram.listen({ until: new Date(clock.now().getTime() + 600_000), signal: stop.signal })
  for (const deadline = performance.now() + 10_000; !isIt(); )
    if (performance.now() > deadline) throw new Error('nothing was heard')
    else await new Promise(resolve => setTimeout(resolve, 20))
  stop.abort(new Error('enough'))
  await heard
}
const codeOf = (url: string): string => new URL(url).searchParams.get('start')!

describe('a chat', () => {
  test('is linked by a link from the settings, once, and only for its person', async () => {
    const { url, expiresAt } = await telegram.invite(ID, 'u1')
    expect(url).toMatch(/^https:\/\/t\.me\/planerka_test_bot\?start=[\w-]{40,64}$/)
    expect(expiresAt.getTime()).toBe(clock.now().getTime() + INVITED_FOR)
    server.says(42, `/start ${codeOf(url)}`)
    server.says(666, `/start ${codeOf(url)}`)
    await hearUntil(() => server.sent.length === 2)
    expect(await linkedChat('u1')).toBe('42')
    expect((await store.preferences.load(ID, 'u1')).channel).toBe('telegram')
    expect(server.sent[0]).toMatchObject({ chat_id: '42', text: expect.stringContaining('acme.example') })
    expect(server.sent[1]).toMatchObject({ chat_id: '666', text: expect.stringContaining('устарела') })
  })

  test('is not linked by a forged, an old, or a replaced code', async () => {
    const first = await telegram.invite(ID, 'u2')
    const second = await telegram.invite(ID, 'u2')
    const forged = Buffer.from(codeOf(second.url), 'base64url')
    forged[0]! ^= 1
    for (const code of [
      codeOf(first.url),
      forged.toString('base64url'),
      'x'.repeat(48),
      `${codeOf(second.url)}=`,
    ])
      server.says(7, `/start ${code}`, { language: 'en' })
    await hearUntil(() => server.sent.length === 4)
    expect(server.sent.every(({ text }) => text.includes('expired'))).toBe(true)
    clock.advance(INVITED_FOR + 1)
    server.says(7, `/start ${codeOf(second.url)}`)
    await hearUntil(() => server.sent.length === 5)
    expect(await linkedChat('u2')).toBeNull()
  })

  test('is answered once, also when listening stops right after the answer', async () => {
    const { url } = await telegram.invite(ID, 'u7')
    server.says(77, `/start ${codeOf(url)}`)
    await hearUntil(() => server.sent.length === 1)
    expect(server.pendingUpdates()).toBe(0)
    server.says(77, 'привет')
    await hearUntil(() => server.sent.length > 1)
    expect(server.sent.map(({ text }) => text)).toEqual([
      expect.stringContaining('Готово'),
      expect.stringContaining('Чтобы получать'),
    ])
  })

  test('of a group is not answered: everybody there would read it', async () => {
    const { url } = await telegram.invite(ID, 'u3')
    server.says(-100, `/start ${codeOf(url)}`, { type: 'supergroup' })
    server.says(9, 'привет')
    await hearUntil(() => server.sent.length === 1)
    expect(server.sent[0]?.chat_id).toBe('9')
    expect(await linkedChat('u3')).toBeNull()
  })

  test('is forgotten by /stop and when the bot is blocked', async () => {
    for (const [user, chat] of [
      ['u4', 44],
      ['u5', 55],
    ] as const) {
      server.says(chat, `/start ${codeOf((await telegram.invite(ID, user)).url)}`)
    }
    await hearUntil(() => server.sent.length === 2)
    expect([await linkedChat('u4'), await linkedChat('u5')]).toEqual(['44', '55'])
    server.blocks(55)
    server.says(44, '/stop')
    await hearUntil(() => server.sent.length === 3)
    expect([await linkedChat('u4'), await linkedChat('u5')]).toEqual([null, null])
    expect((await store.preferences.load(ID, 'u4')).channel).toBe('crm')
  })

  test('is linked although the reply could not be sent, and updates are confirmed', async () => {
    const { url } = await telegram.invite(ID, 'u6')
    server.replies.push({ status: 500, body: { ok: false, description: 'Internal' } })
    server.says(66, `/start ${codeOf(url)}`)
    await hearUntil(() => server.pendingUpdates() === 0)
    expect(await linkedChat('u6')).toBe('66')
    expect(logLines.join()).not.toContain('bot-secret')
  })
})

describe('a message', () => {
  const delivery: Delivery = {
    userId: 'u1',
    language: 'ru',
    lines: [{ text: 'Доброе утро.', link: { label: 'Открыть', path: '/card/1' } }],
    origin: 'https://acme.crm.example',
    email: null,
    telegramChatId: '42',
    unsubscribeUrl: null,
    dueAt: new Date(),
  }
  const send = (origin = server.origin) =>
    createTelegramChannel(createBot(origin, server.token, clock))(delivery)

  test('waits as long as Telegram asks and goes out once', async () => {
    server.replies.push({ status: 429, body: { ok: false, parameters: { retry_after: 3 } } })
    const before = clock.now().getTime()
    await send()
    expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(3000)
    expect(server.sent).toEqual([
      { chat_id: '42', text: 'Доброе утро. Открыть: https://acme.crm.example/card/1' },
    ])
  })

  test('to many people goes out no faster than the bot may', async () => {
    const channel = createTelegramChannel(createBot(server.origin, server.token, clock))
    const before = clock.now().getTime()
    await Promise.all(Array.from({ length: 40 }, () => channel(delivery)))
    expect(server.sent).toHaveLength(40)
    expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(39 * 50)
  })

  test.each([
    [{ status: 403, body: { ok: false, description: 'Forbidden: bot was blocked by the user' } }, 'gone'],
    [{ status: 400, body: { ok: false, description: 'Bad Request: chat not found' } }, 'gone'],
    [{ status: 400, body: { ok: false, description: 'Bad Request: message is too strange' } }, 'refused'],
    [{ status: 429, body: { ok: false, parameters: { retry_after: 3600 } } }, 'again'],
    [{ status: 401, body: { ok: false, description: 'Unauthorized' } }, 'again'],
  ])('%j did not go out and is known not to have', async (reply, outcome) => {
    server.replies.push(reply)
    const error = await send().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'Undelivered', outcome })
    expect(String((error as Error).stack)).not.toContain('bot-secret')
  })

  test('that nobody answered for may have gone out; one that nobody heard has not', async () => {
    server.replies.push({ status: 502, body: {} })
    expect(await send().catch((thrown: Error) => thrown.name)).toBe('TelegramError')
    expect(await send('http://127.0.0.1:1').catch((thrown: unknown) => thrown)).toMatchObject({
      outcome: 'again',
    })
  })
})
