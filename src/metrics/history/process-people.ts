import type {
  GroupCell,
  GroupEdge,
  GroupStage,
  ProcessGroup,
  SnapshotParts,
} from '../../snapshot/document.ts'
import { BACK, FORWARD, LOSS, OTHER, OUTCOMES } from './code.ts'
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

type Pipeline = ProcessGroup['pipelines'][number]

/**
 * The cells of each responsible as groups that add up: people in the order of their ids, nobody last, the youngest
 * deals of each first.
 */
export const peopleOf = (
  history: PortalHistory,
  cells: ProcessCells,
  infos: readonly StageInfo[],
  designOf: (pipelineId: string) => DesignedGraph,
): Required<Pick<SnapshotParts, 'processGroups' | 'processRoads'>> => {
  const idsOf = (deals: readonly number[]): string[] => deals.map(deal => history.deal.id[deal]!)
  const kept = ({ deals, days, newest }: Pick<Cell, 'deals' | 'days' | 'newest'>): GroupCell => ({
    deals,
    measured: days.length,
    days: thinned(days),
    dealIds: idsOf(newest),
  })
  const groups = new Map<string, ProcessGroup>()
  const at = ({ person, cohort, outcome }: Cell, stage: number): Pipeline => {
    const key = `${person} ${cohort} ${outcome}`
    let group = groups.get(key)
    if (group === undefined) {
      const responsibleId = history.people[person] ?? null
      group = { responsibleId, cohort, outcome: OUTCOMES[outcome]!, pipelines: [] }
      groups.set(key, group)
    }
    const { pipelineId } = infos[stage]!
    let pipeline = group.pipelines.find(one => one.pipelineId === pipelineId)
    if (pipeline === undefined) {
      pipeline = { pipelineId, stages: [], edges: [], roads: [], rest: null, all: 0, onRoad: 0 }
      group.pipelines.push(pipeline)
    }
    return pipeline
  }
  for (const cell of cells.stages) at(cell, cell.stage).stages.push(stageRow(cell, infos, kept))
  for (const cell of cells.edges) at(cell, cell.from).edges.push(edgeRow(cell, infos, kept))

  const nameOf = (path: Path): string => path.map(stage => infos[stage]!.stageId).join('>')
  const costs = new Map<Path, number>()
  for (const { path } of cells.variants)
    if (!costs.has(path)) costs.set(path, costOf(path, infos, designOf(infos[path.at(-1)!]!.pipelineId)))
  const own = [...Map.groupBy(cells.variants, roadsKey(infos)).values()]
  const usual = own.map(roads => new Set(byDeals(roads, nameOf).slice(0, ROADS_KEPT)))
  const told = byDeals(
    own.flatMap((roads, index) => roads.filter(({ path }) => usual[index]!.has(path))),
    nameOf,
  )
  const numbers = new Map(told.map((path, number) => [path, number]))
  for (const [index, roads] of own.entries()) {
    const rare: VariantCell[] = []
    for (const cell of roads) {
      const pipeline = at(cell, cell.path.at(-1)!)
      pipeline.all += cell.deals
      if (costs.get(cell.path) === 0) pipeline.onRoad += cell.deals
      if (usual[index]!.has(cell.path)) pipeline.roads.push({ road: numbers.get(cell.path)!, ...kept(cell) })
      else rare.push(cell)
    }
    for (const rest of together(rare, history.deal.createdAt)) at(rest, rest.path.at(-1)!).rest = kept(rest)
  }
  for (const { pipelines } of groups.values())
    pipelines.sort((a, b) => a.pipelineId.localeCompare(b.pipelineId))
  return {
    processGroups: [...groups.values()].sort(
      (a, b) =>
        byId(a.responsibleId, b.responsibleId) ||
        a.cohort - b.cohort ||
        OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome),
    ),
    processRoads: told.map(path => ({
      path: path.map(stage => infos[stage]!.stageId),
      conformanceCost: costs.get(path)!,
    })),
  }
}

const byId = (a: string | null, b: string | null): number =>
  a === null || b === null ? Number(a === null) - Number(b === null) : a < b ? -1 : a > b ? 1 : 0

const roadsKey =
  (infos: readonly StageInfo[]) =>
  ({ person, path }: VariantCell): string =>
    `${person} ${infos[path.at(-1)!]!.pipelineId}`

type Path = VariantCell['path']

/** Roads with most deals first, equally usual ones in one order whatever order deals come in. */
const byDeals = (cells: readonly VariantCell[], nameOf: (path: Path) => string): Path[] => {
  const deals = new Map<Path, number>()
  for (const cell of cells) deals.set(cell.path, (deals.get(cell.path) ?? 0) + cell.deals)
  return [...deals]
    .map(([path, count]) => ({ path, count, name: nameOf(path) }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .map(({ path }) => path)
}

type Kept = (cell: Cell) => GroupCell

const stageRow = (cell: StageCell, infos: readonly StageInfo[], kept: Kept): GroupStage => ({
  stageId: infos[cell.stage]!.stageId,
  ...kept(cell),
  visits: cell.visits,
  forwardExits: cell.exits[FORWARD]!,
  backExits: cell.exits[BACK]!,
  lostExits: cell.exits[LOSS]!,
  otherExits: cell.exits[OTHER]!,
  openNow: cell.openNow,
  turnedBack: cell.turnedBack,
})

const edgeRow = (cell: EdgeCell, infos: readonly StageInfo[], kept: Kept): GroupEdge => ({
  fromStageId: infos[cell.from]!.stageId,
  toStageId: infos[cell.to]!.stageId,
  ...kept(cell),
  alsoRoad: cell.alsoRoad,
})

/** One person's rare roads, those of a group as one cell. A deal has one road, so nothing is counted twice. */
const together = (roads: readonly VariantCell[], createdAt: Float64Array): VariantCell[] => {
  const rooms = new Map<number, number>()
  return [...Map.groupBy(roads, ({ cohort, outcome }) => cohort * OUTCOMES.length + outcome).values()]
    .sort(([a], [b]) => a!.cohort - b!.cohort)
    .map(cells => {
      const [first] = cells as [VariantCell, ...VariantCell[]]
      const room = rooms.get(first.outcome) ?? KEPT_DEALS
      const newest = cells
        .flatMap(cell => cell.newest)
        .sort((a, b) => createdAt[b]! - createdAt[a]! || b - a)
        .slice(0, room)
      rooms.set(first.outcome, room - newest.length)
      return {
        ...first,
        deals: cells.reduce((sum, { deals }) => sum + deals, 0),
        days: cells.flatMap(({ days }) => days),
        newest,
      }
    })
}
