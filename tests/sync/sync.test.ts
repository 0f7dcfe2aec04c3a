import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MINUTE } from '../../src/clock.ts'
import { VendorError } from '../../src/errors.ts'
import { silentLogger } from '../../src/logger.ts'
import type { SyncKind } from '../../src/store/sync-runs.ts'
import { runFull } from '../../src/sync/full.ts'
import { runHints } from '../../src/sync/hints.ts'
import { runIncremental } from '../../src/sync/incremental.ts'
import { runReconcile } from '../../src/sync/reconcile.ts'
import { syncProgress, syncReport } from '../../src/sync/report.ts'
import { execute, type SyncDeps } from '../../src/sync/run.ts'
import { dealRow, type FakePortal, moveRow, taskRow } from '../installations/fake-vendor.ts'
import {
  installInto,
  openRooms,
  type Rooms,
  request,
  type TestDatabase,
  testClock,
  testDatabase,
} from '../installations/rooms.ts'

let database: TestDatabase
let rooms: Rooms
let deps: SyncDeps
let portal: FakePortal
let id: string
let usable: string[] = []
let count = 0

beforeAll(async () => {
  database = await testDatabase()
  const clock = testClock()
  rooms = openRooms({ store: await database.open(clock), clock })
  deps = { store: rooms.store, installations: rooms.installations, clock, log: silentLogger }
}, 120_000)
afterAll(() => database?.close())
beforeEach(async () => {
  count += 1
  rooms.fake.onCall = null
  rooms.fake.pageSize = 50
  usable = []
  portal = rooms.fake.addPortal(`portal${count}`)
  id = await installInto(rooms, portal)
  portal.requests.length = 0
})

const onRightsLost = (installationId: string) => rooms.installations.loseRights(installationId)
const onUsable = async (installationId: string) => void usable.push(installationId)

const run = (
  kind: Exclude<SyncKind, 'hints'>,
  given: { runId?: string; signal?: AbortSignal; withDirectory?: boolean } = {},
): Promise<void> => {
  const { runId = randomUUID(), signal = new AbortController().signal, withDirectory = false } = given
  rooms.clock.advance(1000)
  return execute(deps, { installationId: id, runId, kind, signal }, one => {
    if (kind === 'full') return runFull(one, { onUsable, onRightsLost })
    if (kind === 'reconcile') return runReconcile(one, onRightsLost)
    return runIncremental(one, { withDirectory, onRightsLost, onUpdated: async () => {} })
  })
}
const hints = () =>
  runHints(deps, { installationId: id, signal: new AbortController().signal, withDirectory: false })
const counts = () => rooms.store.counts(id)
const report = () => syncReport(rooms.store, id)
const storedDeal = async (dealId: string) => {
  const { rows } = await rooms.store.pool.query(
    'select * from deals where installation_id = $1 and deal_id = $2',
    [id, dealId],
  )
  return rows[0]
}
const moverOf = async (moveId: string) => {
  const { rows } = await rooms.store.pool.query(
    'select moved_by, actor_class from stage_moves where installation_id = $1 and move_id = $2',
    [id, moveId],
  )
  return rows[0]
}

