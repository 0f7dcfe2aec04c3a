import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventRow } from '../../src/sandbox/amocrm/account/rows.ts'
import type { AccountSite } from '../../src/sandbox/amocrm/site.ts'
import type { LogCase } from '../../src/sandbox/event-log.ts'
import { importLogLeads } from '../../src/sandbox/import-log-leads.ts'
import { fillHalfYearLeads } from '../../src/sandbox/scenarios/half-year-leads.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { installationOf } from './installation.ts'
import { anyPort, eventually, type RunningProduct, runProduct } from './running-product.ts'

const SECRET = 'life-secret-of-the-integration-0123456789'
const OLD_SECRET = 'life-secret-of-the-integration-before-it-was-changed'

/** Cases whose steps repeat, fall into one second and go back, made by a few people and nobody. */
const busyLog = (): LogCase[] =>
  Array.from({ length: 60 }, (_, n) => ({
    id: `case-${n}`,
    events: Array.from({ length: 2 + (n % 7) }, (_step, step) => ({
      activity: ['Заявка', 'Звонок', 'Звонок', 'КП', 'Счёт', 'Звонок', 'Оплата', 'Отказ'][
        (n * 3 + step) % 8
      ]!,
      at: Date.parse('2026-05-04T09:00:00Z') + n * 3_600_000 + Math.floor(step / 3) * 60_000,
      resource: ['Анна', 'Борис', ''][(n + step) % 3]!,
      amount: null,
    })),
  }))

let sandbox: Sandbox
let site: AccountSite
let product: RunningProduct
let port: number

beforeAll(async () => {
  port = await anyPort()
  sandbox = await startSandbox({
    amocrm: {
      integration: { origin: `http://127.0.0.1:${port}`, secret: SECRET },
      accounts: [
        {
          name: 'severny-kontur',
          title: 'Северный контур',
          fill: account => fillHalfYearLeads(account, { flow: 0.3 }),
        },
        {
          name: 'journal',
          title: 'Журнал',
          timeZone: 'UTC',
          fill: account => void importLogLeads(account, busyLog(), { won: ['Оплата'], lost: ['Отказ'] }),
        },
      ],
    },
  })
  const { amocrm } = sandbox
  site = amocrm.site()
  product = await runProduct(port, {
    AMOCRM_CLIENT_ID: amocrm.integration.clientId,
    AMOCRM_CLIENT_SECRET: `${SECRET},${OLD_SECRET}`,
    AMOCRM_REDIRECT_URI: amocrm.integration.redirectUri,
    AMOCRM_OAUTH_ORIGIN: sandbox.origin,
    TRUSTED_CRM_ORIGINS: amocrm.trustedOrigins().join(','),
  })
}, 150_000)

afterAll(async () => {
  await product?.stop()
  await sandbox?.stop()
}, 60_000)

const idOf = (one: AccountSite): string => `amocrm-${one.account.accountId}`
const {
  get: installed,
  firstSync,
  syncNow,
} = installationOf(
  () => product,
  () => idOf(site),
)

const movesAsExported = async (one: AccountSite): Promise<string[]> => {
  const { snapshot, table } = installationOf(
    () => product,
    () => idOf(one),
  )
  const rows = await table<Record<string, string | null>>('moves', await snapshot())
  return rows
    .map(row =>
      [
        row['deal_id'],
        row['from_stage_id'] ?? '',
        row['to_pipeline_id'],
        row['to_stage_id'],
        row['at'],
        row['moved_by'] ?? '',
      ].join(' '),
    )
    .sort()
}

