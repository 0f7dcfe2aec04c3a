import { type DesignedGraph, designAt, designedGraph } from '../../metrics/history/designed-graph.ts'
import { stageKey } from '../../metrics/world.ts'
import { type DrawnDesign, MAX_DESIGN_VERSIONS, type Settings } from '../../records/settings.ts'
import type { StageRow } from '../../snapshot/document.ts'
import type { ProcessView } from '../api-schema.ts'

type DesignView = ProcessView['pipelines'][number]['design']
type Stages = readonly Pick<StageRow, 'stageId' | 'outcome' | 'isListed'>[]
type Edges = DrawnDesign['edges']

/** The designed graph over the rows of one pipeline's stages, which are in their order. */
export const graphOfRows = (
  pipelineId: string,
  rows: Stages,
  drawn: { edges: Edges } | null,
): DesignedGraph =>
  designedGraph(
    pipelineId,
    {
      stages: new Map(
        rows.map(({ stageId, outcome, isListed }, order) => [
          stageKey(pipelineId, stageId),
          { pipelineId, stageId, outcome, order, isListed: isListed !== false },
        ]),
      ),
    },
    drawn,
  )

/** Edges of a graph by stage ids; those to lost are always there and left out. */
const edgesOf = (graph: DesignedGraph, rows: Stages): Edges => {
  const targets = rows.filter(({ outcome }) => outcome !== 'lost').map(({ stageId }) => stageId)
  const key = (stageId: string): string => stageKey(graph.pipelineId, stageId)
  return rows.flatMap(({ stageId: from }) =>
    targets
      .filter(to => graph.edges.get(key(from))?.has(key(to)) === true)
      .map((to): Edges[number] => [from, to]),
  )
}

/**
 * The design of a pipeline as it is set now. The snapshot's figures stand against the one in force at its instant;
 * `isCounted` = that is the same one.
 */
export const designView = (of: {
  pipelineId: string
  rows: Stages
  counted: DesignedGraph
  designs: Settings['designs']
}): DesignView => {
  const newest = designAt(of.designs, of.pipelineId, Number.POSITIVE_INFINITY)
  // A drawing whose stages are all gone is in force no more.
  const drawn = newest !== null && drawable(newest.edges, of.rows).length > 0 ? newest : null
  const edges = edgesOf(graphOfRows(of.pipelineId, of.rows, drawn), of.rows)
  return {
    edges,
    isDrawn: drawn !== null,
    since: drawn?.from ?? null,
    isCounted: sameEdges(edges, edgesOf(of.counted, of.rows)),
  }
}

/** Of the asked edges those that can be drawn: between two of the pipeline's listed stages, out of an open one, never to lost. */
export const drawable = (edges: Edges, rows: Stages): Edges => {
  const outcomes = new Map(
    rows.filter(({ isListed }) => isListed !== false).map(row => [row.stageId, row.outcome]),
  )
  const kept = edges.filter(
    ([from, to]) =>
      from !== to && outcomes.get(from) === 'open' && ['open', 'won'].includes(outcomes.get(to) ?? ''),
  )
  return [...new Map(kept.map(edge => [edge.join('\u0000'), edge])).values()]
}

/** Versions with one more at their end, or as they are when nothing changes by it. */
export const withVersion = (
  versions: Settings['designs'][string] | undefined,
  edges: Edges | null,
  now: Date,
): Settings['designs'][string] => {
  const before = versions ?? []
  const last = before.at(-1)?.edges ?? null
  if (last === edges || (last !== null && edges !== null && sameEdges(last, edges))) return before
  const from = now.toISOString()
  return [...before.filter(one => Date.parse(one.from) < now.getTime()), { from, edges }].slice(
    -MAX_DESIGN_VERSIONS,
  )
}

const sameEdges = (a: Edges, b: Edges): boolean => {
  const written = (edges: Edges): string => JSON.stringify(edges.map(edge => edge.join('\u0000')).sort())
  return written(a) === written(b)
}
