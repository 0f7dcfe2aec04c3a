import { designView, graphOfRows } from '../../src/http/api/process-design.ts'
import { effectOf } from '../../src/http/api/process-effect.ts'
import { pathsOf, type Road, sumOf } from '../../src/http/api/process-paths.ts'
import type { ProcessDeals, ProcessView, StageThreshold } from '../../src/http/api-schema.ts'
import { AS_OF, people, stages } from './mock-team.ts'

/** The process of the pretended sales team, and pipelines of other shapes. */

type PipelineView = ProcessView['pipelines'][number]
type EdgeView = PipelineView['edges'][number]

export const edge = (from: string, to: string, deals: number, isDesigned = false): EdgeView => ({
  fromStageId: from,
  toStageId: to,
  deals,
  moves: deals + 3,
  medianDays: 2.4,
  isDesigned,
  effect: null,
})

const road = (
  path: string,
  won: number,
  lost: number,
  open: number,
  medianDays: number,
  conformanceCost: number,
): Road => ({ path: path.split(' '), deals: won + lost + open, won, lost, open, medianDays, conformanceCost })

/** A pipeline's design, by default or drawn since the snapshot. */
export const designOf = (
  pipelineId: string,
  rows: StageThreshold[],
  drawn: [string, string][] | null = null,
): PipelineView['design'] =>
  designView({
    pipelineId,
    rows,
    counted: graphOfRows(pipelineId, rows, null),
    designs: drawn === null ? {} : { [pipelineId]: [{ from: AS_OF, edges: drawn }] },
  })

/** A pipeline as the server would tell it. */
export const pipelineOf = (of: {
  id: string
  name: string
  stages: StageThreshold[]
  edges: EdgeView[]
  roads: Road[]
  rest?: PipelineView['rest']
}): PipelineView => ({
  design: designOf(of.id, of.stages),
  id: of.id,
  name: of.name,
  stages: of.stages,
  edges: of.edges,
  variants: of.roads,
  all: sumOf(of.roads),
  onRoad: sumOf(of.roads.filter(({ conformanceCost }) => conformanceCost === 0)),
  paths: pathsOf(
    of.roads,
    of.stages,
    graphOfRows(of.id, of.stages, null),
    members => members[0]?.medianDays ?? null,
  ),
  rest: of.rest ?? null,
})

const stage = (
  pipelineId: string,
  stageId: string,
  name: string,
  change: Partial<StageThreshold> = {},
): StageThreshold => ({
  pipelineId,
  pipelineName: pipelineId,
  stageId,
  name,
  outcome: stageId.startsWith('WON') ? 'won' : stageId.startsWith('LOSE') ? 'lost' : 'open',
  visits: 40,
  openNow: 4,
  medianDays: 2,
  t80Days: 5,
  t95Days: 9,
  source: 'preset',
  forwardExits: 20,
  backExits: 3,
  lostExits: 5,
  otherExits: 0,
  ...change,
})

