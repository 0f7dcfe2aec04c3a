import { parseArgs } from 'node:util'
import { systemClock } from '../../../src/clock.ts'
import { silentLogger } from '../../../src/logger.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { deal, page } from '../records.ts'

/** Opens a store in a process of its own, saves a deal where it is told to, and says how many there are. */
const { values } = parseArgs({
  options: {
    dataDir: { type: 'string' },
    databaseUrl: { type: 'string' },
    connection: { type: 'string' },
    saveIn: { type: 'string' },
  },
})
const store = await openStore({
  dataDir: values.dataDir ?? '',
  databaseUrl: values.databaseUrl,
  connection: values.connection === undefined ? undefined : JSON.parse(values.connection),
  log: silentLogger,
  clock: systemClock,
})
if (values.saveIn !== undefined) {
  await store.savePage(values.saveIn, page({ deals: [deal({ id: 'from the child' })] }))
  process.stdout.write(`${(await store.counts(values.saveIn)).deals}\n`)
}
await store.close()
