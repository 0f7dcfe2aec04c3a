import { stopwatch } from '../clock.ts'
import type { Counts } from '../store/counts.ts'
import type { FeedState } from '../store/feeds.ts'
import type { Store } from '../store/open-store.ts'
import type { SyncKind, SyncRun } from '../store/sync-runs.ts'
import type { Vendor } from '../vendors/vendor.ts'

/** Hints are worked off all day long and are no run that anybody watches. */
const WATCHED: SyncKind[] = ['full', 'incremental', 'reconcile']

export type SyncReport = {
  phase: 'backfill' | 'incremental' | 'idle'
  /** 0..1 */
  progress: number
  run: string | null
  outcome: 'running' | 'done' | 'failed' | null
  lastFinishedAt: string | null
  lastError: string | null
  counts: Counts
  rejected: number
  requests: number
}

export type SyncStep = {
  step: 'people' | 'pipelines' | 'deals' | 'history' | 'tasks'
  done: number
  total: number | null
  perSecond: number | null
  state: 'waiting' | 'running' | 'done'
}

export type SyncProgress = Pick<
  SyncReport,
  'phase' | 'progress' | 'outcome' | 'lastFinishedAt' | 'lastError'
> & {
  waitingUntil: string | null
  secondsLeft: number | null
  steps: SyncStep[]
  rejected: number
  isUsable: boolean
}

type Feeds = Vendor['feeds']

const STEP_OF: Record<Feeds[number]['covers'], SyncStep['step']> = {
  deals: 'deals',
  history: 'history',
  activities: 'tasks',
  tasks: 'tasks',
  invoices: 'tasks',
}

/** Rows that a feed of unknown size is taken for while no other feed tells what is usual here. */
const UNKNOWN_SIZE = 1000

const phaseOf = (run: SyncRun | null): SyncReport['phase'] => {
  if (run?.outcome !== 'running') return 'idle'
  return run.kind === 'full' ? 'backfill' : 'incremental'
}

/** Share of a run that is behind it; the last steps after the feeds are worth a little, too. */
const progressOf = (run: SyncRun | null, feeds: readonly FeedState[], expected: number): number => {
  if (run?.outcome !== 'running') return run?.outcome === 'failed' && run.kind === 'full' ? 0 : 1
  if (run.kind !== 'full') return 0
  const mine = feeds.filter(({ runId }) => runId === run.runId)
  if (mine.length === 0 || expected === 0) return 0
  const sizes = mine.flatMap(({ expectedRows }) => (expectedRows === null ? [] : [expectedRows]))
  const usual = sizes.length === 0 ? UNKNOWN_SIZE : sum(sizes) / sizes.length
  let done = 0
  let total = 0
  for (const { readRows, expectedRows, isDone } of mine) {
    const size = Math.max(expectedRows ?? (isDone ? 0 : usual), readRows, 1)
    total += size
    done += isDone ? size : Math.min(readRows, size)
  }
  const share = run.phase === 'feeds' || run.phase === 'directory' ? (done / total) * 0.95 : 0.97
  return Math.round(Math.min(share, 0.99) * 1000) / 1000
}

/** The furthest that a run was seen: what turns out to be bigger than it was taken for slows it, never sets it back. */
const furthest = new WeakMap<Store, Map<string, { runId: string; progress: number }>>()

const furthestOf = (store: Store, id: string, runId: string, progress: number): number => {
  const runs = furthest.get(store) ?? new Map<string, { runId: string; progress: number }>()
  furthest.set(store, runs)
  const last = runs.get(id)
  const most = last?.runId === runId ? Math.max(last.progress, progress) : progress
  runs.set(id, { runId, progress: most })
  return most
}

const iso = (date: Date | null | undefined): string | null => date?.toISOString() ?? null

/** An error stands until a run ends well. */
const errorOf = (
  latest: SyncRun | null,
  lastDone: SyncRun | null,
  lastFailed: SyncRun | null,
): string | null => {
  if (!lastFailed || latest === null) return null
  if (
    lastDone &&
    (lastDone.finishedAt ?? lastDone.startedAt) >= (lastFailed.finishedAt ?? lastFailed.startedAt)
  )
    return null
  return lastFailed.errorCode === null
    ? lastFailed.error
    : `${lastFailed.errorCode}: ${lastFailed.error ?? ''}`
}

const load = async (store: Store, id: string) => {
  const [latest, lastDone, lastFailed, feeds] = await Promise.all([
    store.syncRuns.latest(id, WATCHED),
    store.syncRuns.lastDone(id, WATCHED),
    store.syncRuns.lastFailed(id, WATCHED),
    store.feeds.all(id),
  ])
  const progress = progressOf(latest, feeds, feeds.length)
  return {
    latest,
    feeds,
    common: {
      phase: phaseOf(latest),
      progress: latest?.outcome === 'running' ? furthestOf(store, id, latest.runId, progress) : progress,
      outcome: latest?.outcome ?? null,
      lastFinishedAt: iso(lastDone?.finishedAt),
      lastError: errorOf(latest, lastDone, lastFailed),
    },
  }
}

/** Counting may take this share of the time of a portal that is being read. */
const COUNTING_SHARE = 0.05
type CountedPortals = Map<string, { counts: Counts; age: () => number; cost: number }>
const counted = new WeakMap<Store, CountedPortals>()

