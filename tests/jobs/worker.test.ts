import type { PgBoss } from 'pg-boss'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config.ts'
import { VendorError } from '../../src/errors.ts'
import { createInstallations, type Installations } from '../../src/installations/installations.ts'
import { createQueue, type Queue } from '../../src/jobs/queue.ts'
import { openBoss, slotId } from '../../src/jobs/queues.ts'
import { createTick } from '../../src/jobs/ticker.ts'
import { releaseOrphans, startWorker, type Worker } from '../../src/jobs/worker.ts'
import { silentLogger } from '../../src/logger.ts'
import type { Store } from '../../src/store/open-store.ts'
import { syncReport } from '../../src/sync/report.ts'
import { createFake, dealRow, type Fake, type FakePortal } from '../installations/fake-vendor.ts'
import { KEY, request, type TestDatabase, testDatabase } from '../installations/rooms.ts'

const clock: Clock = systemClock
const log = silentLogger
const config = readConfig({
  PUBLIC_URL: 'http://127.0.0.1:3000',
  SECRET_KEY: KEY.toString('base64'),
})

/** One process of the product: its own pool, queue and, if it works, worker. */
type Process = {
  store: Store
  boss: PgBoss
  queue: Queue
  installations: Installations
  worker: Worker | null
}

let database: TestDatabase
let fake: Fake
let web: Process
let workers: Process[]
let portal: FakePortal
let id: string
let count = 0

const openProcess = async (isWorker: boolean): Promise<Process> => {
  const store = await database.open(clock)
  const boss = await openBoss(store, { isWorker, log })
  const queue = createQueue({ boss, store, clock })
  const installations = createInstallations({
    store,
    vendors: [fake.vendor],
    config: { SECRET_KEY: [KEY] },
    clock,
    log,
    onInstalled: async installed => void (await queue.sync(installed, { full: true })),
    onChanged: async () => {},
  })
  const worker = isWorker
    ? await startWorker({ boss, queue, store, installations, config, clock, log })
    : null
  return { store, boss, queue, installations, worker }
}

beforeAll(async () => {
  database = await testDatabase()
  fake = createFake(() => clock.now().getTime())
  web = await openProcess(false)
  workers = [await openProcess(true), await openProcess(true)]
}, 180_000)
afterAll(async () => {
  for (const { worker } of workers ?? []) await worker?.stop()
  await web?.boss.stop({ graceful: false })
  await database?.close()
}, 60_000)
beforeEach(() => {
  count += 1
  fake.onCall = null
  portal = fake.addPortal(`jobs${count}`, { dealCount: 60 })
})

const install = async (): Promise<string> => {
  const { refresh } = portal.issue()
  const made = await web.installations.install(fake.vendor, request({ portal: portal.key, refresh }))
  return made.installation.id
}
const until = async (what: string, isIt: () => Promise<boolean>): Promise<void> => {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (await isIt()) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`${what} never came`)
}
const ended = (run: string) =>
  until('the end of the run', async () => (await web.store.syncRuns.find(id, run))?.outcome !== 'running')
const report = () => syncReport(web.store, id)
const backfills = () => portal.requests.filter(name => name === 'backfill:deals>0').length