describe('the first reading', () => {
  test('stores everything, says when there is something to look at, and ends with a report', async () => {
    await run('full')
    expect(await counts()).toMatchObject({ users: 3, pipelines: 1, deals: 120, stageMoves: 120, tasks: 60 })
    expect(usable).toEqual([id])
    const { requests, lastFinishedAt, ...rest } = await report()
    expect(rest).toMatchObject({ phase: 'idle', progress: 1, outcome: 'done', lastError: null, rejected: 0 })
    expect(requests).toBeGreaterThan(5)
    expect(lastFinishedAt).not.toBeNull()
  })

  test('remembers the plan of the portal, which limits depend on', async () => {
    await rooms.store.installations.update(id, { licence: 'an earlier one' })
    await run('full')
    expect((await rooms.installations.load(id)).licence).toBe('std')
  })

  test('begins with deals and their history and says as soon as both are in', async () => {
    let whenUsable: unknown = null
    await execute(
      deps,
      { installationId: id, runId: randomUUID(), kind: 'full', signal: new AbortController().signal },
      one =>
        runFull(one, {
          onRightsLost,
          async onUsable() {
            whenUsable = await counts()
          },
        }),
    )
    const begun = portal.requests.flatMap(name => /^backfill:(\w+)>/.exec(name)?.[1] ?? [])
    expect([...new Set(begun)].slice(0, 2).toSorted()).toEqual(['deals', 'moves'])
    expect(whenUsable).toMatchObject({ deals: 120, stageMoves: 120 })
  })

  test('killed in the middle goes on from the last saved page under its own name', async () => {
    const runId = randomUUID()
    const killed = new AbortController()
    rooms.fake.onCall = async (_portal, call) => {
      // Whatever was under way is dropped on the floor, as kill -9 does.
      if (call === 'backfill' && (await counts()).deals > 0) killed.abort(new Error('killed'))
    }
    await expect(run('full', { runId, signal: killed.signal })).rejects.toThrow()
    expect((await report()).outcome).toBe('running')
    const before = await counts()
    expect(before.deals).toBeGreaterThan(0)
    expect(before.deals).toBeLessThan(120)

    rooms.fake.onCall = null
    portal.requests.length = 0
    await run('full', { runId })
    expect(await counts()).toMatchObject({ deals: 120, stageMoves: 120, tasks: 60 })
    expect(portal.requests).not.toContain('backfill:deals>0')
    expect(await report()).toMatchObject({ run: runId, outcome: 'done' })
  })

  test('waits out limits and short failures without failing', async () => {
    let failures = 0
    const told: (Date | null)[] = []
    rooms.fake.onCall = async (_portal, call) => {
      if (call !== 'backfill') return
      failures += 1
      if (failures % 3 === 1)
        throw new VendorError('rate_limited', 'slow_down', 'x', { retryAfterMs: 10_000 })
      if (failures % 3 === 2) throw new VendorError('unavailable', 'http_502', 'x')
      told.push((await rooms.store.syncRuns.latest(id))?.waitingUntil ?? null)
    }
    await run('full')
    expect(await counts()).toMatchObject({ deals: 120, stageMoves: 120, tasks: 60 })
    expect((await report()).outcome).toBe('done')
  })

  test('gives up on a portal that stays down, says why, and is mended by a later run', async () => {
    rooms.fake.onCall = (_portal, call) => {
      if (call === 'backfill') throw new VendorError('unavailable', 'http_500', 'down')
    }
    await expect(run('full')).rejects.toMatchObject({ code: 'http_500' })
    expect(await report()).toMatchObject({ outcome: 'failed', lastFinishedAt: null })
    expect((await report()).lastError).toContain('http_500')
    rooms.fake.onCall = null
    await run('full')
    expect(await report()).toMatchObject({ outcome: 'done', lastError: null })
  })

  test('catches rows that change between its pages', async () => {
    let moved = false
    rooms.fake.onCall = (one, call, detail) => {
      if (call !== 'backfill' || !detail.startsWith('deals') || detail === 'deals>0' || moved) return
      moved = true
      // Behind the reader, ahead of it, new, and gone.
      one.put('deals', dealRow(1, { stageId: 'TALK', title: 'changed behind' }))
      one.put('deals', dealRow(110, { title: 'changed ahead' }))
      one.put('deals', dealRow(500, { title: 'new' }))
    }
    await run('full')
    expect((await storedDeal('1')).title).toBe('changed behind')
    expect((await storedDeal('110')).title).toBe('changed ahead')
    expect((await storedDeal('500')).title).toBe('new')
  })

  test('counts what fails its schema and goes on', async () => {
    portal.rejected.push({ kind: 'deal', id: '7777', reason: 'stage: is required' })
    await run('full')
    expect(await report()).toMatchObject({ outcome: 'done', rejected: 1 })
    expect(await counts()).toMatchObject({ deals: 120 })
  })
})

