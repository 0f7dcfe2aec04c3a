import { deserialize, serialize } from 'node:v8'
import { METRICS } from '../metrics/catalogue/index.ts'
import { cutDossier, cutLoose, latestOf } from '../metrics/cut.ts'
import { checkFlags } from '../metrics/history/flag-check.ts'
import { lastEventOf, type Measurement, startMeasuring } from '../metrics/measure.ts'
import {
  collectStays,
  flagDeal,
  judgeOf,
  type PortalHistory,
  processOf,
  stageCurves,
  standingOf,
} from '../metrics/portal-history.ts'
import { fixedSetOf, type Outcome, outcomeOf } from '../metrics/rows.ts'
import type { PortalUse } from '../metrics/use/portal-use.ts'
import { WINDOW_DAYS } from '../metrics/window.ts'
import { stageKey, type World } from '../metrics/world.ts'
import type { Dossier, LooseItems } from '../records/facts.ts'
import { closedRow } from './closed.ts'
import { type Counting, startCounting } from './counting.ts'
import type {
  ClosedRow,
  DealRow,
  FieldRow,
  FlagCheck,
  FlagRow,
  RolloutPart,
  SnapshotParts,
} from './document.ts'
import { summaryOf } from './summary.ts'

export type FactStream = {
  dossiers(): AsyncIterable<Dossier | readonly Dossier[]>
  loose(): AsyncIterable<LooseItems>
}

export type Computed = {
  world: World
  parts: SnapshotParts
  outcome: Outcome
  /** What became of the deals of an earlier day, by the same history. */
  checkFlags(of: Parameters<typeof checkFlags>[2]): FlagCheck
}

/** Deals between two pauses in which the event loop may do something else. */
const BATCH = 250

/**
 * Deals kept between the two passes at most. What was closed long ago says nothing about people, so that a usual
 * portal's living deals fit and the base is read once; beyond that it is read again rather than held.
 */
const KEEP_LIMIT = 60_000

type Input = {
  stream: FactStream
  worlds: readonly World[]
  evidenceLimit: number
  /** Lets the event loop in between batches. */
  breathe(): Promise<void>
  onProgress?(pass: 1 | 2, deals: number): void
  keepLimit?: number
}

/**
 * Snapshots for any number of instants, in order of the worlds. The first pass over the base learns how long stays
 * take, the second flags and measures. Memory holds sums per person and the deals that were alive, not the base.
 */
export async function* computeSnapshots(of: Input): AsyncGenerator<Computed> {
  const fields = of.worlds.map(startCounting)
  const measured = await measureAll(of, fields)
  const fixedSet = fixedSetOf(
    measured
      .filter(({ measurement: { world } }) => world.asOf < world.installedAt)
      .map(({ measurement }) => measurement),
  )
  for (const counted of fields) {
    await of.breathe()
    // Each instant's rows go when they have been handed over.
    const { run, measurement } = measured.shift()!
    yield run.parts({
      measurement,
      fixedSet,
      fields: counted.rows(),
      dataUntil: counted.newest(),
      // Screens show the latest map only.
      byPerson: counted === fields.at(-1),
    })
  }
}

const measureAll = async (of: Input, fields: readonly Counting[]): Promise<Measured[]> => {
  const { history, alive } = await readHistory(of, fields)
  return alive === null ? measureTogether(of, history, fields) : measureInTurn(of, history, fields, alive)
}

type Run = ReturnType<typeof startRun>
type Measured = { run: Run; measurement: Measurement }

