import type { ProcessRow, VariantRow } from '../../snapshot/document.ts'
import type { World } from '../world.ts'
import { LOST, OPEN, WON } from './code.ts'
import { conformanceCost } from './conformance.ts'
import { type DesignedGraph, defaultGraph } from './designed-graph.ts'
import { isKnownDeal, type StageInfo, stageInfos } from './episodes.ts'
import { medianOf } from './median.ts'
import type { PortalHistory } from './stays.ts'

/** Designed graphs by pipeline, drawn up when first asked for. */
export const designsOf = (
  world: World,
  drawn: ReadonlyMap<string, DesignedGraph> = new Map(),
): ((pipelineId: string) => DesignedGraph) => {
  const graphs = new Map(drawn)
  return pipelineId => {
    let graph = graphs.get(pipelineId)
    if (graph === undefined) {
      graph = defaultGraph(pipelineId, world)
      graphs.set(pipelineId, graph)
    }
    return graph
  }
}

/**
 * Export `process`: which stage directly follows which, over the whole history up to `asOf`. Every row of a deal
 * counts as a move, an immediate repeat too (stage → same stage). A move belongs to the pipeline that both of its
 * rows are in; a change of pipeline is an exit in `stages`, not an edge here. `medianDays` = working days
 * between the deal's directly preceding row and this one.
 */
export const processMap = (
  history: PortalHistory,
  world: World,
  designOf: (pipelineId: string) => DesignedGraph = designsOf(world),
): ProcessRow[] => {
  const { asOf, workingTime } = world
  const infos = stageInfos(history, world)
  const { at, stage } = history.row
  const { firstRow } = history.deal
  const edges = new Map<number, { moves: number[]; deals: number; lastDeal: number }>()
  for (let deal = 0; deal < history.deals; deal++) {
    if (!isKnownDeal(history, deal, asOf)) continue
    for (let row = firstRow[deal]! + 1; row < firstRow[deal + 1]! && at[row]! <= asOf; row++) {
      const from = stage[row - 1]!
      const to = stage[row]!
      if (infos[from]!.pipelineId !== infos[to]!.pipelineId) continue
      const key = from * infos.length + to
      let edge = edges.get(key)
      if (edge === undefined) {
        edge = { moves: [], deals: 0, lastDeal: -1 }
        edges.set(key, edge)
      }
      edge.moves.push(workingTime.days(at[row - 1]!, at[row]!))
      if (edge.lastDeal !== deal) edge.deals++
      edge.lastDeal = deal
    }
  }
  const rows = [...edges].map(([key, edge]) => {
    const from = infos[Math.floor(key / infos.length)]!
    const to = infos[key % infos.length]!
    return {
      pipelineId: from.pipelineId,
      fromStageId: from.stageId,
      toStageId: to.stageId,
      deals: edge.deals,
      moves: edge.moves.length,
      medianDays: medianOf(edge.moves),
      isDesigned: designOf(from.pipelineId).edges.get(from.key)?.has(to.key) === true,
      order: from.order * 1e4 + to.order,
    }
  })
  rows.sort((a, b) => a.pipelineId.localeCompare(b.pipelineId) || a.order - b.order)
  return rows.map(({ order: _, ...row }) => row)
}

/**
 * Export `variants`: the different roads that deals took, over the whole history up to `asOf`. A deal belongs to
 * the pipeline it is in at `asOf`, with its whole path, so each deal is counted once; visits to another pipeline
 * stay in the path and cost as foreign. Immediate repeats stay in the path. A deal without rows has no road.
 */
export const variantsOf = (
  history: PortalHistory,
  world: World,
  designOf: (pipelineId: string) => DesignedGraph = designsOf(world),
): VariantRow[] => {
  const infos = stageInfos(history, world)
  const variants = new Map<
    string,
    { path: number[]; pipelineId: string; states: Int32Array; days: number[] }
  >()
  for (let deal = 0; deal < history.deals; deal++) {
    if (!isKnownDeal(history, deal, world.asOf)) continue
    const path = pathOf(history, deal, world.asOf)
    const end = infos[path.at(-1) ?? -1]
    if (end === undefined) continue
    const key = path.join()
    let variant = variants.get(key)
    if (variant === undefined) {
      variant = { path, pipelineId: end.pipelineId, states: new Int32Array(3), days: [] }
      variants.set(key, variant)
    }
    variant.states[end.code]!++
    variant.days.push(throughputDays(history, deal, path.length, world))
  }
  const rows = [...variants.values()].map(({ path, pipelineId, states, days }) => ({
    pipelineId,
    path: path.map(stage => infos[stage]!.stageId),
    deals: days.length,
    won: states[WON]!,
    lost: states[LOST]!,
    open: states[OPEN]!,
    medianDays: medianOf(days),
    conformanceCost: conformanceCost(keysOf(path, infos), designOf(pipelineId)),
  }))
  return rows.sort((a, b) => a.pipelineId.localeCompare(b.pipelineId) || b.deals - a.deals)
}

/** Stage numbers of a deal's rows up to `asOf`, repeats included. */
export const pathOf = (history: PortalHistory, deal: number, asOf: number): number[] => {
  const path: number[] = []
  const { firstRow } = history.deal
  for (let row = firstRow[deal]!; row < firstRow[deal + 1]! && history.row.at[row]! <= asOf; row++)
    path.push(history.row.stage[row]!)
  return path
}

const keysOf = (path: readonly number[], infos: readonly StageInfo[]): string[] =>
  path.map(stage => infos[stage]!.key)

/** Working days from a deal's creation to its last move; the creation row is the creation where there is one. */
const throughputDays = (history: PortalHistory, deal: number, rows: number, world: World): number => {
  const first = history.deal.firstRow[deal]!
  const { at, isCreation } = history.row
  const createdAt = isCreation[first] === 1 ? at[first]! : Math.min(at[first]!, history.deal.createdAt[deal]!)
  return world.workingTime.days(createdAt, at[first + rows - 1]!)
}
