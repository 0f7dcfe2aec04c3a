import { systemClock } from '../../src/clock.ts'
import { silentLogger } from '../../src/logger.ts'
import { buildSnapshot } from '../../src/snapshot/build.ts'
import { buildHistory } from '../../src/snapshot/history.ts'
import { openStore } from '../../src/store/open-store.ts'
import { BENCH_INSTALLATION } from './seed-store.ts'
const [, , work, dir] = process.argv
const store = await openStore({ databaseUrl: process.env['DATABASE_URL'], dataDir: dir!, log: silentLogger, clock: systemClock })
const PLAIN = [
  `select pipeline_id, stage_id, count(*), avg(date_part('epoch', next_at - at)) from (
     select pipeline_id, stage_id, at, lead(at) over (partition by deal_id order by at, order_key) as next_at
     from stage_moves where installation_id = $1) stays
   group by pipeline_id, stage_id`,
  `select outcome, count(*), sum(amount) from deals where installation_id = $1 group by outcome`,
  `select kind, count(*), max(created_at) from activities where installation_id = $1 group by kind`,
  `select status, count(*), max(closed_at) from tasks where installation_id = $1 group by status`,
]
const plain = async () => { const b = performance.now(); for (const t of PLAIN) await store.pool.query(t, [BENCH_INSTALLATION]); return (performance.now() - b)/1000 }
const p = [await plain(), await plain(), await plain()].sort((a,b)=>a-b)
console.log('plain', p); const peak=()=>{const m=process.memoryUsage(); return [m.rss,m.heapTotal,m.heapUsed,m.external,m.arrayBuffers].map(x=>Math.round(x/1e6)).join(' ')}; setInterval(()=>console.log('mem', peak()), 4000).unref()
if (work === 'read') {
  const b = performance.now(); let n = 0; const c0 = process.cpuUsage()
  for await (const page of store.facts.dossiers(BENCH_INSTALLATION)) n += page.length
  console.log((globalThis as any).QQ); const c1=process.cpuUsage(c0); console.log('read', n, (performance.now()-b)/1000, 'cpu', (c1.user+c1.system)/1e6, 'rss', process.resourceUsage().maxRSS/1024)
} else {
const input = { store, installationId: BENCH_INSTALLATION, can: { pastActors: false, deadlineHistory: false, invoices: true }, log: silentLogger, clock: systemClock }
const before = process.cpuUsage(); const begun = performance.now()
const asOf = new Date('2026-11-23T00:00:00Z')
if (work === 'one') await buildSnapshot({ ...input, asOf })
else await buildHistory({ ...input, now: asOf })
const s = (performance.now() - begun)/1000
const u = process.cpuUsage(before)
console.log(work, s, 'ratio', s / p[1]!, 'cpu', (u.user+u.system)/1e6, 'rss', process.resourceUsage().maxRSS/1024)
}
await store.close()
process.exit(0)
