import { describe, expect, test } from 'vitest'
import type { AppDeps } from '../../src/app.ts'
import { type ProcessView, processDealsSchema, processSchema } from '../../src/http/api-schema.ts'
import { processOf } from '../../src/metrics/portal-history.ts'
import type { SnapshotParts } from '../../src/snapshot/document.ts'
import { dealOf, historyOf, type Place, worldOf } from '../metrics/statistics/portal.ts'
import { createWorld, parts } from './fakes.ts'
import { get } from './session-of.ts'

const at = worldOf({ sales: 'A B C won lost', other: 'X won lost' }, 60)
const deal = (id: string, who: string | null, places: Place[]) => {
  const made = dealOf(places.map((place, day) => [day, place]))
  return { ...made, id, versions: made.versions.map(version => ({ ...version, responsibleId: who })) }
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
    const world = portal({ processPeople: undefined } as Partial<SnapshotParts>)
    expect((await get(world, '1', '/api/v1/process')).status).toBe(200)
    const response = await get(world, '2', '/api/v1/process')
    expect([response.status, response.body.code]).toEqual([409, 'process_not_by_person'])
  })
})
