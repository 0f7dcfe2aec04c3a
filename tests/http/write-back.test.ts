import request from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createWriteBack, type WriteBackRoom } from '../../src/deliver/write-back/write-back.ts'
import { silentLogger } from '../../src/logger.ts'
import type { SnapshotParts } from '../../src/snapshot/document.ts'
import { createSnapshotReader } from '../../src/snapshot/read.ts'
import type { Store } from '../../src/store/open-store.ts'
import type { Observed, Portal, WriteBack } from '../../src/vendors/vendor.ts'
import { ADMIN_TOKEN, deals, parts, settings, snapshotInfo, type World } from './fakes.ts'
import { openStoredWorld, type StoredWorld } from './stored-world.ts'

/** Write-back over HTTP and the real store: who may do what, and what the journal remembers. */

const RED = 'Планёрка: зависла'
/** The CRM: tags of ours by deal, and tasks. */
const crm = { marks: new Map<string, string | null>(), tasks: new Map<string, Observed['tasks'][number]>() }
let stored: StoredWorld
let world: World
let store: Store
let room: WriteBackRoom
let app: StoredWorld['app']

const portal = {
  observe: async ({ dealIds, taskIds }: { dealIds: string[]; taskIds: string[] }): Promise<Observed> => ({
    deals: dealIds.filter(id => crm.marks.has(id)).map(id => ({ id, mark: crm.marks.get(id) ?? null })),
    tasks: taskIds.flatMap(id => crm.tasks.get(id) ?? []),
  }),
  apply: async (change: WriteBack) => {
    if (change.kind === 'mark') crm.marks.set(change.dealId, change.to)
    if (change.kind === 'task') {
      const id = `t${crm.tasks.size + 1}`
      crm.tasks.set(id, { ...change, id, isOpen: true })
      return id
    }
    if (change.kind === 'removeTask') crm.tasks.delete(change.taskId)
    return null
  },
} as unknown as Portal

const install = async (): Promise<void> => {
  await store.pool.query('delete from write_journal')
  await store.pool.query('update installations set settings = $1', [JSON.stringify(settings)])
  crm.marks.clear()
  for (const { dealId } of deals) crm.marks.set(dealId, null)
  crm.tasks.clear()
}

beforeAll(async () => {
  stored = await openStoredWorld({ portal, writeBack: async id => void (await room.work(id)) })
  world = stored.world
  store = stored.store
  app = stored.app
  const { installations } = stored
  const snapshots = createSnapshotReader(store, async () => settings.calendar)
  room = createWriteBack({ store, installations, snapshots, clock: world.deps.clock, log: silentLogger })
}, 120_000)
afterAll(() => stored?.close())
beforeEach(install)

const tokens = new Map<string, string>()
const as = async (user: string, method: 'get' | 'post' | 'patch', path: string, body?: object) => {
  let token = tokens.get(user)
  if (token === undefined) {
    const page = await request(app).post('/bitrix24/app').type('form').send({ token: 'good', user })
    const ticket = /planerka-ticket" content="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const opened = await request(app).post('/api/v1/session').send({ ticket }).expect(200)
    token = String(opened.body.token)
    tokens.set(user, token)
  }
  const call = request(app)[method](`/api/v1${path}`).set('Authorization', `Bearer ${token}`)
  return body === undefined ? call : call.send(body)
}
const operator = (method: 'get' | 'post', path: string) =>
  request(app)[method](`/admin/v1/installations/i1${path}`).set('Authorization', `Bearer ${ADMIN_TOKEN}`)

const ALL = { marks: true, tasks: true, level: 'red' }
const turnOn = async (): Promise<string> => {
  const { body } = await as('1', 'post', '/write-back/preview', ALL)
  await as('1', 'patch', '/write-back', { ...ALL, hash: body.hash })
  return body.hash
}
const runAll = async (): Promise<string> => {
  const hash = await turnOn()
  return (await as('1', 'post', '/write-back/runs', { hash })).body.batchId
}

