import request from 'supertest'
import { describe, expect, test } from 'vitest'
import type { AppDeps } from '../../src/app.ts'
import { type ProcessView, processDealsSchema, processSchema } from '../../src/http/api-schema.ts'
import { processOf } from '../../src/metrics/portal-history.ts'
import type { SnapshotParts } from '../../src/snapshot/document.ts'
import { DAY, dealOf, historyOf, type Place, worldOf } from '../metrics/statistics/portal.ts'
import { createWorld, parts } from './fakes.ts'
import { get, sessionOf } from './session-of.ts'

const at = worldOf({ sales: 'A B C won lost', other: 'X won lost' }, 60)
const deal = (id: string, who: string | null, places: Place[]) => {
  const made = dealOf(places.map((place, day) => [day, place]))
  return { ...made, id, versions: made.versions.map(version => ({ ...version, responsibleId: who })) }
}
/** The same, created so many days earlier. */
const aged = (one: ReturnType<typeof deal>, days: number): ReturnType<typeof deal> => {
  const before = (at: number) => at - days * DAY
  return {
    ...one,
    createdAt: before(one.createdAt),
    moves: one.moves.map(move => ({ ...move, at: before(move.at) })),
  }
}
const many = (from: number, count: number, who: string | null, places: Place[]) =>
  Array.from({ length: count }, (_, index) => deal(String(from + index), who, places))

const ROAD: Place[] = ['sales.A', 'sales.B', 'sales.C']
const deals = [
  ...many(1000, 6, '3', [...ROAD, 'sales.won']),
  ...many(1100, 4, '3', [...ROAD, 'sales.lost']),
  ...many(1200, 10, '3', ['sales.A', 'sales.C', 'sales.lost']),
  ...many(2000, 30, '4', [...ROAD, 'sales.won']),
  ...many(2100, 8, '4', ['sales.A', 'sales.C', 'sales.won']),
  ...many(5000, 3, '5', ['sales.A', 'sales.B', 'sales.A']),
  ...many(9000, 2, null, ['sales.A', 'sales.lost']),
]
const told = processOf(historyOf(deals), at, new Map(), { byPerson: true })

/** The pretended portal with this process in its snapshot. */
const portal = (change: Partial<SnapshotParts> = {}) => {
  const own: Partial<SnapshotParts> = { ...parts, ...told, ...change }
  const plain = createWorld()
  return createWorld({
    snapshots: { ...plain.deps.snapshots, part: async (_id, _asOf, name) => own[name] ?? null },
  } as Partial<AppDeps>)
}
const view = async (user: string, query = ''): Promise<ProcessView> =>
  processSchema.parse((await get(portal(), user, `/api/v1/process${query}`)).body)
const sales = (one: ProcessView) => one.pipelines.find(({ id }) => id === 'sales')!
const refused = async (user: string, path: string): Promise<unknown[]> => {
  const response = await get(portal(), user, path)
  return [response.status, response.body.code]
}

