import request from 'supertest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminInstallationSchema } from '../../src/http/admin/schema.ts'
import { syncSchema } from '../../src/http/api-schema.ts'
import { emptyRecordSet } from '../../src/records/records.ts'
import type { Store } from '../../src/store/open-store.ts'
import type { Portal } from '../../src/vendors/vendor.ts'
import { ADMIN_TOKEN, AS_OF } from './fakes.ts'
import { openStoredWorld, type StoredWorld } from './stored-world.ts'

/** The HTTP side over the real store: what was put in comes out, and what is spent stays spent. */

const operator = { Authorization: `Bearer ${ADMIN_TOKEN}` }
const notified: string[] = []
const portal = {
  notify: async ({ userId }: { userId: string }) => {
    notified.push(userId)
    return null
  },
} as unknown as Portal
let stored: StoredWorld
let store: Store
let app: StoredWorld['app']

beforeAll(async () => {
  stored = await openStoredWorld({ portal })
  store = stored.store
  app = stored.app
}, 120_000)
afterAll(() => stored?.close())

const ticketOf = async (user: string): Promise<string> => {
  const page = await request(app).post('/bitrix24/app').type('form').send({ token: 'good', user }).expect(200)
  return /planerka-ticket" content="([^"]+)"/.exec(page.text)?.[1] ?? ''
}
const get = async (user: string, path: string) => {
  const { body } = await request(app)
    .post('/api/v1/session')
    .send({ ticket: await ticketOf(user) })
    .expect(200)
  return request(app).get(path).set('Authorization', `Bearer ${body.token}`)
}

describe('over the real store', () => {
  test('a stored snapshot comes out of the API and of the exports', async () => {
    const deals = await get('3', '/api/v1/deals?flagged=true')
    expect(deals.body.map(({ id, stageName }: { id: string; stageName: string }) => [id, stageName])).toEqual(
      [['101', '=Новая']],
    )
    const overview = await get('2', '/api/v1/overview')
    expect([overview.status, overview.body.score.value, overview.body.weeks.length]).toEqual([200, 72, 12])
    const { text } = await request(app).get('/admin/v1/installations/i1/export/deals.csv').set(operator)
    expect(text.trimEnd().split('\n')).toHaveLength(6)
  })

  test('heads come from the departments, admins from the frame', async () => {
    expect((await get('2', '/api/v1/me')).body).toMatchObject({ role: 'head', sees: ['2', '3', '4'] })
    expect((await get('3', '/api/v1/me')).body).toMatchObject({ role: 'employee', sees: ['3'] })
    expect((await get('1', '/api/v1/me')).body.role).toBe('admin')
  })

  test('a ticket is spent in the database: another process refuses it', async () => {
    const ticket = await ticketOf('3')
    await request(app).post('/api/v1/session').send({ ticket }).expect(200)
    const { body } = await request(app).post('/api/v1/session').send({ ticket })
    expect(body.code).toBe('ticket_used')
  })

  test('digests go out once a portal day', async () => {
    const notify = (dryRun: boolean) =>
      request(app)
        .post('/admin/v1/installations/i1/notify')
        .set(operator)
        .send({ asOf: '2026-11-23T06:00:00Z', dryRun })
        .expect(200)
    expect((await notify(true)).body).toHaveLength(4)
    expect(notified).toEqual([])
    expect((await notify(false)).body).toHaveLength(4)
    expect((await notify(false)).body).toEqual([])
    expect(notified.toSorted()).toEqual(['2', '3', '4', '5'])
  })

  test('settings and preferences are kept and their journal is told to admins', async () => {
    await request(app)
      .patch('/admin/v1/installations/i1/settings')
      .set(operator)
      .send({ digest: { heads: false } })
      .expect(200)
    const { body } = await get('1', '/api/v1/settings')
    expect(body.settings.digest.heads).toBe(false)
    expect(body.log).toHaveLength(1)
    expect((await get('3', '/api/v1/settings')).body.log).toEqual([])
    const wrong = await request(app)
      .patch('/admin/v1/installations/i1/settings')
      .set(operator)
      .send({ calendar: { hours: ['18:00', '09:00'] } })
    expect(wrong.status).toBe(400)
  })

  test('moves are read from the facts, up to the snapshot’s instant', async () => {
    const at = (text: string): Date => new Date(text)
    const move = (id: string, day: string, stageId: string) => ({
      id,
      dealId: '101',
      at: at(day),
      orderKey: id,
      kind: id === 'm1' ? ('created' as const) : ('moved' as const),
      pipelineId: 'p',
      stageId,
      outcome: 'open' as const,
      movedBy: id === 'm1' ? null : '3',
      actorClass: 'person' as const,
    })
    await store.savePage('i1', {
      feed: null,
      runId: 'r',
      seenAt: AS_OF,
      rejected: [],
      records: {
        ...emptyRecordSet(),
        deals: [
          {
            id: '101',
            title: 'Сделка',
            pipelineId: 'p',
            stageId: 's2',
            outcome: 'open',
            responsibleId: '3',
            createdBy: '3',
            createdAt: at('2026-11-01T00:00:00Z'),
            updatedBy: null,
            updatedAt: at('2026-11-24T00:00:00Z'),
            movedBy: null,
            movedAt: null,
            lastActivityBy: null,
            lastActivityAt: null,
            amount: 1,
            currency: 'RUB',
            closeOn: null,
            closedAt: null,
            isTemplate: false,
            lossReasonId: null,
            fields: {},
          },
        ],
        stageMoves: [
          move('m1', '2026-11-01T00:00:00Z', 's1'),
          move('m2', '2026-11-10T09:30:00Z', 's2'),
          move('m3', '2026-11-24T00:00:00Z', 's1'),
        ],
      },
    })
    const { text, status } = await request(app)
      .get('/admin/v1/installations/i1/export/moves.csv')
      .set(operator)
    expect(status).toBe(200)
    expect(text.trimEnd().split('\n')).toEqual([
      'deal_id,from_pipeline_id,from_stage_id,to_pipeline_id,to_stage_id,at,responsible_id,moved_by',
      '101,,,p,s1,2026-11-01T00:00:00.000Z,3,',
      '101,p,s1,p,s2,2026-11-10T09:30:00.000Z,3,3',
    ])
  })

  test('the state of the sync is told to the widget and to operators', async () => {
    syncSchema.parse((await get('3', '/api/v1/sync')).body)
    const { body } = await request(app).get('/admin/v1/installations/i1').set(operator)
    expect(adminInstallationSchema.parse(body).sync.counts).toMatchObject({ users: 5, pipelines: 1 })
  })

  test('figures and readiness come from the database', async () => {
    await request(app).get('/readyz').expect(200)
    const { text } = await request(app).get('/metrics').expect(200)
    expect(text).toContain('planerka_installations{status="active"} 1')
  })
})
