import { type Clock, MINUTE } from '../clock.ts'
import { AppError, isVendorError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { runFull } from '../sync/full.ts'
import { runHints } from '../sync/hints.ts'
import { runIncremental } from '../sync/incremental.ts'
import { runReconcile } from '../sync/reconcile.ts'
import { execute, type SyncDeps } from '../sync/run.ts'
import type { Queue } from './queue.ts'
import type { JobData } from './queues.ts'

export type SyncJobs = {
  sync(given: JobData['sync'] & { runId: string; queuedAt: Date; signal: AbortSignal }): Promise<void>
  hints(given: JobData['hints'] & { signal: AbortSignal }): Promise<void>
}

/** What was read so lately is not read again by the schedule; whoever asked for a run can still see how it ended. */
const FRESH = MINUTE

/** Whether another try may end differently; an installation that needs a person does not. */
export const isWorthRetrying = (error: unknown): boolean => {
  if (error instanceof AppError) return error.status >= 500
  if (isVendorError(error))
    return error.verdict === undefined && (error.kind === 'unavailable' || error.kind === 'rate_limited')
  return true
}

export const createSyncJobs = (deps: SyncDeps & { queue: Queue; clock: Clock; log: Logger }): SyncJobs => {
  const { store, installations, queue, clock, log } = deps

  const hooks = {
    onRightsLost: (id: string) => installations.loseRights(id),
    onUpdated: async (id: string) =>
      void (await queue.send('upkeep', { task: 'register', installationId: id })),
    /** The first look: as soon as deals and their history are in, while the rest is still read. */
    async onUsable(id: string) {
      if (await store.snapshots.latest(id)) return
      const asOf = clock.now().toISOString()
      await queue.send('snapshot', { installationId: id, asOf, withWeeks: false })
    },
  }

  /** A portal that was never read to its end has nowhere to go on from. */
  const needsFull = async (id: string): Promise<boolean> => {
    const installation = await installations.load(id)
    const feeds = new Map((await store.feeds.all(id)).map(state => [state.feed, state]))
    return installations
      .vendorOf(installation)
      .feeds.some(({ name }) => (feeds.get(name)?.cursor ?? null) === null)
  }

  /** An interrupted full run is picked up under its own name, so that nothing is read twice. */
  const queueFull = async (id: string): Promise<void> => {
    const latest = await store.syncRuns.latest(id, ['full'])
    if (latest?.outcome === 'running') return
    await queue.sync(id, { full: true })
  }

  return {
    async sync({ installationId: id, kind, isNightly = false, runId, queuedAt, signal }) {
      const promised = await store.syncRuns.find(id, runId)
      // Somebody who asks for a run has a reason to think that the CRM lets us in again.
      if (promised) await installations.recheck(id)
      if (kind === 'incremental') {
        if (await needsFull(id)) {
          if (promised)
            await store.syncRuns.finish(id, runId, {
              outcome: 'failed',
              errorCode: 'sync_needs_full',
              error: 'This portal was never read to its end; a full reading is queued',
            })
          return queueFull(id)
        }
        const [last, full] = await Promise.all([
          store.syncRuns.lastDone(id, ['incremental', 'full']),
          store.syncRuns.latest(id, ['full']),
        ])
        // An interrupted full run would lose its place.
        if (!promised && full?.outcome === 'running') return
        // Somebody has read everything since this job was queued, or a moment ago.
        if (!promised && !isNightly && last?.finishedAt) {
          const age = clock.now().getTime() - last.finishedAt.getTime()
          if (last.finishedAt >= queuedAt || age < FRESH) return
        }
      }
      await execute(deps, { installationId: id, runId, kind, signal }, run => {
        if (kind === 'full') return runFull(run, hooks)
        if (kind === 'reconcile') return runReconcile(run, hooks.onRightsLost)
        return runIncremental(run, { withDirectory: isNightly, ...hooks })
      })
      if (kind === 'full' || isNightly)
        await queue.send('snapshot', {
          installationId: id,
          asOf: clock.now().toISOString(),
          withWeeks: true,
        })
      if (kind === 'full') await queue.nudge(id)
    },

    async hints({ installationId, withDirectory, signal }) {
      const done = await runHints(deps, { installationId, withDirectory, signal })
      if (done > 0) log.debug({ installationId, done }, 'hints done')
    },
  }
}
