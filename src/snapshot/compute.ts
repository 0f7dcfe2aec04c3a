import { setImmediate } from 'node:timers/promises'
import { METRICS } from '../metrics/catalogue/index.ts'
import { cutDossier, cutLoose, latestOf } from '../metrics/cut.ts'
import { checkFlags } from '../metrics/history/flag-check.ts'
import { lastEventOf, type Measurement, startMeasuring } from '../metrics/measure.ts'
import {
  collectStays,
  importedDeals,
  judgeOf,
  type PortalHistory,
  type Standing,
} from '../metrics/portal-history.ts'
import { fixedSetOf, isAmnestyIn, type Outcome, outcomeOf } from '../metrics/rows.ts'
import type { PortalUse } from '../metrics/use/portal-use.ts'
import { stageKey, type World } from '../metrics/world.ts'
import type { Dossier, LooseItems } from '../records/facts.ts'
import { type PackedPart, packParts } from '../store/packed-part.ts'
import type { Background } from './background.ts'
import { type BackgroundDesk, openBackgroundDesk } from './background-desk.ts'
import { type Counting, startCounting } from './counting.ts'
import { startDealRows } from './deal-rows.ts'
import type { CompanySummary, FlagCheck, RolloutPart, SnapshotParts } from './document.ts'
import { dealsAt, KeptDeals, measuredSince, type WrittenDeals } from './kept-deals.ts'
import { summaryOf } from './summary.ts'
import { type WorldsInput, worldsAt } from './world.ts'

export type FactStream = {
  dossiers(): AsyncIterable<Dossier | readonly Dossier[]>
  loose(): AsyncIterable<LooseItems>
}

/** Parts of a snapshot; the large ones are packed as soon as they are known. */
export type ComputedParts = Omit<SnapshotParts, LargePart> & { [Name in LargePart]?: PackedPart }
type LargePart =
  | 'deals'
  | 'flags'
  | 'closed'
  | 'curves'
  | 'processGroups'
  | 'processRoads'
  | `evidence:${string}`

export type Computed = {
  world: World
  parts: ComputedParts
  outcome: Outcome
  /** What became of the deals of an earlier day, by the same history. */
  checkFlags(of: Parameters<typeof checkFlags>[2]): FlagCheck
}

/** Deals between two pauses in which the event loop may do something else. */
const BATCH = 250

/**
 * What is kept between the two passes at most. What was closed long ago says nothing about people, so that a usual
 * portal's living deals fit (some two kilobytes each, more with a thousand calls on one) and the base is read once;
 * beyond that it is read again rather than held.
 */
const KEEP = { dealBytes: 128_000_000, looseItems: 60_000 }

type Input = {
  stream: FactStream
  /** Instants in order. */
  worlds: WorldsInput
  evidenceLimit: number
  onProgress?(pass: 1 | 2, deals: number): void
  keep?: { dealBytes: number; looseItems: number }
  /** Deals from which a second thread is used. */
  manyDeals?: number
}

type Job = Omit<Input, 'worlds'> & { worlds: readonly World[]; desk: BackgroundDesk }
type Learnt = { history: PortalHistory; counted: readonly Counting[] }
type Measured = Awaited<ReturnType<Run['finish']>>
type Run = ReturnType<typeof startRun>

/**
 * Snapshots for any number of instants, in order. The first pass over the base learns how long stays take, the second
 * measures people, while another thread judges the deals and works out what the history says about each instant. Memory
 * holds sums per person, packed parts and the deals that were alive, not the base.
 */
export async function* computeSnapshots(of: Input): AsyncGenerator<Computed> {
  const worlds = worldsAt(of.worlds)
  const desk = openBackgroundDesk(worlds, of.worlds, of.manyDeals)
  try {
    yield* computeAll({ ...of, worlds, desk })
  } finally {
    await desk.close()
  }
}

