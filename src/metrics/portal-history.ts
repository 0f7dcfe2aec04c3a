import type { Dossier } from '../records/facts.ts'
import type {
  BackTest,
  ChanceBasis,
  CurveRow,
  DealRow,
  FlagRow,
  ProcessRow,
  StageRow,
  VariantRow,
} from '../snapshot/document.ts'
import type { World } from './world.ts'

/**
 * The way in for whoever builds a snapshot. One pass over the dossiers collects the portal's history; it then
 * serves any number of instants:
 *
 *   const collector = collectStays(); for await (const dossier of dossiers) collector.add(dossier)
 *   const history = collector.build()
 *   for (const world of worlds) {
 *     const standing = standingOf(history, world)           // thresholds, chances, back-test
 *     measureStages(history, world, standing.thresholds)     // export rows
 *     … second pass: flagDeal(dossier, standing, world)      // one deal open at world.asOf, else null
 *   }
 */
export type StaysCollector = { add(dossier: Dossier): void; build(): PortalHistory }
export type PortalHistory = { readonly deals: number; readonly stays: number }

export type StageThreshold = {
  t80OwnDays: number | null
  t80Days: number | null
  t95Days: number | null
  s80Days: number | null
  source: 'own' | 'mixed' | 'preset'
  sample: number
}
/** By `stageKey`. */
export type Thresholds = ReadonlyMap<string, StageThreshold>

export type Chances = {
  backTest: BackTest
  /** Chance to win of a deal that has stood `ageDays` working days in the stage; null with basis `none`. */
  of(pipelineId: string, stageId: string, ageDays: number): { chance: number | null; basis: ChanceBasis }
}

/** What flags of single deals stand on. */
export type Standing = { thresholds: Thresholds; chances: Chances; hasContacts: boolean }

const soon = (): never => {
  throw new Error('not laid yet')
}

export const collectStays = (): StaysCollector => soon()
export const standingOf = (_history: PortalHistory, _world: World): Standing => soon()
export const measureStages = (_history: PortalHistory, _world: World, _thresholds: Thresholds): StageRow[] =>
  soon()
export const curvesOf = (_history: PortalHistory, _world: World): CurveRow[] => soon()
export const processOf = (
  _history: PortalHistory,
  _world: World,
): { process: ProcessRow[]; variants: VariantRow[] } => soon()
export const flagDeal = (
  _dossier: Dossier,
  _standing: Standing,
  _world: World,
): { deal: DealRow; flags: FlagRow[] } | null => soon()