const sales = pipelineOf({
  id: '0',
  name: 'Основная',
  stages,
  edges: [
    edge('NEW', 'QUAL', 531, true),
    edge('QUAL', 'SURVEY', 275, true),
    edge('SURVEY', 'OFFER', 238, true),
    edge('OFFER', 'CONTRACT', 141, true),
    edge('CONTRACT', 'INVOICE', 98, true),
    edge('INVOICE', 'PAYMENT', 113, true),
    edge('PAYMENT', 'WON', 101, true),
    edge('QUAL', 'OFFER', 168),
    edge('OFFER', 'INVOICE', 41),
    edge('CONTRACT', 'OFFER', 37),
    edge('INVOICE', 'CONTRACT', 14),
    edge('OFFER', 'QUAL', 22),
    edge('NEW', 'OFFER', 8),
    edge('SURVEY', 'QUAL', 5),
    edge('NEW', 'LOSE', 87, true),
    edge('QUAL', 'LOSE', 61, true),
    edge('SURVEY', 'LOSE', 18, true),
    edge('OFFER', 'LOSE', 164, true),
    edge('CONTRACT', 'LOSE', 22, true),
    edge('INVOICE', 'LOSE', 12, true),
    edge('PAYMENT', 'LOSE', 3, true),
  ].map(one => {
    if (one.fromStageId === 'QUAL' && one.toStageId === 'OFFER')
      return { ...one, effect: effectOf({ won: 20, lost: 132 }, { won: 90, lost: 210 }) }
    if (one.fromStageId === 'CONTRACT' && one.toStageId === 'OFFER')
      return { ...one, effect: effectOf({ won: 8, lost: 24 }, { won: 90, lost: 220 }) }
    if (one.fromStageId === 'OFFER' && one.toStageId === 'INVOICE')
      return { ...one, effect: effectOf({ won: 24, lost: 9 }, { won: 90, lost: 100 }) }
    return one
  }),
  roads: [
    road('NEW QUAL SURVEY OFFER CONTRACT INVOICE PAYMENT WON', 90, 0, 0, 18, 0),
    road('NEW QUAL SURVEY OFFER LOSE', 0, 120, 81, 16, 0),
    road('NEW QUAL SURVEY OFFER CONTRACT INVOICE LOSE', 0, 100, 0, 21, 0),
    road('NEW QUAL OFFER CONTRACT INVOICE PAYMENT WON', 16, 118, 20, 15, 1),
    road('NEW QUAL SURVEY OFFER CONTRACT OFFER CONTRACT', 8, 24, 6, 29, 1),
    road('NEW QUAL SURVEY OFFER INVOICE PAYMENT WON', 22, 7, 3, 11, 1),
    road('NEW OFFER LOSE', 4, 16, 5, 24, 2),
    road('NEW QUAL SURVEY QUAL SURVEY OFFER', 2, 3, 4, 31, 2),
  ],
  rest: { deals: 9, won: 1, lost: 6, open: 2 },
})

const service = pipelineOf({
  id: '7',
  name: 'Сервис и гарантийное обслуживание климатического оборудования',
  stages: Array.from({ length: 12 }, (_, index) =>
    stage('7', `S${index}`, `Этап согласования номер ${index + 1}`, {
      visits: 120 - index * 8,
      medianDays: 1 + index / 3,
      t80Days: 3 + index / 2,
      t95Days: 7 + index,
      forwardExits: 60,
    }),
  ),
  edges: Array.from({ length: 11 }, (_, index) =>
    edge(`S${index}`, `S${index + 1}`, 112 - index * 8, true),
  ).concat([edge('S2', 'S5', 20), edge('S8', 'S3', 15)]),
  roads: [road('S0 S1 S2', 0, 30, 90, 9, 0)],
})

/** One open stage, one that is won and one that is lost. */
const leads = pipelineOf({
  id: '8',
  name: 'Заявки',
  stages: [stage('8', 'IN', 'Входящая'), stage('8', 'WON8', 'Продана'), stage('8', 'LOSE8', 'Отказ')],
  edges: [edge('IN', 'WON8', 12, true), edge('IN', 'LOSE8', 20, true)],
  roads: [road('IN WON8', 12, 0, 0, 3, 0), road('IN LOSE8', 0, 20, 0, 5, 0), road('IN', 0, 0, 8, 0, 0)],
})

/** Two ways to lose, and deals that came through another pipeline. */
const tenders = pipelineOf({
  id: '9',
  name: 'Тендеры',
  stages: [
    stage('9', 'T1', 'Предквалификация', { otherExits: 6 }),
    stage('9', 'T2', 'Заявка подана', { medianDays: 12 }),
    stage('9', 'T3', 'Согласование'),
    stage('9', 'WON9', 'Выигран'),
    stage('9', 'LOSE9', 'Проигран'),
    stage('9', 'LOSE9B', 'Отменён заказчиком'),
  ],
  edges: [
    edge('T1', 'T2', 30, true),
    edge('T2', 'T3', 18, true),
    edge('T3', 'WON9', 9, true),
    edge('T2', 'LOSE9', 7, true),
    edge('T2', 'LOSE9B', 5, true),
    edge('T3', 'LOSE9B', 4, true),
    edge('T1', 'T3', 3),
  ],
  roads: [
    road('T1 T2 T3 WON9', 9, 0, 0, 30, 0),
    road('T1 T2 LOSE9', 0, 7, 6, 20, 0),
    road('NEW T1 T2', 1, 5, 4, 25, 2),
  ],
})

