import { expect, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { keepApart } from '../../../src/vendors/amocrm/limits.ts'

const most = (arrivals: readonly number[]): number =>
  Math.max(...arrivals.map(first => arrivals.filter(at => at >= first && at < first + 1000).length))

const send = async (host: string, count: number, wayMs: (index: number) => number, thinksMs: number) => {
  const arrivals: number[] = []
  const started = systemClock.now().getTime()
  const answers: Promise<void>[] = []
  for (let index = 0; index < count; index += 1) {
    const arrived = await keepApart({ id: 'amocrm', limitsByAddress: false }, host, { clock: systemClock })
    answers.push(
      systemClock.sleep(wayMs(index)).then(async () => {
        arrivals.push(systemClock.now().getTime())
        await systemClock.sleep(thinksMs)
        arrived()
      }),
    )
  }
  await Promise.all(answers)
  return { arrivals, lasted: systemClock.now().getTime() - started }
}

test('no second sees more than seven requests arrive, however long the first ones were on their way', async () => {
  // Six leave at once and arrive together 900 ms later; those behind them have a free way.
  const { arrivals } = await send('stalled.amocrm.ru', 16, index => (index < 6 ? 900 : 5), 10)
  expect(most(arrivals)).toBeLessThanOrEqual(7)
})

test('an account that thinks for long is asked as often as a quick one', async () => {
  const { arrivals, lasted } = await send('slow.amocrm.ru', 25, () => 5, 700)
  expect(most(arrivals)).toBeLessThanOrEqual(7)
  // 24 more at six a second, and the last answer.
  expect(lasted).toBeLessThan(4000 + 700 + 800)
})
