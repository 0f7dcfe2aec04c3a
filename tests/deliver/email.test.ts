import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/deliver/channels/channel.ts'
import { createEmailChannel } from '../../src/deliver/channels/email.ts'
import { createUnsubscribing } from '../../src/deliver/unsubscribe.ts'
import { createLogger } from '../../src/logger.ts'
import { type MailServer, readMail, startMailServer } from './mail-server.ts'

const NOW = new Date('2026-11-23T05:30:00Z')
const unsubscribing = createUnsubscribing({
  secrets: [randomBytes(32)],
  publicUrl: 'https://planerka.example',
  clock: { now: () => NOW, sleep: async () => {} },
})
const delivery: Delivery = {
  userId: '3',
  language: 'ru',
  lines: [
    { text: 'Доброе утро, Анна <главная>. Сегодня: 2 дела.', link: null },
    { text: '◆ «Атриум»: молчит 12 дней.', link: { label: 'Открыть', path: '/card/1?a=1&b=2' } },
  ],
  origin: 'https://acme.crm.example',
  email: 'anna@example.org',
  telegramChatId: null,
  unsubscribeUrl: 'https://planerka.example/stop?token=t',
  dueAt: NOW,
}

let server: MailServer
beforeEach(async () => {
  server = await startMailServer()
})
afterEach(() => server.stop())

const send = (more: Partial<Delivery> = {}) =>
  createEmailChannel(server.url, 'https://planerka.example')({ ...delivery, ...more })
const failure = (more: Partial<Delivery> = {}) => send(more).catch((error: unknown) => error)

describe('a digest by mail', () => {
  test('reaches its person, in both forms, and can be switched off by one click', async () => {
    expect(await send()).toMatch(/^<.+@planerka\.example>$/)
    expect(server.mails).toHaveLength(1)
    const [mail] = server.mails
    expect(mail?.to).toEqual(['anna@example.org'])
    expect(mail?.from).toBe('robot@planerka.example')
    const { headers, parts } = readMail(mail!.raw)
    expect(headers.get('to')).toBe('anna@example.org')
    expect(headers.get('from')).toBe('Планёрка <robot@planerka.example>')
    expect(headers.get('subject')).toBe('Планёрка: на сегодня')
    expect(headers.get('list-unsubscribe')).toBe('<https://planerka.example/stop?token=t>')
    expect(headers.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
    expect(parts['text/plain']).toContain(
      '◆ «Атриум»: молчит 12 дней. Открыть: https://acme.crm.example/card/1?a=1&b=2',
    )
    expect(parts['text/plain']).toContain('https://planerka.example/stop?token=t')
    expect(parts['text/html']).toContain('Анна &#60;главная&#62;')
    expect(parts['text/html']).toContain('href="https://acme.crm.example/card/1?a=1&#38;b=2"')
    expect(mail?.raw).not.toContain('smtp-secret')
  })

  test('speaks the reader’s language', async () => {
    await send({ language: 'en' })
    expect(readMail(server.mails[0]!.raw).headers.get('subject')).toBe('Planerka: for today')
  })

  test('an address or a line that smuggles headers stays what it is', async () => {
    await send({
      lines: [{ text: 'x\r\nBcc: evil@example.org\r\n\r\nhello', link: null }],
    })
    expect(server.mails[0]?.to).toEqual(['anna@example.org'])
    await failure({ email: 'anna@example.org\r\nRCPT TO:<evil@example.org>' })
    expect(server.mails.flatMap(({ to }) => to)).not.toContain('evil@example.org')
  })

  test.each([
    ['the person’s mailbox is full for now', { RCPT: '452 full' }, 'again'],
    ['there is no such mailbox', { RCPT: '550 nobody' }, 'refused'],
    ['the message is refused at its end', { END: '554 spam' }, 'refused'],
    ['the server is busy at the end', { END: '451 later' }, 'again'],
    ['our account is not let in', { AUTH: '535 no' }, 'again'],
  ] as const)('%s: nobody got it, and that is known', async (_name, refusal, outcome) => {
    Object.assign(server.refuse, refusal)
    expect(await failure()).toMatchObject({ name: 'Undelivered', outcome })
    expect(server.mails).toEqual([])
  })

  test('a line that breaks after the message was handed over leaves it open, so nothing is sent twice', async () => {
    server.refuse.END = 'break'
    const error = await failure()
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toMatchObject({ name: 'Undelivered' })
    expect(server.handedOver).toBe(1)
  })

  test('a server that is not there is asked again later', async () => {
    await server.stop()
    expect(await failure()).toMatchObject({ outcome: 'again' })
    server = await startMailServer()
  })

  test('no failure tells the password', async () => {
    server.refuse.AUTH = '535 bad credentials'
    const error = await failure()
    const lines: string[] = []
    createLogger('trace', { write: line => void lines.push(line) }).warn(
      { err: error },
      'digest not delivered',
    )
    expect(lines.join()).toContain('digest not delivered')
    expect(lines.join() + String((error as Error).stack)).not.toMatch(/smtp-secret|c210cC1zZWNyZXQ/)
  })
})

describe('the address that switches messages off', () => {
  test('names its person and is believed only whole', async () => {
    const url = new URL(await unsubscribing.urlFor('amocrm-1', '3'))
    expect(url.origin + url.pathname).toBe('https://planerka.example/api/v1/digest/unsubscribe')
    const token = url.searchParams.get('token')!
    expect(await unsubscribing.read(token)).toEqual({ installationId: 'amocrm-1', userId: '3' })
    const [head, , signature] = token.split('.')
    const other = Buffer.from(JSON.stringify({ of: 'amocrm-1', sub: '4', exp: 4e9 })).toString('base64url')
    expect(await unsubscribing.read(`${head}.${other}.${signature}`)).toBeNull()
    expect(await unsubscribing.read('')).toBeNull()
  })
})
