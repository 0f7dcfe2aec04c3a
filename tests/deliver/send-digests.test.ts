import nock from 'nock'
import { describe, expect, test } from 'vitest'
import { type Channel, Undelivered } from '../../src/deliver/channels/channel.ts'
import { createTelegramChannel } from '../../src/deliver/channels/telegram.ts'
import {
  type DigestPreferences,
  type DigestRooms,
  deliverDigests,
  ownDigest,
  sendDigests,
} from '../../src/deliver/send-digests.ts'
import { createBot } from '../../src/deliver/telegram/bot.ts'
import { VendorError } from '../../src/errors.ts'
import { createLogger, silentLogger } from '../../src/logger.ts'
import type { Settings } from '../../src/records/settings.ts'
import type { Message, Portal, WriteBack } from '../../src/vendors/vendor.ts'
import { AS_OF, deals, directory, fakeVendor, parts, settings } from '../http/fakes.ts'

type Change = {
  settings?: Partial<Settings>
  preferences?: Record<string, Partial<DigestPreferences>>
  notifyInCrm?: boolean
  fails?: (userId: string) => Error | null
  email?: Channel
  telegram?: Channel
  syncedAt?: Date
  now?: Date
}

const createRooms = (change: Change = {}) => {
  const notified: Message[] = []
  const applied: WriteBack[] = []
  const unlinked: string[] = []
  const journal = new Map<string, { state: string; externalId: string | null; channel: string }>()
  const key = (userId: string, day: string) => `${userId} ${day}`
  const vendor = fakeVendor('bitrix24', [], { outbound: 0 })
  vendor.can = { ...vendor.can, notifyInCrm: change.notifyInCrm ?? true }
  const portal = {
    async notify(message: Message) {
      const error = change.fails?.(message.userId)
      if (error) throw error
      notified.push(message)
      return `task-${notified.length}`
    },
    async apply(given: WriteBack) {
      applied.push(given)
      return null
    },
  } as unknown as Portal
  const rooms: DigestRooms = {
    clock: { now: () => change.now ?? new Date('2026-11-23T05:30:00Z'), sleep: async () => {} },
    log: silentLogger,
    loadPortal: async () => ({
      installationId: 'i1',
      vendor,
      address: {
        api: 'https://acme.crm.example/rest/',
        oauth: 'https://o.example',
        host: 'acme.crm.example',
      },
      appCode: 'planerka.app',
      settings: { ...settings, ...change.settings },
      users: directory.users,
      departments: directory.departments,
      preferences: new Map(
        Object.entries(change.preferences ?? {}).map(([id, given]) => [
          id,
          { digest: true, channel: 'crm', email: null, telegramChatId: null, language: null, ...given },
        ]),
      ),
      syncedAt: change.syncedAt ?? null,
    }),
    loadSnapshot: async () => ({
      summary: parts.summary!,
      scores: parts.scores!,
      deals,
      deltaOf: () => null,
      changesOf: () => null,
    }),
    seenBy: async (_id, userId) =>
      userId === '2' ? { role: 'head', sees: ['2', '3', '4'] } : { role: 'employee', sees: [userId] },
    connect: async () => portal,
    email: change.email ?? null,
    telegram: change.telegram ?? null,
    journal: {
      async claim({ userId, day, channel }) {
        if (journal.has(key(userId, day))) return false
        journal.set(key(userId, day), { state: 'claimed', externalId: null, channel })
        return true
      },
      async sent(_id, userId, day, externalId) {
        Object.assign(journal.get(key(userId, day))!, { state: 'sent', externalId })
      },
      async failed(_id, userId, day) {
        Object.assign(journal.get(key(userId, day))!, { state: 'failed' })
      },
      async release(_id, userId, day) {
        journal.delete(key(userId, day))
      },
      async openTasks() {
        const sent = [...journal].filter(([, { channel, state }]) => channel === 'task' && state === 'sent')
        return new Map(sent.map(([name, { externalId }]) => [name.split(' ')[0]!, externalId!]))
      },
    },
    unlinkTelegram: async chatId => void unlinked.push(chatId),
    unsubscribeUrl: async (_id, userId) => `https://app.example/stop/${userId}`,
  }
  return { rooms, notified, applied, journal, unlinked }
}

const ASKED = { installationId: 'i1', asOf: AS_OF, dryRun: false }
const recipients = (messages: readonly { userId: string }[]): string[] =>
  messages.map(({ userId }) => userId).toSorted()

