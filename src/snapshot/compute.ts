import { METRICS } from '../metrics/catalogue/index.ts'
import { cutDossier, cutLoose, latestOf } from '../metrics/cut.ts'
import { type Measurement, startMeasuring } from '../metrics/measure.ts'
import {
  collectStays,
  flagDeal,
  judgeOf,
  measureStages,
  type PortalHistory,
  processOf,
  stageCurves,
  standingOf,
} from '../metrics/portal-history.ts'
import { fixedSetOf, type Outcome, outcomeOf } from '../metrics/rows.ts'
import type { World } from '../metrics/world.ts'
import type { Dossier, LooseItems } from '../records/facts.ts'
import { closedRow } from './closed.ts'
import type { ClosedRow, DealRow, FlagRow, SnapshotParts } from './document.ts'
import { startCountingFields } from './fields.ts'
import { summaryOf } from './summary.ts'

export type FactStream = {
  dossiers(): AsyncIterable<Dossier | readonly Dossier[]>
  loose(): AsyncIterable<LooseItems>
}

export type Computed = { world: World; parts: SnapshotParts; outcome: Outcome }

/** Deals between two pauses in which the event loop may do something else. */
const BATCH = 250

/**
 * Snapshots for any number of instants in two passes over the base: the first learns how long stays take, the
 * second flags and measures. Memory holds sums per person and the deals that were open, not the base.
 * @param worlds in any order; `breathe` lets the event loop in between batches
 */
export async function* computeSnapshots(of: {
  stream: FactStream
  worlds: readonly World[]
  evidenceLimit: number
  breathe(): Promise<void>
  onProgress?(pass: 1 | 2, deals: number): void
}): AsyncGenerator<Computed> {
  const history = await collectHistory(of)
  const runs: Run[] = []
  for (const world of of.worlds) {
    runs.push(startRun(history, world, of.evidenceLimit))
    await of.breathe()
  }
  await eachDossier(of, 2, dossier => {
    const latest = latestOf(dossier)
    for (const run of runs) run.add(dossier, latest)
  })
  for await (const items of of.stream.loose()) {
    for (const run of runs) run.addLoose(items)
    await of.breathe()
  }
  const measured = runs.map(run => ({ run, measurement: run.finish() }))
  const fixedSet = fixedSetOf(
    measured
      .filter(({ measurement: { world } }) => world.asOf < world.installedAt)
      .map(({ measurement }) => measurement),
  )
  for (const { run, measurement } of measured) {
    await of.breathe()
    yield run.parts(history, measurement, fixedSet)
  }
}

type Run = ReturnType<typeof startRun>
type Passing = Parameters<typeof computeSnapshots>[0]

const collectHistory = async (of: Passing): Promise<PortalHistory> => {
  const collector = collectStays()
  await eachDossier(of, 1, dossier => collector.add(dossier))
  return collector.build()
}

const eachDossier = async (of: Passing, pass: 1 | 2, visit: (dossier: Dossier) => void): Promise<void> => {
  let deals = 0
  for await (const page of of.stream.dossiers())
    for (const dossier of Array.isArray(page) ? page : [page as Dossier]) {
      visit(dossier)
      if (++deals % BATCH !== 0) continue
      of.onProgress?.(pass, deals)
      await of.breathe()
    }
}

/** One instant's share of the second pass. */
const startRun = (history: PortalHistory, world: World, evidenceLimit: number) => {
  const { standing, backTest } = standingOf(history, world)
  const judge = judgeOf(standing, world)
  const measurer = startMeasuring({ world, metrics: METRICS, judge, evidenceLimit })
  const fields = startCountingFields(world)
  const deals: DealRow[] = []
  const flags: FlagRow[] = []
  const closed: ClosedRow[] = []
  let dataUntil: number | null = null
  return {
    add: (dossier: Dossier, latest: number): void => {
      const cut = cutDossier(dossier, world.asOf, latest)
      if (cut === null) return
      dataUntil = Math.max(dataUntil ?? 0, latest <= world.asOf ? latest : latestOf(cut))
      measurer.addDeal(cut)
      fields.add(cut)
      const flagged = flagDeal(cut, standing, world)
      if (flagged === null) {
        const row = closedRow(cut, world)
        if (row !== null) closed.push(row)
        return
      }
      deals.push(flagged.deal)
      flags.push(...flagged.flags)
    },
    addLoose: (items: LooseItems): void => measurer.addLoose(cutLoose(items, world.asOf)),
    finish: (): Measurement => measurer.finish(),
    parts: (all: PortalHistory, measurement: Measurement, fixedSet: ReadonlySet<string>): Computed => {
      const outcome = outcomeOf(measurement, fixedSet)
      const { isAmnesty } = outcome
      const byId = (a: { dealId: string }, b: { dealId: string }): number =>
        a.dealId < b.dealId ? -1 : a.dealId > b.dealId ? 1 : 0
      deals.sort(byId)
      flags.sort(byId)
      closed.sort(byId)
      const parts: SnapshotParts = {
        metrics: outcome.metrics,
        flags,
        deals,
        closed,
        stages: measureStages(all, world, standing.thresholds),
        ...processOf(all, world),
        curves: stageCurves(all, world),
        fields: fields.rows(),
        scores: outcome.scores,
        summary: summaryOf({ world, window: measurement.window, deals, isAmnesty, dataUntil }),
        catalogue: outcome.catalogue,
        backtest: backTest,
      }
      for (const { measure, evidence } of measurement.measured)
        if (evidence !== null) parts[`evidence:${measure.id}`] = evidence.items()
      return { world, parts, outcome }
    },
  }
}
