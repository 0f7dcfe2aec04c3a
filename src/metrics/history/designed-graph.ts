import { stageKey, type World } from '../world.ts'

/** The road that a pipeline was designed to take: which stage may follow which. */
export type DesignedGraph = {
  pipelineId: string
  /** Stages on the road, by `stageKey`; a stage not here is unknown to the design and costs nothing. */
  nodes: ReadonlySet<string>
  starts: readonly string[]
  edges: ReadonlyMap<string, ReadonlySet<string>>
  /** Stages skipped on the shortest designed way between two stages (0 = directly allowed); absent = no way. */
  skipped(from: string | null, to: string): number | null
}

/**
 * The default design: each listed open stage of the pipeline in its order, then won; lost from any open stage.
 */
export const defaultGraph = (pipelineId: string, world: World): DesignedGraph => {
  const stages = [...world.stages.values()]
    .filter(stage => stage.pipelineId === pipelineId && stage.isListed)
    .sort((a, b) => a.order - b.order)
  const keyOf = (stage: { stageId: string }): string => stageKey(pipelineId, stage.stageId)
  const road = stages.filter(stage => stage.outcome === 'open').map(keyOf)
  const won = stages.filter(stage => stage.outcome === 'won').map(keyOf)
  const lost = stages.filter(stage => stage.outcome === 'lost').map(keyOf)
  const edges = new Map<string, Set<string>>()
  road.forEach((stage, index) => {
    const next = road[index + 1]
    edges.set(stage, new Set([...(next === undefined ? won : [next]), ...lost]))
  })
  const starts = road[0] === undefined ? [...won, ...lost] : [road[0]]
  return graphOf({ pipelineId, nodes: [...road, ...won, ...lost], starts, edges })
}

/** A graph with its distances worked out once per stage, breadth first. */
export const graphOf = (design: {
  pipelineId: string
  nodes: Iterable<string>
  starts: readonly string[]
  edges: ReadonlyMap<string, ReadonlySet<string>>
}): DesignedGraph => {
  const distances = new Map<string | null, Map<string, number>>()
  return {
    ...design,
    nodes: new Set(design.nodes),
    skipped(from, to) {
      let known = distances.get(from)
      if (known === undefined) {
        known = distancesFrom(
          from === null ? design.starts : [...(design.edges.get(from) ?? [])],
          design.edges,
        )
        distances.set(from, known)
      }
      return known.get(to) ?? null
    },
  }
}

const distancesFrom = (
  first: readonly string[],
  edges: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, number> => {
  const found = new Map(first.map(stage => [stage, 0]))
  for (const [stage, distance] of found)
    for (const next of edges.get(stage) ?? []) if (!found.has(next)) found.set(next, distance + 1)
  return found
}