describe('the process over the API', () => {
  test('is the exports’ own for an administrator, deals without an owner included', async () => {
    const whole = await view('1')
    expect(whole.scope.kind).toBe('company')
    expect(sales(whole).all).toEqual({ deals: 63, won: 44, lost: 16, open: 3 })
    expect(sales(whole).edges.map(({ effect: _, ...edge }) => ({ pipelineId: 'sales', ...edge }))).toEqual(
      told.process.filter(({ pipelineId }) => pipelineId === 'sales'),
    )
    expect(whole.people.map(({ id }) => id)).toEqual(['3', '4', '5'])
  })

  test('is the own branch for a head and the own deals for an employee', async () => {
    const branch = await view('2')
    expect([branch.scope.kind, sales(branch).all.deals]).toEqual(['visible', 58])
    expect(branch.people.map(({ id }) => id)).toEqual(['3', '4'])
    const own = await view('3')
    expect(own.people.map(({ id }) => id)).toEqual(['3'])
    expect(sales(own).all).toEqual({ deals: 20, won: 6, lost: 14, open: 0 })
    expect(sales(own).onRoad).toEqual({ deals: 10, won: 6, lost: 4, open: 0 })
    const skip = sales(own).edges.find(({ fromStageId, toStageId }) => fromStageId + toStageId === 'AC')!
    expect([skip.deals, skip.isDesigned]).toEqual([10, false])
    expect(sales(own).stages.find(({ stageId }) => stageId === 'B')?.visits).toBe(10)
  })

  test('is one person’s or a department’s when asked, and never of people who may not be seen', async () => {
    expect(sales(await view('2', '?responsible=4')).all.deals).toBe(38)
    expect(sales(await view('1', '?department=10')).all.deals).toBe(58)
    expect(sales(await view('3', '?department=10')).all.deals).toBe(20)
    expect(await refused('2', '/api/v1/process?responsible=5')).toEqual([403, 'not_visible'])
    expect(await refused('3', '/api/v1/process?responsible=4')).toEqual([403, 'not_visible'])
    expect(await refused('2', '/api/v1/process?department=20')).toEqual([403, 'not_visible'])
    expect(await refused('3', '/api/v1/process/deals?pipeline=sales&of=rest&responsible=4')).toEqual([
      403,
      'not_visible',
    ])
  })

  test('says whether a shortcut helps or hurts, against the road from the same stage', async () => {
    const skip = (one: ProcessView) =>
      sales(one).edges.find(({ fromStageId, toStageId }) => fromStageId + toStageId === 'AC')?.effect
    expect(skip(await view('3'))).toMatchObject({
      won: 0,
      decided: 10,
      mainWon: 6,
      mainDecided: 10,
      difference: -0.6,
      verdict: 'less',
    })
    // 8 of 18 against 36 of 40.
    expect(skip(await view('2'))).toMatchObject({ won: 8, decided: 18, mainWon: 36, mainDecided: 40 })
    // Nothing to compare with: all of them on the road were won, and so were the others.
    expect(skip(await view('2', '?responsible=4'))).toMatchObject({ difference: 0, verdict: 'same' })
    const path = sales(await view('3')).paths.find(({ kind }) => kind === 'skipped')
    expect(path).toMatchObject({ stageIds: ['B'], deals: 10, lost: 10, effect: { verdict: 'less' } })
  })

  test('opens a move, a dead end, a stage and a path to their deals, with the full number', async () => {
    const open = async (user: string, query: string) =>
      processDealsSchema.parse(
        (await get(portal(), user, `/api/v1/process/deals?pipeline=sales&${query}`)).body,
      )
    const move = await open('2', 'of=edge&from=A&to=B')
    expect(move.total).toEqual({ deals: 40, won: 36, lost: 4, open: 0 })
    expect(move.items).toHaveLength(40)
    expect(move.items[0]).toMatchObject({ id: '2029', ownerId: '4', state: 'won', title: 'Сделка 2029' })
    const dead = await open('3', 'of=lost&from=C')
    expect(dead.items.map(({ state }) => state)).toEqual(Array(14).fill('lost'))
    expect((await open('3', 'of=stage&stage=B')).total.deals).toBe(10)
    const path = await open('3', `of=path&key=${encodeURIComponent('skipped>B')}`)
    expect([path.total.deals, path.effect?.verdict]).toEqual([10, 'less'])
    // Nobody's deals are an administrator's to see.
    expect((await open('1', 'of=lost&from=A')).items.map(({ id }) => id)).toEqual(['9001', '9000'])
    expect((await open('2', 'of=lost&from=A')).total.deals).toBe(0)
  })

  test('refuses a figure that is not said, and a pipeline that is not there', async () => {
    expect(await refused('1', '/api/v1/process/deals?pipeline=sales&of=edge&from=A')).toEqual([
      400,
      'bad_request',
    ])
    expect(await refused('1', '/api/v1/process/deals?pipeline=nowhere&of=rest')).toEqual([
      404,
      'pipeline_not_found',
    ])
  })

  test('of a snapshot without people is the company’s for an administrator and said to be missing for others', async () => {
    const world = portal({ processGroups: undefined } as Partial<SnapshotParts>)
    expect((await get(world, '1', '/api/v1/process')).status).toBe(200)
    const response = await get(world, '2', '/api/v1/process')
    expect([response.status, response.body.code]).toEqual([409, 'process_not_by_person'])
  })

  describe('of a period and an outcome', () => {
    // Day 60 is the instant: these were created 60, 30 and 400 days before it.
    const young = many(3000, 4, '3', ['sales.A', 'sales.B']).map(one => aged(one, -30))
    const old = many(4000, 7, '3', ['sales.A', 'sales.C', 'sales.won']).map(one => aged(one, 340))
    const more = processOf(historyOf([...deals, ...young, ...old]), at, new Map(), { byPerson: true })
    const viewOf = async (user: string, query: string) =>
      processSchema.parse((await get(portal(more), user, `/api/v1/process?${query}`)).body)
    const dealsIn = async (user: string, query: string) => sales(await viewOf(user, query)).all.deals

    test('holds the deals that were created in it, with all that became of them', async () => {
      expect(await dealsIn('1', 'period=30')).toBe(4)
      expect(await dealsIn('1', 'period=90')).toBe(67)
      expect(await dealsIn('1', 'period=365')).toBe(67)
      expect(await dealsIn('1', '')).toBe(74)
      expect((await viewOf('1', 'period=90')).filter).toEqual({ periodDays: 90, outcome: null })
    })

    test('goes together with a person or a department, and the deals behind follow', async () => {
      expect(await dealsIn('2', 'period=90&responsible=3')).toBe(24)
      expect(await dealsIn('1', 'period=90&department=10&outcome=lost')).toBe(14)
      expect(await dealsIn('3', 'outcome=open&period=30')).toBe(4)
      expect(await dealsIn('1', 'outcome=won')).toBe(51)
      const { body } = await get(
        portal(more),
        '3',
        '/api/v1/process/deals?pipeline=sales&of=edge&from=A&to=C&outcome=won',
      )
      expect(body.total).toEqual({ deals: 7, won: 7, lost: 0, open: 0 })
      expect(body.items.map(({ id }: { id: string }) => id)).toContain('4006')
    })

    test('compares no shares of wins among deals chosen by how they ended', async () => {
      const effects = (one: ProcessView) => [
        ...sales(one).edges.flatMap(({ effect }) => effect ?? []),
        ...sales(one).paths.flatMap(({ effect }) => effect ?? []),
      ]
      expect(effects(await viewOf('1', 'period=90')).length).toBeGreaterThan(0)
      expect(effects(await viewOf('1', 'outcome=lost'))).toEqual([])
    })

    test('is refused when it is none that is told apart', async () => {
      expect(await refused('1', '/api/v1/process?period=7')).toEqual([400, 'invalid_value'])
      expect(await refused('1', '/api/v1/process?outcome=maybe')).toEqual([400, 'invalid_value'])
    })
  })

  describe('beside the design', () => {
    const draw = async (world: ReturnType<typeof portal>, user: string, body: object) => {
      const session = await sessionOf(world, user)
      const { status, body: answer } = await request(world.app)
        .post('/api/v1/process/design')
        .set('Authorization', `Bearer ${session}`)
        .send(body)
      return { status, answer }
    }
    const designOf = async (world: ReturnType<typeof portal>) =>
      sales(processSchema.parse((await get(world, '3', '/api/v1/process')).body)).design

    test('is stage by stage until somebody draws it', async () => {
      const world = portal()
      expect(await designOf(world)).toEqual({
        edges: [
          ['A', 'B'],
          ['B', 'C'],
          ['C', 'won'],
        ],
        isDrawn: false,
        since: null,
        isCounted: true,
      })
      expect((await view('2')).canDraw).toBe(true)
      expect((await view('3')).canDraw).toBe(false)
    })

    test('is drawn by a head, in force from then on, told apart from what the snapshot counted, and put back', async () => {
      const world = portal()
      const edges = [
        ['A', 'C'],
        ['C', 'won'],
        ['A', 'GONE'],
        ['C', 'lost'],
        ['A', 'C'],
      ]
      const drawn = await draw(world, '2', { pipeline: 'sales', edges })
      expect([drawn.status, drawn.answer.design.edges]).toEqual([
        200,
        [
          ['A', 'C'],
          ['C', 'won'],
        ],
      ])
      const now = world.clock.now().toISOString()
      expect(await designOf(world)).toMatchObject({ isDrawn: true, since: now, isCounted: false })
      expect(world.installation.settings.designs['sales']).toEqual([
        { from: now, edges: drawn.answer.design.edges },
      ])
      world.clock.move(60_000)
      // The same again is no new version.
      await draw(world, '1', { pipeline: 'sales', edges })
      expect(world.installation.settings.designs['sales']).toHaveLength(1)
      await draw(world, '1', { pipeline: 'sales', edges: null })
      expect(world.installation.settings.designs['sales']?.map(one => one.edges === null)).toEqual([
        false,
        true,
      ])
      expect(await designOf(world)).toMatchObject({ isDrawn: false, since: null, isCounted: true })
    })

    test('is not drawn by an employee, nor of nothing, nor where there is no such pipeline', async () => {
      const world = portal()
      const refusal = async (user: string, body: object) => {
        const { status, answer } = await draw(world, user, body)
        return [status, answer.code]
      }
      const edges = [['A', 'B']]
      expect(await refusal('3', { pipeline: 'sales', edges })).toEqual([403, 'not_allowed'])
      expect(await refusal('2', { pipeline: 'nowhere', edges })).toEqual([404, 'pipeline_not_found'])
      expect(await refusal('2', { pipeline: 'sales', edges: [['A', 'GONE']] })).toEqual([400, 'design_empty'])
      expect(world.installation.settings.designs).toEqual({})
    })

    test('is the default again once every stage of the drawing is gone from the CRM', async () => {
      const world = portal()
      world.installation.settings.designs = {
        sales: [{ from: '2026-01-05T00:00:00.000Z', edges: [['OLD', 'OLDER']] }],
      }
      expect(await designOf(world)).toMatchObject({ isDrawn: false, since: null, isCounted: true })
    })

    test('names paths and compares wins by the design that the snapshot counted', async () => {
      const edges: [string, string][] = [
        ['A', 'C'],
        ['C', 'won'],
      ]
      const settings = { ...at.settings, designs: { sales: [{ from: '2026-01-05T00:00:00.000Z', edges }] } }
      const own = processOf(historyOf(deals), { ...at, settings }, new Map(), { byPerson: true })
      for (const user of ['1', '2']) {
        const { body } = await get(portal(own), user, '/api/v1/process')
        const pipeline = sales(processSchema.parse(body))
        const keys = new Map(pipeline.paths.map(path => [path.key, path.deals]))
        expect(keys.get('strayed>B>C')).toBe(40)
        expect(keys.get('asDesigned')).toBe(user === '1' ? 20 : 18)
        expect(pipeline.onRoad.deals).toBe(user === '1' ? 20 : 18)
        const edge = pipeline.edges.find(one => one.fromStageId + one.toStageId === 'AC')
        // There is no designed step past which it would be a shortcut.
        expect([edge?.isDesigned, edge?.effect]).toEqual([true, null])
        // Drawn before, put back since.
        expect(pipeline.design).toMatchObject({ isDrawn: false, isCounted: false })
      }
      const opened = await get(
        portal(own),
        '2',
        `/api/v1/process/deals?pipeline=sales&of=path&key=${encodeURIComponent('strayed>B>C')}`,
      )
      expect(opened.body.total.deals).toBe(40)
    })
  })
})