describe('the queue', () => {
  test('reads a new portal, builds a first snapshot and fills the weeks before', async () => {
    id = await install()
    await until('a first snapshot', async () => (await web.store.snapshots.list(id)).length > 0)
    await until('the weeks', async () => (await web.store.snapshots.list(id)).length > 2)
    expect(await report()).toMatchObject({ outcome: 'done', counts: { deals: 60 } })
  }, 90_000)

  test('reads once when two ask for the same, and tells both the same run', async () => {
    id = await install()
    await until('the first reading', async () => (await report()).lastFinishedAt !== null)
    const [one, two] = [
      await web.queue.sync(id, { full: true }),
      await workers[0]!.queue.sync(id, { full: true }),
    ]
    expect(two).toBe(one)
    expect((await report()).run).toBe(one)
    await ended(one)
    expect(backfills()).toBe(2)
  }, 90_000)

  test('goes on with a reading whose worker was stopped, where it stopped', async () => {
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    let pages = 0
    fake.pageSize = 20
    fake.onCall = async (_portal, call) => {
      if (call === 'backfill' && ++pages === 4) await held
    }
    id = await install()
    await until('the middle of the reading', async () => pages >= 4)
    // The worker that has it stops; the other one is still there.
    const stopping = Promise.all(workers.map(({ worker }) => worker?.stop()))
    release()
    await stopping
    fake.onCall = null
    expect((await report()).outcome).toBe('running')
    workers = [await openProcess(true)]
    await until('the end', async () => (await report()).outcome === 'done')
    expect(await report()).toMatchObject({ counts: { deals: 60, stageMoves: 60, tasks: 30 } })
    expect(backfills()).toBe(1)
    fake.pageSize = 50
  }, 120_000)

  test('writes into the CRM after the nightly figures where that is on, and nowhere else', async () => {
    id = await install()
    await until('the weeks', async () => (await web.store.snapshots.list(id)).length > 2)
    expect(portal.requests.filter(name => /^(apply|observe)/.test(name))).toEqual([])
    const writeBack = { tag: true, field: false, nextStepTask: false, level: 'amber' as const }
    await web.store.installations.changeSettings(id, settings => ({ ...settings, writeBack }), 'test')
    await ended(await web.queue.sync(id, { full: true }))
    await until('the marks', async () => portal.marks.size > 0)
    await until('the end of the run', async () => (await web.store.journal.pending(id)).length === 0)
    expect((await web.store.journal.runs(id))[0]).toMatchObject({ origin: 'schedule', refused: 0 })
  }, 120_000)

  test('gives the jobs of a dead worker back', async () => {
    id = await install()
    await until('the first reading', async () => (await report()).lastFinishedAt !== null)
    // A worker that took a job and was killed: nobody is at work on it.
    await web.boss.send(
      'upkeep',
      { task: 'prune' },
      { id: slotId('test', String(count)), singletonKey: 'dead' },
    )
    await web.store.pool.query(
      `update pgboss.job set state = 'active', started_on = now() where id = $1 and state = 'created'`,
      [slotId('test', String(count))],
    )
    const stateOf = async () =>
      (await web.boss.findJobs('upkeep', { id: slotId('test', String(count)) }))[0]?.state
    if ((await stateOf()) === 'active') expect(await releaseOrphans(web.boss)).toBeGreaterThanOrEqual(1)
    await until('the job', async () => (await stateOf()) === 'completed')
  }, 90_000)

  test('answers a snapshot when it is stored', async () => {
    id = await install()
    await until('the first reading', async () => (await report()).lastFinishedAt !== null)
    const asOf = new Date(clock.now().getTime() - 1000)
    await web.queue.snapshot(id, asOf)
    expect(await web.store.snapshots.find(id, asOf)).not.toBeNull()
  }, 90_000)

  test('works off hints soon after they came, however often it is nudged', async () => {
    id = await install()
    await until('the first reading', async () => (await report()).outcome === 'done')
    portal.put('deals', dealRow(5, { title: 'told by an event' }))
    await web.installations.receive(
      fake.vendor,
      request({
        portal: portal.key,
        secret: portal.eventSecret,
        events: [
          {
            type: 'changed',
            entity: 'deal',
            id: '5',
            action: 'updated',
            at: clock.now(),
            actorToken: null,
            actorId: null,
            actorClass: 'unknown',
          },
        ],
      }),
    )
    const before = portal.requests.filter(name => name.startsWith('fetch')).length
    await Promise.all(Array.from({ length: 20 }, () => web.queue.nudge(id)))
    await until('the hint', async () => (await web.store.crmEvents.waiting(id, 5)).length === 0)
    expect(portal.requests.filter(name => name.startsWith('fetch')).length).toBe(before + 1)
  }, 90_000)

  test('does not hammer a portal that took its access back', async () => {
    id = await install()
    await until('the first reading', async () => (await report()).lastFinishedAt !== null)
    portal.access.clear()
    portal.refresh.clear()
    await ended(await web.queue.sync(id, { full: false }))
    expect(await report()).toMatchObject({ outcome: 'failed' })
    expect((await web.installations.load(id)).status).toBe('reauth_required')
    const asked = portal.requests.length
    await ended(await web.queue.sync(id, { full: false }))
    expect(portal.requests.length).toBe(asked)
  }, 90_000)

  test('retries a reading that failed for a passing reason', async () => {
    let failures = 0
    fake.onCall = (_portal, call, detail) => {
      if (call === 'backfill' && detail.startsWith('tasks') && failures < 1) {
        failures += 1
        throw new Error('a stumble of our own')
      }
    }
    id = await install()
    await until('the end', async () => (await report()).outcome === 'done')
    expect(failures).toBe(1)
    expect(backfills()).toBe(1)
  }, 90_000)
})

describe('the ticker', () => {
  test('queues each slot once, however many processes tick', async () => {
    id = await install()
    const tick = (one: Process) =>
      createTick({ ...one, times: { nightlyAt: '02:00', digestAt: '08:30' }, clock, log })
    const counts = await Promise.all([tick(web), tick(workers[0]!), tick(web)].map(one => one()))
    const again = await tick(web)()
    expect(counts.reduce((sum, queued) => sum + queued, 0)).toBeGreaterThan(0)
    expect(again).toBe(0)
    const due = new Set<string>()
    const { rows } = await web.store.pool.query<{ id: string }>(
      `select id from pgboss.job where data->>'installationId' = $1 and name = 'sync' and data->>'kind' = 'incremental'`,
      [id],
    )
    for (const row of rows) due.add(row.id)
    expect(rows.length).toBe(due.size)
  }, 60_000)

  test('tells that a silent run is over', async () => {
    id = await install()
    await web.store.pool.query(
      `insert into sync_runs (installation_id, run_id, kind, phase, started_at, heartbeat_at, outcome)
       values ($1, 'silent', 'incremental', 'changes', now() - interval '1 hour', now() - interval '1 hour', 'running')`,
      [id],
    )
    await createTick({ ...web, times: { nightlyAt: '02:00', digestAt: '08:30' }, clock, log })()
    expect((await web.store.syncRuns.find(id, 'silent'))?.outcome).toBe('failed')
  }, 60_000)
})

test('errors that only a person can mend are told apart from passing ones', async () => {
  const { isWorthRetrying } = await import('../../src/jobs/sync-job.ts')
  expect(isWorthRetrying(new VendorError('unavailable', 'x', 'x'))).toBe(true)
  expect(isWorthRetrying(new VendorError('rate_limited', 'x', 'x'))).toBe(true)
  expect(isWorthRetrying(new Error('database'))).toBe(true)
  expect(isWorthRetrying(new VendorError('auth_revoked', 'x', 'x'))).toBe(false)
  expect(isWorthRetrying(new VendorError('unavailable', 'x', 'x', { verdict: 'suspended' }))).toBe(false)
})
