import { describe, expect, test } from 'vitest'
import { dealsAt, KeptDeals, measuredSince } from '../../src/snapshot/kept-deals.ts'
import { dealsOf, END } from './generate.ts'

const DAY = 86_400_000
const OPEN = Number.POSITIVE_INFINITY

describe('deals kept between two passes', () => {
  test('come back as they were, in their order, whatever their titles and however long', () => {
    const kept = new KeptDeals()
    const titles = ['Сделка «№ 1»', 'a\ud800b', '\u0000', '🙂'.repeat(400_000), 'short']
    const deals = [...dealsOf(600, 3)].map((deal, index) => ({ ...deal, title: titles[index] ?? deal.title }))
    for (const [index, deal] of deals.entries()) kept.add(deal, index, OPEN)
    expect(kept.bytes).toBe(deals.reduce((sum, deal) => sum + Buffer.byteLength(JSON.stringify(deal)), 0))
    const told = [...dealsAt(structuredClone(kept.written()), END)].flat()
    expect(told.map(({ dossier }) => dossier)).toEqual(deals)
    expect(told.map(({ latest }) => latest)).toEqual(deals.map((_, index) => index))
  })

  test('are those that existed at the instant and were open or in motion not long before', () => {
    const kept = new KeptDeals()
    const [one, two, three, four] = [...dealsOf(4, 1)] as [never, never, never, never]
    const deal = (of: object, createdAt: number) => ({ ...of, createdAt }) as Parameters<KeptDeals['add']>[0]
    kept.add(deal(one, END - 90 * DAY), END, OPEN)
    kept.add(deal(two, END + 1), END, OPEN)
    kept.add(deal(three, END - 90 * DAY), END, measuredSince(END))
    kept.add(deal(four, END - 90 * DAY), END, measuredSince(END) - 1)
    const ids = (at: number) => [...dealsAt(kept.written(), at)].flat().map(({ dossier }) => dossier.id)
    expect(ids(END)).toEqual(['d0000000', 'd0000002'])
    expect(ids(END + 1)).toEqual(['d0000000', 'd0000001'])
    expect(ids(END - 1)).toEqual(['d0000000', 'd0000002', 'd0000003'])
  })

  test('are nothing where nothing was kept', () => {
    expect([...dealsAt(new KeptDeals().written(), END)].flat()).toEqual([])
  })
})
