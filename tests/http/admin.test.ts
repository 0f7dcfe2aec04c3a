import { unzipSync } from 'fflate'
import request from 'supertest'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  adminInstallationSchema,
  adminMessageSchema,
  adminSnapshotSchema,
  metricListSchema,
} from '../../src/http/admin/schema.ts'
import { settingsSchema } from '../../src/records/settings.ts'
import { ADMIN_TOKEN, AS_OF, createWorld, type World } from './fakes.ts'

const operator = { Authorization: `Bearer ${ADMIN_TOKEN}` }
const get = (world: World, path: string) => request(world.app).get(`/admin/v1${path}`).set(operator)
const post = (world: World, path: string, body: object) =>
  request(world.app).post(`/admin/v1${path}`).set(operator).send(body)
const header = (text: string): string => text.split('\n')[0] ?? ''

/** The contract's columns, word for word. */
const COLUMNS: Record<string, string> = {
  metrics: 'as_of,scope,scope_id,metric,window_days,value,numerator,denominator,unit',
  flags:
    'as_of,deal_id,pipeline_id,stage_id,responsible_id,flag,level,since,age_days,threshold_days,win_chance,reason',
  deals:
    'as_of,deal_id,pipeline_id,stage_id,responsible_id,amount,currency,entered_at,age_days,silence_days,level,win_chance,win_chance_basis',
  stages:
    'pipeline_id,stage_id,name,outcome,visits,forward_exits,back_exits,lost_exits,other_exits,open_now,median_days,t80_own_days,t80_days,t95_days,source',
  moves: 'deal_id,from_pipeline_id,from_stage_id,to_pipeline_id,to_stage_id,at,responsible_id,moved_by',
  process: 'pipeline_id,from_stage_id,to_stage_id,deals,moves,median_days,is_designed',
  variants: 'pipeline_id,path,deals,won,lost,open,median_days,conformance_cost',
  curves: 'kind,pipeline_id,stage_id,exit,t_days,at_risk,events,value',
  fields: 'pipeline_id,field,is_custom,filled,total,fill_rate',
}

