import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountSite } from '../../src/sandbox/amocrm/site.ts'
import { fillHalfYearLeads } from '../../src/sandbox/scenarios/half-year-leads.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { type MailServer, readMail, startMailServer } from '../deliver/mail-server.ts'
import { startTelegram, type TelegramServer } from '../deliver/telegram-server.ts'
import { installationOf } from './installation.ts'
import { anyPort, eventually, type RunningProduct, runProduct } from './running-product.ts'

const SECRET = 'secret-of-the-messages-0123456789abcdef'
const DAY = 24 * 3600 * 1000

type Message = { userId: string; channel: string; role: string; text: string; dealIds: string[] }

let sandbox: Sandbox
let site: AccountSite
let mail: MailServer
let telegram: TelegramServer
let product: RunningProduct
let id: string

beforeAll(async () => {
  const port = await anyPort()
  sandbox = await startSandbox({
    amocrm: {
      integration: { origin: `http://127.0.0.1:${port}`, secret: SECRET },
      accounts: [
        { name: 'kontur', title: 'Контур', fill: account => fillHalfYearLeads(account, { flow: 0.3 }) },
      ],
    },
  })
  const { amocrm } = sandbox
  site = amocrm.site()
  mail = await startMailServer()
  telegram = await startTelegram()
  product = await runProduct(port, {
    AMOCRM_CLIENT_ID: amocrm.integration.clientId,
    AMOCRM_CLIENT_SECRET: SECRET,
    AMOCRM_REDIRECT_URI: amocrm.integration.redirectUri,
    AMOCRM_OAUTH_ORIGIN: sandbox.origin,
    TRUSTED_CRM_ORIGINS: amocrm.trustedOrigins().join(','),
    SMTP_URL: mail.url,
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_API_ORIGIN: telegram.origin,
  })
  await site.install()
  id = `amocrm-${site.account.accountId}`
  await installationOf(
    () => product,
    () => id,
  ).firstSync()
}, 150_000)

afterAll(async () => {
  await product?.stop()
  await Promise.all([sandbox?.stop(), mail?.stop(), telegram?.stop()])
}, 60_000)

