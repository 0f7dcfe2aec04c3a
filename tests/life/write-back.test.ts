import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  WriteBack,
  WriteBackEntry,
  WriteBackPreview,
  WriteBackRun,
  WriteBackStarted,
} from '../../src/http/api-schema.ts'
import type { Account } from '../../src/sandbox/amocrm/account/account.ts'
import type { AccountSite } from '../../src/sandbox/amocrm/site.ts'
import type { PortalSite } from '../../src/sandbox/bitrix24/site.ts'
import type { Portal } from '../../src/sandbox/bitrix24/state/portal.ts'
import { type DenseScale, fillDense } from '../../src/sandbox/scenarios/dense.ts'
import { fillDenseLeads } from '../../src/sandbox/scenarios/dense-leads.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { installationOf } from './installation.ts'
import { anyPort, eventually, pause, type RunningProduct, runProduct } from './running-product.ts'

/** Write-back walked through with a CRM of each kind, over real HTTP, the worker killed on the way. */

const NAME = 'severny-kontur'
const FIELD = 'UF_CRM_PLANERKA_FLAG'
const OURS = /^Планёрка: /
/** Each change costs requests, and the CRM's pace is what takes time: nine or ten deals lie about, and no more. */
const SCALE: Partial<DenseScale> = { deals: 40, moves: 4, activitiesPerDeal: 2, tasks: 40, users: 6 }

/** Every second lead has a tag of its people; one of the six has left. */
const fillLeads = (account: Account): void => {
  fillDenseLeads(account, { ...SCALE, seed: 5 })
  account.leads.rows.forEach((lead, index) => {
    if (index % 2 === 0) lead.tagIds = [account.tagNamed('сайт').id]
  })
  account.users.rows.at(-1)!.isActive = false
}
const fillPortal = (portal: Portal): void => {
  fillDense(portal, { ...SCALE, seed: 6 })
  portal.users.rows.at(-1)!.isActive = false
}

type Picture = { marks: Record<string, string[]>; tasks: string[] }

/** What is looked at and done in the CRM itself, by its own people. */
type Source = {
  install(): Promise<void>
  session(): Promise<string>
  settled(): Promise<void>
  /** Every tag, or our field, of every deal; every open task by deal and text. */
  picture(): Picture
  wipeMark(dealId: string): void
  completeTask(dealId: string): void
  id(): string
  /** Names of calls that write, for faults. */
  writes: readonly string[]
  /** The call by which a mark is written and nothing is read; null where one name does both. */
  refusing: string | null
}

let sandbox: Sandbox
let product: RunningProduct