describe('the operator’s API', () => {
  test('lists installations with the state of their sync', async () => {
    const { body } = await get(createWorld(), '/installations').expect(200)
    expect(z.array(adminInstallationSchema).parse(body)).toHaveLength(1)
    expect(body[0]).toMatchObject({
      id: 'i1',
      vendor: 'bitrix24',
      portal: 'acme.crm.example',
      status: 'active',
    })
    expect(Object.keys(body[0].sync.counts)).toEqual([
      'users',
      'pipelines',
      'deals',
      'stageMoves',
      'tasks',
      'activities',
      'invoices',
    ])
  })

  test('is off without a token', async () => {
    const world = createWorld({}, { ADMIN_TOKEN: '' })
    const { status, body } = await get(world, '/installations')
    expect([status, body.code]).toEqual([404, 'admin_api_off'])
  })

  test('starts a sync and names its run', async () => {
    const world = createWorld()
    const { status, body } = await post(world, '/installations/i1/sync', { full: true })
    expect([status, body]).toEqual([202, { run: 'run-1' }])
    await request(world.app).post('/admin/v1/installations/i1/sync').set(operator).expect(202)
    expect(world.calls.synced).toBe(2)
  })

  test('builds a snapshot for the very instant, whatever zone it was written in', async () => {
    const world = createWorld()
    const { body } = await post(world, '/installations/i1/snapshot', {
      asOf: '2026-11-23T03:00:00+03:00',
    }).expect(200)
    adminSnapshotSchema.parse(body)
    expect(world.calls.snapshots).toEqual([AS_OF])
  })

  test('shows messages with dryRun and sends them without', async () => {
    const world = createWorld()
    const dry = await post(world, '/installations/i1/notify', {
      asOf: AS_OF.toISOString(),
      dryRun: true,
    }).expect(200)
    z.array(adminMessageSchema).parse(dry.body)
    expect(Object.keys(dry.body[0])).toEqual(['userId', 'role', 'channel', 'text', 'dealIds'])
    expect(world.calls.sent).toBe(0)
    await post(world, '/installations/i1/notify', { asOf: AS_OF.toISOString() }).expect(200)
    expect(world.calls.sent).toBe(1)
  })

  test('reads and changes settings, one level deep', async () => {
    const world = createWorld()
    settingsSchema.parse((await get(world, '/installations/i1/settings').expect(200)).body)
    const { body } = await request(world.app)
      .patch('/admin/v1/installations/i1/settings')
      .set(operator)
      .send({ calendar: { workdays: [1, 2, 3, 4, 5, 6, 7], hours: ['00:00', '24:00'] } })
      .expect(200)
    expect(body.calendar).toEqual({
      timeZone: 'Europe/Moscow',
      workdays: [1, 2, 3, 4, 5, 6, 7],
      hours: ['00:00', '24:00'],
      holidays: [],
    })
  })

  test('lists snapshots and the catalogue with coverage', async () => {
    const world = createWorld()
    z.array(adminSnapshotSchema).parse((await get(world, '/installations/i1/snapshots').expect(200)).body)
    const metrics = metricListSchema.parse((await get(world, '/installations/i1/metrics').expect(200)).body)
    expect(metrics[0]).toMatchObject({ metric: 'M09', coverage: 0.9 })
  })

  test.each(Object.entries(COLUMNS))(
    'exports %s with the contract’s columns in every format',
    async (table, columns) => {
      const world = createWorld()
      const csv = await get(world, `/installations/i1/export/${table}.csv`).expect(200)
      expect(csv.headers['content-type']).toContain('text/csv')
      expect(header(csv.text)).toBe(columns)
      const lines = csv.text.trimEnd().split('\n')
      const json = await get(
        world,
        `/installations/i1/export/${table}.json?asOf=2026-11-23T00:00:00Z`,
      ).expect(200)
      expect(json.body).toHaveLength(lines.length - 1)
      expect(Object.keys(json.body[0]).join(',')).toBe(columns)
      const book = await get(world, `/installations/i1/export/${table}.xlsx`)
        .buffer(true)
        .parse((res, done) => {
          const chunks: Buffer[] = []
          res.on('data', (chunk: Buffer) => chunks.push(chunk))
          res.on('end', () => done(null, Buffer.concat(chunks)))
        })
        .expect(200)
      const files = unzipSync(new Uint8Array(book.body as Buffer))
      expect(Object.keys(files)).toContain('xl/worksheets/sheet1.xml')
    },
  )

  test('leaves unknown values empty, instants in UTC and numbers at full precision', async () => {
    const world = createWorld()
    const text = async (file: string) => (await get(world, `/installations/i1/export/${file}`)).text
    expect(await text('metrics.csv')).toContain('2026-11-23T00:00:00.000Z,employee,3,M10,7,,,,share')
    expect(await text('metrics.csv')).toContain(`,M09,7,${1 / 3},1,3,share`)
    expect(await text('variants.csv')).toContain('p,s1>s2,3,1,1,1,0.30000000000000004,0')
    expect(await text('moves.csv')).toContain('101,,,p,s1,2026-11-01T00:00:00.000Z,3,')
    expect(await text('deals.csv')).toContain(
      ',901,p,s1,,100000,RUB,2026-11-01T00:00:00.000Z,16.25,12,red,,none',
    )
    const { body } = await get(world, '/installations/i1/export/flags.json')
    expect(body[0]).toMatchObject({
      threshold_days: null,
      win_chance: null,
      since: '2026-11-10T00:00:00.000Z',
    })
  })

  test('a typed-in name never becomes a formula of a spreadsheet', async () => {
    const { text } = await get(createWorld(), '/installations/i1/export/stages.csv')
    expect(text).toContain(",'=Новая,")
  })

  test('moves are streamed row by row, not gathered', async () => {
    // A kilobyte a row, so that the sockets' own buffers do not hide what is gathered.
    const rows = 40_000
    const padding = 'x'.repeat(1_000)
    let produced = 0
    let widestGap = 0
    let received = 0
    const world = createWorld()
    world.deps.data.moves = async function* () {
      for (; produced < rows; produced++) {
        widestGap = Math.max(widestGap, produced - received)
        yield {
          dealId: `${produced}${padding}`,
          fromPipelineId: 'p',
          fromStageId: 's1',
          toPipelineId: 'p',
          toStageId: 's2',
          at: AS_OF,
          responsibleId: '3',
          movedBy: '3',
        }
      }
    }
    const server = world.app.listen(0)
    try {
      const { port } = server.address() as { port: number }
      const response = await fetch(`http://127.0.0.1:${port}/admin/v1/installations/i1/export/moves.csv`, {
        headers: operator,
      })
      for await (const chunk of response.body ?? [])
        received += Buffer.from(chunk).toString().split('\n').length - 1
    } finally {
      server.close()
    }
    expect(received).toBe(rows + 1)
    expect(widestGap).toBeLessThan(rows / 2)
  })

  test('a query that fails before the first row still answers with a problem', async () => {
    const world = createWorld()
    world.deps.data.moves = async function* () {
      yield* []
      throw new Error('the database is gone')
    }
    const { status, body } = await get(world, '/installations/i1/export/moves.csv')
    expect([status, body.code]).toEqual([500, 'internal_error'])
  })

  test('a workbook that would not fit into memory is refused', async () => {
    const world = createWorld()
    const { value: row } = await world.deps.data.moves('i1', AS_OF)[Symbol.asyncIterator]().next()
    world.deps.data.moves = async function* () {
      for (let index = 0; index < 200_002; index++) yield row
    }
    const { status, body } = await get(world, '/installations/i1/export/moves.xlsx')
    expect([status, body.code]).toEqual([413, 'too_many_rows'])
  })
})