const session = async (userId: number): Promise<string> => {
  const user = site.account.users.find(userId)!
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${product.origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  const answer = await post(
    '/amocrm/ticket',
    { view: 'overview' },
    { 'x-auth-token': site.oneTimeToken(user) },
  )
  const { ticket } = (await answer.json()) as { ticket: string }
  return ((await (await post('/api/v1/session', { ticket })).json()) as { token: string }).token
}
const api = async <T>(token: string, method: string, path: string, body?: unknown): Promise<T> => {
  const answer = await fetch(`${product.origin}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}
const notify = async (asOf: Date, dryRun = false): Promise<Message[]> => {
  await product.admin(`/installations/${id}/snapshot`, { method: 'POST', body: { asOf: asOf.toISOString() } })
  return product.admin(`/installations/${id}/notify`, {
    method: 'POST',
    body: { asOf: asOf.toISOString(), dryRun },
  })
}
/** Employees whom the digests of each of these days have something to say to. */
const employeesToldOn = async (days: readonly Date[]): Promise<number[]> => {
  const told: Set<number>[] = []
  for (const day of days) {
    const employees = (await notify(day, true)).filter(({ role }) => role === 'employee')
    told.push(new Set(employees.map(({ userId }) => Number(userId))))
  }
  return [...told.reduce((all, each) => all.intersection(each))]
}
/** Open tasks that we have made, by the person they are for. */
const ourTasks = (from: number) =>
  site.account.tasks.rows.filter(task => task.id > from && !task.isCompleted).map(task => task.responsibleId)

describe('messages from an account that has no bell of its own', () => {
  it('wait in the widget until an administrator says yes, and then come as one open task a person', async () => {
    const before = site.account.tasks.lastId
    const now = new Date()
    const days = [2, 1, 0].map(back => new Date(now.getTime() - back * DAY))
    const first = await notify(days[0]!)
    expect(first.length).toBeGreaterThan(5)
    expect(new Set(first.map(({ channel }) => channel))).toEqual(new Set(['widget']))
    expect(ourTasks(before)).toEqual([])

    // Said on the CRM's own install page: the script passes it on with the administrator's token.
    await fetch(`${product.origin}/amocrm/ticket`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-auth-token': site.oneTimeToken(site.account.admin),
      },
      body: JSON.stringify({ view: 'settings', consent: { crmTasks: true } }),
    })
    const second = await notify(days[1]!)
    expect(new Set(second.map(({ channel }) => channel))).toEqual(new Set(['task']))
    expect(ourTasks(before).toSorted()).toEqual(second.map(({ userId }) => Number(userId)).toSorted())
    const third = await notify(days[2]!)
    const open = ourTasks(before)
    expect(new Set(open).size).toBe(open.length)
    expect(open.toSorted()).toEqual(
      [...new Set([...second, ...third].map(({ userId }) => Number(userId)))].toSorted(),
    )
    // Asked twice the same day: nothing more.
    expect(await notify(days[2]!)).toEqual([])
    expect(ourTasks(before)).toHaveLength(open.length)
  }, 120_000)

  it('go to a chat and to a mailbox of whoever chose so, and stop by a click', async () => {
    const { sees } = await api<{ sees: string[] }>(await session(site.account.admin.id), 'GET', '/me')
    expect(sees.length).toBeGreaterThan(10)
    // Whom a day has something to say to depends on the date the account was made at: these two are told every day.
    const asOf = new Date(Date.now() - 3 * DAY)
    const dayBefore = new Date(asOf.getTime() - DAY)
    const [byChat, byMail] = await employeesToldOn([new Date(), asOf, dayBefore])
    expect(byMail).toBeDefined()
    const chatToken = await session(byChat!)
    const { url } = await api<{ url: string }>(chatToken, 'POST', '/preferences/telegram', {})
    telegram.says(4242, `/start ${new URL(url).searchParams.get('start')}`)
    await eventually(
      'the link',
      () => api<{ telegramLinked: boolean; channel: string }>(chatToken, 'GET', '/preferences'),
      ({ telegramLinked, channel }) => telegramLinked && channel === 'telegram',
      30_000,
    )
    const mailToken = await session(byMail!)
    const chosen = await api<{ channel: string; crmEmail: string }>(mailToken, 'PATCH', '/preferences', {
      channel: 'email',
    })
    expect(chosen.channel).toBe('email')
    const shown = await api<{ lines: { text: string }[] }>(mailToken, 'GET', '/digest')
    expect(shown.lines.length).toBeGreaterThan(0)

    const sent = await notify(asOf)
    const channelOf = (userId: number) => sent.find(one => one.userId === String(userId))?.channel
    expect([channelOf(byChat!), channelOf(byMail!)]).toEqual(['telegram', 'email'])
    expect(telegram.sent.at(-1)).toMatchObject({ chat_id: '4242' })
    expect(mail.mails).toHaveLength(1)
    expect(mail.mails[0]?.to).toEqual([chosen.crmEmail])
    const { headers, parts } = readMail(mail.mails[0]!.raw)
    const stop = /<(.+)>/.exec(headers.get('list-unsubscribe') ?? '')![1]!
    expect(parts['text/plain']).toContain(site.origin)
    expect((await fetch(stop)).status).toBe(200)
    expect((await api<{ digest: boolean }>(mailToken, 'GET', '/preferences')).digest).toBe(true)
    const clicked = await fetch(stop, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'List-Unsubscribe=One-Click',
    })
    expect(clicked.status).toBe(200)
    expect((await api<{ digest: boolean }>(mailToken, 'GET', '/preferences')).digest).toBe(false)
    const after = await notify(dayBefore)
    expect(after.map(({ userId }) => userId)).not.toContain(String(byMail))
    expect(mail.mails).toHaveLength(1)
    for (const secret of ['bot-secret', 'smtp-secret', SECRET]) expect(product.log()).not.toContain(secret)
  }, 120_000)
})