/**
 * Rows now stored. While they come in they are counted now and then only: in a big portal it takes a while, and
 * whoever watches a first sync asks every second.
 */
const countsOf = async (store: Store, id: string, isReading: boolean): Promise<Counts> => {
  const known: CountedPortals = counted.get(store) ?? new Map()
  counted.set(store, known)
  const last = known.get(id)
  if (isReading && last !== undefined && last.age() * COUNTING_SHARE < last.cost) return last.counts
  const elapsed = stopwatch()
  const counts = await store.counts(id)
  if (isReading) known.set(id, { counts, age: stopwatch(), cost: elapsed() })
  else known.delete(id)
  return counts
}

/** The state of reading the CRM, for operators. */
export const syncReport = async (store: Store, id: string): Promise<SyncReport> => {
  const [{ latest, common }, rejected] = await Promise.all([load(store, id), store.rejectedCount(id)])
  const counts = await countsOf(store, id, latest?.outcome === 'running')
  return {
    ...common,
    run: latest?.runId ?? null,
    counts,
    rejected,
    requests: latest?.requests ?? 0,
  }
}

/** Rows per second over the time a feed has been read; null while that says nothing. */
const rateOf = (feed: FeedState): number | null => {
  if (!feed.startedAt || feed.readRows === 0) return null
  const seconds = (feed.updatedAt.getTime() - feed.startedAt.getTime()) / 1000
  return seconds >= 1 ? feed.readRows / seconds : null
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const stepOf = (step: SyncStep['step'], feeds: readonly FeedState[]): SyncStep => {
  const isDone = feeds.length > 0 && feeds.every(feed => feed.isDone)
  const isBegun = feeds.some(feed => feed.readRows > 0 || feed.isDone)
  const isSized = feeds.length > 0 && feeds.every(feed => feed.isDone || feed.expectedRows !== null)
  const done = sum(feeds.map(({ readRows }) => readRows))
  const rates = feeds.filter(feed => !feed.isDone).map(rateOf)
  const known = rates.filter(rate => rate !== null)
  return {
    step,
    done,
    total: isSized
      ? sum(feeds.map(feed => Math.max(feed.readRows, feed.isDone ? 0 : (feed.expectedRows ?? 0))))
      : null,
    perSecond: isDone || known.length === 0 ? null : Math.round(sum(known)),
    state: isDone ? 'done' : isBegun ? 'running' : 'waiting',
  }
}

/** What the widget shows while the CRM is being read. */
export const syncProgress = async (store: Store, id: string, vendorFeeds: Feeds): Promise<SyncProgress> => {
  const [{ latest, feeds, common }, rejected, snapshot] = await Promise.all([
    load(store, id),
    store.rejectedCount(id),
    store.snapshots.latest(id),
  ])
  const counts = await countsOf(store, id, latest?.outcome === 'running')
  const covering = (step: SyncStep['step']): FeedState[] => {
    const names = new Set(
      vendorFeeds.filter(({ covers }) => STEP_OF[covers] === step).map(({ name }) => name),
    )
    return feeds.filter(({ feed }) => names.has(feed))
  }
  const listed = (step: 'people' | 'pipelines', done: number): SyncStep => ({
    step,
    done,
    total: done > 0 ? done : null,
    perSecond: null,
    state: done > 0 ? 'done' : latest?.outcome === 'running' ? 'running' : 'waiting',
  })
  const isReading = latest?.outcome === 'running' && latest.kind === 'full'
  const steps: SyncStep[] = [
    listed('people', counts.users),
    listed('pipelines', counts.pipelines),
    ...(['deals', 'history', 'tasks'] as const).map(step => {
      const found = stepOf(step, covering(step))
      // Between full readings the feeds count what changed; people want to know what is there.
      if (isReading) return found
      const done =
        step === 'deals'
          ? counts.deals
          : step === 'history'
            ? counts.stageMoves
            : counts.tasks + counts.activities + counts.invoices
      const isKnown = common.lastFinishedAt !== null
      return {
        ...found,
        done,
        total: isKnown ? done : null,
        perSecond: null,
        state: isKnown ? ('done' as const) : found.state,
      }
    }),
  ]
  const left = isReading ? secondsLeft(feeds.filter(({ runId }) => runId === latest.runId)) : null
  return {
    ...common,
    waitingUntil: latest?.outcome === 'running' ? iso(latest.waitingUntil) : null,
    secondsLeft: left,
    steps,
    rejected,
    isUsable: snapshot !== null,
  }
}

/** All rows still to come at the pace so far; null while the pace or the size is not known. */
const secondsLeft = (feeds: readonly FeedState[]): number | null => {
  const begun = feeds.flatMap(({ startedAt }) => (startedAt ? [startedAt.getTime()] : []))
  const seen = feeds.map(({ updatedAt }) => updatedAt.getTime())
  const read = sum(feeds.map(({ readRows }) => readRows))
  if (begun.length === 0 || read === 0) return null
  const seconds = (Math.max(...seen) - Math.min(...begun)) / 1000
  const isSized = feeds.every(feed => feed.isDone || feed.expectedRows !== null)
  if (seconds < 2 || !isSized) return null
  const rest = sum(
    feeds.map(feed => (feed.isDone ? 0 : Math.max(0, (feed.expectedRows ?? 0) - feed.readRows))),
  )
  return Math.ceil(rest / (read / seconds))
}