describe('who may write into the CRM', () => {
  test('an employee sees that it is off, and may do nothing about it', async () => {
    expect((await as('3', 'get', '/write-back')).body).toMatchObject({
      marks: false,
      canSwitch: false,
      canWrite: false,
    })
    for (const [method, path, body] of [
      ['post', '/write-back/preview', ALL],
      ['patch', '/write-back', ALL],
      ['post', '/write-back/runs', { hash: '0'.repeat(32) }],
      ['get', '/write-back/runs', undefined],
      ['get', '/write-back/runs/any', undefined],
      ['post', '/write-back/runs/any/undo', {}],
      ['post', '/write-back/deals/preview', { action: 'mark', dealIds: ['101'] }],
      ['post', '/write-back/deals', { action: 'mark', dealIds: ['101'], hash: '0'.repeat(32) }],
    ] as const) {
      const { status, body: problem } = await as('3', method, path, body)
      expect([path, status, problem.code]).toEqual([path, 403, 'not_allowed'])
    }
  })

  test('a head writes about the own branch and takes back only the own runs', async () => {
    const adminRun = await runAll()
    expect((await as('2', 'patch', '/write-back', ALL)).status).toBe(403)
    expect((await as('2', 'get', '/write-back/runs')).body).toEqual([])
    expect((await as('2', 'post', `/write-back/runs/${adminRun}/undo`, {})).body.code).toBe('not_allowed')
    const foreign = await as('2', 'post', '/write-back/deals/preview', { action: 'task', dealIds: ['501'] })
    expect([foreign.status, foreign.body.code]).toEqual([403, 'not_visible'])
    const unknown = await as('2', 'post', '/write-back/deals/preview', { action: 'task', dealIds: ['404'] })
    expect([unknown.status, unknown.body.code]).toEqual([404, 'deal_not_found'])
    await as('1', 'post', `/write-back/runs/${adminRun}/undo`, {})
    const own = { action: 'task', dealIds: ['101', '201'], title: 'Позвонить сегодня' }
    const { body: shown } = await as('2', 'post', '/write-back/deals/preview', own)
    expect(shown.changes.map(({ after }: { after: string }) => after)).toEqual([own.title, own.title])
    const started = await as('2', 'post', '/write-back/deals', { ...own, hash: shown.hash })
    expect([started.status, started.body.changes]).toEqual([202, 2])
    const [run] = (await as('2', 'get', '/write-back/runs')).body
    expect(run).toMatchObject({ origin: 'bulk', askedByName: 'Роман Руководитель', written: 2 })
    expect((await as('2', 'post', `/write-back/runs/${run.batchId}/undo`, {})).status).toBe(202)
    expect(crm.tasks.size).toBe(0)
  })

  test('nothing is switched on in passing: neither with other settings nor by an operator', async () => {
    const { status, body } = await as('1', 'patch', '/settings', { writeBack: { tag: true } })
    expect([status, body.code]).toEqual([409, 'preview_required'])
    const { body: shown } = await request(app)
      .patch('/admin/v1/installations/i1/settings')
      .set('Authorization', `Bearer ${ADMIN_TOKEN}`)
      .send({ writeBack: { nextStepTask: true } })
    expect(shown.code).toBe('preview_required')
    await turnOn()
    // Off needs no look.
    expect((await as('1', 'patch', '/settings', { writeBack: { tag: false } })).status).toBe(200)
    expect((await as('1', 'get', '/write-back')).body).toMatchObject({ marks: false, tasks: true })
    await operator('post', '/write-back/off').send({}).expect(200)
    expect((await as('1', 'get', '/write-back')).body).toMatchObject({ marks: false, tasks: false })
  })
})

