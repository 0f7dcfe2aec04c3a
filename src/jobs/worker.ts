import type { JobWithMetadata, PgBoss } from 'pg-boss'
import { type Clock, MINUTE } from '../clock.ts'
import type { Config } from '../config.ts'
import { digestRooms } from '../deliver/digest-rooms.ts'
import { deliverDigests } from '../deliver/send-digests.ts'
import { createTelegram } from '../deliver/telegram/telegram.ts'
import { createWriteBack } from '../deliver/write-back/write-back.ts'
import { AppError, asError } from '../errors.ts'
import type { Installations } from '../installations/installations.ts'
import type { Logger } from '../logger.ts'
import { createSnapshotReader } from '../snapshot/read.ts'
import type { Store } from '../store/open-store.ts'
import type { Queue } from './queue.ts'
import { JOB_NAMES, type JobData, type JobName, QUEUES } from './queues.ts'
import { createSnapshotJobs } from './snapshots.ts'
import { createSyncJobs, isWorthRetrying } from './sync-job.ts'
import { prune } from './upkeep.ts'

export type WorkerDeps = {
  boss: PgBoss
  queue: Queue
  store: Store
  installations: Installations
  config: Config
  clock: Clock
  log: Logger
}

/** Then the next job takes over, perhaps in another process. */
const LISTEN_FOR = 15 * MINUTE

type Handed<Name extends JobName> = JobData[Name] & { jobId: string; queuedAt: Date; signal: AbortSignal }
type Handlers = { [Name in JobName]: (given: Handed<Name>) => Promise<void> }

const handlersOf = (deps: WorkerDeps): Handlers => {
  const { store, installations, queue, config, clock, log } = deps
  const syncs = createSyncJobs(deps)
  const snapshots = createSnapshotJobs(deps)
  const reader = createSnapshotReader(store, async id => (await installations.load(id)).settings.calendar)
  const telegram = createTelegram({ store, installations, config, clock, log })
  const digests = digestRooms({ store, installations, snapshots: reader, config, clock, log })
  const writeBack = createWriteBack({ store, installations, snapshots: reader, clock, log })
  return {
    sync: ({ jobId, ...given }) => syncs.sync({ ...given, runId: jobId }),
    hints: syncs.hints,
    async snapshot({ installationId, asOf, withWeeks }) {
      await snapshots.build(installationId, new Date(asOf))
      if (!withWeeks) return
      await snapshots.fillWeeks(installationId)
      const { marks, tasks } = await writeBack.choice(installationId)
      if (marks || tasks) await queue.send('write-back', { installationId, isNightly: true })
    },
    async 'write-back'({ installationId, isNightly, signal }) {
      if (isNightly) await writeBack.startScheduled(installationId)
      await writeBack.work(installationId, signal)
    },
    async digest({ installationId, asOf }) {
      const { sent, postponed } = await deliverDigests(digests, {
        installationId,
        asOf: new Date(asOf),
        dryRun: false,
        isScheduled: true,
      })
      log.info({ installationId, sent: sent.length, postponed }, 'digests sent')
      // Another try of the job reaches those only: the others have had theirs.
      if (postponed > 0)
        throw new AppError(503, 'digests_postponed', `${postponed} digests could not be sent yet`)
    },
    async telegram({ signal }) {
      const until = new Date(clock.now().getTime() + LISTEN_FOR)
      await telegram?.listen({ until, signal })
    },
    async upkeep(given) {
      switch (given.task) {
        case 'register':
          return installations.register(given.installationId)
        case 'install':
          return installations.finishInstall(given.installationId)
        case 'admit':
          return installations.admit(given.installationId, given.sealedGrant)
        case 'recheck':
          if (await installations.recheck(given.installationId)) {
            // The pause may have come before our bindings were made, or have cost them.
            await queue.send('upkeep', { task: 'register', installationId: given.installationId })
            await queue.sync(given.installationId, { full: false })
          }
          return
        case 'keep-alive':
          return void (await installations.keepAlive(given.installationId))
        case 'confirm-uninstall': {
          const farewell = await installations.confirmUninstall(given.installationId, given.purge)
          if (farewell !== 'unknown') return
          throw new AppError(
            503,
            'uninstall_unconfirmed',
            'The CRM does not say whether the app is still there',
          )
        }
        case 'purge':
          return void (await installations.purgeExpired())
        case 'prune':
          return prune({ store, installations, clock, log })
      }
    },
  }
}

export type Worker = {
  /** Lets what runs come to a resting place and gives it back to the queue. */
  stop(): Promise<void>
}

/** Pollings per queue in seconds: what people wait for is looked for more often. */
const POLLING: Partial<Record<JobName, number>> = {
  sync: 1,
  hints: 1,
  snapshot: 1,
  upkeep: 2,
  telegram: 2,
  'write-back': 2,
}
const RARELY = 5

/** Starts working off every queue. */
export const startWorker = async (deps: WorkerDeps): Promise<Worker> => {
  const { boss, log } = deps
  const stopping = new AbortController()
  const handlers = handlersOf(deps)

  const work = async <Name extends JobName>(name: Name): Promise<void> => {
    const handle = handlers[name] as (given: Handed<JobName>) => Promise<void>
    await boss.work(
      name,
      {
        includeMetadata: true,
        batchSize: 1,
        localConcurrency: QUEUES[name].atOnce,
        pollingIntervalSeconds: POLLING[name] ?? RARELY,
      },
      async (jobs: JobWithMetadata<JobData[Name]>[]) => {
        for (const job of jobs) {
          const signal = AbortSignal.any([job.signal, stopping.signal])
          try {
            await handle({ ...job.data, jobId: job.id, queuedAt: job.createdOn, signal } as Handed<JobName>)
          } catch (error) {
            const fields = { err: asError(error), job: name, attempt: job.retryCount }
            // What only a person can mend is told by the installation's status, not by a heap of retries.
            if (!stopping.signal.aborted && !isWorthRetrying(error)) {
              log.warn(fields, 'job given up')
              return
            }
            log.warn(fields, 'job failed')
            throw new Error(asError(error).message)
          }
        }
      },
    )
  }
  const hasBot = deps.config.TELEGRAM_BOT_TOKEN !== undefined
  for (const name of JOB_NAMES) if (name !== 'telegram' || hasBot) await work(name)
  log.info('worker started')

  return {
    async stop() {
      stopping.abort(new Error('The server is stopping'))
      // Syncs stop at their next page; a snapshot that takes longer is built again by the next worker.
      await boss.stop({ graceful: true, timeout: 6_000, close: true })
      log.info('worker stopped')
    },
  }
}

/**
 * Gives jobs back that a dead worker held. Only for a database that nobody else works on: otherwise a
 * missing heartbeat tells, a little later.
 */
export const releaseOrphans = async (boss: PgBoss): Promise<number> => {
  const { rows } = await boss
    .getDb()
    .executeSql(`select name, id from pgboss.job where state = 'active' and name = any($1)`, [JOB_NAMES])
  for (const { name, id } of rows as { name: string; id: string }[]) {
    await boss.fail(name, id, { message: 'The worker died' })
    await boss.update(name, undefined, { id, startAfter: 0 })
  }
  return rows.length
}
