import type {
  PersonCell,
  PersonEdge,
  PersonProcess,
  PersonStage,
  PersonVariant,
} from '../../snapshot/document.ts'
import { BACK, FORWARD, LOSS, OTHER } from './code.ts'
import type { DesignedGraph } from './designed-graph.ts'
import type { StageInfo } from './episodes.ts'
import { thinned } from './median.ts'
import {
  type Cell,
  type EdgeCell,
  KEPT_DEALS,
  NOBODY,
  type ProcessCells,
  type StageCell,
  type VariantCell,
} from './process-cells.ts'
import { costOf } from './process-map.ts'
import type { PortalHistory } from './stays.ts'

/** Roads told apart for each person in a pipeline; all rarer ones are one sum. */
const ROADS_KEPT = 200

/**
 * Who answers for each deal at `asOf`: as last observed by then, or as first observed where that came later.
 * `NOBODY` = no one.
 */
export const ownersAt = (history: PortalHistory, asOf: number): Int32Array => {
  const { firstOwner } = history.deal
  const { at, person } = history.owner
  const owners = new Int32Array(history.deals).fill(NOBODY)
  for (let deal = 0; deal < history.deals; deal++) {
    const first = firstOwner[deal]!
    let version = firstOwner[deal + 1]! - 1
    while (version > first && at[version]! > asOf) version--
    if (version >= first) owners[deal] = person[version]!
  }
  return owners
}

type Pipelines = PersonProcess['pipelines']

/** The cells of each responsible as rows that add up; people in the order of their ids, nobody last. */
export const peopleOf = (
  history: PortalHistory,
  cells: ProcessCells,
  infos: readonly StageInfo[],
  asOf: number,
  designOf: (pipelineId: string) => DesignedGraph,
): PersonProcess[] => {
  const kept = keeper(history, infos, asOf)
  const people = new Map<number, Map<string, Pipelines[number]>>()
  const at = (person: number, stage: number): Pipelines[number] => {
    let own = people.get(person)
    if (own === undefined) {
      own = new Map()
      people.set(person, own)
    }
    const { pipelineId } = infos[stage]!
    let pipeline = own.get(pipelineId)
    if (pipeline === undefined) {
      pipeline = {
        pipelineId,
        stages: [],
        edges: [],
        variants: [],
        rest: NO_ROADS,
        all: [0, 0, 0],
        onRoad: [0, 0, 0],
      }
      own.set(pipelineId, pipeline)
    }
    return pipeline
  }
  for (const cell of cells.stages) at(cell.person, cell.stage).stages.push(stageRow(cell, infos, kept))
  for (const cell of cells.edges) at(cell.person, cell.from).edges.push(edgeRow(cell, infos, kept))
  for (const roads of Map.groupBy(cells.variants, roadsKey(infos)).values()) {
    const last = roads[0]!.path.at(-1)!
    const pipeline = at(roads[0]!.person, last)
    Object.assign(
      pipeline,
      roadRows(roads, infos, designOf(infos[last]!.pipelineId), kept, history.deal.createdAt),
    )
  }
  return [...people]
    .map(([person, own]) => ({
      responsibleId: history.people[person] ?? null,
      pipelines: [...own.values()].sort((a, b) => a.pipelineId.localeCompare(b.pipelineId)),
    }))
    .sort((a, b) => byId(a.responsibleId, b.responsibleId))
}

const byId = (a: string | null, b: string | null): number =>
  a === null || b === null ? Number(a === null) - Number(b === null) : a < b ? -1 : a > b ? 1 : 0

const roadsKey =
  (infos: readonly StageInfo[]) =>
  ({ person, path }: VariantCell): string =>
    `${person} ${infos[path.at(-1)!]!.pipelineId}`

type Keep = (cell: Cell) => PersonCell

const STATES = ['o', 'w', 'l']

