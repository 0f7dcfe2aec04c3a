import { schedule as cron } from 'node-cron'
import { type Clock, MINUTE } from '../clock.ts'
import { asError } from '../errors.ts'
import type { Installations } from '../installations/installations.ts'
import type { Logger } from '../logger.ts'
import type { Store } from '../store/open-store.ts'
import type { Queue } from './queue.ts'
import { slotId } from './queues.ts'
import { type Due, dueAt, type ScheduleTimes } from './schedule.ts'

/** Runs without a sign of life for so long are over. */
const STALE_RUN = 10 * MINUTE
/** Slots remembered in memory, so that most minutes ask the database nothing. */
const REMEMBERED = 50_000

/** Queues what is due at an instant; each slot once, however many processes do the same. */
export const createTick = (deps: {
  queue: Queue
  store: Store
  installations: Installations
  times: ScheduleTimes
  /** The server has a bot that somebody must hear. */
  hasBot?: boolean
  clock: Clock
  log: Logger
}): (() => Promise<number>) => {
  const { queue, store, installations, times, clock, log } = deps
  const queued = new Set<string>()

  const enqueue = async ({ job, installationId, slot }: Due, now: Date): Promise<boolean> => {
    const id = slotId(job, installationId ?? '', slot)
    if (queued.has(id)) return false
    if (queued.size > REMEMBERED) queued.clear()
    const options = { id }
    const portal = installationId ?? ''
    const send = (): Promise<boolean> => {
      switch (job) {
        case 'incremental':
          return queue.send('sync', { installationId: portal, kind: 'incremental' }, options)
        case 'nightly':
          return queue.send('sync', { installationId: portal, kind: 'incremental', isNightly: true }, options)
        case 'reconcile':
          return queue.send('sync', { installationId: portal, kind: 'reconcile' }, options)
        case 'digest':
          return queue.send('digest', { installationId: portal, asOf: now.toISOString() }, options)
        case 'keep-alive':
        case 'recheck':
          return queue.send('upkeep', { task: job, installationId: portal }, options)
        case 'purge':
        case 'prune':
          return queue.send('upkeep', { task: job }, options)
      }
    }
    const isNew = await send()
    queued.add(id)
    return isNew
  }

  return async () => {
    const now = clock.now()
    const stale = await store.syncRuns.failStale(new Date(now.getTime() - STALE_RUN))
    for (const { installationId, runId } of stale) log.warn({ installationId, runId }, 'sync run went silent')
    const portals = (await installations.list()).map(({ id, status, settings, installedAt }) => ({
      installationId: id,
      status,
      calendar: settings.calendar,
      installedAt,
    }))
    // However many ask, one hears and at most one more waits for its turn.
    if (deps.hasBot) await queue.send('telegram', {})
    let count = 0
    for (const due of dueAt(now, portals, times)) if (await enqueue(due, now)) count += 1
    return count
  }
}

/** Ticks each minute until stopped. */
export const startTicking = (tick: () => Promise<number>, log: Logger): { stop(): void } => {
  let isTicking = false
  const task = cron('* * * * *', async () => {
    if (isTicking) return
    isTicking = true
    try {
      await tick()
    } catch (error) {
      log.error({ err: asError(error) }, 'schedule not read')
    } finally {
      isTicking = false
    }
  })
  return { stop: () => void task.stop() }
}
