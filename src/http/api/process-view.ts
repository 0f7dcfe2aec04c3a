import type { DesignedGraph } from '../../metrics/history/designed-graph.ts'
import { medianOfThinned } from '../../metrics/history/median.ts'
import { stageKey } from '../../metrics/world.ts'
import type { Settings } from '../../records/settings.ts'
import type {
  GroupCell,
  ProcessGroup,
  ProcessRoad,
  SnapshotParts,
  StageRow,
} from '../../snapshot/document.ts'
import type { ProcessView, StageThreshold } from '../api-schema.ts'
import { designView, graphOfRows } from './process-design.ts'
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
const MAX_PATHS = 200

type Outcome = ProcessGroup['outcome']
type PipelineView = ProcessView['pipelines'][number]

/** What the process of a snapshot is told from. */
export type ProcessParts = Pick<SnapshotParts, 'stages' | 'process' | 'variants'> & {
  roads: readonly ProcessRoad[]
  /** Designs that the snapshot's figures stand against. */
  counted: NonNullable<SnapshotParts['designs']>
  /** Designs as they are set now. */
  designs: Settings['designs']
}

/** The rows of one pipeline and the design that they were counted against. */
const pipelineParts = (parts: ProcessParts, id: string) => {
  const stages = parts.stages.filter(({ pipelineId }) => pipelineId === id)
  return { stages, design: countedDesign(parts, id, stages) }
}

/** The design that the snapshot's figures stand against. */
export const countedDesign = (
  { counted }: Pick<ProcessParts, 'counted'>,
  id: string,
  stages: readonly StageRow[],
): DesignedGraph => graphOfRows(id, stages, counted.find(({ pipelineId }) => pipelineId === id) ?? null)

const designNow = (parts: ProcessParts, id: string, rows: readonly StageRow[], counted: DesignedGraph) =>
  designView({ pipelineId: id, rows, counted, designs: parts.designs })

/**
 * The map of the whole company: rows are the exports' own.
 * @param groups everybody's rows, for effects; none where the snapshot was built without them
 */
export const companyPipelines = (
  parts: ProcessParts,
  groups: readonly ProcessGroup[],
  names: Names,
): PipelineView[] =>
  pipelineIds(parts).map(id => {
    const { stages, design } = pipelineParts(parts, id)
    const roads = parts.variants.filter(({ pipelineId }) => pipelineId === id)
    const effects = edgeEffects(stages, mergedCells(rowsOf(groups, id)), design)
    return {
      id,
      name: names.pipeline(id),
      design: designNow(parts, id, stages, design),
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
        design,
        sumOf(roads),
        sumOf(roads.filter(({ conformanceCost }) => conformanceCost === 0)),
      ),
      rest: null,
    }
  })

/** The same of some groups' deals. Thresholds stay the pipeline's: what is usual is not asked group by group. */
export const groupPipelines = (
  parts: ProcessParts,
  groups: readonly ProcessGroup[],
  names: Names,
): PipelineView[] =>
  pipelineIds(parts).map(id => {
    const rows = rowsOf(groups, id)
    const cells = mergedCells(rows)
    const { stages: whole, design } = pipelineParts(parts, id)
    const stages = whole.map((row): StageRow => ({ ...row, ...cells.stage(row.stageId) }))
    const isDesigned = (from: string, to: string): boolean =>
      design.edges.get(stageKey(id, from))?.has(stageKey(id, to)) === true
    const effects = edgeEffects(stages, cells, design)
    const rest = rows.flatMap(({ outcome, rest: cell }) => (cell === null ? [] : [standing(cell, outcome)]))
    return {
      id,
      name: names.pipeline(id),
      design: designNow(parts, id, whole, design),
      stages: stages.map(row => stageView(row, names)),
      edges: cells.edges.map(({ fromStageId, toStageId, deals, measured, medianDays }) => ({
        fromStageId,
        toStageId,
        deals,
        moves: measured,
        medianDays,
        isDesigned: isDesigned(fromStageId, toStageId),
        effect: effects(fromStageId, toStageId),
      })),
      ...roadsView(
        mergedRoads(rows, parts.roads),
        stages,
        design,
        sumOf(rows.map(({ all, outcome }) => standing({ deals: all }, outcome))),
        sumOf(rows.map(({ onRoad, outcome }) => standing({ deals: onRoad }, outcome))),
      ),
      rest: rest.length === 0 ? null : sumOf(rest),
    }
  })

const pipelineIds = (parts: ProcessParts): string[] => [
  ...new Set(parts.stages.map(({ pipelineId }) => pipelineId)),
]

type GroupPipeline = ProcessGroup['pipelines'][number] & Pick<ProcessGroup, 'outcome'>

