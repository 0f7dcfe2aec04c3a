import type { Dossier, LooseItems } from '../records/facts.ts'
import { absencesOf, elapsedFor } from './absence.ts'
import { DealContext, type Judge } from './deal-context.ts'
import { FixList, Ledger } from './evidence.ts'
import { type Measured, measuredOf } from './measured.ts'
import type { Fold, Measure, Metric, MetricContext, Need } from './metric.ts'
import { Tally } from './tally.ts'
import type { PortalUse } from './use/portal-use.ts'
import { type Window, windowAt } from './window.ts'
import { countedPeople, type Source, stageKey, type World } from './world.ts'

/** Everything that the metrics say about one instant, before it is put into rows. */
export type Measurement = {
  world: World
  window: Window
  /** One entry per measure, in the catalogue's order. */
  measured: readonly Measured[]
  /** Eligible deal-days per person. */
  exposure: Tally
  /** People who count and had eligible deals in the window, in order of id. */
  everyone: readonly string[]
  /** Distinct eligible deals of a person in the window. */
  dealsOf(who: string): number
  /** Working days of the window on which the person had eligible deals. */
  daysOf(who: string): number
}

export type Measurer = {
  /** @param dossier already cut at the world's `asOf` (`cutDossier`) */
  addDeal(dossier: Dossier): void
  /** @param items already cut (`cutLoose`) */
  addLoose(items: LooseItems): void
  finish(): Measurement
}

/** Runs every metric of the catalogue over one stream of dossiers, for one instant. */
export const startMeasuring = (of: {
  world: World
  metrics: readonly Metric[]
  judge: Judge
  /** Items of evidence kept per person and measure. */
  evidenceLimit: number
  portal?: PortalUse | null
  /** Deals that were made by an import. */
  imported?: ReadonlySet<string>
}): Measurer => {
  const { world } = of
  const window = windowAt(world.workingTime, world.asOf)
  const counted = countedPeople(world)
  const isAbsent = absencesOf(world.settings, world.workingTime)
  const isCounted = (userId: string | null): userId is string => userId !== null && counted.has(userId)
  const exposure = new Tally()
  const deals = new Map<string, number>()
  const context: MetricContext = {
    world,
    window,
    exposure,
    isCounted,
    isAbsent,
    elapsed: elapsedFor(world.workingTime, isAbsent),
    ledger: () => new Ledger(of.evidenceLimit),
    fixList: () => new FixList(world.asOf >= world.installedAt),
    portal: of.portal ?? null,
    isSinceInstall: world.asOf >= world.installedAt,
  }
  const runs = of.metrics.map(metric => {
    const offReason = missingNeed(metric.needs, world)
    return { metric, offReason, fold: offReason === null ? metric.start(context) : null }
  })
  const folds = runs.flatMap(({ fold }) => (fold === null ? [] : [fold]))
  const dealFolds = folds.filter(hasDeals)
  const looseFolds = folds.filter(hasLoose)
  return {
    addDeal: dossier => {
      if (dossier.isTemplate) return
      // A deal that was not open and in which nothing happened for four weeks has nothing to say.
      if (!isOpenAt(dossier, world) && lastEventOf(dossier) < window.from) return
      const isImported = of.imported?.has(dossier.id) ?? false
      const deal = new DealContext({
        dossier,
        world,
        window,
        judge: of.judge,
        isCounted,
        isAbsent,
        isImported,
      })
      const owners = new Set<string>()
      for (const day of deal.eligibleDays) {
        exposure.add(day.owner, day.index, 1, 1)
        owners.add(day.owner)
      }
      for (const owner of owners) deals.set(owner, (deals.get(owner) ?? 0) + 1)
      for (const fold of dealFolds) fold.addDeal(deal)
    },
    addLoose: items => {
      for (const fold of looseFolds) fold.addLoose(items)
    },
    finish: () => {
      const measured: Measured[] = []
      for (const { metric, offReason, fold } of runs) {
        const results = fold === null ? [] : fold.finish(measured)
        measured.push(...measuredOf(withTargets(metric, world.settings.targets), results, offReason))
      }
      return { world, window, measured, ...countsOf(exposure, deals, window) }
    },
  }
}

