import type { Dossier } from '../records/facts.ts'
import type { BackTest, DealRow, FlagRow, SnapshotParts } from '../snapshot/document.ts'
import type { Judge, Verdict } from './deal-context.ts'
import { backTest } from './history/backtest.ts'
import { type ChanceModel, chanceAt, fitChances } from './history/chance.ts'
import { designAt, designsOf } from './history/designed-graph.ts'
import { stageInfos } from './history/episodes.ts'
import { countProcess } from './history/process-cells.ts'
import { processMap, variantsOf } from './history/process-map.ts'
import { ownersAt, peopleOf } from './history/process-people.ts'
import { measureStages } from './history/stage-table.ts'
import type { PortalHistory } from './history/stays.ts'
import { medianStay } from './history/still-there.ts'
import { hasContactsAt, type Thresholds, thresholdsOf } from './history/thresholds.ts'
import { clocksAt, placeAt, type Standing } from './stale-flag.ts'
import { stageKey, type World } from './world.ts'

/**
 * The way in for whoever builds a snapshot. One pass over the dossiers collects the portal's history; it then
 * serves any number of instants:
 *
 *   const collector = collectStays(); for await (const dossier of dossiers) collector.add(dossier)
 *   const history = collector.build()
 *   for (const world of worlds) {                            // share one WorkingTime: back-test fits are then shared too
 *     const standing = standingOf(history, world)
 *     processOf(history, world, standing.thresholds)          // and stageCurves
 *     … second pass: flagDeal(dossier, standing, world)      // one deal open at world.asOf, else null
 *     tellChances(rows, chancesOf(history, world))            // flags do not wait for the chances
 *     … catalogue: judgeOf(standing, world)
 *   }
 */
export { importedDeals } from './history/bulk.ts'
export { stageCurves } from './history/curves.ts'
export { measureStages } from './history/stage-table.ts'
export { collectStays, type PortalHistory, type StaysCollector } from './history/stays.ts'
export { type StageThreshold, type Thresholds, thresholdsOf } from './history/thresholds.ts'
export { flagDeal, type Standing } from './stale-flag.ts'

/** Chances to win at one instant with the proof of them; plain data. */
export type Chances = {
  backTest: BackTest
  /** Null where time in stage predicts nothing, or too little was decided. */
  model: ChanceModel | null
  /** `stageKey` by stage number of the model. */
  stages: readonly string[]
  /** Working milliseconds of a working day. */
  dayMs: number
}

/**
 * Chances to win at `world.asOf` with their back-test. Without 200 decided deals, or when the back-test's lower end
 * is not above 0.55, every chance is null with basis `none` (metrics 4.5a, 4–5).
 */
export const chancesOf = (history: PortalHistory, world: World): Chances => {
  const infos = stageInfos(history, world)
  const { isPredictive, ...tested } = backTest(history, infos, world)
  return {
    backTest: tested,
    model: isPredictive ? fitChances(history, infos, world).model : null,
    stages: infos.map(({ key }) => key),
    dayMs: world.workingTime.dayMs,
  }
}

/** Tells every deal of the rows its chance to win, and its flags too. */
export const tellChances = (
  { deals, flags }: { deals: readonly DealRow[]; flags: readonly FlagRow[] },
  { model, stages, dayMs }: Chances,
): void => {
  if (model === null) return
  const numberOf = new Map(stages.map((key, stage) => [key, stage]))
  const chanceOf = ({ pipelineId, stageId, ageDays }: DealRow | FlagRow) =>
    chanceAt(model, numberOf.get(stageKey(pipelineId, stageId)) ?? -1, ageDays * dayMs)
  for (const deal of deals) {
    const chance = chanceOf(deal)
    if (chance === null) continue
    deal.winChance = chance.win
    deal.winChanceBasis = chance.basis
  }
  for (const flag of flags) flag.winChance = chanceOf(flag)?.win ?? null
}

/** Everything that flags of single deals stand on at `world.asOf`. */
export const standingOf = (history: PortalHistory, world: World): Standing => {
  const found = thresholdsOf(history, world)
  // The curves go with the standing once an instant is measured; the thresholds stay for its stage table.
  const thresholds: Thresholds = new Map([...found].map(([key, { stays: _, ...own }]) => [key, own]))
  const stays = new Map([...found].flatMap(([key, own]) => (own.stays ? [[key, own.stays] as const] : [])))
  return { thresholds, stays, hasContacts: hasContactsAt(history, world) }
}

/**
 * The stages, the map of moves and the roads taken, against the designs in force.
 * @param byPerson also apart for each responsible at `asOf`
 */
export const processOf = (
  history: PortalHistory,
  world: World,
  thresholds: Thresholds = new Map(),
  { byPerson = false }: { byPerson?: boolean } = {},
): Pick<SnapshotParts, 'stages' | 'process' | 'variants' | 'designs' | 'processGroups' | 'processRoads'> => {
  const designOf = designsOf(world)
  const infos = stageInfos(history, world)
  const owners = byPerson ? ownersAt(history, world.asOf) : null
  const cells = countProcess(history, infos, world, owners)
  return {
    stages: measureStages(history, world, thresholds, cells.stages),
    process: processMap(cells.edges, infos, designOf),
    variants: variantsOf(cells.variants, infos, designOf),
    designs: drawnDesigns(world),
    ...(byPerson && peopleOf(history, cells, infos, designOf)),
  }
}

const drawnDesigns = ({ settings, asOf }: World): Required<SnapshotParts>['designs'] =>
  Object.keys(settings.designs).flatMap(pipelineId => {
    const drawn = designAt(settings.designs, pipelineId, asOf)
    return drawn === null ? [] : [{ pipelineId, ...drawn }]
  })

/** The flag's verdict on one deal at an instant up to `world.asOf`, for the catalogue; no level when it was not open. */
export const judgeOf = (standing: Standing, world: World): Judge => {
  const medians = new Map<string, number | null>()
  const usualStay = (dossier: Dossier, at: number): number | null => {
    const place = placeAt(dossier, at, world)
    if (place === null || place.outcome !== 'open') return null
    const key = stageKey(place.pipelineId, place.stageId)
    let days = medians.get(key)
    if (days === undefined) {
      const stays = standing.stays?.get(key)
      const median = stays === undefined ? null : medianStay(stays.own)
      days = median === null ? null : median / world.workingTime.dayMs
      medians.set(key, days)
    }
    return days
  }
  const verdict = (dossier: Dossier, at: number): Verdict => {
    const clocks = clocksAt(dossier, at, standing, world)
    // While a person's objection waits for its answer, the flag stands but counts for nothing.
    return {
      level: clocks === null || clocks.hold?.kind === 'disputed' ? 'none' : clocks.level,
      silenceDays: clocks?.silenceDays ?? null,
      s80Days: clocks?.s80Days ?? null,
    }
  }
  return Object.assign(verdict, { usualStay })
}