describe('a later full reading', () => {
  test('marks what is gone', async () => {
    await run('full')
    for (const dealId of ['5', '6', '7']) portal.remove('deals', dealId)
    await run('full')
    expect((await counts()).deals).toBe(117)
    expect((await storedDeal('5')).deleted_at).not.toBeNull()
  })

  test('does not believe that most deals are gone when our person lost his rights', async () => {
    await run('full')
    rooms.fake.onCall = (one, call) => {
      if (call !== 'backfill') return
      // From the second question on the portal shows next to nothing, as to anybody without rights.
      one.isAdmin = false
      for (let dealId = 20; dealId <= 120; dealId += 1) one.remove('deals', String(dealId))
    }
    await expect(run('full')).rejects.toMatchObject({ code: 'admin_lost' })
    expect((await counts()).deals).toBe(120)
    const { status, statusReason } = await rooms.installations.load(id)
    expect(status).toBe('reauth_required')
    expect(statusReason).toContain('administrator')
  })

  test('believes it when the token still sees everything', async () => {
    await run('full')
    for (let dealId = 20; dealId <= 120; dealId += 1) portal.remove('deals', String(dealId))
    await run('full')
    expect((await counts()).deals).toBe(19)
  })

  test('changes nothing when nothing changed', async () => {
    await run('full')
    const versions = async () =>
      (
        await rooms.store.pool.query(
          'select count(*)::int as n from deal_versions where installation_id = $1',
          [id],
        )
      ).rows[0].n
    const before = [await counts(), await versions()]
    rooms.clock.advance(60 * MINUTE)
    await run('full')
    expect([await counts(), await versions()]).toEqual(before)
  })
})

describe('an increment', () => {
  test('brings what changed, in few requests', async () => {
    await run('full')
    portal.requests.length = 0
    portal.put('deals', dealRow(3, { title: 'renamed' }))
    portal.put('deals', dealRow(121))
    portal.put('moves', moveRow(121, 121))
    await run('incremental')
    expect((await storedDeal('3')).title).toBe('renamed')
    expect(await counts()).toMatchObject({ deals: 121, stageMoves: 121 })
    expect(portal.requests.filter(name => name.startsWith('changes')).length).toBeLessThanOrEqual(8)
  })

  test('after a long break still tells who moved a deal', async () => {
    await run('full')
    const movedAt = new Date(rooms.clock.now().getTime() + MINUTE)
    rooms.clock.advance(20 * 24 * 60 * MINUTE)
    portal.put('deals', dealRow(5, { movedBy: '2', movedAt }))
    portal.put('moves', moveRow(122, 5, { kind: 'moved', at: movedAt }))
    await run('incremental')
    expect(await moverOf('122')).toEqual({ moved_by: '2', actor_class: 'person' })
  })

  test('finds what events never told, and what came while it read', async () => {
    await run('full')
    portal.put('tasks', taskRow(9, { dealIds: ['9'] }))
    rooms.fake.onCall = (one, call, detail) => {
      if (call === 'changes' && detail.startsWith('tasks')) {
        rooms.fake.onCall = null
        one.put('tasks', taskRow(11, { dealIds: ['11'] }))
      }
    }
    await run('incremental')
    await run('incremental')
    expect((await counts()).tasks).toBe(62)
  })

  test('that fails keeps its place: the next one brings everything', async () => {
    await run('full')
    for (let dealId = 1; dealId <= 120; dealId += 1)
      portal.put('deals', dealRow(dealId, { title: `again ${dealId}` }))
    rooms.fake.onCall = (_portal, call, detail) => {
      if (call === 'changes' && detail === 'deals>50') throw new VendorError('rejected', 'bad_call', 'x')
    }
    await expect(run('incremental')).rejects.toMatchObject({ code: 'bad_call' })
    rooms.fake.onCall = null
    await run('incremental')
    for (const dealId of ['1', '60', '120']) expect((await storedDeal(dealId)).title).toBe(`again ${dealId}`)
  })

  test('reads the pipelines again when it meets a stage it does not know', async () => {
    await run('full')
    portal.directory.stages.push({
      id: 'NEGOTIATE',
      pipelineId: '0',
      name: 'Negotiation',
      sort: 2,
      outcome: 'open',
      color: null,
    })
    portal.put('deals', dealRow(4, { stageId: 'NEGOTIATE' }))
    await run('incremental')
    const stages = await rooms.store.directory.stages(id)
    expect(stages.map(stage => stage.id)).toContain('NEGOTIATE')
  })

  test('needs a full reading first', async () => {
    await expect(run('incremental')).rejects.toMatchObject({ code: 'sync_needs_full' })
  })
})