describe('a run', () => {
  test('writes the plan that was looked at, and no other', async () => {
    const { body: shown } = await as('1', 'post', '/write-back/preview', ALL)
    // 901 has nobody to give a task to.
    expect(shown.changes).toHaveLength(4 + 3)
    const narrow = { ...ALL, tasks: false }
    expect((await as('1', 'patch', '/write-back', { ...narrow, hash: shown.hash })).body.code).toBe(
      'plan_changed',
    )
    expect((await as('1', 'patch', '/write-back', ALL)).body.code).toBe('preview_required')
    await as('1', 'patch', '/write-back', { ...ALL, hash: shown.hash }).then(({ status }) =>
      expect(status).toBe(200),
    )
    // Somebody marks a deal in the CRM between the look and the word.
    crm.marks.set('101', RED)
    expect((await as('1', 'post', '/write-back/runs', { hash: shown.hash })).body.code).toBe('plan_changed')
    crm.marks.set('101', null)
    const { body: started } = await as('1', 'post', '/write-back/runs', { hash: shown.hash })
    expect(started.changes).toBe(7)
    expect([...crm.marks.values()].filter(mark => mark === RED)).toHaveLength(4)
    expect((await as('1', 'post', '/write-back/preview', ALL)).body.changes).toEqual([])
    const own = await store.pool.query(`select item_id from own_items where item_kind = 'task'`)
    expect(own.rows).toHaveLength(3)
  })

  test('of the night writes the same when it is on, and nothing when it is off', async () => {
    expect(await room.startScheduled('i1')).toEqual({ changes: 0 })
    await turnOn()
    expect(await room.startScheduled('i1')).toEqual({ changes: 7 })
    // The job is tried again before anything was written: the same plan is not put down twice.
    expect(await room.startScheduled('i1')).toEqual({ changes: 0 })
    expect(await room.work('i1')).toMatchObject({ written: 7 })
    expect((await as('1', 'get', '/write-back/runs')).body[0]).toMatchObject({
      origin: 'schedule',
      askedByName: null,
    })
  })

  test('is taken back by an operator too, and is told entry by entry', async () => {
    const batch = await runAll()
    crm.marks.set('101', null)
    const told = (await as('1', 'get', `/write-back/runs/${batch}`)).body
    expect(told.every(({ canUndo }: { canUndo: boolean }) => canUndo)).toBe(true)
    const task = told.find(({ kind }: { kind: string }) => kind === 'task')
    expect((await as('1', 'post', `/write-back/runs/${batch}/undo`, { entryId: task.id })).body).toEqual({
      entries: 1,
    })
    expect((await as('1', 'post', `/write-back/runs/${batch}/undo`, { entryId: 'x' })).body.code).toBe(
      'entry_not_found',
    )
    await operator('post', `/write-back/runs/${batch}/undo`).send({}).expect(202)
    expect([...crm.marks.values()].every(mark => mark === null)).toBe(true)
    expect(crm.tasks.size).toBe(0)
    expect((await operator('post', `/write-back/runs/${batch}/undo`).send({})).body.code).toBe(
      'nothing_to_undo',
    )
    expect((await operator('post', '/write-back/runs/none/undo').send({})).body.code).toBe('run_not_found')
    expect((await operator('get', '/write-back/runs').expect(200)).body[0]).toMatchObject({
      undone: 7,
      undoUntil: null,
    })
  })

  test('is refused when the CRM hides most deals: it is our rights that are missing, not the deals', async () => {
    const asOf = new Date(snapshotInfo.asOf.getTime() + 3_600_000)
    const many = Array.from({ length: 30 }, (_, index) => ({ ...deals[0]!, dealId: `7${index}` }))
    await store.snapshots.save('i1', { ...snapshotInfo, asOf }, { ...parts, deals: many } as SnapshotParts)
    const { status, body } = await as('1', 'post', '/write-back/preview', ALL)
    expect([status, body.code]).toEqual([409, 'deals_not_shown'])
    await store.pool.query('delete from snapshots where as_of = $1', [asOf])
  })

  test('is refused, and not taken back any more, when a day has passed', async () => {
    const batch = await runAll()
    world.clock.move(25 * 3_600_000)
    tokens.clear()
    expect((await as('1', 'post', `/write-back/runs/${batch}/undo`, {})).body.code).toBe('undo_expired')
    expect((await as('1', 'post', '/write-back/preview', ALL)).body.code).toBe('snapshot_too_old')
    world.clock.move(-25 * 3_600_000)
    tokens.clear()
  })
})

describe('what comes back of a write', () => {
  const hint = (entity: 'deal' | 'task', entityId: string, more: object = {}) => ({
    entity,
    entityId,
    action: 'updated' as const,
    at: world.clock.now(),
    receivedAt: world.clock.now(),
    actorId: '1',
    actorClass: 'person' as const,
    sealedActorToken: null,
    ...more,
  })

  test('is forgotten: our own echo is nobody’s act, while a colleague’s and a later one stay', async () => {
    const expiresAt = new Date(world.clock.now().getTime() + 3_600_000)
    await store.tokens.save('i1', { userId: '1', sealedAccess: 'a', sealedRefresh: 'r', expiresAt }, false)
    await runAll()
    const [task] = crm.tasks.keys()
    await store.crmEvents.add('i1', [
      hint('deal', '101'),
      hint('task', task ?? ''),
      hint('deal', '201', { actorId: '4' }),
      hint('deal', '201', { actorId: null, actorClass: 'integration' }),
      hint('deal', '501', { action: 'moved' }),
      hint('deal', '501', { at: new Date(world.clock.now().getTime() + 60_000) }),
      hint('deal', '102'),
    ])
    // A write that the CRM refused long ago has no echo: what the same person does there now is theirs.
    await store.journal.plan('i1', [{ entryId: 'old', batchId: 'b', kind: 'mark', dealId: '102' }])
    const long = new Date(world.clock.now().getTime() - 600_000)
    await store.pool.query('update write_journal set tried_at = $1, note = $2 where entry_id = $3', [
      long,
      'refused',
      'old',
    ])
    expect(await store.crmEvents.dropEchoes('i1')).toHaveLength(3)
    const kept = await store.crmEvents.waiting('i1', 50)
    expect(kept.map(({ entityId, actorId, action }) => `${entityId} ${action} ${actorId}`)).toEqual([
      '201 updated 4',
      '501 moved 1',
      '501 updated 1',
      '102 updated 1',
    ])
  })
})