/** What the account itself knows: first stages from first moves, creations by whom the lead says. */
const movesAtTheSource = ({ account }: AccountSite): string[] => {
  const byLead = Map.groupBy(
    account.events.all().filter(({ type }) => type === 'lead_status_changed'),
    ({ entityId }) => entityId,
  )
  const status = (value: EventRow['after']) =>
    value[0]?.['lead_status'] as { id: number; pipeline_id: number }
  const person = (event: EventRow): string => (event.createdBy === 0 ? '' : String(event.createdBy))
  const at = (seconds: number): string => new Date(seconds * 1000).toISOString()
  return account.leads.rows
    .filter(({ isDeleted }) => !isDeleted)
    .flatMap(lead => {
      const moves = (byLead.get(lead.id) ?? []).toSorted((a, b) => a.createdAt - b.createdAt || a.seq - b.seq)
      const first = moves[0] ? status(moves[0].before) : { id: lead.statusId, pipeline_id: lead.pipelineId }
      const by = lead.createdBy === 0 ? '' : String(lead.createdBy)
      return [
        [lead.id, '', first.pipeline_id, first.id, at(lead.createdAt), by].join(' '),
        ...moves.map(event => {
          const after = status(event.after)
          return [
            lead.id,
            status(event.before).id,
            after.pipeline_id,
            after.id,
            at(event.createdAt),
            person(event),
          ].join(' ')
        }),
      ]
    })
    .sort()
}

const askTicket = (token: string): Promise<Response> =>
  fetch(`${product.origin}/amocrm/ticket`, {
    method: 'POST',
    headers: { 'x-auth-token': token, 'content-type': 'application/json', origin: site.origin },
    body: JSON.stringify({ view: 'overview', language: 'ru', theme: 'light' }),
  })

const ticketOf = async (token: string): Promise<string> => {
  const answer = await askTicket(token)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { ticket: string }).ticket
}