const ticketSession = async (ticket: string): Promise<string> => {
  const answer = await fetch(`${product.origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket }),
  })
  return ((await answer.json()) as { token: string }).token
}

const bitrix24 = (): Source => {
  const site: PortalSite = sandbox.bitrix24.site(NAME)
  const { portal, acts } = site
  const tasksOf = (dealId: string) =>
    portal.tasks.rows.filter(task => task.crm.includes(`D_${dealId}`) && task.status !== 5)
  return {
    install: async () => {
      expect((await site.install()).status).toBe(200)
      site.finishInstall()
    },
    session: async () => {
      const { body } = await site.open()
      return ticketSession(/planerka-ticket" content="([^"]*)"/.exec(body)?.[1] ?? '')
    },
    settled: () => site.events.settled(),
    picture: () => ({
      marks: Object.fromEntries(
        portal.deals.rows.map(deal => [String(deal.id), [String(deal.custom[FIELD] ?? '')].filter(Boolean)]),
      ),
      tasks: portal.tasks.rows
        .filter(({ status }) => status !== 5)
        .map(({ crm, title }) => `${crm.join()} ${title}`)
        .toSorted(),
    }),
    wipeMark: dealId => void acts.updateItem(2, Number(dealId), { custom: { [FIELD]: '' } }, portal.admin.id),
    completeTask: dealId => {
      const task = tasksOf(dealId).find(({ title }) => OURS.test(title))
      acts.updateTask(task?.id ?? 0, { status: 5 }, task?.responsibleId ?? 0)
    },
    id: () => `bitrix24-${portal.memberId}`,
    writes: ['crm.item.update', 'tasks.task.add'],
    refusing: 'crm.item.update',
  }
}

const amocrm = (): Source => {
  const site: AccountSite = sandbox.amocrm.site(NAME)
  const { account, acts } = site
  const tagsOf = (ids: readonly number[]): string[] =>
    ids.map(id => account.tags.find(id)?.name ?? '').toSorted()
  return {
    install: async () => void (await site.install()),
    session: async () => {
      const answer = await fetch(`${product.origin}/amocrm/ticket`, {
        method: 'POST',
        headers: {
          'x-auth-token': site.oneTimeToken(account.admin),
          'content-type': 'application/json',
          origin: site.origin,
        },
        body: JSON.stringify({ view: 'overview', language: 'ru', theme: 'light' }),
      })
      return ticketSession(((await answer.json()) as { ticket: string }).ticket)
    },
    settled: () => site.webhooks.settled(),
    picture: () => ({
      marks: Object.fromEntries(account.leads.rows.map(lead => [String(lead.id), tagsOf(lead.tagIds)])),
      tasks: account.tasks.rows
        .filter(({ isCompleted }) => !isCompleted)
        .map(({ entityId, text }) => `${entityId} ${text}`)
        .toSorted(),
    }),
    wipeMark: dealId => {
      const lead = account.leads.find(Number(dealId))
      const ours = tagsOf(lead?.tagIds ?? []).filter(name => OURS.test(name))
      acts.updateLead(Number(dealId), { tagsToDelete: ours }, { userId: lead?.responsibleId ?? 0 })
    },
    completeTask: dealId => {
      const task = account.tasks.rows.find(
        ({ entityId, text, isCompleted }) => String(entityId) === dealId && OURS.test(text) && !isCompleted,
      )
      acts.updateTask(task?.id ?? 0, { isCompleted: true }, { userId: task?.responsibleId ?? 0 })
    },
    id: () => `amocrm-${account.accountId}`,
    writes: ['leads', 'tasks'],
    refusing: null,
  }
}

beforeAll(async () => {
  const port = await anyPort()
  const origin = `http://127.0.0.1:${port}`
  sandbox = await startSandbox({
    bitrix24: {
      app: { origin },
      portals: [{ name: NAME, title: 'Северный контур', licence: 'enterprise', fill: fillPortal }],
    },
    amocrm: {
      integration: { origin },
      accounts: [{ name: NAME, title: 'Северный контур', fill: fillLeads }],
    },
  })
  const { bitrix24: b24, amocrm: amo } = sandbox
  product = await runProduct(port, {
    BITRIX24_CLIENT_ID: b24.app.clientId,
    BITRIX24_CLIENT_SECRET: b24.app.clientSecret,
    BITRIX24_OAUTH_ORIGIN: sandbox.origin,
    AMOCRM_CLIENT_ID: amo.integration.clientId,
    AMOCRM_CLIENT_SECRET: amo.integration.secret,
    AMOCRM_REDIRECT_URI: amo.integration.redirectUri,
    AMOCRM_OAUTH_ORIGIN: sandbox.origin,
    TRUSTED_CRM_ORIGINS: [
      ...[...b24.sites.values()].map(site => site.origin),
      ...amo.trustedOrigins(),
    ].join(),
  })
}, 180_000)

afterAll(async () => {
  await product?.stop()
  await sandbox?.stop()
}, 60_000)

const plain = ({ marks, tasks }: Picture): Picture => ({
  marks: Object.fromEntries(Object.entries(marks).filter(([, list]) => list.length > 0)),
  tasks,
})