/** The second pass over deals that were kept: instant by instant, because each one's chances weigh tens of megabytes. */
const measureInTurn = async (
  of: Input,
  history: PortalHistory,
  counted: readonly Counting[],
  alive: readonly Dossier[],
): Promise<Measured[]> => {
  const newest = Float64Array.from(alive, latestOf)
  const loose = await keepLoose(of)
  const measured: Measured[] = []
  for (const [number, world] of of.worlds.entries()) {
    const run = startRun(history, world, of.evidenceLimit, counted[number]!.use(history))
    await of.breathe()
    for (const [index, dossier] of alive.entries()) {
      run.add(dossier, newest[index]!)
      if ((index + 1) % BATCH !== 0) continue
      of.onProgress?.(2, index + 1)
      await of.breathe()
    }
    for await (const items of loose ?? of.stream.loose()) {
      run.addLoose(items)
      await of.breathe()
    }
    measured.push({ run, measurement: run.finish() })
    if (of.worlds.length > 1) run.shelve()
  }
  return measured
}

/** Items without a deal, read once for many instants; null = too many to keep. */
const keepLoose = async (of: Input): Promise<LooseItems[] | null> => {
  const kept: LooseItems[] = []
  let count = 0
  for await (const items of of.stream.loose()) {
    kept.push(items)
    count += items.activities.length + items.tasks.length + items.invoices.length
    if (count > (of.keepLimit ?? KEEP_LIMIT)) return null
    await of.breathe()
  }
  return kept
}

/** The second pass where there are too many deals to keep: the base is read again, once for all instants. */
const measureTogether = async (
  of: Input,
  history: PortalHistory,
  counted: readonly Counting[],
): Promise<Measured[]> => {
  const runs: Run[] = []
  for (const [number, world] of of.worlds.entries()) {
    runs.push(startRun(history, world, of.evidenceLimit, counted[number]!.use(history)))
    await of.breathe()
  }
  await eachDossier(of, 2, of.stream.dossiers(), dossier => {
    const latest = latestOf(dossier)
    for (const run of runs) run.add(dossier, latest)
  })
  for await (const items of of.stream.loose()) {
    for (const run of runs) run.addLoose(items)
    await of.breathe()
  }
  return runs.map(run => ({ run, measurement: run.finish() }))
}

/** @returns the history, and the deals that are still to be measured; null = too many to keep, read them again */
const readHistory = async (
  of: Input,
  fields: readonly Counting[],
): Promise<{ history: PortalHistory; alive: Dossier[] | null }> => {
  const collector = collectStays()
  const limit = of.keepLimit ?? KEEP_LIMIT
  // A day more than the window: its first day may begin a little earlier in the portal's zone.
  const since = Math.min(...of.worlds.map(({ asOf }) => asOf)) - (WINDOW_DAYS + 2) * 86_400_000
  let alive: Dossier[] | null = []
  await eachDossier(of, 1, of.stream.dossiers(), dossier => {
    collector.add(dossier)
    const latest = latestOf(dossier)
    for (const [index, counter] of fields.entries()) {
      const { asOf } = of.worlds[index]!
      const cut = cutDossier(dossier, asOf, latest)
      if (cut !== null) counter.add(cut, latest <= asOf ? latest : latestOf(cut))
    }
    if (alive === null || (lastEventOf(dossier) < since && isClosed(dossier, of.worlds[0]!))) return
    alive.push(dossier)
    if (alive.length > limit) alive = null
  })
  return { history: collector.build(), alive }
}

/** Closed both by its own last move and by the stage it stands on. */
const isClosed = (dossier: Dossier, world: World): boolean => {
  const { pipelineId, stageId, outcome } = dossier.moves.at(-1) ?? dossier.current
  return outcome !== 'open' && world.stages.get(stageKey(pipelineId, stageId))?.outcome !== 'open'
}

const eachDossier = async (
  of: Input,
  pass: 1 | 2,
  pages: AsyncIterable<Dossier | readonly Dossier[]>,
  visit: (dossier: Dossier) => void,
): Promise<void> => {
  let deals = 0
  for await (const page of pages)
    for (const dossier of Array.isArray(page) ? page : [page as Dossier]) {
      visit(dossier)
      if (++deals % BATCH !== 0) continue
      of.onProgress?.(pass, deals)
      await of.breathe()
    }
}

