import { defaultSettings } from '../../src/records/settings.ts'
import type { Store } from '../../src/store/open-store.ts'
import { benchDirectory, benchRecords, type PortalSize } from './portal-records.ts'

const RUN = 'bench'
export const BENCH_INSTALLATION = 'bench'

/** Fills a store the way a sync does, page by page. @returns rows stored */
export const seedStore = async (store: Store, size: PortalSize, now: Date): Promise<number> => {
  const id = BENCH_INSTALLATION
  await store.installations.upsert({
    id,
    vendor: 'bitrix24',
    portalKey: id,
    address: { api: 'http://127.0.0.1:1/rest/', oauth: 'http://127.0.0.1:1', host: '127.0.0.1' },
    settings: defaultSettings('Europe/Moscow', 'ru'),
    language: 'ru',
    currency: 'RUB',
    installedAt: now,
  })
  await store.saveDirectory(id, benchDirectory(), RUN)
  let rows = 0
  for (const records of benchRecords(size, now.getTime())) {
    rows +=
      records.deals.length + records.stageMoves.length + records.activities.length + records.tasks.length
    await store.savePage(id, { feed: null, runId: RUN, records, rejected: [], seenAt: now })
  }
  await store.creditMoves(id)
  await store.maintain()
  return rows
}
