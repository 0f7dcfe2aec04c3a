import { printFigure, say } from './figure.ts'
import { cpuSecondsOf, watchMemory } from './process-tree.ts'
import { finishedSync, startBenchProduct } from './product.ts'

const MB = 1e6
/** The CRM's number of the entity. */
const DEAL = 2
/** What the vendor's standard plan lets through: a burst, then so many a second. */
const BURST = 50
const PER_SECOND = 2
const ROWS_PER_REQUEST = 2_500

/**
 * First full sync of a portal with 100 000 deals, 500 000 history rows, 150 000 activities and 100 000 tasks at
 * scale 1, through the limiter of the standard plan, with no delay added; then the snapshots of the first day.
 */
export const benchSync = async (scale: number): Promise<void> => {
  const deals = Math.round(100_000 * scale)
  say(`filling a portal with ${deals} deals…`)
  const product = await startBenchProduct({ deals, moves: 5, activitiesPerDeal: 1.5, tasks: deals })
  const memory = watchMemory(product.pid)
  const isFull = scale >= 1
  try {
    const cpuBefore = cpuSecondsOf(product.pid)
    const begun = performance.now()
    await product.install()
    say('reading it…')
    const { id, sync } = await finishedSync(product, 3_600_000)
    const seconds = (performance.now() - begun) / 1000
    const cpuSeconds = cpuSecondsOf(product.pid) - cpuBefore
    const whileReading = memory.peak()
    const rows = ['deals', 'stageMoves', 'activities', 'tasks', 'invoices', 'users'].reduce(
      (sum, kind) => sum + (sync.counts[kind] ?? 0),
      0,
    )
    const { requests } = sync
    const floor = Math.max(1, (requests - BURST) / PER_SECOND)
    printFigure({
      figure: 'sync_seconds',
      ratio: seconds / floor,
      value: seconds,
      unit: 's',
      against: "the vendor's own floor, (requests − 50) / 2 s",
      ...(isFull ? { target: 'value < 240' } : {}),
      rows,
      rowsPerSecond: rows / seconds,
      cpuSeconds,
    })
    printFigure({
      figure: 'sync_requests',
      ratio: requests / (1.15 * Math.ceil(rows / ROWS_PER_REQUEST) + 30),
      value: requests,
      unit: 'HTTP requests',
      against: '1.15 × ceil(rows / 2500) + 30',
      target: 'ratio ≤ 1',
    })
    printFigure({
      figure: 'sync_memory',
      ratio: whileReading.total / (1000 * MB),
      value: whileReading.total / MB,
      unit: 'MB resident, server + database + jobs',
      against: '1 GB',
      ...(isFull ? { target: 'ratio < 1' } : {}),
      each: whileReading.each.map(bytes => Math.round(bytes / MB)),
    })
    say('waiting for the snapshots of the first day…')
    await product.until(
      'twelve weeks of snapshots',
      async () => {
        const { length } = (await product.admin(`/installations/${id}/snapshots`)) as unknown[]
        return length > 12 ? length : null
      },
      1_800_000,
    )
    const { total, each } = memory.peak()
    printFigure({
      figure: 'first_day',
      ratio: total / (1000 * MB),
      value: (performance.now() - begun) / 1000,
      unit: 's from installation to twelve weeks of history',
      against: 'the ratio is peak memory against 1 GB',
      peakMb: total / MB,
      each: each.map(bytes => Math.round(bytes / MB)),
    })
    say('changing one deal in a hundred, then the night…')
    const { site } = product
    // What the night finds by itself: nobody has told it of anything.
    site.portal.temper.events = 'off'
    const changed = site.portal.deals.rows.filter((_, index) => index % 100 === 0)
    for (const deal of changed) site.acts.updateItem(DEAL, deal.id, { title: `${deal.title} *` }, null)
    const nightBegun = performance.now()
    const { run } = (await product.admin(`/installations/${id}/sync`, { full: false })) as { run: string }
    const night = await product.until(
      'the end of the night’s sync',
      async () => {
        const portal = await product.portal()
        return portal?.sync.run === run && portal.sync.outcome === 'done' ? portal.sync : null
      },
      600_000,
    )
    const syncSeconds = (performance.now() - nightBegun) / 1000
    const asOf = new Date(Date.now() - 1000).toISOString()
    await product.admin(`/installations/${id}/snapshot`, { asOf })
    printFigure({
      figure: 'night',
      ratio: night.requests / requests,
      value: (performance.now() - nightBegun) / 1000,
      unit: 's for a night in which one deal in a hundred has changed',
      against: 'the ratio is its requests against those of the first sync',
      ...(isFull ? { target: 'ratio ≤ 0.1' } : {}),
      requests: night.requests,
      changedDeals: changed.length,
      syncSeconds,
    })
  } finally {
    memory.stop()
    await product.stop()
  }
}
