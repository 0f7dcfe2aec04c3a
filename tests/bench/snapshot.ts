import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/clock.ts'
import { JOBS_EXEC_ARGV } from '../../src/jobs/exec-argv.ts'
import { silentLogger } from '../../src/logger.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { median, printFigure, say } from './figure.ts'
import { BENCH_INSTALLATION, seedStore } from './seed-store.ts'
import type { SnapshotCost, SnapshotTask } from './snapshot-process.ts'

/** The made-up world stands still here. */
const NOW = new Date('2026-11-23T00:00:00Z')

/** The same rows, once through plain SQL: how long stays last, and how much of everything there is. */
const PLAIN_PASS = [
  `select pipeline_id, stage_id, count(*), avg(date_part('epoch', next_at - at)) from (
     select pipeline_id, stage_id, at, lead(at) over (partition by deal_id order by at, order_key) as next_at
     from stage_moves where installation_id = $1) stays
   group by pipeline_id, stage_id`,
  `select outcome, count(*), sum(amount) from deals where installation_id = $1 group by outcome`,
  `select kind, count(*), max(created_at) from activities where installation_id = $1 group by kind`,
  `select status, count(*), max(closed_at) from tasks where installation_id = $1 group by status`,
]

const plainPass = async (store: Store): Promise<number> => {
  const begun = performance.now()
  for (const text of PLAIN_PASS) await store.pool.query(text, [BENCH_INSTALLATION])
  return (performance.now() - begun) / 1000
}

const inProcess = (task: SnapshotTask): Promise<SnapshotCost> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./snapshot-process.ts', import.meta.url)), {
      execArgv: JOBS_EXEC_ARGV,
    })
    child.once('message', cost => resolve(cost as SnapshotCost))
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`The snapshot's process ended with ${code}`)))
    child.send(task)
  })

/** One snapshot, and the twelve weeks of the first day, of 100 000 deals at scale 1. */
export const benchSnapshot = async (scale: number): Promise<void> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'planerka-bench-'))
  const databaseUrl = process.env['DATABASE_URL']
  const store = await openStore({ databaseUrl, dataDir, log: silentLogger, clock: systemClock })
  const database = databaseUrl === undefined ? 'PGlite' : 'PostgreSQL'
  const isFull = scale >= 1
  /** PostgreSQL is asked for half of what the embedded database may take. */
  const most = (seconds: number): string => `value < ${databaseUrl === undefined ? seconds : seconds / 2}`
  try {
    const deals = Math.round(100_000 * scale)
    say(`storing ${deals} deals…`)
    const begun = performance.now()
    const rows = await seedStore(
      store,
      { deals, movesPerDeal: 5, activitiesPerDeal: 1.5, tasksPerDeal: 1 },
      NOW,
    )
    const seconds = (performance.now() - begun) / 1000
    printFigure({
      figure: 'store_rows',
      ratio: null,
      value: rows / seconds,
      unit: 'rows/s',
      against: 'nothing; how fast pages are saved when no CRM is waited for',
      database,
      rows,
    })
    const plain = median([await plainPass(store), await plainPass(store), await plainPass(store)])
    const against = 'one plain SQL pass over the same rows'
    const { connection } = store
    say('building one snapshot…')
    const one = await inProcess({ connection, asOf: NOW.toISOString(), work: 'one' })
    printFigure({
      figure: 'snapshot',
      ratio: one.seconds / plain,
      value: one.seconds,
      unit: 's',
      against,
      target: isFull ? `ratio ≤ 12, ${most(15)}` : 'ratio ≤ 12',
      database,
      plainSeconds: plain,
      cpuSeconds: one.cpuSeconds,
      peakMb: one.peakBytes / 1e6,
    })
    say('building twelve weeks…')
    const weeks = await inProcess({ connection, asOf: NOW.toISOString(), work: 'weeks' })
    printFigure({
      figure: 'snapshot_weeks',
      ratio: weeks.seconds / plain,
      value: weeks.seconds,
      unit: 's for 12 weeks',
      against,
      ...(isFull ? { target: most(90) } : {}),
      database,
      cpuSeconds: weeks.cpuSeconds,
      peakMb: weeks.peakBytes / 1e6,
    })
    if (databaseUrl !== undefined) await store.installations.purge(BENCH_INSTALLATION)
  } finally {
    await store.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
