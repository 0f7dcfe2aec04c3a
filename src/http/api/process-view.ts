import { medianOfThinned } from '../../metrics/history/median.ts'
import type {
  PersonCell,
  PersonEdge,
  PersonProcess,
  PersonStage,
  PersonVariant,
  SnapshotParts,
  StageRow,
} from '../../snapshot/document.ts'
import type { ProcessView, StageThreshold } from '../api-schema.ts'
import { edgeEffects } from './process-effect.ts'
import { pathsOf, type Road, sumOf } from './process-paths.ts'
import type { Names } from './views.ts'

export const stageView = (row: StageRow, names: Names): StageThreshold => ({
  pipelineId: row.pipelineId,
  pipelineName: names.pipeline(row.pipelineId),
  stageId: row.stageId,
  name: row.name,
  outcome: row.outcome,
  visits: row.visits,
  openNow: row.openNow,
  medianDays: row.medianDays,
  t80Days: row.t80Days,
  t95Days: row.t95Days,
  source: row.source,
  forwardExits: row.forwardExits,
  backExits: row.backExits,
  lostExits: row.lostExits,
  otherExits: row.otherExits,
  ...(row.isListed === false && { isListed: false }),
})

/** Paths that a screen can show; the export has them all. */
const MAX_VARIANTS = 50
const MAX_PATHS = 40

export type ProcessParts = Pick<SnapshotParts, 'stages' | 'process' | 'variants'>
type PersonPipeline = PersonProcess['pipelines'][number]
type PipelineView = ProcessView['pipelines'][number]

/**
 * The map of the whole company: rows are the exports' own.
 * @param people everybody's rows, for effects; none where the snapshot was built without them
 */
export const companyPipelines = (
  parts: ProcessParts,
  people: readonly PersonProcess[],
  names: Names,
): PipelineView[] =>
  pipelineIds(parts).map(id => {
    const stages = parts.stages.filter(({ pipelineId }) => pipelineId === id)
    const roads = parts.variants.filter(({ pipelineId }) => pipelineId === id)
    const effects = edgeEffects(stages, mergedCells(rowsOf(people, id)))
    return {
      id,
      name: names.pipeline(id),
      stages: stages.map(row => stageView(row, names)),
      edges: parts.process
        .filter(({ pipelineId }) => pipelineId === id)
        .map(({ pipelineId: _, ...edge }) => ({
          ...edge,
          effect: effects(edge.fromStageId, edge.toStageId),
        })),
      ...roadsView(
        roads,
        stages,
        sumOf(roads),
        sumOf(roads.filter(({ conformanceCost }) => conformanceCost === 0)),
      ),
      rest: null,
    }
  })

/** The same of some people's deals. Thresholds stay the pipeline's: what is usual is not asked person by person. */
export const peoplePipelines = (
  parts: ProcessParts,
  people: readonly PersonProcess[],
  names: Names,
): PipelineView[] =>
  pipelineIds(parts).map(id => {
    const rows = rowsOf(people, id)
    const cells = mergedCells(rows)
    const stages = parts.stages
      .filter(({ pipelineId }) => pipelineId === id)
      .map((row): StageRow => ({ ...row, ...cells.stage(row.stageId) }))
    const designed = new Set(
      parts.process
        .filter(({ pipelineId, isDesigned }) => pipelineId === id && isDesigned)
        .map(({ fromStageId, toStageId }) => `${fromStageId} ${toStageId}`),
    )
    const effects = edgeEffects(stages, cells)
    const rest = rows.map(row => row.rest).filter(({ deals }) => deals > 0)
    return {
      id,
      name: names.pipeline(id),
      stages: stages.map(row => stageView(row, names)),
      edges: cells.edges.map(({ fromStageId, toStageId, deals, measured, medianDays }) => ({
        fromStageId,
        toStageId,
        deals,
        moves: measured,
        medianDays,
        isDesigned: designed.has(`${fromStageId} ${toStageId}`),
        effect: effects(fromStageId, toStageId),
      })),
      ...roadsView(
        mergedRoads(rows),
        stages,
        sumOf(rows.map(row => asSum(row.all))),
        sumOf(rows.map(row => asSum(row.onRoad))),
      ),
      rest:
        rest.length === 0 ? null : { ...sumOf(rest), roads: rest.reduce((sum, { paths }) => sum + paths, 0) },
    }
  })

