import type { DesignedGraph } from './designed-graph.ts'

/** Prices of an edit (metrics 4.3, M20). */
export const SKIP_COST = 1
export const BACK_STEP_COST = 1
export const FOREIGN_COST = 2

/**
 * Cost of the cheapest edit of a real path to the designed graph (M20). A real path is read from the left, and
 * each visit is explained by one of three edits, or by none when the design allows it:
 *
 * - skip, 1 for each designed stage that was passed over to get there, before the first stage too;
 * - back-step, 1 for a return to any stage that was visited before or lies before, however far, for leaving a won
 *   or lost stage, and for coming to a stage that no designed way leads to;
 * - foreign pipeline, 2 for each visit to a stage of another pipeline.
 *
 * A deal may stop anywhere. An immediate repeat is one visit. A stage of this pipeline that the design does not
 * know (deleted since) costs nothing. The cheapest explanation is exact: a foreign visit leaves the place in the
 * design as it is and any other visit sets it, so each step is the shortest way between two known places.
 *
 * @param path `stageKey`s in order
 */
export const conformanceCost = (path: readonly string[], graph: DesignedGraph): number => {
  let cost = 0
  let place: string | null = null
  let last: string | null = null
  for (const stage of path) {
    if (stage === last) continue
    last = stage
    if (isForeign(stage, graph)) {
      cost += FOREIGN_COST
      continue
    }
    if (!graph.nodes.has(stage) || stage === place) continue
    cost += stepCost(place, stage, graph)
    place = stage
  }
  return cost
}

/** Price of coming from one designed stage (null = the beginning) to another. */
export const stepCost = (from: string | null, to: string, graph: DesignedGraph): number => {
  const skipped = graph.skipped(from, to)
  if (skipped === null) return BACK_STEP_COST
  const isBehind = from !== null && graph.skipped(to, from) !== null
  return isBehind ? Math.min(skipped * SKIP_COST, BACK_STEP_COST) : skipped * SKIP_COST
}

/**
 * The most that a path of these visits could cost: every visit foreign, and the whole shortest road skipped.
 * M20 = 1 − cost / cost_max.
 */
export const conformanceCostMax = (path: readonly string[], graph: DesignedGraph): number => {
  const visits = path.filter((stage, index) => stage !== path[index - 1]).length
  let road = 0
  for (const stage of graph.nodes) road = Math.max(road, (graph.skipped(null, stage) ?? 0) + 1)
  return visits * FOREIGN_COST + road * SKIP_COST
}

const isForeign = (stage: string, graph: DesignedGraph): boolean =>
  !stage.startsWith(`${graph.pipelineId}\u0000`)
