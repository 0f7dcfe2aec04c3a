import type { StageAdvice, StageUseRow } from '../../snapshot/document.ts'
import { LOST, OPEN, WON } from '../history/code.ts'
import { isKnownDeal, SKIP_MS, type StageInfo, stageInfos } from '../history/episodes.ts'
import { medianOf } from '../history/median.ts'
import type { PortalHistory } from '../history/stays.ts'
import type { World } from '../world.ts'
import { entropyOf } from './entropy.ts'
import { Newest } from './newest.ts'
import { twoModes } from './two-modes.ts'

const DAY = 86_400_000
/** Stages are judged over the last half year, as the smallest working set is. */
export const STAGE_DAYS = 182
const MIN_DEALS = 20
const MIN_SHARE = 0.03
const MIN_DECIDED = 50
/** Bits of won/lost below which a stage says nothing beside its neighbour. */
const NO_INFORMATION = 0.005
const MAX_PROVEN = 0.5
const DWELLS_KEPT = 5000
const YOUNG_MS = 30 * DAY

class StageCount {
  /** Deals that came here, and those of them that people brought. */
  entered = 0
  brought = 0
  returns = 0
  skips = 0
  /** Deals that ended here: lost from this stage. */
  ended = 0
  firstAt = Number.POSITIVE_INFINITY
  readonly dwells: number[] = []
  readonly deals = new Newest()
  readonly endedDeals = new Newest()
}

type Pipeline = {
  /** Stage numbers of listed open stages in their order. */
  open: number[]
  deals: number
  won: number
  lost: number
  /** Decided deals by the set of open stages they stood on: bit i = `open[i]`. */
  sets: Map<string, { won: number; lost: number }>
}

/**
 * Stages in use (metrics 4.7), from the moves of the last half year: how many deals people bring to them, how long deals
 * stay, how often they are skipped, returned to and ended on, and how much knowing them tells about won or lost. Stays
 * under two minutes are skips. A move known to be a robot's or an integration's is no use, nor evidence of any; one
 * whose author nobody knows counts as a person's.
 */
export const measureStageUse = (
  history: PortalHistory,
  world: World,
  titleOf: (dealId: string) => string,
  proven: ReadonlyMap<string, ProofShare> = new Map(),
): StageUseRow[] => {
  const infos = stageInfos(history, world)
  const counts = infos.map(() => new StageCount())
  const pipelines = pipelinesOf(infos)
  const since = world.asOf - STAGE_DAYS * DAY
  for (let deal = 0; deal < history.deals; deal++)
    if (isKnownDeal(history, deal, world.asOf))
      countDeal(history, deal, { infos, counts, pipelines, since, world, titleOf })
  const numberOf = new Map(infos.map((info, stage) => [info.key, stage]))
  const parked = new Set(world.settings.parkedPipelines)
  return [...world.stages]
    .filter(([, stage]) => stage.isListed && !parked.has(stage.pipelineId))
    .map(([key, stage]) => {
      const number = numberOf.get(key)
      const pipeline = pipelines.get(stage.pipelineId)
      const count = number === undefined ? new StageCount() : counts[number]!
      return rowOf({ stage, number, count, pipeline, world, proven: proven.get(key) ?? null })
    })
}

type Row = {
  stage: World['stages'] extends ReadonlyMap<string, infer Fact> ? Fact : never
  number: number | undefined
  count: StageCount
  pipeline: Pipeline | undefined
  world: World
  proven: ProofShare | null
}

/** Entries to a stage that asks for proof, and how many of them held it. */
export type ProofShare = { proof: string; held: number; entries: number }