const pipelineIds = (parts: ProcessParts): string[] => [
  ...new Set(parts.stages.map(({ pipelineId }) => pipelineId)),
]

export const rowsOf = (people: readonly PersonProcess[], pipelineId: string): PersonPipeline[] =>
  people.flatMap(({ pipelines }) => pipelines.filter(pipeline => pipeline.pipelineId === pipelineId))

const asSum = ([deals, won, lost]: PersonPipeline['all']) => ({ deals, won, lost })

const roadsView = (
  roads: readonly (Road & { parts?: readonly PersonCell[] })[],
  stages: readonly StageRow[],
  all: PipelineView['all'],
  onRoad: PipelineView['onRoad'],
): Pick<PipelineView, 'variants' | 'all' | 'onRoad' | 'paths'> => ({
  variants: roads
    .toSorted((a, b) => b.deals - a.deals)
    .slice(0, MAX_VARIANTS)
    .map(({ path, deals, won, lost, open, medianDays, conformanceCost }) => ({
      path,
      deals,
      won,
      lost,
      open,
      medianDays,
      conformanceCost,
    })),
  all,
  onRoad,
  paths: pathsOf(roads, stages, medianOfRoads).slice(0, MAX_PATHS),
})

/** Of the deals themselves where they are known; else of the roads' medians, each as often as it has deals. */
const medianOfRoads = (roads: readonly (Road & { parts?: readonly PersonCell[] })[]): number | null =>
  medianOfThinned(
    roads.flatMap(
      ({ parts, deals, medianDays }): readonly Pick<PersonCell, 'measured' | 'days'>[] =>
        parts ?? (medianDays === null ? [] : [{ measured: deals, days: [medianDays] }]),
    ),
  )

const mergedRoads = (rows: readonly PersonPipeline[]): (Road & { parts: PersonVariant[] })[] =>
  [
    ...Map.groupBy(
      rows.flatMap(({ variants }) => variants),
      ({ path }) => path.join('>'),
    ).values(),
  ].map(parts => ({
    path: parts[0]!.path,
    conformanceCost: parts[0]!.conformanceCost,
    ...sumOf(parts),
    medianDays: medianOfThinned(parts),
    parts,
  }))

const pairSum = (pairs: readonly (readonly [number, number])[]): [number, number] =>
  pairs.reduce<[number, number]>((sum, [a, b]) => [sum[0] + a, sum[1] + b], [0, 0])

const COUNTS = ['visits', 'forwardExits', 'backExits', 'lostExits', 'otherExits', 'openNow'] as const

/** Cells of several people as one: each deal is in one person's cells, so they add up. */
const mergedCells = (rows: readonly PersonPipeline[]) => {
  const edges = Map.groupBy(
    rows.flatMap(row => row.edges),
    ({ fromStageId, toStageId }) => `${fromStageId} ${toStageId}`,
  )
  const stages = Map.groupBy(
    rows.flatMap(row => row.stages),
    ({ stageId }) => stageId,
  )
  return {
    edges: [...edges.values()].map((parts: PersonEdge[]) => ({
      fromStageId: parts[0]!.fromStageId,
      toStageId: parts[0]!.toStageId,
      ...sumOf(parts),
      measured: parts.reduce((sum, { measured }) => sum + measured, 0),
      medianDays: medianOfThinned(parts),
      alsoRoad: pairSum(parts.map(part => part.alsoRoad)),
    })),
    stages: [...stages.values()].map((parts: PersonStage[]) => ({
      stageId: parts[0]!.stageId,
      ...sumOf(parts),
      turnedBack: pairSum(parts.map(part => part.turnedBack)),
    })),
    /** Counts and median of a stage, zeros where nobody of them was there. */
    stage: (stageId: string): Pick<StageRow, (typeof COUNTS)[number] | 'medianDays'> => {
      const parts = stages.get(stageId) ?? []
      const counts = Object.fromEntries(
        COUNTS.map(name => [name, parts.reduce((sum, part) => sum + part[name], 0)]),
      ) as Record<(typeof COUNTS)[number], number>
      return { ...counts, medianDays: medianOfThinned(parts) }
    },
  }
}
