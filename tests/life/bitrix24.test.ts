import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { levers } from '../../src/sandbox/bitrix24/levers.ts'
import type { PortalSite } from '../../src/sandbox/bitrix24/site.ts'
import { fillDense } from '../../src/sandbox/scenarios/dense.ts'
import { fillHalfYear } from '../../src/sandbox/scenarios/half-year.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { installationOf } from './installation.ts'
import { anyPort, eventually, type RunningProduct, runProduct } from './running-product.ts'

let sandbox: Sandbox
let site: PortalSite
let product: RunningProduct
/** Where the neighbour moves to. */
let newPort: number

beforeAll(async () => {
  const port = await anyPort()
  newPort = await anyPort()
  sandbox = await startSandbox({
    bitrix24: {
      app: { origin: `http://127.0.0.1:${port}` },
      portals: [
        {
          name: 'severny-kontur',
          title: 'Северный контур',
          fill: portal => fillHalfYear(portal, { flow: 0.3 }),
        },
        { name: 'neighbour', title: 'Сосед', fill: portal => fillDense(portal, { deals: 60, moves: 3 }) },
      ],
    },
  })
  const { bitrix24 } = sandbox
  site = bitrix24.site('severny-kontur')
  product = await runProduct(port, {
    BITRIX24_CLIENT_ID: bitrix24.app.clientId,
    BITRIX24_CLIENT_SECRET: bitrix24.app.clientSecret,
    BITRIX24_OAUTH_ORIGIN: sandbox.origin,
    TRUSTED_CRM_ORIGINS: [
      ...[...bitrix24.sites.values()].map(({ origin }) => origin),
      `http://127.0.0.1:${newPort}`,
    ].join(','),
  })
}, 150_000)

afterAll(async () => {
  await product?.stop()
  await sandbox?.stop()
}, 60_000)

const pull = (name: keyof typeof levers, input: unknown) => levers[name].pull(site, input)
const {
  find,
  get: installed,
  firstSync,
  syncNow,
  snapshot,
  table,
} = installationOf(
  () => product,
  () => `bitrix24-${site.portal.memberId}`,
)
const snapshots = async () =>
  product.admin<{ asOf: string }[]>(`/installations/${(await installed()).id}/snapshots`)

type MoveRow = { deal_id: string; to_stage_id: string; at: string; moved_by: string | null }
const movesOf = async (dealId: number): Promise<MoveRow[]> =>
  (await table<MoveRow>('moves', await snapshot())).filter(({ deal_id }) => deal_id === String(dealId))
const metaOf = (body: string, name: string): string | null =>
  new RegExp(`<meta name="planerka-${name}" content="([^"]*)"`).exec(body)?.[1] ?? null