describe.each([
  ['Bitrix24', bitrix24],
  ['amoCRM', amocrm],
])('write-back in %s', (_name, open) => {
  let source: Source
  let token = ''
  const call = async <T>(method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${product.origin}/api/v1/write-back${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as T & { code?: string } }
  }
  const { firstSync, syncNow, snapshot, table } = installationOf(
    () => product,
    () => source.id(),
  )
  const preview = async (choice: object) => (await call<WriteBackPreview>('POST', '/preview', choice)).body
  const runOf = async (batchId: string): Promise<WriteBackRun> => {
    const { body } = await call<WriteBackRun[]>('GET', '/runs')
    return body.find(run => run.batchId === batchId) as WriteBackRun
  }
  const finished = (batchId: string): Promise<WriteBackRun> =>
    eventually(
      'the end of the writing',
      () => runOf(batchId),
      run => run.waiting === 0,
      60_000,
    )
  const entries = async (batchId: string) => (await call<WriteBackEntry[]>('GET', `/runs/${batchId}`)).body

  const red = { marks: true, tasks: true, level: 'red' }
  const amber = { ...red, level: 'amber' }
  let before: Picture
  /** Deals that lie about, before anything was written. */
  let flagged: string[] = []
  let asOfBefore = ''
  let redBatch = ''
  let taskBatch = ''
  let markBatch = ''

  it('is off, and is not switched on in passing or unseen', async () => {
    source = open()
    await source.install()
    await firstSync()
    asOfBefore = await snapshot()
    token = await source.session()
    before = source.picture()
    expect((await call<WriteBack>('GET', '')).body).toMatchObject({
      marks: false,
      tasks: false,
      canSwitch: true,
    })
    expect(await call('PATCH', '', red)).toMatchObject({ status: 400, body: { code: 'preview_required' } })
    await expect(
      product.admin(`/installations/${source.id()}/settings`, {
        method: 'PATCH',
        body: { writeBack: { tag: true, field: true } },
      }),
    ).rejects.toThrow('preview_required')
    const shown = await preview(red)
    expect(shown.changes.length).toBeGreaterThan(5)
    expect(await call('POST', '/runs', { hash: shown.hash })).toMatchObject({
      status: 409,
      body: { code: 'write_back_off' },
    })
    expect(await call('PATCH', '', { ...red, hash: '0'.repeat(32) })).toMatchObject({
      status: 409,
      body: { code: 'plan_changed' },
    })
    flagged = (await preview(amber)).changes.filter(({ kind }) => kind === 'mark').map(({ dealId }) => dealId)
    expect(source.picture()).toEqual(before)
  }, 120_000)

  it('writes exactly what the preview showed, and nothing over what was there', async () => {
    const shown = await preview(red)
    expect((await call('PATCH', '', { ...red, hash: shown.hash })).status).toBe(200)
    expect(source.picture()).toEqual(before)
    const started = await call<WriteBackStarted>('POST', '/runs', { hash: shown.hash })
    expect(started.status).toBe(202)
    redBatch = started.body.batchId
    expect(await finished(redBatch)).toMatchObject({ written: shown.changes.length, refused: 0 })
    const after = source.picture()
    for (const [dealId, held] of Object.entries(before.marks)) {
      const mark = shown.changes.find(change => change.kind === 'mark' && change.dealId === dealId)
      const expected = mark ? [...held, 'Планёрка: зависла'].toSorted() : held
      expect(after.marks[dealId]).toEqual(expected)
    }
    const asked = shown.changes.filter(({ kind }) => kind === 'task')
    expect(after.tasks.length).toBe(before.tasks.length + asked.length)
  }, 300_000)

  it('comes back through sync without a loop, and nobody is credited for it', async () => {
    await source.settled()
    await pause(4000)
    expect((await syncNow(false)).sync.outcome).toBe('done')
    const asOf = await snapshot()
    expect((await preview(red)).changes).toEqual([])
    type Deal = { deal_id: string; level: string; silence_days: number | null }
    const [was, is] = [await table<Deal>('deals', asOfBefore), await table<Deal>('deals', asOf)]
    const levels = (deals: Deal[]) => deals.map(({ deal_id, level }) => `${deal_id} ${level}`).toSorted()
    expect(levels(is)).toEqual(levels(was))
    for (const deal of is) {
      const earlier = was.find(({ deal_id }) => deal_id === deal.deal_id)
      expect(deal.silence_days ?? 0).toBeGreaterThanOrEqual((earlier?.silence_days ?? 0) - 1e-9)
    }
    type Metric = Record<'scope' | 'scope_id' | 'metric' | 'window_days', string> & {
      numerator: number | null
      denominator: number | null
    }
    const counts = (rows: Metric[]) =>
      rows
        .filter(({ metric }) => /^M(01|02|03|04|05|06|07|08|09|10|13|14|15)$/.test(metric))
        .map(
          row =>
            `${row.scope} ${row.scope_id} ${row.metric} ${row.window_days} ${row.numerator?.toFixed(1)} ${row.denominator?.toFixed(1)}`,
        )
    expect(counts(await table<Metric>('metrics', asOf))).toEqual(
      counts(await table<Metric>('metrics', asOfBefore)),
    )
  }, 240_000)

  it('taken back leaves the CRM as it was', async () => {
    expect((await call('POST', `/runs/${redBatch}/undo`, {})).status).toBe(202)
    expect(await finished(redBatch)).toMatchObject({ undoUntil: null })
    expect(plain(source.picture())).toEqual(plain(before))
    expect(await call('POST', `/runs/${redBatch}/undo`, {})).toMatchObject({
      status: 409,
      body: { code: 'nothing_to_undo' },
    })
    // The next night leaves these deals alone.
    expect((await preview(red)).changes).toEqual([])
  }, 240_000)

  /** Starts a mark or a task on deals that were chosen by hand, the preview first. */
  const byHand = async (action: 'mark' | 'task', dealIds: string[]) => {
    const shown = (await call<WriteBackPreview>('POST', '/deals/preview', { action, dealIds })).body
    // Deals of people who have left have nobody to give a task to.
    expect(shown.changes.length).toBeGreaterThan(dealIds.length / 2)
    const started = await call<WriteBackStarted>('POST', '/deals', { action, dealIds, hash: shown.hash })
    expect(started.status).toBe(202)
    return { batchId: started.body.batchId, reached: shown.changes.map(({ dealId }) => dealId) }
  }
  const disturb = (): void => {
    for (const on of source.writes) {
      sandbox.faults.add({ kind: 'drop', on, after: 2 })
      sandbox.faults.add({ kind: 'error', on, status: 503, code: 'QUERY_LIMIT_EXCEEDED', after: 4 })
      sandbox.faults.add({ kind: 'reset', on, after: 6 })
    }
  }

  it('goes on where it stopped when the worker is killed, and makes no task twice', async () => {
    disturb()
    const { batchId, reached } = await byHand('task', flagged)
    taskBatch = batchId
    await eventually(
      'some of the writing',
      async () => (await runOf(taskBatch)).written,
      written => written >= 3,
      60_000,
    )
    const [worker] = product.workers()
    process.kill(worker ?? 0, 'SIGKILL')
    const { waiting } = await runOf(taskBatch)
    expect(waiting).toBeGreaterThan(0)
    expect(await finished(taskBatch)).toMatchObject({ written: reached.length, refused: 0 })
    sandbox.faults.clear()
    const ours = source.picture().tasks.filter(line => line.includes('Планёрка: '))
    expect(new Set(ours).size).toBe(ours.length)
    expect(ours).toHaveLength(reached.length)
  }, 300_000)

  it('gets its marks through a CRM that drops answers, and goes on after a refusal', async () => {
    const dealIds = flagged.slice(0, 8)
    disturb()
    if (source.refusing !== null)
      sandbox.faults.add({ kind: 'error', on: source.refusing, status: 400, code: 'ACCESS_DENIED', after: 8 })
    const { batchId } = await byHand('mark', dealIds)
    markBatch = batchId
    const refused = source.refusing === null ? 0 : 1
    expect(await finished(markBatch)).toMatchObject({ written: dealIds.length - refused, refused })
    sandbox.faults.clear()
    const { marks } = source.picture()
    const reached = dealIds.filter(id => marks[id]?.some(mark => OURS.test(mark)))
    expect(reached).toHaveLength(dealIds.length - refused)
  }, 300_000)

  it('leaves alone what people did meanwhile, and says so', async () => {
    const marked = (await entries(markBatch)).find(({ state }) => state === 'written')
    const tasked = (await entries(taskBatch))[0]
    source.wipeMark(marked?.dealId ?? '')
    source.completeTask(tasked?.dealId ?? '')
    await source.settled()
    expect((await call('POST', `/runs/${taskBatch}/undo`, { entryId: tasked?.id })).status).toBe(202)
    for (const batch of [taskBatch, markBatch]) {
      expect((await call('POST', `/runs/${batch}/undo`, {})).status).toBe(202)
      await finished(batch)
    }
    const told = (await entries(taskBatch)).find(({ id }) => id === tasked?.id)
    expect(told).toMatchObject({ state: 'left', note: 'done_by_person' })
    expect(plain(source.picture())).toEqual(plain(before))
  }, 300_000)
})
