import { randomUUID } from 'node:crypto'
import type { PgBoss, SendOptions } from 'pg-boss'
import { type Clock, MINUTE } from '../clock.ts'
import { AppError, asError } from '../errors.ts'
import type { Store } from '../store/open-store.ts'
import { JOB_NAMES, type JobData, type JobName } from './queues.ts'

/** The queue as other rooms see it: from any process, whoever works it off. */
export type Queue = {
  /** @returns id of the run; that of a run of the same kind already under way */
  sync(installationId: string, options: { full: boolean }): Promise<string>
  /**
   * Builds a snapshot; resolves when it is stored.
   * @throws AppError 504 `snapshot_timeout`, 500 `snapshot_failed`
   */
  snapshot(installationId: string, asOf: Date): Promise<void>
  /** There are hints to work off; many calls lead to one job. */
  nudge(installationId: string, options?: { withDirectory: boolean }): Promise<void>
  /** The journal holds something to write or to take back. */
  writeBack(installationId: string): Promise<void>
  /** @returns false when such a job is waiting already */
  send<Name extends JobName>(name: Name, data: JobData[Name], options?: SendOptions): Promise<boolean>
  /** Jobs waiting or at work, by queue. */
  depth(): Promise<Record<string, number>>
}

/** Events come in bursts: the first one waits for the others. */
const NUDGE_DELAY = 2
const NUDGE_QUIET = 1_000
/** A run that gave no sign for so long is not under way. */
const UNDER_WAY = 2 * MINUTE
const SNAPSHOT_PATIENCE = 10 * MINUTE
const POLL = 200

export const createQueue = (deps: { boss: PgBoss; store: Store; clock: Clock }): Queue => {
  const { boss, store, clock } = deps
  const nudged = new Map<string, number>()

  const send: Queue['send'] = async (name, data, options = {}) => {
    const portal = 'installationId' in data ? data.installationId : ''
    const key = 'task' in data ? `${data.task}/${portal}` : portal
    const id = await boss.send(name, data, { singletonKey: key, ...options })
    return id !== null
  }

  return {
    send,
    async sync(installationId, { full }) {
      const kind = full ? 'full' : 'incremental'
      const latest = await store.syncRuns.latest(installationId, [kind])
      const isUnderWay =
        latest?.outcome === 'running' && clock.now().getTime() - latest.heartbeatAt.getTime() < UNDER_WAY
      if (isUnderWay) return latest.runId
      const runId = randomUUID()
      // There to be watched from now on, even while it waits for its turn.
      await store.syncRuns.start(installationId, { runId, kind, phase: 'queued' })
      await send('sync', { installationId, kind }, { id: runId, priority: full ? 10 : 5 })
      return runId
    },
    async snapshot(installationId, asOf) {
      const id = randomUUID()
      await send(
        'snapshot',
        { installationId, asOf: asOf.toISOString(), withWeeks: false },
        { id, priority: 10, retryLimit: 1, retryDelay: 1 },
      )
      const until = clock.now().getTime() + SNAPSHOT_PATIENCE
      while (clock.now().getTime() < until) {
        const [job] = await boss.findJobs('snapshot', { id })
        if (job?.state === 'completed') return
        if (!job || job.state === 'failed' || job.state === 'cancelled')
          throw new AppError(500, 'snapshot_failed', 'The snapshot could not be built; the log says why')
        await clock.sleep(POLL)
      }
      throw new AppError(504, 'snapshot_timeout', 'The snapshot is still being built; look at it later')
    },
    async nudge(installationId, { withDirectory } = { withDirectory: false }) {
      const key = withDirectory ? `${installationId}/directory` : installationId
      const now = clock.now().getTime()
      // The job queued a moment ago has not begun yet and will see this hint, too.
      if (now - (nudged.get(key) ?? 0) < NUDGE_QUIET) return
      nudged.set(key, now)
      try {
        await send('hints', { installationId, withDirectory }, { singletonKey: key, startAfter: NUDGE_DELAY })
      } catch (error) {
        nudged.delete(key)
        throw asError(error)
      }
    },
    async writeBack(installationId) {
      await send('write-back', { installationId, isNightly: false }, { priority: 10 })
    },
    async depth() {
      const queues = await boss.getQueues([...JOB_NAMES])
      return Object.fromEntries(
        queues.map(({ name, queuedCount, activeCount }) => [name, queuedCount + activeCount]),
      )
    },
  }
}
