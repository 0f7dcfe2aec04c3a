import type { SnapshotParts, StageRow } from '../../snapshot/document.ts'
import type { ProcessView, StageThreshold } from '../api-schema.ts'
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
})

/** Paths that a screen can show; the export has them all. */
const MAX_VARIANTS = 50

export const processView = (
  asOf: Date,
  parts: Pick<SnapshotParts, 'stages' | 'process' | 'variants'>,
  names: Names,
): ProcessView => ({
  asOf: asOf.toISOString(),
  pipelines: [...new Set(parts.stages.map(({ pipelineId }) => pipelineId))].map(id => ({
    id,
    name: names.pipeline(id),
    stages: parts.stages.filter(({ pipelineId }) => pipelineId === id).map(row => stageView(row, names)),
    edges: parts.process
      .filter(({ pipelineId }) => pipelineId === id)
      .map(({ pipelineId: _, ...edge }) => edge),
    variants: parts.variants
      .filter(({ pipelineId }) => pipelineId === id)
      .toSorted((a, b) => b.deals - a.deals)
      .slice(0, MAX_VARIANTS)
      .map(({ pipelineId: _, ...variant }) => variant),
  })),
})
