import { medianOfThinned } from '../../metrics/history/median.ts'
import type { GroupCell, ProcessGroup, StageRow } from '../../snapshot/document.ts'
import { pathKey, pathNamer, sumOf } from './process-paths.ts'
import { countedDesign, type ProcessParts, rowsOf, standing } from './process-view.ts'

/** Which figure of the process is opened. */
export type Opened =
  | { of: 'edge'; from: string; to: string }
  | { of: 'lost'; from: string }
  | { of: 'stage'; stage: string }
  | { of: 'path'; key: string }
  | { of: 'rest' }

export type Found = {
  total: ReturnType<typeof sumOf>
  medianDays: number | null
  deals: { id: string; ownerId: string | null; state: ProcessGroup['outcome'] }[]
}

/** Deals shown at most; how many there are is told beside them. */
const SHOWN = 200

/** The deals behind a figure, the newest first. */
export const openFigure = (
  opened: Opened,
  groups: readonly ProcessGroup[],
  pipelineId: string,
  parts: Pick<ProcessParts, 'stages' | 'counted' | 'roads'>,
): Found => {
  const pick = pickerOf(opened, pipelineId, parts)
  const found = groups.flatMap(group =>
    rowsOf([group], pipelineId).flatMap(row => pick(row).map(cell => ({ cell, group }))),
  )
  const deals = new Map(
    found.flatMap(({ cell, group: { responsibleId: ownerId, outcome: state } }) =>
      cell.dealIds.map(id => [id, { id, ownerId, state }] as const),
    ),
  )
  return {
    total: sumOf(found.map(({ cell, group }) => standing(cell, group.outcome))),
    medianDays: medianOfThinned(found.map(({ cell }) => cell)),
    deals: [...deals.values()]
      .sort((a, b) => b.id.localeCompare(a.id, undefined, { numeric: true }))
      .slice(0, SHOWN),
  }
}

/** Finds a figure's cells among a group's. */
const pickerOf = (
  opened: Opened,
  pipelineId: string,
  parts: Pick<ProcessParts, 'stages' | 'counted' | 'roads'>,
): ((row: ReturnType<typeof rowsOf>[number]) => GroupCell[]) => {
  const stages = parts.stages.filter(row => row.pipelineId === pipelineId)
  switch (opened.of) {
    case 'edge':
      return ({ edges }) =>
        edges.filter(edge => edge.fromStageId === opened.from && edge.toStageId === opened.to)
    case 'lost': {
      const lost = new Set(stages.filter(({ outcome }) => outcome === 'lost').map(({ stageId }) => stageId))
      return ({ edges }) => edges.filter(edge => edge.fromStageId === opened.from && lost.has(edge.toStageId))
    }
    case 'stage':
      return row => row.stages.filter(({ stageId }) => stageId === opened.stage)
    case 'path': {
      const keys = keysOfRoads(pipelineId, stages, parts)
      return ({ roads }) => roads.filter(({ road }) => keys(road) === opened.key)
    }
    case 'rest':
      return ({ rest }) => (rest === null ? [] : [rest])
  }
}

/** The kind of each road against the design, found when first asked for. */
const keysOfRoads = (
  pipelineId: string,
  stages: readonly StageRow[],
  parts: Pick<ProcessParts, 'counted' | 'roads'>,
): ((road: number) => string) => {
  const nameOf = pathNamer(stages, countedDesign(parts, pipelineId, stages))
  const keys = new Map<number, string>()
  return road => {
    let key = keys.get(road)
    if (key === undefined) {
      key = pathKey(nameOf(parts.roads[road]!.path))
      keys.set(road, key)
    }
    return key
  }
}
