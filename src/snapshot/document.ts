import type { DrawnDesign } from '../records/settings.ts'
import type { ClosedRow, DealRow, FlagRow } from './document/deals.ts'
import type { Evidence } from './document/evidence.ts'
import type { BackTest, FlagCheck } from './document/flag-quality.ts'
import type { MetricRow, MetricState } from './document/metrics.ts'
import type { ProcessGroup, ProcessRoad, ProcessRow, VariantRow } from './document/process.ts'
import type { RolloutPart } from './document/rollout.ts'
import type { Score } from './document/score.ts'
import type { Curve, FieldRow, StageRow } from './document/stages.ts'
import type { CompanySummary } from './document/summary.ts'
import type { Theatre } from './document/theatre.ts'

/**
 * The versioned result for one installation at one instant, in parts. Screens, digests and exports read
 * these and never recompute. Each part is stored under its name; rows of the export parts have the
 * export's own columns.
 */

export type * from './document/deals.ts'
export type * from './document/evidence.ts'
export type * from './document/flag-quality.ts'
export type * from './document/metrics.ts'
export type * from './document/process.ts'
export type * from './document/rollout.ts'
export type * from './document/score.ts'
export type * from './document/stages.ts'
export type * from './document/summary.ts'
export type * from './document/theatre.ts'
export type * from './document/words.ts'

/** Bump when a rule, weight or formula changes: it starts a new series. */
export const RULES_VERSION = '2026.6'

/** Part name → content. */
export type SnapshotParts = {
  metrics: MetricRow[]
  flags: FlagRow[]
  deals: DealRow[]
  closed: ClosedRow[]
  stages: StageRow[]
  process: ProcessRow[]
  variants: VariantRow[]
  /** Designs that were in force where they are not the default; absent in snapshots of earlier versions. */
  designs?: (DrawnDesign & { pipelineId: string })[]
  /** Both absent in snapshots of past weeks that were built together. */
  processGroups?: ProcessGroup[]
  processRoads?: ProcessRoad[]
  curves: Curve[]
  fields: FieldRow[]
  scores: Score[]
  summary: CompanySummary
  catalogue: MetricState[]
  backtest: BackTest
  /** Absent until a flag day is 60 days old. */
  flagcheck?: FlagCheck
  /** Absent in snapshots of earlier versions and in weeks before the installation. */
  rollout?: RolloutPart
  /** Absent in snapshots of earlier versions and in weeks before the installation. */
  theatre?: Theatre
  [evidence: `evidence:${string}`]: Evidence
}