const empty = pipelineOf({
  id: '10',
  name: 'Новая пустая',
  stages: [stage('10', 'E1', 'Первая', { visits: 0, openNow: 0, medianDays: null })],
  edges: [],
  roads: [],
})

export const process: ProcessView = {
  asOf: AS_OF,
  scope: { kind: 'visible', id: null, name: null },
  filter: { periodDays: null, outcome: null },
  canDraw: true,
  people: people.map(({ id, name }) => ({ id, name })),
  pipelines: [sales, service, leads, tenders, empty],
}

/** Edges that were drawn since the snapshot, by pipeline; null = the default was put back. */
export type Drawn = ReadonlyMap<string, [string, string][] | null>

/** Nobody has moved: what the empty state of a short period is shown with. */
const unmoved = (pipeline: PipelineView): PipelineView => ({
  ...pipeline,
  edges: [],
  variants: [],
  paths: [],
  rest: null,
  all: sumOf([]),
  onRoad: sumOf([]),
})

/** Deals chosen by how they ended are compared with nothing. */
const chosen = (pipeline: PipelineView, outcome: ProcessView['filter']['outcome']): PipelineView =>
  outcome === null
    ? pipeline
    : {
        ...pipeline,
        edges: pipeline.edges.map(one => ({ ...one, effect: null })),
        paths: pipeline.paths.map(one => ({ ...one, effect: null })),
      }

/** What a person or a department sees: the same shapes with fewer deals. */
export const processOf = (
  query: Record<string, string | undefined>,
  isEmployee: boolean,
  drawn: Drawn = new Map(),
): ProcessView => {
  const person = people.find(({ id }) => id === query['responsible'])
  const scope: ProcessView['scope'] =
    person !== undefined
      ? { kind: 'person', id: person.id, name: person.name }
      : query['department'] !== undefined
        ? { kind: 'department', id: query['department'], name: 'Отдел продаж' }
        : process.scope
  const outcome = (['won', 'lost', 'open'] as const).find(one => one === query['outcome']) ?? null
  const periodDays = query['period'] === undefined ? null : Number(query['period'])
  const whole = scope.kind === 'visible' ? process.pipelines : [leads, tenders]
  return {
    ...process,
    scope,
    filter: { periodDays, outcome },
    canDraw: !isEmployee,
    people: isEmployee ? process.people.filter(({ id }) => id === '13') : process.people,
    pipelines: whole
      .map(one => ({ ...one, design: designOf(one.id, one.stages, drawn.get(one.id)) }))
      .map(pipeline => (periodDays === 30 ? unmoved(pipeline) : chosen(pipeline, outcome))),
  }
}

export const processDeals = (): ProcessDeals => ({
  asOf: AS_OF,
  total: { deals: 168, won: 20, lost: 132, open: 16 },
  medianDays: 15,
  effect: effectOf({ won: 20, lost: 132 }, { won: 90, lost: 210 }),
  items: Array.from({ length: 90 }, (_, index) => ({
    id: String(900 - index),
    title: index % 9 === 8 ? null : `Вентиляция, объект ${index + 1}`,
    path: `/crm/deal/details/${900 - index}/`,
    ownerId: '13',
    ownerName: 'Гусева Ольга',
    amount: index % 4 === 0 ? null : 120_000 + index * 1_000,
    currency: 'RUB',
    state: (['lost', 'won', 'lost', 'open'] as const)[index % 4]!,
  })),
})
