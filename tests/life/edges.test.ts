import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY } from '../../src/clock.ts'
import { addUser } from '../../src/sandbox/bitrix24/people.ts'
import type { PortalSite } from '../../src/sandbox/bitrix24/site.ts'
import { DEAL } from '../../src/sandbox/bitrix24/state/dictionaries.ts'
import type { Portal } from '../../src/sandbox/bitrix24/state/portal.ts'
import { fillDense } from '../../src/sandbox/scenarios/dense.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { installationOf } from './installation.ts'
import { anyPort, type Installation, type RunningProduct, runProduct } from './running-product.ts'

/** Portals that no demo shows: nothing in them, one person, and everything odd at once. */

const TABLES = ['metrics', 'flags', 'deals', 'stages', 'moves', 'process', 'variants', 'curves', 'fields']
const STAGES = [
  { id: 'NEW', name: 'Новая' },
  { id: 'WON', name: 'Успех', semantic: 'S' as const },
  { id: 'LOSE', name: 'Провал', semantic: 'F' as const },
]

const fillEmpty = (portal: Portal): void => {
  addUser(portal, { name: 'Один', lastName: 'Администратор', isAdmin: true })
  portal.dictionaries.addCategory(
    { id: 0, entityTypeId: DEAL, name: 'Общая', sort: 10, isDefault: true },
    STAGES,
  )
}

/** Five people in departments that head each other, three currencies, holes in history, a stage that is gone. */
const fillOdd = (portal: Portal): void => {
  fillDense(portal, { deals: 90, moves: 4, tasks: 40, users: 5 })
  const { departments, deals, dealHistory, dictionaries, users } = portal
  const first = departments.rows[0]!
  const second = departments.add({ name: 'Петля', sort: 200, parentId: first.id, headId: 2 })
  first.parentId = second.id
  users.rows[1]!.departments = [second.id]
  deals.rows.forEach((deal, index) => {
    deal.currencyId = ['RUB', 'USD', 'EUR'][index % 3]!
    if (index % 17 === 0) deal.opportunity = 0
    if (index % 19 === 0) deal.assignedById = 0
  })
  // Moves of one deal at one instant, and a deal whose history starts in the middle.
  const start = portal.now() - 60 * DAY
  for (const row of dealHistory.rows.filter(({ ownerId }) => ownerId === 5)) row.createdTime = start
  deals.rows[4]!.createdTime = start
  const creation = dealHistory.rows.find(({ ownerId, typeId }) => ownerId === 7 && typeId === 1)
  if (creation) dealHistory.remove(creation.id)
  dictionaries.removeStage('EXECUTING')
  users.rows[2]!.isActive = false
}

let sandbox: Sandbox
let product: RunningProduct

beforeAll(async () => {
  const port = await anyPort()
  sandbox = await startSandbox({
    bitrix24: {
      app: { origin: `http://127.0.0.1:${port}` },
      portals: [
        { name: 'empty', title: 'Пусто', fill: fillEmpty },
        {
          name: 'alone',
          title: 'Один',
          fill: portal => fillDense(portal, { deals: 12, moves: 3, tasks: 3, users: 1 }),
        },
        {
          name: 'odd',
          title: 'Странный',
          timeZone: 'Europe/Berlin',
          offsetMinutes: 60,
          currency: 'EUR',
          fill: fillOdd,
        },
      ],
    },
  })
  const { bitrix24 } = sandbox
  product = await runProduct(port, {
    BITRIX24_CLIENT_ID: bitrix24.app.clientId,
    BITRIX24_CLIENT_SECRET: bitrix24.app.clientSecret,
    BITRIX24_OAUTH_ORIGIN: sandbox.origin,
    TRUSTED_CRM_ORIGINS: [...bitrix24.sites.values()].map(({ origin }) => origin).join(','),
  })
}, 150_000)

afterAll(async () => {
  await product?.stop()
  await sandbox?.stop()
}, 60_000)

const watched = (site: PortalSite) =>
  installationOf(
    () => product,
    () => `bitrix24-${site.portal.memberId}`,
  )
const synced = (site: PortalSite): Promise<Installation> => watched(site).syncNow(true)

