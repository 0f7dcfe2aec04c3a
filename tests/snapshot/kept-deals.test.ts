import { describe, expect, test } from 'vitest'
import { cutDossier, latestOf } from '../../src/metrics/cut.ts'
import { dealsAt, KeptDeals, measuredSince } from '../../src/snapshot/kept-deals.ts'
import { dealsOf, END } from './generate.ts'

const DAY = 86_400_000
const LATER = END + 10_000 * DAY
const OPEN = Number.POSITIVE_INFINITY

describe('deals kept between two passes', () => {
  test('come back as they were known at an instant, in their order, whatever their titles and however long', () => {
    const kept = new KeptDeals()
    const titles = ['Сделка «№ 1»', 'a\ud800b', '\u0000', '🙂'.repeat(400_000), 'short']
    const deals = [...dealsOf(600, 3)].map((deal, index) => ({ ...deal, title: titles[index] ?? deal.title }))
    for (const deal of deals) kept.add(deal, latestOf(deal), OPEN)
    expect(kept.bytes).toBe(deals.reduce((sum, deal) => sum + Buffer.byteLength(JSON.stringify(deal)), 0))
    expect([...dealsAt(structuredClone(kept.written()), LATER)].flat()).toEqual(deals)
    const past = END - 30 * DAY
    const known = deals.flatMap(deal => cutDossier(deal, past) ?? [])
    expect(known.length).toBeGreaterThan(0)
    expect(known).not.toEqual(deals.slice(0, known.length))
    expect([...dealsAt(kept.written(), past)].flat()).toEqual(known)
  })

  test('are those that existed at the instant and were open or in motion not long before', () => {
    const kept = new KeptDeals()
    const [one, two, three, four] = [...dealsOf(4, 1)] as [never, never, never, never]
    const deal = (of: object, createdAt: number) => ({ ...of, createdAt }) as Parameters<KeptDeals['add']>[0]
    kept.add(deal(one, END - 90 * DAY), END, OPEN)
    kept.add(deal(two, END + 1), END, OPEN)
    kept.add(deal(three, END - 90 * DAY), END, measuredSince(END))
    kept.add(deal(four, END - 90 * DAY), END, measuredSince(END) - 1)
    const ids = (at: number) => [...dealsAt(kept.written(), at)].flat().map(({ id }) => id)
    expect(ids(END)).toEqual(['d0000000', 'd0000002'])
    expect(ids(END + 1)).toEqual(['d0000000', 'd0000001'])
    expect(ids(END - 1)).toEqual(['d0000000', 'd0000002', 'd0000003'])
  })

  test('are nothing where nothing was kept', () => {
    expect([...dealsAt(new KeptDeals().written(), END)].flat()).toEqual([])
  })
})