const me = async (ticket: string | null) => {
  const opened = await fetch(`${product.origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket }),
  })
  const { token } = (await opened.json()) as { token: string }
  const answer = await fetch(`${product.origin}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  return { http: opened.status, ...((await answer.json()) as Record<string, unknown>) }
}
const openDeal = () => {
  const deal = site.portal.deals.rows.find(row => row.semantic === 'P')
  if (!deal) throw new Error('no open deal')
  return deal
}

describe('a Bitrix24 portal', () => {
  it('is not installed by an ordinary employee', async () => {
    const employee = site.portal.users.rows.find(user => !user.isAdmin && user.isActive && !user.isSystem)
    const answer = await site.install(employee?.id ?? 0)
    expect(answer.status).toBe(403)
    expect(await find()).toBeNull()
  })

  it('is installed by its administrator; the same request again is refused without a question', async () => {
    const answer = await site.install()
    expect(answer.status).toBe(200)
    expect(metaOf(answer.body, 'mode')).toBe('install')
    site.gateway.resetLog()
    const again = await site.postFrame(answer.frame)
    expect(again.status).toBe(409)
    site.finishInstall()
    expect((await installed()).status).toBe('active')
  })

  it('is read whole, row by row as the portal has it', async () => {
    const { sync } = await firstSync()
    const source = site.counts()
    expect(sync.counts).toEqual({
      users: source['users'],
      pipelines: source['pipelines'],
      deals: source['deals'],
      stageMoves: source['stageMoves'],
      tasks: source['tasks'],
      activities: source['activities'],
      invoices: source['invoices'],
    })
    expect(sync).toMatchObject({ lastError: null, rejected: 0 })
  }, 300_000)

  it('has a trend to look at before the first day is over', async () => {
    const { calendar } = await product.admin<{ calendar: { timeZone: string } }>(
      `/installations/${(await installed()).id}/settings`,
    )
    expect(calendar.timeZone).toBe('Europe/Moscow')
    // Weeks end where the portal's Sunday ends.
    const weeks = (list: { asOf: string }[]) => list.filter(({ asOf }) => asOf.endsWith('20:59:59.999Z'))
    await eventually('twelve weeks', snapshots, list => weeks(list).length === 12, 240_000)
  }, 300_000)

  it('lets people in from their frame, as often as they reload it, each seeing what is theirs', async () => {
    const admin = await site.open()
    expect(admin.status).toBe(200)
    expect(admin.headers['content-security-policy']).toContain(`frame-ancestors ${site.origin}`)
    const ticket = metaOf(admin.body, 'ticket')
    expect(await me(ticket)).toMatchObject({ http: 200, role: 'admin' })
    expect((await me(ticket)).http).toBe(401)
    expect((await site.postFrame(admin.frame)).status).toBe(200)

    const employee = site.portal.users.rows.find(
      user => !user.isAdmin && user.isActive && !user.isSystem && !isHead(user.id),
    )
    const seen = await me(metaOf((await site.open({ userId: employee?.id ?? 0 })).body, 'ticket'))
    expect(seen).toMatchObject({ role: 'employee', sees: [String(employee?.id)] })
  })

  const isHead = (userId: number): boolean =>
    site.portal.departments.rows.some(department => department.headId === userId)

  it('recovers who moved a deal from the event, and forgets the token', async () => {
    const deal = openDeal()
    const mover = site.portal.users.rows.find(
      user =>
        user.isActive && !user.isSystem && user.id !== deal.assignedById && user.id !== site.portal.admin.id,
    )
    const stage = site.portal.dictionaries
      .stages(2, deal.categoryId)
      .find(row => (row.semantic ?? 'P') === 'P' && row.statusId !== deal.stageId)
    await pull('move-deal', { id: deal.id, stageId: stage?.statusId, actor: mover?.id ?? null })
    await site.events.settled()
    const moves = await eventually(
      'the move with its author',
      () => movesOf(deal.id),
      list => list.at(-1)?.to_stage_id === stage?.statusId && list.at(-1)?.moved_by !== null,
      90_000,
    )
    expect(moves.at(-1)?.moved_by).toBe(String(mover?.id))
    expect(product.log()).not.toMatch(/access_token=|AUTH_ID=/)
  }, 120_000)

  it('goes on when its token has expired', async () => {
    expect(site.expireTokens()).toBeGreaterThan(0)
    const { sync, status } = await syncNow(false)
    expect(sync).toMatchObject({ outcome: 'done' })
    expect(status).toBe('active')
  }, 120_000)

  it('is read on without events: changed, new and deleted deals are found', async () => {
    site.portal.temper.events = 'off'
    const deal = openDeal()
    site.churn(4)
    await pull('update-deal', { id: deal.id, fields: { title: 'Переименована' }, actor: null })
    const before = site.counts()
    await syncNow(false)
    const { sync } = await syncNow(true)
    expect(sync.counts).toMatchObject({ deals: before['deals'], tasks: before['tasks'] })
    site.portal.temper.events = 'on'
  }, 240_000)

  it('counts a record that has another shape and keeps the rest', async () => {
    const deal = openDeal()
    await pull('disguise', { table: 'deals', id: deal.id, fields: { stageId: null, categoryId: 'x' } })
    const { sync } = await syncNow(true)
    expect(sync).toMatchObject({ outcome: 'done', rejected: 1 })
    await pull('disguise', { table: 'deals', id: deal.id, fields: null })
    expect((await syncNow(true)).sync.rejected).toBe(0)
  }, 240_000)
})

describe('a neighbour', () => {
  it('binds its events again after an update of the app, under a new secret', async () => {
    site = sandbox.bitrix24.site('neighbour')
    expect((await site.install()).status).toBe(200)
    site.finishInstall()
    await firstSync()
    site.updateApp()
    await site.events.settled()
    await eventually(
      'the bindings',
      async () => site.installed()?.handlers.length ?? 0,
      count => count > 5,
      60_000,
    )
    const before = (await installed()).sync.counts['deals'] ?? 0
    site.acts.addItem(
      2,
      { title: 'После обновления', assignedById: site.portal.admin.id },
      site.portal.admin.id,
    )
    await site.events.settled()
    await eventually('the deal', installed, ({ sync }) => sync.counts['deals'] === before + 1, 60_000)
  }, 120_000)

  it('is healed by its administrator when the access was lost', async () => {
    site.expireTokens()
    site.revokeRefreshTokens()
    expect((await syncNow(false)).sync.outcome).toBe('failed')
    expect((await installed()).status).toBe('reauth_required')
    expect((await site.open()).status).toBe(200)
    expect((await installed()).status).toBe('active')
    expect((await syncNow(false)).sync.outcome).toBe('done')
  }, 120_000)

  it('is opened at its new address at once when it was renamed', async () => {
    expect(await site.rename(newPort)).toBe(`http://127.0.0.1:${newPort}`)
    const page = await site.open()
    expect(page.status).toBe(200)
    expect(page.body).toContain('planerka-ticket')
    expect((await installed()).portal).toBe(`127.0.0.1:${newPort}`)
    expect((await syncNow(false)).sync.outcome).toBe('done')
  }, 120_000)

  it('does not believe a removal while the access works', async () => {
    site.sendEvent('ONAPPUNINSTALL', { CLEAN: 1 })
    await site.events.settled()
    expect((await installed()).status).toBe('active')
  }, 60_000)

  it('does not believe an event without its secret', async () => {
    const before = (await installed()).status
    site.sendEvent('ONAPPUNINSTALL', { CLEAN: 1 }, { application_token: 'guessed' })
    await site.events.settled()
    expect(site.events.deliveries.at(-1)?.status).toBe(403)
    expect((await installed()).status).toBe(before)
  }, 60_000)

  it('is let go when it really removes the app, and comes back when it installs again', async () => {
    site.uninstall(true)
    await site.events.settled()
    await eventually('the farewell', installed, ({ status }) => status === 'uninstalled', 60_000)
    const refused = await product
      .admin(`/installations/${(await installed()).id}/sync`, { method: 'POST', body: { full: true } })
      .catch((error: unknown) => String(error))
    expect(refused).toContain('installation_inactive')
    expect((await site.install()).status).toBe(200)
    site.finishInstall()
    expect((await installed()).status).toBe('active')
    await firstSync()
  }, 180_000)

  it('left no secret in the log', () => {
    const log = product.log()
    const secrets = [...sandbox.bitrix24.sites.values()].flatMap(
      one => one.installed()?.applicationToken ?? [],
    )
    for (const secret of [...secrets, sandbox.bitrix24.app.clientSecret]) expect(log).not.toContain(secret)
  })
})