describe('machines', () => {
  test('liveness, readiness and figures answer without a token', async () => {
    const world = createWorld()
    await request(world.app).get('/healthz').expect(200)
    expect((await request(world.app).get('/readyz').expect(200)).body).toEqual({
      status: 'ready',
      database: 'ok',
      queue: 'ok',
    })
    await get(world, '/installations/i1/settings')
    const { text } = await request(world.app).get('/metrics').expect(200)
    expect(text).toContain('planerka_rows{installation="i1",kind="deals"} 5')
    expect(text).toContain('route="/admin/v1/installations/:id/settings"')
    expect(text).toContain('planerka_queue_depth{queue="sync"} 2')
    expect(text).not.toContain('acme')
  })

  test('not ready while the database does not answer', async () => {
    const world = createWorld({
      probes: { database: () => Promise.reject(new Error('down')), queue: async () => {} },
    })
    const { status, body } = await request(world.app).get('/readyz')
    expect([status, body.database]).toEqual([503, 'failed'])
  })

  test('OpenAPI describes every operation with schemas', async () => {
    const { body } = await request(createWorld().app).get('/openapi.json').expect(200)
    expect(body.openapi).toBe('3.1.0')
    for (const path of [
      '/api/v1/session',
      '/api/v1/me',
      '/api/v1/employees/{id}',
      '/admin/v1/installations/{id}/export/{file}',
    ])
      expect(Object.keys(body.paths)).toContain(path)
    for (const operations of Object.values(
      body.paths as Record<string, Record<string, { responses: object }>>,
    ))
      for (const operation of Object.values(operations)) {
        const [status] = Object.keys(operation.responses)
        expect(Number(status)).toBeLessThan(300)
        expect(Object.keys(operation.responses)).toContain('default')
      }
    const me = body.paths['/api/v1/me'].get.responses[200].content['application/json'].schema
    expect(me.required).toContain('sees')
  })
})
