import { createHash } from 'node:crypto'
import { PgBoss, type QueueOptions } from 'pg-boss'
import { HOUR, SECOND } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { PoolConfigLike, Store } from '../store/open-store.ts'
import type { SyncKind } from '../store/sync-runs.ts'

/** What each job is told. */
export type JobData = {
  sync: { installationId: string; kind: Exclude<SyncKind, 'hints'>; isNightly?: boolean }
  hints: { installationId: string; withDirectory: boolean }
  snapshot: { installationId: string; asOf: string; withWeeks: boolean }
  digest: { installationId: string; asOf: string }
  /** Writes and takes back what the journal holds; every night it plans first. */
  'write-back': { installationId: string; isNightly: boolean }
  upkeep: Upkeep
  /** Hears what people write to the bot; one at a time, whoever does. */
  telegram: Record<string, never>
}
/** Small jobs that nobody waits for share a queue: each queue costs a question every few seconds. */
export type Upkeep =
  | { task: 'register' | 'install' | 'recheck' | 'keep-alive'; installationId: string }
  | { task: 'admit'; installationId: string; sealedGrant: string }
  | { task: 'confirm-uninstall'; installationId: string; purge: boolean }
  | { task: 'purge' | 'prune' }
export type JobName = keyof JobData

type QueueRule = QueueOptions & {
  /**
   * `singleton`: one at work per installation, any number waiting; `stately`: also one waiting, so that
   * however many ask, it is done once.
   */
  policy: 'standard' | 'singleton' | 'stately'
  /** Jobs of this queue that one worker has in hand at a time. */
  atOnce: number
}

const minutes = (count: number): number => count * 60
const retries = (retryLimit: number, retryDelay: number) => ({
  retryLimit,
  retryDelay,
  retryBackoff: true,
  retryDelayMax: minutes(30),
})
/** A job whose worker gave no sign for so long is taken over by another. */
const BEATING = { heartbeatSeconds: 60 }

export const QUEUES: Record<JobName, QueueRule> = {
  sync: {
    policy: 'singleton',
    atOnce: 3,
    expireInSeconds: (23 * HOUR) / SECOND,
    ...retries(12, 5),
    ...BEATING,
  },
  hints: { policy: 'stately', atOnce: 2, expireInSeconds: minutes(60), ...retries(8, 10), ...BEATING },
  snapshot: { policy: 'singleton', atOnce: 1, expireInSeconds: minutes(120), ...retries(2, 5), ...BEATING },
  digest: { policy: 'singleton', atOnce: 1, expireInSeconds: minutes(60), ...retries(3, 60), ...BEATING },
  'write-back': {
    policy: 'singleton',
    atOnce: 1,
    expireInSeconds: minutes(120),
    ...retries(8, 30),
    ...BEATING,
  },
  upkeep: { policy: 'stately', atOnce: 1, expireInSeconds: minutes(120), ...retries(8, 30), ...BEATING },
  // Queued again by each tick, so that a try that failed needs no other.
  telegram: { policy: 'stately', atOnce: 1, expireInSeconds: minutes(30), ...retries(0, 1), ...BEATING },
}
export const JOB_NAMES = Object.keys(QUEUES) as JobName[]

/** A finished job is remembered so long: its slot is not filled a second time. */
const REMEMBERED = (3 * 24 * HOUR) / SECOND
const CONNECTIONS = 3

/** The same name always gives the same id: a job queued twice is queued once. */
export const slotId = (...parts: readonly string[]): string => {
  const hex = createHash('sha256').update(parts.join('\u0000')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/**
 * Connects to the queue, which lives in the store's database under a schema of its own, and makes sure that
 * every queue is there.
 * @param isWorker a worker also looks after jobs whose worker died
 */
export const openBoss = async (
  store: Pick<Store, 'connection'>,
  { isWorker, log }: { isWorker: boolean; log: Logger },
): Promise<PgBoss> => {
  const connection: PoolConfigLike = store.connection
  const boss = new PgBoss({
    ...connection,
    max: CONNECTIONS,
    // The embedded database serves everybody in turn: a turn may take a while.
    connectionTimeoutMillis: 60 * SECOND,
    application_name: 'planerka-jobs',
    schema: 'pgboss',
    schedule: false,
    supervise: isWorker,
    superviseIntervalSeconds: 20,
    monitorIntervalSeconds: 20,
    registerInstance: false,
    reindex: false,
    monitorVacuum: false,
    openTelemetry: { enabled: false },
  })
  boss.on('error', error => log.warn({ err: error }, 'queue stumbled'))
  boss.on('warning', ({ message }) => log.warn({ reason: message }, 'queue warns'))
  await boss.start()
  const known = new Set((await boss.getQueues()).map(({ name }) => name))
  for (const name of JOB_NAMES) {
    const { atOnce: _, policy, ...options } = QUEUES[name]
    if (known.has(name)) await boss.updateQueue(name, { ...options, deleteAfterSeconds: REMEMBERED })
    else await boss.createQueue(name, { ...options, policy, deleteAfterSeconds: REMEMBERED })
  }
  return boss
}