const rowOf = ({ stage, number, count, pipeline, world, proven }: Row): StageUseRow => {
  const deals = pipeline?.deals ?? 0
  const place = number === undefined ? -1 : (pipeline?.open.indexOf(number) ?? -1)
  const decided = (pipeline?.won ?? 0) + (pipeline?.lost ?? 0)
  const isJudged = decided >= MIN_DECIDED && place >= 0 && pipeline !== undefined
  const dwells = Float64Array.from(count.dwells)
  const facts = {
    isFirst: stage.order === 0,
    provenShare: proven === null || proven.entries < MIN_DEALS ? null : proven.held / proven.entries,
    outcome: stage.outcome,
    deals,
    enteringShare: deals === 0 ? null : count.brought / deals,
    medianMs: dwells.length === 0 ? null : medianOf(dwells),
    information: isJudged ? informationOf(pipeline.sets, place) : null,
    besideNeighbour: isJudged && place > 0 ? informationBeside(pipeline.sets, place, place - 1) : null,
    modes: twoModes(dwells),
    isYoung:
      count.entered > 0 &&
      count.firstAt > world.asOf - YOUNG_MS &&
      world.historyStart !== null &&
      world.historyStart < world.asOf - 2 * YOUNG_MS,
  }
  const passages = count.entered + count.skips
  return {
    pipelineId: stage.pipelineId,
    stageId: stage.stageId,
    name: stage.name,
    outcome: stage.outcome,
    deals,
    entered: count.brought,
    enteringShare: facts.enteringShare,
    byProgram: count.entered - count.brought,
    medianHours: facts.medianMs === null ? null : facts.medianMs / 3_600_000,
    skipShare: passages === 0 ? null : count.skips / passages,
    returnShare: count.entered === 0 ? null : count.returns / count.entered,
    endedShare: count.entered === 0 ? null : count.ended / count.entered,
    information: facts.information,
    besideNeighbour: facts.besideNeighbour,
    modesHours: facts.modes === null ? null : [facts.modes.low / 3_600_000, facts.modes.high / 3_600_000],
    provenShare: facts.provenShare,
    proof: proven?.proof ?? null,
    advice: stageAdvice(facts),
    dealsHere: count.deals.deals(),
    dealsEnded: count.endedDeals.deals(),
  }
}

export type StageFacts = {
  outcome: StageUseRow['outcome']
  deals: number
  enteringShare: number | null
  medianMs: number | null
  besideNeighbour: number | null
  modes: object | null
  provenShare: number | null
  isYoung: boolean
  /** First of its pipeline. */
  isFirst: boolean
}

/** One word about a stage (4.7): define before split before merge, because a stage without proof is not one yet. */
export const stageAdvice = (of: StageFacts): StageAdvice => {
  // Where deals come in may be a place that the CRM itself keeps for them.
  if (of.outcome !== 'open' || (of.isFirst && of.enteringShare === 0)) return 'keep'
  if (of.deals < MIN_DEALS || of.isYoung) return 'early'
  if ((of.enteringShare ?? 0) < MIN_SHARE) return 'merge_rare'
  if (of.medianMs !== null && of.medianMs < SKIP_MS) return 'merge_quick'
  if (of.provenShare !== null && of.provenShare < MAX_PROVEN) return 'define'
  if (of.modes !== null) return 'split'
  if (of.besideNeighbour !== null && of.besideNeighbour < NO_INFORMATION) return 'merge_same'
  return 'keep'
}

const pipelinesOf = (infos: readonly StageInfo[]): Map<string, Pipeline> => {
  const found = new Map<string, Pipeline>()
  const byOrder = infos
    .map((info, stage) => ({ ...info, stage }))
    .sort((a, b) => a.order - b.order || (a.key < b.key ? -1 : 1))
  for (const { pipelineId, code, isListed, stage } of byOrder) {
    const known = found.get(pipelineId)
    const pipeline: Pipeline = known ?? { open: [], deals: 0, won: 0, lost: 0, sets: new Map() }
    found.set(pipelineId, pipeline)
    if (code === OPEN && isListed) pipeline.open.push(stage)
  }
  return found
}

type Counting = {
  infos: readonly StageInfo[]
  counts: readonly StageCount[]
  pipelines: ReadonlyMap<string, Pipeline>
  since: number
  world: World
  titleOf: (dealId: string) => string
}