/** Every page that a viewer can open, without a fault of ours. */
const openEverything = async (site: PortalSite): Promise<void> => {
  const page = await site.open()
  expect(page.status).toBe(200)
  const ticket = /<meta name="planerka-ticket" content="([^"]+)"/.exec(page.body)?.[1]
  const session = await fetch(`${product.origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket }),
  })
  const { token } = (await session.json()) as { token: string }
  const get = async (path: string): Promise<number> => {
    const answer = await fetch(`${product.origin}/api/v1${path}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    await answer.text()
    return answer.status
  }
  const description = (await (await fetch(`${product.origin}/openapi.json`)).json()) as {
    paths: Record<string, { get?: unknown }>
  }
  const paths = Object.entries(description.paths)
    .filter(([path, { get }]) => get !== undefined && path.startsWith('/api/v1/') && !path.includes('{'))
    .map(([path]) => path.slice('/api/v1'.length))
  expect(paths.length).toBeGreaterThan(6)
  for (const path of [...paths, `/employees/${site.portal.admin.id}`]) {
    // A question that needs more parameters is refused, never failed.
    expect([path, await get(path)]).toEqual([path, expect.toSatisfy((status: number) => status < 500)])
  }
  for (const path of ['/me', '/employees', '/deals?flagged=true']) expect(await get(path)).toBe(200)
}

describe.each(['empty', 'alone', 'odd'])('the portal "%s"', name => {
  const site = (): PortalSite => sandbox.bitrix24.site(name)

  it('is installed and read whole', async () => {
    expect((await site().install()).status).toBe(200)
    site().finishInstall()
    const { status, sync } = await synced(site())
    expect(status).toBe('active')
    expect(sync).toMatchObject({ outcome: 'done', lastError: null, rejected: 0 })
    const source = site().counts()
    for (const kind of ['users', 'deals', 'stageMoves', 'tasks', 'activities'])
      expect([kind, sync.counts[kind]]).toEqual([kind, source[kind]])
  }, 180_000)

  it('is measured for now and for the morning after a clock change, in every table', async () => {
    const { id } = await watched(site()).get()
    for (const asOf of ['2026-03-30T00:00:00Z', '2026-10-26T00:00:00Z', new Date().toISOString()]) {
      await product.admin(`/installations/${id}/snapshot`, { method: 'POST', body: { asOf } })
      for (const table of TABLES)
        for (const format of ['json', 'csv'])
          await product.admin(
            `/installations/${id}/export/${table}.${format}?asOf=${encodeURIComponent(asOf)}`,
          )
    }
    const moves = await product.admin<unknown[]>(`/installations/${id}/export/moves.json`)
    expect(moves.length).toBe(site().counts()['stageMoves'])
  }, 180_000)

  it('is shown to its administrator, whatever is missing', () => openEverything(site()), 120_000)

  it('has messages to preview', async () => {
    const { id } = await watched(site()).get()
    const messages = await product.admin<unknown[]>(`/installations/${id}/notify`, {
      method: 'POST',
      body: { asOf: new Date().toISOString(), dryRun: true },
    })
    expect(Array.isArray(messages)).toBe(true)
  }, 60_000)
})

describe('a portal that is rebuilt under the reader’s hands', () => {
  const site = (): PortalSite => sandbox.bitrix24.site('odd')

  it('keeps its history when a pipeline is renamed and another is deleted', async () => {
    const { dictionaries } = site().portal
    dictionaries.addCategory({ id: 7, entityTypeId: DEAL, name: 'Временная', sort: 20 }, STAGES)
    const actor = site().portal.admin.id
    site().acts.addItem(DEAL, { title: 'Во временной', categoryId: 7, assignedById: actor }, actor)
    expect((await synced(site())).sync.counts['pipelines']).toBe(2)
    const category = dictionaries.categories.find(({ id }) => id === 0)
    if (category) category.name = 'Переименована'
    dictionaries.categories.splice(
      dictionaries.categories.findIndex(({ id }) => id === 7),
      1,
    )
    const { sync } = await synced(site())
    expect(sync).toMatchObject({ outcome: 'done', lastError: null })
    expect(sync.counts['pipelines']).toBe(1)
    expect(sync.counts['deals']).toBe(site().counts()['deals'])
    const { id } = await watched(site()).get()
    await product.admin(`/installations/${id}/snapshot`, {
      method: 'POST',
      body: { asOf: new Date().toISOString() },
    })
    await openEverything(site())
  }, 240_000)

  it('left no failure of ours in the log', () => {
    const failures = product
      .log()
      .split('\n')
      .filter(line => /"level":"(error|fatal)"/.test(line))
    expect(failures).toEqual([])
  })
})
