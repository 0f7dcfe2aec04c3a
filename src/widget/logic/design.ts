import type { StageThreshold } from '../../http/api-schema.ts'
import { type Edge, layOut, type MapEdge, type PipelineView, type ProcessMap } from './process-map.ts'

/** The designed road beside the real one, and the drawing of it. */

export type DesignEdge = readonly [from: string, to: string]

export const designKey = (from: string, to: string): string => `${from}\u0000${to}`
export const edgeOfKey = (key: string): [from: string, to: string] => {
  const [from = '', to = ''] = key.split('\u0000')
  return [from, to]
}

/** Stages that edges may leave, in their order. */
export const openStages = ({ stages }: Pick<PipelineView, 'stages'>): StageThreshold[] =>
  stages.filter(({ outcome, isListed }) => outcome === 'open' && isListed !== false)

/** Stages that an edge may lead to: open ones, and won once, however many won stages there are. */
export const targetStages = (pipeline: Pick<PipelineView, 'stages'>): StageThreshold[] => {
  const won = pipeline.stages.find(({ outcome, isListed }) => outcome === 'won' && isListed !== false)
  return [...openStages(pipeline), ...(won === undefined ? [] : [won])]
}

/** The designed edges, each once: what leads to won leads to every won stage, of which one is shown. */
export const shownEdges = (pipeline: Pick<PipelineView, 'stages' | 'design'>): DesignEdge[] => {
  const targets = new Set(targetStages(pipeline).map(({ stageId }) => stageId))
  return pipeline.design.edges.filter(([, to]) => targets.has(to))
}

export type Disagreements = {
  /** Moves off the design, most deals first. */
  undrawn: Edge[]
  /** Designed moves that no deal has made. */
  untaken: DesignEdge[]
}

type Compared = Pick<PipelineView, 'stages' | 'edges' | 'design'>

/**
 * Where design and log disagree. Losing is allowed from any open stage; a repeat of a stage is no move, and a stage that
 * the CRM lists no more is unknown to the design.
 */
export const disagreementsOf = ({ stages, edges, design }: Compared): Disagreements => {
  const known = new Map(stages.filter(({ isListed }) => isListed !== false).map(one => [one.stageId, one]))
  const drawn = new Set(design.edges.map(([from, to]) => designKey(from, to)))
  // Won is won, on whichever of several won stages.
  const place = (stageId: string): string => (known.get(stageId)?.outcome === 'won' ? 'won' : stageId)
  const taken = new Set(
    edges.filter(({ deals }) => deals > 0).map(edge => designKey(edge.fromStageId, place(edge.toStageId))),
  )
  const isAllowed = ({ fromStageId: from, toStageId: to }: Edge): boolean =>
    from === to ||
    !known.has(from) ||
    !known.has(to) ||
    (known.get(from)?.outcome === 'open' && known.get(to)?.outcome === 'lost') ||
    drawn.has(designKey(from, to))
  return {
    undrawn: edges.filter(edge => edge.deals > 0 && !isAllowed(edge)).sort((a, b) => b.deals - a.deals),
    untaken: shownEdges({ stages, design }).filter(([from, to]) => !taken.has(designKey(from, place(to)))),
  }
}

/** Shortcuts and returns shown for drawing besides those that are drawn: the usual ones. */
const OFFERED = 10

/**
 * The map to draw on: every neighbour, the moves that deals make most, and what is drawn. All are of one width: here
 * an edge is allowed or not.
 * @param kept edges that stay in sight though they are neither
 */
export const layDraft = (pipeline: PipelineView, kept: ReadonlySet<string>): ProcessMap => {
  const map = layOut({ ...pipeline, edges: [] }, 0)
  const targets = targetStages(pipeline)
  const place = new Map(targets.map(({ stageId }, index) => [stageId, index]))
  const deals = new Map(pipeline.edges.map(edge => [designKey(edge.fromStageId, edge.toStageId), edge.deals]))
  const edgeOf = (key: string): MapEdge[] => {
    const [fromStageId, toStageId] = edgeOfKey(key)
    const [from, to] = [place.get(fromStageId), place.get(toStageId)]
    if (from === undefined || to === undefined || from === to || from >= map.nodes.length) return []
    return [
      {
        fromStageId,
        toStageId,
        from,
        to,
        kind: to === from + 1 ? 'road' : to > from ? 'short' : 'back',
        deals: 1,
        moves: 1,
        medianDays: null,
        isDesigned: false,
        effect: null,
      },
    ]
  }
  const neighbours = targets.slice(1).map(({ stageId }, index) => designKey(targets[index]!.stageId, stageId))
  const usual = [...deals]
    .filter(([key]) => edgeOf(key).some(({ kind }) => kind !== 'road'))
    .sort(([, a], [, b]) => b - a)
    .slice(0, OFFERED)
    .map(([key]) => key)
  const edges = [...new Set([...neighbours, ...usual, ...kept])].flatMap(edgeOf)
  return {
    ...map,
    nodes: map.nodes.map(node => ({ ...node, lost: 0 })),
    road: edges.filter(({ kind }) => kind === 'road'),
    arcs: edges.filter(({ kind }) => kind !== 'road'),
  }
}
