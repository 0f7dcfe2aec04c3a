import { parseArgs } from 'node:util'
import { systemClock } from '../../../src/clock.ts'
import { silentLogger } from '../../../src/logger.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { deal, install, move, page } from '../records.ts'

/** Saves pages for as long as it is let, and says after each that it is stored. Killed by the test. */
const { values } = parseArgs({ options: { dataDir: { type: 'string' } } })
const store = await openStore({ dataDir: values.dataDir ?? '', log: silentLogger, clock: systemClock })
const id = 'portal'
await install(store, { id })

const SIZE = 200
const last = await store.feeds.all(id)
let next = Number(last[0]?.resume ?? 0)
for (;;) {
  const numbers = Array.from({ length: SIZE }, (_, index) => next * SIZE + index)
  next += 1
  await store.savePage(
    id,
    page(
      {
        deals: numbers.map(number => deal({ id: String(number) })),
        stageMoves: numbers.map(number => move({ id: `m${number}`, dealId: String(number) })),
      },
      { resume: String(next) },
    ),
  )
  process.stdout.write(`${next}\n`)
}