async function* computeAll(job: Job): AsyncGenerator<Computed> {
  const counted = job.worlds.map(startCounting)
  const { history, alive } = await readHistory(job, counted)
  job.desk.learn(history, alive)
  // What flags stand on is worked out beside whatever can be done without it.
  job.desk.prepare(0)
  const learnt = { history, counted }
  const measured =
    alive === null ? await measureTogether(job, learnt) : await measureInTurn(job, learnt, alive)
  const fixedSet = fixedSetOf(
    measured
      .filter(({ measurement: { world } }) => world.asOf < world.installedAt)
      .map(({ measurement }) => measurement),
  )
  for (const counting of counted) {
    await setImmediate()
    // Each instant's rows go when they have been handed over.
    const { measurement, background, summary, rollout } = measured.shift()!
    const { world } = measurement
    const outcome = outcomeOf(measurement, fixedSet)
    yield {
      world,
      outcome,
      parts: {
        metrics: outcome.metrics,
        ...background.parts,
        fields: counting.rows(),
        scores: outcome.scores,
        summary,
        catalogue: outcome.catalogue,
        backtest: background.backtest,
        ...(rollout && { rollout }),
        ...background.packed,
      },
      checkFlags: flagged => checkFlags(history, world, flagged),
    }
  }
}

/** The second pass over deals that were kept: instant by instant, because each one's sums weigh tens of megabytes. */
const measureInTurn = async (job: Job, learnt: Learnt, alive: WrittenDeals): Promise<Measured[]> => {
  const loose = await keepLoose(job)
  const measured: Measured[] = []
  for (const index of job.worlds.keys()) {
    const run = await runAt(job, learnt, index, true)
    job.desk.prepare(index + 1)
    let deals = 0
    const { asOf } = job.worlds[index]!
    for (const batch of dealsAt(alive, asOf)) {
      for (const dossier of batch) run.add(dossier)
      deals += batch.length
      job.onProgress?.(2, deals)
      await setImmediate()
    }
    for await (const items of loose ?? job.stream.loose()) {
      run.addLoose(items)
      await setImmediate()
    }
    measured.push(await run.finish(job.desk.background(index)))
  }
  return measured
}

/** Items without a deal, read once for many instants; null = too many to keep. */
const keepLoose = async (job: Job): Promise<LooseItems[] | null> => {
  const kept: LooseItems[] = []
  let count = 0
  for await (const items of job.stream.loose()) {
    kept.push(items)
    count += items.activities.length + items.tasks.length + items.invoices.length
    if (count > (job.keep ?? KEEP).looseItems) return null
    await setImmediate()
  }
  return kept
}

/** The second pass where there are too many deals to keep: the base is read again, once for all instants. */
const measureTogether = async (job: Job, learnt: Learnt): Promise<Measured[]> => {
  const runs: Run[] = []
  for (const index of job.worlds.keys()) {
    runs.push(await runAt(job, learnt, index, false))
    await setImmediate()
  }
  const measure = (dossier: Dossier): void => {
    const latest = latestOf(dossier)
    for (const [index, run] of runs.entries()) {
      const cut = cutDossier(dossier, job.worlds[index]!.asOf, latest)
      if (cut !== null) run.add(cut)
    }
  }
  await eachDossier(job, measure, deals => job.onProgress?.(2, deals))
  for await (const items of job.stream.loose()) {
    for (const run of runs) run.addLoose(items)
    await setImmediate()
  }
  const measured: Measured[] = []
  for (const [index, run] of runs.entries()) measured.push(await run.finish(job.desk.background(index)))
  return measured
}

/** @returns the history, and the deals that are still to be measured; null = too many to keep, read them again */
const readHistory = async (
  job: Job,
  counted: readonly Counting[],
): Promise<{ history: PortalHistory; alive: WrittenDeals | null }> => {
  const { worlds } = job
  const collector = collectStays()
  const { dealBytes } = job.keep ?? KEEP
  const since = measuredSince(Math.min(...worlds.map(({ asOf }) => asOf)))
  let alive: KeptDeals | null = new KeptDeals()
  const learn = (dossier: Dossier): void => {
    collector.add(dossier)
    const latest = latestOf(dossier)
    for (const [index, counter] of counted.entries()) {
      const { asOf } = worlds[index]!
      const cut = cutDossier(dossier, asOf, latest)
      if (cut !== null) counter.add(cut, latest <= asOf ? latest : latestOf(cut))
    }
    if (alive === null) return
    const quietSince = isClosed(dossier, worlds[0]!) ? lastEventOf(dossier) : Number.POSITIVE_INFINITY
    if (quietSince < since) return
    alive.add(dossier, latest, quietSince)
    if (alive.bytes > dealBytes) alive = null
  }
  await eachDossier(job, learn, deals => {
    job.desk.expect(deals)
    job.onProgress?.(1, deals)
  })
  return { history: collector.build(), alive: alive === null ? null : alive.written() }
}