describe('sending digests', () => {
  test('a dry run shows the messages and sends nothing', async () => {
    const { rooms, notified, journal } = createRooms()
    const messages = await sendDigests(rooms, { ...ASKED, dryRun: true })
    expect(messages.map(({ userId, role, channel }) => [userId, role, channel])).toEqual([
      ['2', 'head', 'crm'],
      ['3', 'employee', 'crm'],
      ['4', 'employee', 'crm'],
      ['5', 'employee', 'crm'],
    ])
    expect(messages[0]?.dealIds).toEqual(['101', '201'])
    expect(messages[1]?.dealIds).toEqual(['101'])
    expect([notified.length, journal.size]).toEqual([0, 0])
  })

  test('each person gets one message a portal day, whoever asks twice', async () => {
    const { rooms, notified } = createRooms()
    await Promise.all([sendDigests(rooms, ASKED), sendDigests(rooms, ASKED)])
    expect(recipients(notified)).toEqual(['2', '3', '4', '5'])
    expect(await sendDigests(rooms, ASKED)).toEqual([])
    // 22:00 in UTC is already the next day in Moscow.
    await sendDigests(rooms, { ...ASKED, asOf: new Date('2026-11-23T22:00:00Z') })
    expect(notified).toHaveLength(8)
  })

  test('links are absolute and a new message replaces yesterday’s', async () => {
    const { rooms, notified } = createRooms()
    await sendDigests(rooms, ASKED)
    for (const { lines, tag, userId, dueAt } of notified) {
      expect(tag).toBe(`planerka-digest-${userId}`)
      expect(dueAt).toBeNull()
      for (const { link } of lines) if (link) expect(link.url).toMatch(/^https:\/\/acme\.crm\.example\//)
    }
  })

  test('one failing recipient never stops the rest', async () => {
    const { rooms, notified, journal } = createRooms({
      fails: userId => (userId === '3' ? new Error('timeout') : null),
    })
    const sent = await sendDigests(rooms, ASKED)
    expect(recipients(sent)).toEqual(['2', '4', '5'])
    expect(recipients(notified)).toEqual(['2', '4', '5'])
    // It may have arrived after all: not again today.
    expect(journal.get('3 2026-11-23')?.state).toBe('failed')
  })

  test('a message that the CRM refused may be tried again the same day', async () => {
    let isDown = true
    const { rooms, notified } = createRooms({
      fails: () => (isDown ? new VendorError('rate_limited', 'QUERY_LIMIT', 'later') : null),
    })
    expect(await sendDigests(rooms, ASKED)).toEqual([])
    isDown = false
    await sendDigests(rooms, ASKED)
    expect(notified).toHaveLength(4)
  })

  test('who switched the digest off, was left out or left the company gets nothing', async () => {
    const { rooms } = createRooms({
      preferences: { '3': { digest: false } },
      settings: { excludedUsers: ['4'] },
    })
    expect(recipients(await sendDigests(rooms, { ...ASKED, dryRun: true }))).toEqual(['2', '5'])
    const heads = createRooms({
      settings: { digest: { heads: true, employees: false, crmTasksAllowed: false } },
    })
    expect(recipients(await sendDigests(heads.rooms, { ...ASKED, dryRun: true }))).toEqual(['2'])
  })

  test('where nobody is named as a head, administrators stand in; our settings name heads too', async () => {
    const { rooms } = createRooms()
    const load = rooms.loadPortal
    rooms.loadPortal = async id => ({ ...(await load(id)), departments: [] })
    const messages = await sendDigests(rooms, { ...ASKED, dryRun: true })
    expect(messages.filter(({ role }) => role === 'head').map(({ userId }) => userId)).toEqual(['1'])
    expect(messages.find(({ userId }) => userId === '1')?.dealIds).toContain('901')
    const named = createRooms({ settings: { heads: { '10': '4' } } })
    named.rooms.seenBy = async (_id, userId) => ({ role: 'head', sees: [userId, '3'] })
    const roles = await sendDigests(named.rooms, { ...ASKED, dryRun: true })
    expect(roles.filter(({ role }) => role === 'head').map(({ userId }) => userId)).toEqual(['4'])
    // Named, and yet the CRM lets him see his own deals only: an employee.
    named.rooms.seenBy = async (_id, userId) => ({ role: 'employee', sees: [userId] })
    const humbled = await sendDigests(named.rooms, { ...ASKED, dryRun: true })
    expect(humbled.find(({ userId }) => userId === '4')?.role).toBe('employee')
  })

  test('the schedule keeps quiet on days off and says when the data is old', async () => {
    const sunday = { ...ASKED, asOf: new Date('2026-11-22T05:30:00Z'), isScheduled: true }
    expect(await sendDigests(createRooms().rooms, sunday)).toEqual([])
    const holiday = createRooms({
      settings: { calendar: { ...settings.calendar, holidays: ['2026-11-23'] } },
    })
    expect(await sendDigests(holiday.rooms, { ...ASKED, isScheduled: true })).toEqual([])
    const stale = createRooms({ syncedAt: new Date('2026-11-20T05:30:00Z') })
    const notices = await sendDigests(stale.rooms, { ...ASKED, isScheduled: true, dryRun: true })
    expect(notices.map(({ userId, text }) => [userId, text.split(' Обзор')[0]])).toEqual([
      ['2', 'Данные не обновились с 20.11 08:30.'],
    ])
    // An operator who asks for it on a day off gets it.
    expect(await sendDigests(createRooms().rooms, { ...sunday, isScheduled: false })).toHaveLength(4)
  })

  test('a CRM without messages: nothing leaves the widget until an admin allows tasks', async () => {
    const { rooms, notified } = createRooms({ notifyInCrm: false })
    const sent = await sendDigests(rooms, ASKED)
    expect(new Set(sent.map(({ channel }) => channel))).toEqual(new Set(['widget']))
    expect(notified).toEqual([])
  })

  test('a CRM without messages: one open task a person, yesterday’s is closed first', async () => {
    const { rooms, notified, applied } = createRooms({
      notifyInCrm: false,
      settings: { digest: { heads: true, employees: true, crmTasksAllowed: true } },
    })
    await sendDigests(rooms, ASKED)
    expect(notified).toHaveLength(4)
    expect(notified[0]?.dueAt).toEqual(new Date('2026-11-23T15:00:00Z'))
    expect(applied).toEqual([])
    await sendDigests(rooms, { ...ASKED, asOf: new Date('2026-11-24T00:00:00Z') })
    expect(applied).toEqual(
      ['task-1', 'task-2', 'task-3', 'task-4'].map(taskId => ({ kind: 'closeTask', taskId })),
    )
  })

  test('e-mail goes where the person asked for it', async () => {
    const mailed: string[] = []
    const { rooms, notified } = createRooms({
      preferences: { '3': { channel: 'email', email: 'e@example.org' }, '4': { channel: 'email' } },
      email: async ({ email, lines, origin }) => {
        mailed.push(`${email} ${lines.length} ${origin}`)
        return 'id'
      },
    })
    await sendDigests(rooms, ASKED)
    expect(mailed).toEqual(['e@example.org 2 https://acme.crm.example'])
    // Without an address the CRM's own message is better than none.
    expect(recipients(notified)).toEqual(['2', '4', '5'])
  })
})

describe('a message that did not go out', () => {
  const byEmail = (outcome: 'again' | 'refused' | null) => {
    const tries: string[] = []
    const made = createRooms({
      preferences: { '3': { channel: 'email', email: 'e@example.org' } },
      email: async ({ userId }) => {
        tries.push(userId)
        if (outcome !== null && tries.length === 1) throw new Undelivered(outcome, 'no')
        if (outcome === null && tries.length === 1) throw new Error('the line broke')
        return 'id'
      },
    })
    return { ...made, tries }
  }

  test('for now is counted, and another try reaches that person only', async () => {
    const { rooms, tries, notified } = byEmail('again')
    const first = await deliverDigests(rooms, ASKED)
    expect([first.postponed, recipients(first.sent)]).toEqual([1, ['2', '4', '5']])
    const second = await deliverDigests(rooms, ASKED)
    expect([second.postponed, recipients(second.sent)]).toEqual([0, ['3']])
    expect(tries).toEqual(['3', '3'])
    expect(notified).toHaveLength(3)
  })

  test.each(['refused', null] as const)('(%s) is not tried again that day', async outcome => {
    const { rooms, tries } = byEmail(outcome)
    expect((await deliverDigests(rooms, ASKED)).postponed).toBe(0)
    await deliverDigests(rooms, ASKED)
    expect(tries).toEqual(['3'])
  })

  test('because the chat is gone is forgotten there and comes inside the CRM', async () => {
    const { rooms, notified, unlinked } = createRooms({
      preferences: { '3': { channel: 'telegram', telegramChatId: '42' } },
      telegram: async () => {
        throw new Undelivered('gone', 'blocked')
      },
    })
    const sent = await sendDigests(rooms, ASKED)
    expect(sent.find(({ userId }) => userId === '3')?.channel).toBe('crm')
    expect(recipients(notified)).toEqual(['2', '3', '4', '5'])
    expect(unlinked).toEqual(['42'])
  })
})

describe('channels by choice', () => {
  test('whoever wants the message in the widget only gets it nowhere else', async () => {
    const { rooms, notified } = createRooms({ preferences: { '3': { channel: 'widget' } } })
    const sent = await sendDigests(rooms, ASKED)
    expect(sent.find(({ userId }) => userId === '3')?.channel).toBe('widget')
    expect(recipients(notified)).toEqual(['2', '4', '5'])
  })

  test('a task of yesterday is closed for whoever has nothing to do today, or reads elsewhere now', async () => {
    const { rooms, applied } = createRooms({
      notifyInCrm: false,
      settings: { digest: { heads: true, employees: true, crmTasksAllowed: true } },
    })
    await sendDigests(rooms, ASKED)
    const load = rooms.loadPortal
    rooms.loadPortal = async id => ({
      ...(await load(id)),
      preferences: new Map([
        ['3', { digest: false, channel: 'crm', email: null, telegramChatId: null, language: null }],
        ['4', { digest: true, channel: 'widget', email: null, telegramChatId: null, language: null }],
      ]),
    })
    const tomorrow = { ...ASKED, asOf: new Date('2026-11-24T05:30:00Z'), isScheduled: true }
    await sendDigests(rooms, tomorrow)
    expect(applied.map(change => (change.kind === 'closeTask' ? change.taskId : '')).toSorted()).toEqual([
      'task-1',
      'task-2',
      'task-3',
      'task-4',
    ])
  })

  test('no second task is made while yesterday’s could not be closed', async () => {
    const { rooms, notified } = createRooms({
      notifyInCrm: false,
      settings: { digest: { heads: true, employees: true, crmTasksAllowed: true } },
    })
    await sendDigests(rooms, ASKED)
    const crm = await rooms.connect('i1')
    const apply = crm.apply
    crm.apply = async () => {
      throw new VendorError('unavailable', 'down', 'away')
    }
    const tomorrow = { ...ASKED, asOf: new Date('2026-11-24T05:30:00Z') }
    expect(await deliverDigests(rooms, tomorrow)).toMatchObject({ sent: [], postponed: 4 })
    expect(notified).toHaveLength(4)
    crm.apply = apply
    expect((await deliverDigests(rooms, tomorrow)).sent).toHaveLength(4)
  })
})

describe('the message in the widget', () => {
  const own = (userId: string, more: { isAdmin?: boolean; change?: Change } = {}) =>
    ownDigest(createRooms(more.change).rooms, {
      installationId: 'i1',
      userId,
      isAdmin: more.isAdmin ?? false,
      language: 'ru',
      asOf: AS_OF,
    })

  test('is there for everybody, switched off or not, and speaks of what the person may see', async () => {
    expect(await own('3', { change: { preferences: { '3': { digest: false } } } })).toMatchObject({
      role: 'employee',
      dealIds: ['101'],
    })
    expect(await own('2')).toMatchObject({ role: 'head', dealIds: ['101', '201'] })
    expect((await own('1', { isAdmin: true }))?.dealIds).toContain('901')
    expect(await own('unheard-of')).toBeNull()
  })

  test('leads to our own screens by their names', async () => {
    const lines = (await own('2'))?.lines ?? []
    expect(lines.flatMap(({ link }) => (link?.target ? [link.target.view] : []))).toContain('overview')
  })
})

describe('Telegram', () => {
  const delivery = {
    userId: '3',
    language: 'ru' as const,
    lines: [{ text: 'Доброе утро.', link: { label: 'Открыть', path: '/card/1' } }],
    origin: 'https://acme.crm.example',
    email: null,
    telegramChatId: '42',
    unsubscribeUrl: null,
    dueAt: AS_OF,
  }

  test('sends plain text to the linked chat', async () => {
    const scope = nock('https://telegram.example')
      .post('/bot77:secret/sendMessage', {
        chat_id: '42',
        text: 'Доброе утро. Открыть: https://acme.crm.example/card/1',
        link_preview_options: { is_disabled: true },
      })
      .reply(200, { ok: true, result: { message_id: 5 } })
    const send = createTelegramChannel(createBot('https://telegram.example', '77:secret'))
    expect(await send(delivery)).toBe('5')
    scope.done()
  })

  test('a failure never tells the bot’s token', async () => {
    nock('https://telegram.example').post(/.*/).reply(403, { ok: false, description: 'blocked' })
    const send = createTelegramChannel(createBot('https://telegram.example', '77:secret'))
    const error = await send(delivery).catch((thrown: Error) => thrown)
    const lines: string[] = []
    createLogger('info', { write: line => void lines.push(line) }).warn(
      { err: error },
      'digest not delivered',
    )
    expect(error).toMatchObject({ outcome: 'gone' })
    expect(lines.join() + JSON.stringify(error)).not.toContain('secret')
  })
})
