import type { StageRow } from '../../snapshot/document.ts'
import { stageKey, type World } from '../world.ts'
import { BACK, FORWARD, LOSS, OPEN, OTHER } from './code.ts'
import { type StageInfo, stageInfos } from './episodes.ts'
import { medianOf } from './median.ts'
import { countProcess, daysOf, type StageCell } from './process-cells.ts'
import type { PortalHistory } from './stays.ts'
import type { Thresholds } from './thresholds.ts'

/**
 * Export `stages`: every stay up to `asOf` counts in visits and exits, skips included and without a window; the
 * median is over finished stays. Stages that the CRM no longer lists appear when a deal has been there.
 */
export const measureStages = (
  history: PortalHistory,
  world: World,
  thresholds: Thresholds,
  cells: readonly StageCell[] = countProcess(history, stageInfos(history, world), world, null).stages,
): StageRow[] => {
  const infos = stageInfos(history, world)
  const byStage = Map.groupBy(cells, ({ stage }) => stage)
  const rows: (StageRow & { order: number })[] = infos.map((info, stage) => ({
    ...tally(byStage.get(stage) ?? [], info),
    ...threshold(thresholds, info.key),
    pipelineId: info.pipelineId,
    stageId: info.stageId,
    name: info.name,
    outcome: info.outcome,
    isListed: info.isListed,
    order: info.order,
  }))
  const seen = new Set(infos.map(info => info.key))
  for (const [key, fact] of world.stages)
    if (!seen.has(key) && fact.isListed)
      rows.push({
        ...EMPTY,
        ...threshold(thresholds, key),
        pipelineId: fact.pipelineId,
        stageId: fact.stageId,
        name: fact.name,
        outcome: fact.outcome,
        isListed: fact.isListed,
        order: fact.order,
      })
  const pipelines = new Map([...world.pipelines.keys()].map((id, index) => [id, index]))
  const place = (id: string): number => pipelines.get(id) ?? pipelines.size
  return rows
    .filter(
      row => row.visits > 0 || world.stages.get(stageKey(row.pipelineId, row.stageId))?.isListed === true,
    )
    .sort((a, b) => place(a.pipelineId) - place(b.pipelineId) || a.order - b.order)
    .map(({ order: _, ...row }) => row)
}

type Tally = Pick<
  StageRow,
  'visits' | 'forwardExits' | 'backExits' | 'lostExits' | 'otherExits' | 'openNow' | 'medianDays'
>

const EMPTY: Tally = {
  visits: 0,
  forwardExits: 0,
  backExits: 0,
  lostExits: 0,
  otherExits: 0,
  openNow: 0,
  medianDays: null,
}

const tally = (cells: readonly StageCell[], info: StageInfo): Tally => {
  const sum = (of: (cell: StageCell) => number): number => cells.reduce((total, cell) => total + of(cell), 0)
  return {
    visits: sum(cell => cell.visits),
    forwardExits: sum(cell => cell.exits[FORWARD]!),
    backExits: sum(cell => cell.exits[BACK]!),
    lostExits: sum(cell => cell.exits[LOSS]!),
    otherExits: sum(cell => cell.exits[OTHER]!),
    // A won or lost deal does not wait there.
    openNow: info.code === OPEN ? sum(cell => cell.openNow) : 0,
    medianDays: medianOf(daysOf(cells)),
  }
}

const threshold = (thresholds: Thresholds, key: string) => {
  const found = thresholds.get(key)
  return {
    t80OwnDays: found?.t80OwnDays ?? null,
    t80Days: found?.t80Days ?? null,
    t95Days: found?.t95Days ?? null,
    source: found?.source ?? ('preset' as const),
  }
}
