import { medianOfThinned } from '../../metrics/history/median.ts'
import type { PersonCell, PersonProcess, StageRow } from '../../snapshot/document.ts'
import { pathKey, pathKind, sumOf } from './process-paths.ts'
import { rowsOf } from './process-view.ts'

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
  deals: { id: string; ownerId: string | null; state: 'won' | 'lost' | 'open' }[]
}

/** Deals shown at most; how many there are is told beside them. */
const SHOWN = 200
const STATES = { w: 'won', l: 'lost', o: 'open' } as const

/** The deals behind a figure, those of each person apart, the newest first. */
export const openFigure = (
  opened: Opened,
  people: readonly PersonProcess[],
  pipelineId: string,
  stages: readonly StageRow[],
): Found => {
  const cells = people.flatMap(person =>
    cellsOf(opened, person, pipelineId, stages).map(cell => ({ cell, ownerId: person.responsibleId })),
  )
  const deals = new Map(
    cells.flatMap(({ cell, ownerId }) =>
      cell.dealIds.map((id, index) => {
        const state = STATES[cell.states[index] as keyof typeof STATES] ?? 'open'
        return [id, { id, ownerId, state }] as const
      }),
    ),
  )
  const rows = cells.map(({ cell }) => cell)
  return {
    total: sumOf(rows),
    medianDays: medianOfThinned(rows),
    deals: [...deals.values()]
      .sort((a, b) => b.id.localeCompare(a.id, undefined, { numeric: true }))
      .slice(0, SHOWN),
  }
}

const cellsOf = (
  opened: Opened,
  person: PersonProcess,
  pipelineId: string,
  stages: readonly StageRow[],
): PersonCell[] => {
  const rows = rowsOf([person], pipelineId)
  switch (opened.of) {
    case 'edge':
      return rows.flatMap(({ edges }) =>
        edges.filter(edge => edge.fromStageId === opened.from && edge.toStageId === opened.to),
      )
    case 'lost': {
      const lost = new Set(stages.filter(({ outcome }) => outcome === 'lost').map(({ stageId }) => stageId))
      return rows.flatMap(({ edges }) =>
        edges.filter(edge => edge.fromStageId === opened.from && lost.has(edge.toStageId)),
      )
    }
    case 'stage':
      return rows.flatMap(row => row.stages.filter(({ stageId }) => stageId === opened.stage))
    case 'path':
      return rows.flatMap(({ variants }) =>
        variants.filter(({ path }) => pathKey(pathKind(path, stages)) === opened.key),
      )
    case 'rest':
      return rows.map(({ rest }) => rest)
  }
}