/** Turns a cell into a row: few enough durations and deals to be stored for everybody. */
const keeper = (history: PortalHistory, infos: readonly StageInfo[], asOf: number): Keep => {
  const { id, firstRow, firstStay } = history.deal
  const stateOf = (deal: number): string => {
    const { at, stage } = history.row
    let last = -1
    for (let row = firstRow[deal]!; row < firstRow[deal + 1]! && at[row]! <= asOf; row++) last = stage[row]!
    if (last < 0) last = history.stay.stage[firstStay[deal]!] ?? -1
    return STATES[infos[last]?.code ?? 0]!
  }
  return cell => {
    const { deals, won, lost, days, newest } = cell
    return {
      deals,
      won,
      lost,
      measured: days.length,
      days: thinned(days),
      dealIds: newest.map(deal => id[deal]!),
      states: newest.map(stateOf).join(''),
    }
  }
}

const stageRow = (cell: StageCell, infos: readonly StageInfo[], kept: Keep): PersonStage => ({
  stageId: infos[cell.stage]!.stageId,
  ...kept(cell),
  visits: cell.visits,
  forwardExits: cell.exits[FORWARD]!,
  backExits: cell.exits[BACK]!,
  lostExits: cell.exits[LOSS]!,
  otherExits: cell.exits[OTHER]!,
  openNow: cell.openNow,
  turnedBack: [cell.backWon, cell.backLost],
})

const edgeRow = (cell: EdgeCell, infos: readonly StageInfo[], kept: Keep): PersonEdge => ({
  fromStageId: infos[cell.from]!.stageId,
  toStageId: infos[cell.to]!.stageId,
  ...kept(cell),
  alsoRoad: [cell.alsoRoadWon, cell.alsoRoadLost],
})

const NO_ROADS = { paths: 0, deals: 0, won: 0, lost: 0, measured: 0, days: [], dealIds: [], states: '' }

const roadRows = (
  roads: VariantCell[],
  infos: readonly StageInfo[],
  design: DesignedGraph,
  kept: Keep,
  createdAt: Float64Array,
): Pick<Pipelines[number], 'variants' | 'rest' | 'all' | 'onRoad'> => {
  const all: [number, number, number] = [0, 0, 0]
  const onRoad: [number, number, number] = [0, 0, 0]
  const costs = new Map<VariantCell, number>()
  for (const road of roads) {
    const cost = costOf(road.path, infos, design)
    costs.set(road, cost)
    add(all, road)
    if (cost === 0) add(onRoad, road)
  }
  const nameOf = ({ path }: VariantCell): string => path.map(stage => infos[stage]!.stageId).join('>')
  // Equally usual roads in one order, so that the same ones are kept whatever order deals come in.
  const usual = roads.sort((a, b) => b.deals - a.deals || (nameOf(a) < nameOf(b) ? -1 : 1))
  const variants = usual.slice(0, ROADS_KEPT).map(
    (road): PersonVariant => ({
      path: road.path.map(stage => infos[stage]!.stageId),
      conformanceCost: costs.get(road)!,
      ...kept(road),
    }),
  )
  const rare = usual.slice(ROADS_KEPT)
  return {
    variants,
    rest: rare.length === 0 ? NO_ROADS : { paths: rare.length, ...kept(together(rare, createdAt)) },
    all,
    onRoad,
  }
}

const add = (sum: [number, number, number], { deals, won, lost }: Cell): void => {
  sum[0] += deals
  sum[1] += won
  sum[2] += lost
}

/** Rare roads as one cell. A deal has one road, so nothing is counted twice. */
const together = (roads: readonly Cell[], createdAt: Float64Array): Cell => {
  const sum = (of: (road: Cell) => number): number => roads.reduce((total, road) => total + of(road), 0)
  return {
    person: roads[0]!.person,
    deals: sum(road => road.deals),
    won: sum(road => road.won),
    lost: sum(road => road.lost),
    days: roads.flatMap(road => road.days),
    newest: roads
      .flatMap(road => road.newest)
      .sort((a, b) => createdAt[b]! - createdAt[a]! || b - a)
      .slice(0, KEPT_DEALS),
    lastDeal: -1,
  }
}