/** What deals are flagged and measured with at one instant. */
const prepare = (history: PortalHistory, world: World, evidenceLimit: number, portal: PortalUse | null) => {
  const { standing, backTest } = standingOf(history, world)
  const judge = judgeOf(standing, world)
  const measurer = startMeasuring({ world, metrics: METRICS, judge, evidenceLimit, portal })
  return { standing, backTest, measurer }
}
type Tools = ReturnType<typeof prepare>

/** What one instant says deal by deal. */
type Rows = { deals: DealRow[]; flags: FlagRow[]; closed: ClosedRow[] }

const byDeal = (a: { dealId: string }, b: { dealId: string }): number =>
  a.dealId < b.dealId ? -1 : a.dealId > b.dealId ? 1 : 0

/** The set-up's use as it is stored; the adoption of people is added by whoever reads the weeks before. */
const rolloutOf = ({ fields, stages, mvp, automation, lint }: PortalUse): RolloutPart => ({
  fields: [...fields],
  stages: [...stages],
  mvp: [...mvp],
  automation,
  lint: [...lint],
  adoption: null,
})

/** One instant's share of the second pass. */
const startRun = (history: PortalHistory, world: World, evidenceLimit: number, portal: PortalUse | null) => {
  let tools: Tools | null = prepare(history, world, evidenceLimit, portal)
  const { backTest } = tools
  const { thresholds } = tools.standing
  let rows: Rows = { deals: [], flags: [], closed: [] }
  let shelved: Buffer | null = null
  return {
    add: (dossier: Dossier, latest: number): void => {
      const cut = cutDossier(dossier, world.asOf, latest)
      if (cut === null || tools === null) return
      const { measurer, standing } = tools
      measurer.addDeal(cut)
      const flagged = flagDeal(cut, standing, world)
      if (flagged === null) {
        const row = closedRow(cut, world)
        if (row !== null) rows.closed.push(row)
        return
      }
      rows.deals.push(flagged.deal)
      rows.flags.push(...flagged.flags)
    },
    addLoose: (items: LooseItems): void => tools?.measurer.addLoose(cutLoose(items, world.asOf)),
    /** Nothing can be added any more: the tools are let go. */
    finish: (): Measurement => {
      if (tools === null) throw new Error('This instant has been measured already')
      const measurement = tools.measurer.finish()
      tools = null
      return measurement
    },
    /** Puts the rows aside in one piece while other instants are measured: a million small objects slow everything. */
    shelve: (): void => {
      shelved = serialize(rows)
      rows = { deals: [], flags: [], closed: [] }
    },
    parts: (of: {
      measurement: Measurement
      fixedSet: ReadonlySet<string>
      fields: FieldRow[]
      dataUntil: number | null
      byPerson: boolean
    }): Computed => {
      const { measurement } = of
      const outcome = outcomeOf(measurement, of.fixedSet)
      const { isAmnesty } = outcome
      const { deals, flags, closed } = shelved === null ? rows : (deserialize(shelved) as Rows)
      for (const list of [deals, flags, closed]) list.sort(byDeal)
      const parts: SnapshotParts = {
        metrics: outcome.metrics,
        flags,
        deals,
        closed,
        ...processOf(history, world, thresholds, { byPerson: of.byPerson }),
        curves: stageCurves(history, world),
        fields: of.fields,
        scores: outcome.scores,
        summary: summaryOf({ world, window: measurement.window, deals, isAmnesty, dataUntil: of.dataUntil }),
        catalogue: outcome.catalogue,
        backtest: backTest,
        ...(portal === null ? {} : { rollout: rolloutOf(portal) }),
      }
      for (const { measure, evidence } of measurement.measured)
        if (evidence !== null) parts[`evidence:${measure.id}`] = evidence.items()
      return { world, parts, outcome, checkFlags: flagged => checkFlags(history, world, flagged) }
    },
  }
}