describe('hints', () => {
  const receive = (events: object[]) =>
    rooms.installations.receive(
      rooms.fake.vendor,
      request({
        portal: portal.key,
        secret: portal.eventSecret,
        events: events.map(event => ({
          type: 'changed',
          entity: 'deal',
          action: 'updated',
          at: rooms.clock.now(),
          actorToken: null,
          actorId: null,
          actorClass: 'unknown',
          ...event,
        })),
      }),
    )

  test('tell who moved a deal, and the token is dropped', async () => {
    await run('full')
    const at = rooms.clock.now()
    portal.actors.set('token-of-anna', '2')
    portal.put('deals', dealRow(8, { stageId: 'TALK', movedAt: at }))
    portal.put('moves', moveRow(900, 8, { at, kind: 'moved', stageId: 'TALK' }))
    await receive([{ id: '8', action: 'moved', at, actorToken: 'token-of-anna', actorClass: 'person' }])
    await hints()
    expect((await storedDeal('8')).stage_id).toBe('TALK')
    expect(await moverOf('900')).toEqual({ moved_by: '2', actor_class: 'person' })
    const { rows } = await rooms.store.pool.query(
      'select sealed_actor_token from crm_events where installation_id = $1',
      [id],
    )
    expect(rows).toEqual([{ sealed_actor_token: null }])
  })

  const editsOf = async (dealId: string) => {
    const found = []
    for await (const dossiers of rooms.store.facts.dossiers(id, { dealIds: [dealId] }))
      for (const { edits = [] } of dossiers) found.push(...edits)
    return found
  }

  test('date what a person saved by the moment of the save, not by our reading', async () => {
    await run('full')
    rooms.clock.advance(1000)
    const at = rooms.clock.now()
    portal.actors.set('token-of-anna', '2')
    rooms.clock.advance(40_000)
    portal.put('deals', dealRow(8, { amount: 5, closeOn: '2026-12-01', fields: { need: '#1' } }))
    portal.put('deals', dealRow(9, { amount: 5 }))
    await receive([
      { id: '8', at, actorToken: 'token-of-anna', actorClass: 'person' },
      { id: '9', at, actorClass: 'robot' },
    ])
    await hints()
    expect(await editsOf('8')).toEqual([{ at: at.getTime(), knownAt: rooms.clock.now().getTime(), by: '2' }])
    expect(await editsOf('9')).toEqual([])
    // Found by a later reading alone: whose it was, and when, nobody told.
    portal.put('deals', dealRow(10, { amount: 5, updatedBy: '2' }))
    await run('incremental')
    expect(await editsOf('10')).toEqual([])
  })

  test('take no write of our own for somebody’s save', async () => {
    await run('full')
    const { rows } = await rooms.store.pool.query('select user_id from tokens where installation_id = $1', [
      id,
    ])
    portal.actors.set('our-token', rows[0].user_id)
    await rooms.store.journal.plan(id, [{ entryId: 'e1', batchId: 'b1', kind: 'mark', dealId: '8' }])
    await rooms.store.journal.tried(id, 'e1')
    await rooms.store.journal.applied(id, 'e1')
    portal.put('deals', dealRow(8, { fields: { mark: 'red' } }))
    await receive([{ id: '8', actorToken: 'our-token', actorClass: 'person' }])
    await hints()
    await run('incremental')
    expect((await storedDeal('8')).fields).toEqual({ mark: 'red' })
    expect(await editsOf('8')).toEqual([])
  })

  test('with a worthless token leave the mover unknown', async () => {
    await run('full')
    const at = rooms.clock.now()
    portal.put('moves', moveRow(901, 9, { at, kind: 'moved', stageId: 'TALK' }))
    await receive([{ id: '9', action: 'moved', at, actorToken: 'nobody', actorClass: 'person' }])
    await hints()
    expect(await moverOf('901')).toEqual({ moved_by: null, actor_class: 'unknown' })
  })

  test('about a deleted deal are looked up before they are believed', async () => {
    await run('full')
    portal.remove('deals', '10')
    await receive([
      { id: '10', action: 'deleted' },
      { id: '11', action: 'deleted' },
    ])
    await hints()
    expect((await storedDeal('10')).deleted_at).not.toBeNull()
    expect((await storedDeal('11')).deleted_at).toBeNull()
  })

  test('in any number lead to few requests', async () => {
    await run('full')
    portal.requests.length = 0
    portal.actors.set('token', '2')
    await receive(
      Array.from({ length: 120 }, (_, index) => ({
        id: String(index + 1),
        actorToken: 'token',
        actorClass: 'person',
      })),
    )
    await hints()
    expect(portal.requests.length).toBeLessThan(8)
    expect(await rooms.store.crmEvents.waiting(id, 10)).toEqual([])
  })

  test('that cannot be worked off now wait for the next time', async () => {
    await run('full')
    await receive([{ id: '12' }])
    rooms.fake.onCall = () => {
      throw new VendorError('rejected', 'no', 'x')
    }
    await expect(hints()).rejects.toMatchObject({ code: 'no' })
    expect(await rooms.store.crmEvents.waiting(id, 10)).toHaveLength(1)
    rooms.fake.onCall = null
    expect(await hints()).toBe(1)
  })
})

