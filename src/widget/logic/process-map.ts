import type { ProcessView, StageThreshold } from '../../http/api-schema.ts'

export type PipelineView = ProcessView['pipelines'][number]
export type Edge = PipelineView['edges'][number]

export type MapEdge = Edge & { from: number; to: number; kind: 'road' | 'short' | 'back' }
export type MapNode = StageThreshold & { index: number; entered: number; lost: number }

export type ProcessMap = {
  nodes: MapNode[]
  won: { deals: number; share: number | null } | null
  road: MapEdge[]
  arcs: MapEdge[]
  /** Arcs that are too rare or too many to draw. */
  hidden: number
  /** The one deviation that the sentence names: the move off the design that most deals make. */
  main: MapEdge | null
  lostTotal: number
  worstDeadEnd: MapNode | null
  created: number
  /** Where half of the stays are longest; null when no stage stands out. */
  slowest: MapNode | null
  roadShare: number | null
}

const MAX_ARCS = 7

/**
 * Lays the moves over the designed order: neighbours forward are the main road, longer forward moves are
 * shortcuts, moves back are returns, lost exits are dead ends. Edges under `minShare` of the deals are
 * hidden and counted.
 */
export const layOut = (pipeline: PipelineView, minShare: number): ProcessMap => {
  // A stage that the CRM lists no more is not on the road; moves over it stay in the table.
  const open = pipeline.stages.filter(stage => stage.outcome === 'open' && stage.isListed !== false)
  const wonIds = new Set(pipeline.stages.filter(stage => stage.outcome === 'won').map(stage => stage.stageId))
  const lostIds = new Set(
    pipeline.stages.filter(stage => stage.outcome === 'lost').map(stage => stage.stageId),
  )
  const place = new Map(open.map((stage, index) => [stage.stageId, index]))
  const end = open.length
  const at = (stageId: string): number | undefined => (wonIds.has(stageId) ? end : place.get(stageId))

  const placed = pipeline.edges.flatMap((edge): MapEdge[] => {
    const from = at(edge.fromStageId)
    const to = at(edge.toStageId)
    if (from === undefined || to === undefined || from === to || from === end) return []
    return [{ ...edge, from, to, kind: to === from + 1 ? 'road' : to > from ? 'short' : 'back' }]
  })
  const lostFrom = (stageId: string): number =>
    pipeline.edges
      .filter(edge => edge.fromStageId === stageId && lostIds.has(edge.toStageId))
      .reduce((sum, edge) => sum + edge.deals, 0)
  const nodes = open.map((stage, index) => ({
    ...stage,
    index,
    entered: stage.visits,
    lost: lostFrom(stage.stageId) || stage.lostExits,
  }))
  const created = pipeline.all.deals || nodes[0]?.visits || 0
  const rare = Math.max(1, created * minShare)
  const candidates = placed.filter(edge => edge.kind !== 'road').sort((a, b) => b.deals - a.deals)
  const main = placed
    .filter(edge => !edge.isDesigned && edge.deals >= rare)
    .reduce<MapEdge | null>((most, edge) => (edge.deals > (most?.deals ?? 0) ? edge : most), null)
  // What the sentence names is always drawn, and labelled first.
  const arcs = candidates
    .filter(edge => edge.deals >= rare)
    .sort((a, b) => Number(b === main) - Number(a === main))
    .slice(0, MAX_ARCS)
  const wonDeals = pipeline.all.won
  const worst = [...nodes].sort((a, b) => b.lost - a.lost)[0]
  return {
    nodes,
    won: wonIds.size === 0 ? null : { deals: wonDeals, share: created === 0 ? null : wonDeals / created },
    road: placed.filter(edge => edge.kind === 'road'),
    arcs,
    hidden: candidates.length - arcs.length,
    main,
    lostTotal: nodes.reduce((sum, node) => sum + node.lost, 0),
    worstDeadEnd: worst !== undefined && worst.lost > 0 ? worst : null,
    created,
    roadShare: pipeline.all.deals === 0 ? null : pipeline.onRoad.deals / pipeline.all.deals,
    slowest: slowestOf(nodes),
  }
}

/** Whether a shortcut passes stages that the design leads through; the other way is to go where it does not lead. */
export const passesDesign = ({ road }: ProcessMap, { from, to, kind }: MapEdge): boolean =>
  kind === 'short' && !road.some(edge => edge.from >= from && edge.to <= to && !edge.isDesigned)

/** Fewer visits say nothing of how long a stage takes. */
const ENOUGH_VISITS = 5

const slowestOf = (nodes: readonly MapNode[]): MapNode | null => {
  const told = nodes
    .filter(node => node.visits >= ENOUGH_VISITS && (node.medianDays ?? 0) > 0)
    .sort((a, b) => (b.medianDays ?? 0) - (a.medianDays ?? 0))
  const [first, second] = told
  return first === undefined || second === undefined || first.medianDays === second.medianDays ? null : first
}

/** Time of a stage as a part of the slowest one's, 0..1: the bar in its node. */
export const heatOf = (node: MapNode, nodes: readonly MapNode[]): number => {
  const most = Math.max(0, ...nodes.map(({ medianDays }) => medianDays ?? 0))
  return most === 0 ? 0 : (node.medianDays ?? 0) / most
}
