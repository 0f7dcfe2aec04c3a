import { systemClock } from '../../src/clock.ts'
import { silentLogger } from '../../src/logger.ts'
import { buildSnapshot } from '../../src/snapshot/build.ts'
import { buildHistory } from '../../src/snapshot/history.ts'
import { openStore, type PoolConfigLike } from '../../src/store/open-store.ts'
import { BENCH_INSTALLATION } from './seed-store.ts'

/** Builds snapshots in a process of its own, as the jobs of the server do, and tells what it took. */
export type SnapshotTask = { connection: PoolConfigLike; asOf: string; work: 'one' | 'weeks' }
export type SnapshotCost = { seconds: number; cpuSeconds: number; peakBytes: number }

const build = async ({ connection, asOf, work }: SnapshotTask): Promise<SnapshotCost> => {
  const store = await openStore({ dataDir: '', connection, log: silentLogger, clock: systemClock })
  const input = {
    store,
    installationId: BENCH_INSTALLATION,
    can: { pastActors: false, deadlineHistory: false, invoices: true },
    log: silentLogger,
    clock: systemClock,
  }
  const before = process.cpuUsage()
  const begun = performance.now()
  if (work === 'one') await buildSnapshot({ ...input, asOf: new Date(asOf) })
  else await buildHistory({ ...input, now: new Date(asOf) })
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(before)
  await store.close()
  return { seconds, cpuSeconds: (user + system) / 1e6, peakBytes: process.resourceUsage().maxRSS * 1024 }
}

process.once('message', (task: SnapshotTask) => {
  build(task).then(
    cost => process.send?.(cost, () => process.disconnect()),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