const me = async (ticket: string): Promise<Record<string, unknown>> => {
  const opened = await fetch(`${product.origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket }),
  })
  const { token } = (await opened.json()) as { token: string }
  const answer = await fetch(`${product.origin}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  return (await answer.json()) as Record<string, unknown>
}

const pages = (rows: number, size: number): number => Math.ceil(rows / size)

describe('an amoCRM account', () => {
  it('is not installed by an ordinary user, who is told why', async () => {
    const employee = site.account.users.rows.find(user => !user.isAdmin && user.leads.view === 'M')!
    const answer = await site.install(employee.id)
    expect(answer?.status).toBe(403)
    expect(answer?.body).toContain('admin_required')
    expect(await product.installation('amocrm')).toBeNull()
  })

  it('is installed from the marketplace within its three seconds', async () => {
    const answer = await site.install()
    expect(answer?.status).toBe(200)
    const row = await installed()
    expect(row).toMatchObject({ vendor: 'amocrm', status: 'active' })
  })

  it('is read whole the first time, in few requests and never more than seven in any second', async () => {
    site.gateway.resetLog()
    const row = await firstSync()
    expect(row.sync.lastError).toBeNull()
    const source = site.account.counts()
    expect(row.sync.counts).toEqual({
      users: source['users'],
      pipelines: source['pipelines'],
      deals: source['leads'],
      stageMoves: source['stageMoves'],
      tasks: source['tasks'],
      activities: source['activities'],
      invoices: source['invoices'],
    })
    expect(row.sync.rejected).toBe(0)
    const kept = site.account.events
      .all()
      .filter(({ type }) => !/^task_(added|completed)|_field_|_tag_/.test(type)).length
    const least =
      pages(source['leads']!, 250) +
      pages(source['tasks']!, 250) +
      pages(kept, 100) +
      pages(source['callNotes']!, 250) +
      pages(source['deletedLeads']!, 250)
    expect(row.sync.requests).toBeLessThanOrEqual(1.15 * least + 20)
    expect(site.gateway.busiestSecond()).toBeLessThanOrEqual(7)
    expect(site.gateway.log.filter(({ status }) => status === 429)).toEqual([])
  }, 300_000)

  it('is stored move by move as the account tells it, with whoever moved', async () => {
    expect(await movesAsExported(site)).toEqual(movesAtTheSource(site))
  }, 120_000)

  it('lets people in by their one-time token, once, and shows them what the CRM would', async () => {
    const { account } = site
    const admin = account.admin
    const head = account.users.rows.find(user => user.leads.view === 'G')!
    const employee = account.users.rows.find(
      user => user.leads.view === 'M' && user.groupId === head.groupId,
    )!
    const { id } = await installed()
    await product.admin(`/installations/${id}/settings`, {
      method: 'PATCH',
      body: { heads: { [head.groupId]: String(head.id) } },
    })
    const mates = account.users.rows
      .filter(({ groupId }) => groupId === head.groupId)
      .map(user => String(user.id))

    expect(await me(await ticketOf(site.oneTimeToken(admin)))).toMatchObject({ role: 'admin' })
    const seenByHead = await me(await ticketOf(site.oneTimeToken(head)))
    expect(seenByHead).toMatchObject({ userId: String(head.id), role: 'head' })
    expect((seenByHead['sees'] as string[]).toSorted()).toEqual(mates.toSorted())
    expect(await me(await ticketOf(site.oneTimeToken(employee)))).toMatchObject({
      userId: String(employee.id),
      role: 'employee',
      sees: [String(employee.id)],
    })

    const token = site.oneTimeToken(admin)
    await ticketOf(token)
    expect((await askTicket(token)).status).toBe(401)
    for (const bad of [
      site.oneTimeToken(admin, { alg: 'none' }),
      site.oneTimeToken(admin, { alg: 'HS512' }),
      site.oneTimeToken(admin, { secret: 'x'.repeat(40) }),
      site.oneTimeToken(admin, { claims: { client_uuid: 'another' } }),
      site.oneTimeToken(admin, { claims: { aud: 'http://elsewhere.example' } }),
      site.oneTimeToken(admin, { claims: { exp: account.now() - 120 } }),
      site.oneTimeToken(admin, { claims: { account_id: 1 } }),
    ]) {
      const { status } = await askTicket(bad)
      expect([401, 404]).toContain(status)
    }
    // While the secret is being changed, tokens signed with either one open the door.
    expect((await askTicket(site.oneTimeToken(admin, { secret: OLD_SECRET }))).status).toBe(200)
  })

  it('lets only its own pages ask for tickets', async () => {
    const preflight = (origin: string) =>
      fetch(`${product.origin}/amocrm/ticket`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'x-auth-token',
        },
      })
    const ours = await preflight(site.origin)
    expect(ours.status).toBe(204)
    expect(ours.headers.get('access-control-allow-origin')).toBe(site.origin)
    expect(ours.headers.get('access-control-allow-headers')).toMatch(/x-auth-token/i)
    expect(
      (await preflight('https://amocrm.ru.evil.example')).headers.get('access-control-allow-origin'),
    ).toBeNull()
  })

  it('tells of a move by webhook, and the feed says who did it', async () => {
    const { account, acts } = site
    const lead = account.leads.rows.findLast(
      row => !row.isDeleted && row.statusId !== 142 && row.statusId !== 143,
    )!
    const before = (await installed()).sync.counts['stageMoves']!
    acts.updateLead(lead.id, { statusId: 142 }, { userId: lead.responsibleId })
    acts.addTask(
      {
        text: 'Проверить оплату',
        completeTill: account.now() + 86_400,
        entityId: lead.id,
        entityType: 'leads',
      },
      { userId: lead.responsibleId },
    )
    await site.webhooks.settled()
    expect(site.webhooks.deliveries.at(-1)).toMatchObject({ status: 200 })
    await eventually(
      'the move',
      installed,
      ({ sync }) =>
        sync.counts['stageMoves'] === before + 1 && sync.counts['tasks'] === account.tasks.rows.length,
      60_000,
    )
    expect(await movesAsExported(site)).toEqual(movesAtTheSource(site))
  }, 120_000)

  it('is read on when nobody tells of what happened: a new lead, a deleted one, a restored one', async () => {
    const { account, acts } = site
    account.temper.webhooks = 'off'
    const robot = { userId: 0 }
    const [gone, returned] = account.leads.rows.filter(lead => !lead.isDeleted)
    acts.deleteLead(gone!.id, { userId: gone!.responsibleId })
    acts.deleteLead(returned!.id, { userId: returned!.responsibleId })
    const added = acts.addLead({ name: 'Заявка с сайта', responsibleId: gone!.responsibleId }, robot)
    const counts = async () => (await syncNow(false)).sync.counts
    expect(await counts()).toMatchObject({ deals: account.counts()['leads'] })
    acts.restoreLead(returned!.id, { userId: account.admin.id })
    acts.updateLead(added.id, { statusId: 143 }, robot)
    expect(await counts()).toMatchObject({
      deals: account.counts()['leads'],
      stageMoves: account.counts()['stageMoves'],
    })
    // Without a trace: only a whole reading can tell.
    acts.eraseLead(added.id)
    expect((await syncNow(true)).sync.counts).toMatchObject({ deals: account.counts()['leads'] })
    account.temper.webhooks = 'on'
  }, 240_000)

  it('is found again under its new name', async () => {
    const moved = site.rename('sever')
    const { sync } = await syncNow(false)
    expect(sync).toMatchObject({ outcome: 'done', lastError: null })
    expect((await installed()).portal).toContain(new URL(moved).host)
  }, 120_000)

  it('is suspended while it is not paid for, and goes on when it is', async () => {
    const { id } = await installed()
    site.account.temper.isUnpaid = true
    await product.admin(`/installations/${id}/sync`, { method: 'POST', body: { full: false } })
    await eventually('the suspension', installed, ({ status }) => status === 'suspended', 60_000)
    site.account.temper.isUnpaid = false
    // The marketplace waits three seconds for an answer, and nobody minds if there is none.
    await site.install()
    await eventually('the return', installed, ({ status }) => status === 'active', 30_000)
  }, 120_000)

  it('turns the product off by a signed hook only, and on again by installing', async () => {
    expect((await site.sendDisableHook({ signature: '0'.repeat(64) }))?.status).toBe(403)
    expect((await site.sendDisableHook({ accountId: 1 }))?.status).toBe(200)
    expect((await installed()).status).toBe('active')
    expect((await site.disable())?.status).toBe(200)
    await eventually('the removal', installed, ({ status }) => status === 'uninstalled', 30_000)
    expect((await askTicket(site.oneTimeToken(site.account.admin))).status).toBeGreaterThanOrEqual(400)

    await site.install()
    await eventually('the return', installed, ({ status }) => status === 'active', 30_000)
    expect(await ticketOf(site.oneTimeToken(site.account.admin))).toBeTruthy()
  }, 120_000)

  it('is installed by the button too: a state of ours, once', async () => {
    const start = await fetch(`${product.origin}/amocrm/connect`, { redirect: 'manual' })
    expect(start.status).toBe(302)
    const page = new URL(start.headers.get('location')!)
    expect(page.origin + page.pathname).toBe(`${sandbox.origin}/oauth`)
    expect(await (await fetch(page)).text()).toContain('Северный контур')
    const allow = (state: string) =>
      fetch(`${sandbox.origin}/oauth`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({
          client_id: sandbox.amocrm.integration.clientId,
          state,
          account: site.name,
          user: String(site.account.admin.id),
          decision: 'allow',
        }),
      })
    const state = page.searchParams.get('state')!
    const back = (await allow(state)).headers.get('location')!
    expect(back.startsWith(`${product.origin}/amocrm/oauth?`)).toBe(true)
    expect((await fetch(back)).status).toBe(200)
    expect((await fetch(back)).status).toBeGreaterThanOrEqual(400)
    const again = (await allow(state)).headers.get('location')!
    expect((await fetch(again)).status).toBeGreaterThanOrEqual(400)
    const forged = (await allow('forged')).headers.get('location')!
    expect((await fetch(forged)).status).toBeGreaterThanOrEqual(400)
    expect((await fetch(site.declined(state))).status).toBe(400)
    expect((await installed()).status).toBe('active')
  }, 60_000)

  it('is read beside another account, whose steps repeat and share their seconds', async () => {
    const journal = sandbox.amocrm.site('journal')
    await journal.install()
    const { sync } = await installationOf(
      () => product,
      () => idOf(journal),
    ).firstSync()
    const source = journal.account.counts()
    expect(sync.counts).toMatchObject({ deals: source['leads'], stageMoves: source['stageMoves'] })
    expect(await movesAsExported(journal)).toEqual(movesAtTheSource(journal))
  }, 180_000)

  it('never saw its secrets in the log', () => {
    const log = product.log()
    for (const secret of [SECRET, OLD_SECRET]) expect(log).not.toContain(secret)
    expect(log).not.toMatch(/def502[0-9a-f]{20}|eyJ[\w-]{20}/)
  })
})