export const rowsOf = (groups: readonly ProcessGroup[], pipelineId: string): GroupPipeline[] =>
  groups.flatMap(({ outcome, pipelines }) =>
    pipelines.filter(pipeline => pipeline.pipelineId === pipelineId).map(own => ({ ...own, outcome })),
  )

/** All deals of a cell stand alike. */
export const standing = ({ deals }: { deals: number }, outcome: Outcome) => ({
  deals,
  won: outcome === 'won' ? deals : 0,
  lost: outcome === 'lost' ? deals : 0,
})

const roadsView = (
  roads: readonly (Road & { parts?: readonly GroupCell[] })[],
  stages: readonly StageRow[],
  design: DesignedGraph,
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
  paths: pathsOf(roads, stages, design, medianOfRoads).slice(0, MAX_PATHS),
})

/** Of the deals themselves where they are known; else of the roads' medians, each as often as it has deals. */
const medianOfRoads = (roads: readonly (Road & { parts?: readonly GroupCell[] })[]): number | null =>
  medianOfThinned(
    roads.flatMap(
      ({ parts, deals, medianDays }): readonly Pick<GroupCell, 'measured' | 'days'>[] =>
        parts ?? (medianDays === null ? [] : [{ measured: deals, days: [medianDays] }]),
    ),
  )

type Told<Row extends GroupCell> = { row: Row; outcome: Outcome }

/** Rows of some kind with how their deals stand, grouped by what they are rows of. */
const told = <Row extends GroupCell, Key>(
  rows: readonly GroupPipeline[],
  pick: (pipeline: GroupPipeline) => readonly Row[],
  keyOf: (row: Row) => Key,
): Map<Key, Told<Row>[]> =>
  Map.groupBy(
    rows.flatMap(pipeline => pick(pipeline).map(row => ({ row, outcome: pipeline.outcome }))),
    ({ row }) => keyOf(row),
  )

const sumOfTold = (parts: readonly Told<GroupCell>[]) => {
  const rows = parts.map(({ row }) => row)
  return {
    ...sumOf(parts.map(({ row, outcome }) => standing(row, outcome))),
    measured: rows.reduce((sum, { measured }) => sum + measured, 0),
    medianDays: medianOfThinned(rows),
    parts: rows,
  }
}

const mergedRoads = (
  rows: readonly GroupPipeline[],
  roads: readonly ProcessRoad[],
): (Road & { parts: GroupCell[] })[] =>
  [
    ...told(
      rows,
      pipeline => pipeline.roads,
      ({ road }) => road,
    ),
  ].map(([road, parts]) => ({ ...roads[road]!, ...sumOfTold(parts) }))

/** Won and lost deals of which something is told. */
const pairOf = <Row extends GroupCell>(
  parts: readonly Told<Row>[],
  of: (row: Row) => number,
): [won: number, lost: number] => {
  const sum = (outcome: Outcome): number =>
    parts.reduce((total, part) => total + (part.outcome === outcome ? of(part.row) : 0), 0)
  return [sum('won'), sum('lost')]
}

const COUNTS = ['visits', 'forwardExits', 'backExits', 'lostExits', 'otherExits', 'openNow'] as const

/** Cells of several groups as one: each deal is in one group's cells, so they add up. */
const mergedCells = (rows: readonly GroupPipeline[]) => {
  const edges = told(
    rows,
    pipeline => pipeline.edges,
    ({ fromStageId, toStageId }) => `${fromStageId} ${toStageId}`,
  )
  const stages = told(
    rows,
    pipeline => pipeline.stages,
    ({ stageId }) => stageId,
  )
  return {
    edges: [...edges.values()].map(parts => ({
      fromStageId: parts[0]!.row.fromStageId,
      toStageId: parts[0]!.row.toStageId,
      ...sumOfTold(parts),
      alsoRoad: pairOf(parts, ({ alsoRoad }) => alsoRoad),
    })),
    stages: [...stages].map(([stageId, parts]) => ({
      stageId,
      ...sumOf(parts.map(({ row, outcome }) => standing(row, outcome))),
      turnedBack: pairOf(parts, ({ turnedBack }) => turnedBack),
    })),
    /** Counts and median of a stage, zeros where nobody of them was there. */
    stage: (stageId: string): Pick<StageRow, (typeof COUNTS)[number] | 'medianDays'> => {
      const parts = (stages.get(stageId) ?? []).map(({ row }) => row)
      const counts = Object.fromEntries(
        COUNTS.map(name => [name, parts.reduce((sum, part) => sum + part[name], 0)]),
      ) as Record<(typeof COUNTS)[number], number>
      return { ...counts, medianDays: medianOfThinned(parts) }
    },
  }
}