/** Apart from the measurer, whose folds and lists would be kept alive by functions made beside them. */
const countsOf = (
  exposure: Tally,
  deals: ReadonlyMap<string, number>,
  window: Window,
): Pick<Measurement, 'exposure' | 'everyone' | 'dealsOf' | 'daysOf'> => ({
  exposure,
  everyone: [...exposure.people()].sort(),
  dealsOf: who => deals.get(who) ?? 0,
  daysOf: who =>
    window.workdays.filter(({ index }) => exposure.read([who], index, index).denominator !== 0).length,
})

const hasDeals = (fold: Fold): fold is Fold & Required<Pick<Fold, 'addDeal'>> => fold.addDeal !== undefined
const hasLoose = (fold: Fold): fold is Fold & Required<Pick<Fold, 'addLoose'>> => fold.addLoose !== undefined

/** @returns machine word for what the portal lacks; null when nothing is missing */
const missingNeed = (needs: readonly Need[], world: World): string | null => {
  for (const need of needs) {
    if (need === 'history' && world.historyStart === null) return 'no_history'
    if (need === 'invoices' && !world.can.invoices) return 'no_invoices'
    if (need === 'calls' && !world.can.calls) return 'no_calls'
    if (need === 'deadlineHistory' && !world.can.deadlineHistory) return 'no_deadline_history'
    const waitsFor = WAITS_FOR[need]
    if (waitsFor !== undefined) return waitsFor
  }
  // A first reading is still on its way: what has not come yet is not absent.
  const isUnread = needs.some(need => (SOURCES_OF[need] ?? []).some(source => world.unread?.has(source)))
  return isUnread ? 'not_read_yet' : null
}

const SOURCES_OF: Partial<Record<Need, readonly Source[]>> = {
  activities: ['activities'],
  tasks: ['tasks'],
  invoices: ['invoices'],
  calls: ['activities'],
}

/** Sources that rooms of their own will keep; until then the metrics that need them are off and say for what. */
const WAITS_FOR: Partial<Record<Need, string>> = {
  planerka_journal: 'no_journal',
  ledger: 'no_ledger',
  survey: 'no_survey',
  board: 'no_board',
}

const isOpenAt = (dossier: Dossier, world: World): boolean => {
  const { pipelineId, stageId, outcome } = dossier.moves.at(-1) ?? dossier.current
  return (world.stages.get(stageKey(pipelineId, stageId))?.outcome ?? outcome) === 'open'
}

/**
 * The last thing that happened on a deal or was due on it: deadlines of a window count there whenever they were
 * set. That we saw the deal for the first time is nothing that happened to it.
 */
export const lastEventOf = (dossier: Dossier): number => {
  let latest = Math.max(dossier.createdAt, dossier.current.closedAt ?? 0, dossier.current.movedAt ?? 0)
  const last = dossier.moves.at(-1)
  if (last !== undefined && last.at > latest) latest = last.at
  for (const { createdAt, completedAt, startAt, endAt, deadlineAt, deadlineMoves } of dossier.activities)
    latest = Math.max(
      latest,
      createdAt,
      completedAt ?? 0,
      startAt ?? 0,
      endAt ?? 0,
      deadlineAt ?? 0,
      deadlineMoves.at(-1)?.at ?? 0,
    )
  for (const { createdAt, closedAt, deadlineAt, deadlineMoves } of dossier.tasks)
    latest = Math.max(latest, createdAt, closedAt ?? 0, deadlineAt ?? 0, deadlineMoves.at(-1)?.at ?? 0)
  for (const invoice of dossier.invoices) latest = Math.max(latest, invoice.createdAt, invoice.movedAt ?? 0)
  const version = dossier.versions.length > 1 ? dossier.versions.at(-1) : undefined
  return version === undefined ? latest : Math.max(latest, version.observedAt)
}

/** The metric with the targets that a person has accepted; one that lies on the wrong side of the floor is left out. */
const withTargets = (metric: Metric, targets: Readonly<Record<string, number>>): Metric => {
  const changed = (measure: Measure): Measure => {
    const target = targets[measure.id]
    if (target === undefined || measure.floor === null) return measure
    const isAhead = measure.lessIsBetter ? target < measure.floor : target > measure.floor
    return isAhead ? { ...measure, target } : measure
  }
  const [first, ...rest] = metric.measures
  return { ...metric, measures: [changed(first), ...rest.map(changed)] }
}