const countDeal = (history: PortalHistory, deal: number, of: Counting): void => {
  const { infos, counts, pipelines, since, world } = of
  const { enteredAt, leftAt, stage: stageOf } = history.stay
  const first = history.deal.firstStay[deal]!
  let last = history.deal.firstStay[deal + 1]! - 1
  while (last >= first && enteredAt[last]! > world.asOf) last--
  if (last < first || enteredAt[last]! < since) return
  const id = history.deal.id[deal]!
  const title = of.titleOf(id)
  const seen = new Set<number>()
  const brought = new Set<number>()
  const inPipelines = new Set<string>()
  let highest = -1
  for (let stay = first; stay <= last; stay++) {
    const number = stageOf[stay]!
    const info = infos[number]!
    const count = counts[number]!
    const left = leftAt[stay]! <= world.asOf ? leftAt[stay]! : null
    const isSkip = left !== null && left - enteredAt[stay]! < SKIP_MS
    const previous = stay === first ? null : infos[stageOf[stay - 1]!]!
    const isInWindow = enteredAt[stay]! >= since
    if (isInWindow) inPipelines.add(info.pipelineId)
    if (previous?.pipelineId !== info.pipelineId) highest = -1
    if (isInWindow && info.outcome !== 'lost')
      countJumps(pipelines.get(info.pipelineId), counts, highest, number)
    const place = pipelines.get(info.pipelineId)?.open.indexOf(number) ?? -1
    if (place > highest) highest = place
    if (left !== null && left >= since && count.dwells.length < DWELLS_KEPT)
      count.dwells.push(left - enteredAt[stay]!)
    if (isSkip) {
      if (isInWindow) count.skips++
      continue
    }
    count.firstAt = Math.min(count.firstAt, enteredAt[stay]!)
    if (!isInWindow) {
      seen.add(number)
      brought.add(number)
      continue
    }
    if (seen.has(number)) count.returns++
    else count.entered++
    seen.add(number)
    if (!brought.has(number) && !isMovedByProgram(history, stay)) {
      brought.add(number)
      count.brought++
      count.deals.add(enteredAt[stay]!, id, title)
    }
    if (info.code === LOST && previous !== null && previous.code === OPEN) {
      const before = counts[stageOf[stay - 1]!]!
      before.ended++
      before.endedDeals.add(enteredAt[stay]!, id, title)
    }
  }
  for (const pipelineId of inPipelines) pipelines.get(pipelineId)!.deals++
  const end = infos[stageOf[last]!]!
  if (end.code !== OPEN) decide(pipelines.get(end.pipelineId)!, seen, end.code === WON)
}

/** A stay that a robot or an integration began; being created there is no move. */
const isMovedByProgram = ({ row, stay }: PortalHistory, number: number): boolean => {
  const entry = stay.entryRow[number]!
  return entry >= 0 && row.isByProgram[entry] === 1 && row.isCreation[entry] === 0
}

/** Open stages between the highest reached so far and a later one were jumped over. */
const countJumps = (
  pipeline: Pipeline | undefined,
  counts: readonly StageCount[],
  highest: number,
  to: number,
): void => {
  if (pipeline === undefined || highest < 0) return
  const place = pipeline.open.indexOf(to)
  const until = place >= 0 ? place : pipeline.open.length
  for (let index = highest + 1; index < until; index++) counts[pipeline.open[index]!]!.skips++
}

const decide = (pipeline: Pipeline, seen: ReadonlySet<number>, isWon: boolean): void => {
  const set = pipeline.open.map(stage => (seen.has(stage) ? '1' : '0')).join('')
  const sums = pipeline.sets.get(set) ?? { won: 0, lost: 0 }
  pipeline.sets.set(set, sums)
  if (isWon) {
    sums.won++
    pipeline.won++
  } else {
    sums.lost++
    pipeline.lost++
  }
}

type Sets = ReadonlyMap<string, { won: number; lost: number }>

/** Bits that knowing "stood on this stage" takes off the entropy of won/lost: H(Y) − H(Y | stage). */
export const informationOf = (sets: Sets, place: number): number =>
  conditionalEntropy(sets, []) - conditionalEntropy(sets, [place])

/** The same where the neighbour is known already: H(Y | neighbour) − H(Y | neighbour, stage). */
export const informationBeside = (sets: Sets, place: number, neighbour: number): number =>
  conditionalEntropy(sets, [neighbour]) - conditionalEntropy(sets, [neighbour, place])

const conditionalEntropy = (sets: Sets, places: readonly number[]): number => {
  const groups = new Map<string, [won: number, lost: number]>()
  let total = 0
  for (const [set, { won, lost }] of sets) {
    const key = places.map(place => set[place]).join('')
    const group = groups.get(key) ?? [0, 0]
    groups.set(key, [group[0] + won, group[1] + lost])
    total += won + lost
  }
  let sum = 0
  for (const group of groups.values()) sum += ((group[0] + group[1]) / total) * entropyOf(group)
  return total === 0 ? 0 : sum
}
