import type { DrawnDesign, Settings } from '../../records/settings.ts'
import { type StageFact, stageKey, type World } from '../world.ts'

/** The road that a pipeline was designed to take: which stage may follow which. */
export type DesignedGraph = {
  pipelineId: string
  /** Stages on the road, by `stageKey`; a stage not here is unknown to the design and costs nothing. */
  nodes: ReadonlySet<string>
  starts: readonly string[]
  edges: ReadonlyMap<string, ReadonlySet<string>>
  /** Stages skipped on the shortest designed way between two stages (0 = directly allowed); absent = no way. */
  skipped(from: string | null, to: string): number | null
  /** Those stages themselves, in their order. */
  passed(from: string | null, to: string): string[] | null
}

/** What a graph has to know of stages; the world's facts are such. */
export type GraphStage = Pick<StageFact, 'pipelineId' | 'stageId' | 'order' | 'outcome' | 'isListed'>
type Stages = { stages: ReadonlyMap<string, GraphStage> }

/**
 * The design of a pipeline in force at an instant. A design counts from the moment it was drawn and never before: CRMs
 * date no such thing, and a snapshot of an earlier instant, built again, has to stay as it was.
 * @returns null where the default is in force
 */
export const designAt = (
  designs: Settings['designs'],
  pipelineId: string,
  asOf: number,
): DrawnDesign | null => {
  const version = designs[pipelineId]?.findLast(({ from }) => Date.parse(from) <= asOf)
  return version?.edges ? { from: version.from, edges: version.edges } : null
}

/** The settings' designs as an instant knows them: of each pipeline the one in force. */
export const designsAt = (designs: Settings['designs'], asOf: number): Settings['designs'] =>
  Object.fromEntries(
    Object.keys(designs).flatMap(pipelineId => {
      const found = designAt(designs, pipelineId, asOf)
      return found === null ? [] : [[pipelineId, [found]]]
    }),
  )

/** Designed graphs by pipeline as of the world's instant, made when first asked for. */
export const designsOf = (world: World): ((pipelineId: string) => DesignedGraph) => {
  const graphs = new Map<string, DesignedGraph>()
  return pipelineId => {
    let graph = graphs.get(pipelineId)
    if (graph === undefined) {
      const drawn = designAt(world.settings.designs, pipelineId, world.asOf)
      graph = designedGraph(pipelineId, world, drawn)
      graphs.set(pipelineId, graph)
    }
    return graph
  }
}

/** The drawn graph, or the default one where nothing is drawn, or nothing that still exists. */
export const designedGraph = (
  pipelineId: string,
  stages: Stages,
  drawn: Pick<DrawnDesign, 'edges'> | null,
): DesignedGraph =>
  (drawn === null ? null : drawnGraph(pipelineId, stages, drawn.edges)) ?? defaultGraph(pipelineId, stages)

/**
 * The default design: each listed open stage of the pipeline in its order, then won; lost from any open stage.
 */
export const defaultGraph = (pipelineId: string, of: Stages): DesignedGraph => {
  const { road, won, lost } = listed(pipelineId, of)
  const edges = new Map<string, Set<string>>()
  road.forEach((stage, index) => {
    const next = road[index + 1]
    edges.set(stage, new Set([...(next === undefined ? won : [next]), ...lost]))
  })
  const starts = road[0] === undefined ? [...won, ...lost] : [road[0]]
  return graphOf({ pipelineId, nodes: [...road, ...won, ...lost], starts, edges })
}

/**
 * The graph of drawn edges. An edge leads from a listed open stage to another or to won, whichever of several won
 * stages that is; all others are ignored, those of deleted stages too. Lost is allowed from anywhere, drawn or not:
 * to close what is dead is never off the road. Deals begin on the first stage that an edge leaves, and on those that
 * no edge leads to.
 * @returns null when no edge is left
 */
const drawnGraph = (pipelineId: string, of: Stages, drawn: DrawnDesign['edges']): DesignedGraph | null => {
  const { road, won, lost } = listed(pipelineId, of)
  const edges = new Map(road.map(stage => [stage, new Set<string>()]))
  const entered = new Set<string>()
  for (const [fromId, toId] of drawn) {
    const [from, to] = [stageKey(pipelineId, fromId), stageKey(pipelineId, toId)]
    if (from === to || !(edges.has(to) || won.includes(to))) continue
    for (const target of won.includes(to) ? won : [to]) edges.get(from)?.add(target)
    if (edges.has(from)) entered.add(to)
  }
  const left = road.filter(stage => edges.get(stage)!.size > 0)
  if (left.length === 0) return null
  for (const targets of edges.values()) for (const stage of lost) targets.add(stage)
  const starts = left.filter((stage, index) => index === 0 || !entered.has(stage))
  return graphOf({ pipelineId, nodes: [...road, ...won, ...lost], starts, edges })
}

/** Listed stages of a pipeline in their order, by `stageKey`. */
const listed = (pipelineId: string, { stages }: Stages): Record<'road' | 'won' | 'lost', string[]> => {
  const own = [...stages.values()]
    .filter(stage => stage.pipelineId === pipelineId && stage.isListed)
    .sort((a, b) => a.order - b.order)
  const keys = (outcome: GraphStage['outcome']): string[] =>
    own.filter(stage => stage.outcome === outcome).map(({ stageId }) => stageKey(pipelineId, stageId))
  return { road: keys('open'), won: keys('won'), lost: keys('lost') }
}

/** A graph with its distances worked out once per stage, breadth first. */
export const graphOf = (design: {
  pipelineId: string
  nodes: Iterable<string>
  starts: readonly string[]
  edges: ReadonlyMap<string, ReadonlySet<string>>
}): DesignedGraph => {
  const searched = new Map<string | null, Reached>()
  const reachedFrom = (from: string | null): Reached => {
    let found = searched.get(from)
    if (found === undefined) {
      found = reach(from === null ? design.starts : [...(design.edges.get(from) ?? [])], design.edges)
      searched.set(from, found)
    }
    return found
  }
  return {
    ...design,
    nodes: new Set(design.nodes),
    skipped: (from, to) => reachedFrom(from).get(to)?.distance ?? null,
    passed(from, to) {
      const found = reachedFrom(from)
      const end = found.get(to)
      if (end === undefined) return null
      const stages: string[] = []
      for (let stage = end.before; stage !== null; stage = found.get(stage)!.before) stages.unshift(stage)
      return stages
    },
  }
}

/** Stages that can be reached: how many lie between, and the last of those. */
type Reached = ReadonlyMap<string, { distance: number; before: string | null }>

const reach = (first: readonly string[], edges: ReadonlyMap<string, ReadonlySet<string>>): Reached => {
  const found = new Map(first.map(stage => [stage, { distance: 0, before: null as string | null }]))
  for (const [stage, { distance }] of found)
    for (const next of edges.get(stage) ?? [])
      if (!found.has(next)) found.set(next, { distance: distance + 1, before: stage })
  return found
}