/** Closed both by its own last move and by the stage it stands on. */
const isClosed = (dossier: Dossier, world: World): boolean => {
  const { pipelineId, stageId, outcome } = dossier.moves.at(-1) ?? dossier.current
  return outcome !== 'open' && world.stages.get(stageKey(pipelineId, stageId))?.outcome !== 'open'
}

const eachDossier = async (
  job: Job,
  visit: (dossier: Dossier) => void,
  onProgress: (deals: number) => void,
): Promise<void> => {
  let deals = 0
  for await (const page of job.stream.dossiers())
    for (const dossier of Array.isArray(page) ? page : [page as Dossier]) {
      visit(dossier)
      if (++deals % BATCH !== 0) continue
      onProgress(deals)
      await setImmediate()
    }
}

/** Begins the second pass of one instant. */
const runAt = async (
  job: Job,
  { history, counted }: Learnt,
  index: number,
  areKept: boolean,
): Promise<Run> => {
  const world = job.worlds[index]!
  const counting = counted[index]!
  const dataUntil = counting.newest()
  const portal = counting.use(history)
  const imported = importedDeals(history, world.asOf)
  const standing = await job.desk.standing(index)
  // Kept deals are judged in the background.
  const rows = areKept ? null : startDealRows(standing, world)
  return startRun({ world, standing, portal, imported, dataUntil, rows, evidenceLimit: job.evidenceLimit })
}

/** The set-up's use as it is stored; the adoption of people is added by whoever reads the weeks before. */
const rolloutOf = ({ fields, pipelines, stages, mvp, automation, lint }: PortalUse): RolloutPart => ({
  fields: [...fields],
  pipelines: [...pipelines],
  stages: [...stages],
  mvp: [...mvp],
  automation,
  lint: [...lint],
  adoption: null,
})

/** One instant's share of the second pass. */
const startRun = (of: {
  world: World
  standing: Standing
  portal: PortalUse | null
  imported: ReadonlySet<string>
  dataUntil: number | null
  rows: ReturnType<typeof startDealRows> | null
  evidenceLimit: number
}) => {
  const { world, portal, imported, rows, dataUntil, evidenceLimit } = of
  const judge = judgeOf(of.standing, world)
  const measurer = startMeasuring({ world, metrics: METRICS, judge, evidenceLimit, portal, imported })
  return {
    /** @param dossier already cut at the instant */
    add: (dossier: Dossier): void => {
      measurer.addDeal(dossier)
      rows?.add(dossier)
    },
    addLoose: (items: LooseItems): void => measurer.addLoose(cutLoose(items, world.asOf)),
    /** What is left once nothing can be added any more: sums, and everything else packed. */
    finish: async (background: Promise<Background>) => {
      const measurement = measurer.finish()
      // Both are waited for from the start: the background may fail at any time.
      const [evidence, { deals, ...told }] = await Promise.all([
        packParts(evidenceOf(measurement)),
        background,
      ])
      const { packed, figures } = 'rows' in deals ? deals.rows : await rows!.finish(deals.chances)
      const summary: CompanySummary = summaryOf({
        world,
        window: measurement.window,
        figures,
        isAmnesty: isAmnestyIn(measurement),
        dataUntil,
      })
      return {
        measurement: withoutEvidence(measurement),
        background: { ...told, packed: { ...told.packed, ...packed, ...evidence } },
        summary,
        rollout: portal === null ? null : rolloutOf(portal),
      }
    },
  }
}

const evidenceOf = ({ measured }: Measurement): Pick<SnapshotParts, `evidence:${string}`> => {
  const parts: Pick<SnapshotParts, `evidence:${string}`> = {}
  for (const { measure, evidence } of measured)
    if (evidence !== null) parts[`evidence:${measure.id}`] = evidence.items()
  return parts
}

const withoutEvidence = (measurement: Measurement): Measurement => ({
  ...measurement,
  measured: measurement.measured.map(each => ({ ...each, evidence: null })),
})