describe('the weekly reconciliation', () => {
  test('marks what vanished without an event', async () => {
    await run('full')
    portal.remove('deals', '30')
    portal.remove('tasks', '4')
    await run('reconcile')
    expect(await counts()).toMatchObject({ deals: 119, tasks: 59 })
  })

  test('marks nothing when our person sees less than before', async () => {
    await run('full')
    portal.isAdmin = false
    for (let dealId = 1; dealId <= 100; dealId += 1) portal.remove('deals', String(dealId))
    await expect(run('reconcile')).rejects.toMatchObject({ code: 'admin_lost' })
    expect(await counts()).toMatchObject({ deals: 120 })
  })
})

describe('the report', () => {
  test('follows a reading from nothing to everything, never backwards', async () => {
    const seen: number[] = []
    let watching = Promise.resolve()
    rooms.fake.pageSize = 10
    rooms.fake.onCall = async (_portal, call) => {
      if (call !== 'backfill') return
      // One look after another, as somebody who watches has them.
      watching = watching.then(async () => void seen.push((await report()).progress))
      await watching
    }
    await run('full')
    expect(seen[0]).toBe(0)
    for (let index = 1; index < seen.length; index += 1)
      expect(seen[index] ?? 0).toBeGreaterThanOrEqual(seen[index - 1] ?? 0)
    expect(Math.max(...seen)).toBeLessThan(1)
    expect((await report()).progress).toBe(1)
  })

  test('shows people each step with what is there and what is to come', async () => {
    let middle: Awaited<ReturnType<typeof syncProgress>> | null = null
    rooms.fake.onCall = async (_portal, call, detail) => {
      if (call === 'backfill' && detail === 'deals>100')
        middle = await syncProgress(rooms.store, id, rooms.fake.vendor.feeds)
    }
    await run('full')
    expect(middle).toMatchObject({ phase: 'backfill', outcome: 'running', isUsable: false })
    const steps = (middle as unknown as Awaited<ReturnType<typeof syncProgress>>).steps
    expect(steps.map(({ step }) => step)).toEqual(['people', 'pipelines', 'deals', 'history', 'tasks'])
    expect(steps[0]).toMatchObject({ state: 'done', done: 3 })
    expect(steps[2]).toMatchObject({ state: 'running', total: 120 })
    expect(steps[4]).toMatchObject({ state: 'waiting' })
    const end = await syncProgress(rooms.store, id, rooms.fake.vendor.feeds)
    expect(end.steps.every(({ state }) => state === 'done')).toBe(true)
  })

  test('keeps the last good end when a later run fails', async () => {
    await run('full')
    const { lastFinishedAt } = await report()
    rooms.clock.advance(MINUTE)
    rooms.fake.onCall = (_portal, call) => {
      if (call === 'changes') throw new VendorError('rejected', 'broken', 'x')
    }
    await run('incremental').catch(() => {})
    expect(await report()).toMatchObject({ lastFinishedAt, outcome: 'failed' })
    expect((await report()).lastError).toContain('broken')
  })
})
