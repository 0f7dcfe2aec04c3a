import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filterDeals, groupDeals, riskOf, sortDeals, sumOf } from '../../src/widget/logic/deal-list.ts'
import { windowOf } from '../../src/widget/logic/windowing.ts'
import { dealsOf } from './mock-team.ts'

const deals = dealsOf(120)
const all = { reason: null, level: null, stage: null, owner: null }

describe('the list of stale deals', () => {
  test('shows what every filter asks for and nothing else', () => {
    const found = filterDeals(deals, { ...all, reason: 'silence', level: 'red', owner: '13' })
    expect(found.length).toBeGreaterThan(0)
    expect(
      found.every(
        deal => deal.flags.includes('silence') && deal.level === 'red' && deal.responsibleId === '13',
      ),
    ).toBe(true)
    const rest = deals.filter(deal => !found.includes(deal))
    expect(
      rest.some(
        deal => deal.flags.includes('silence') && deal.level === 'red' && deal.responsibleId === '13',
      ),
    ).toBe(false)
  })

  test('puts red before amber and then the most money at risk', () => {
    const sorted = sortDeals(deals, 'risk')
    const firstAmber = sorted.findIndex(deal => deal.level === 'amber')
    expect(sorted.slice(firstAmber).every(deal => deal.level === 'amber')).toBe(true)
    const risks = sorted.slice(0, firstAmber).map(riskOf)
    expect(risks).toEqual([...risks].sort((a, b) => b - a))
  })

  test('keeps each deal once per owner and stage, and once per reason it has', () => {
    const count = (by: 'owner' | 'stage' | 'reason'): number =>
      groupDeals(deals, by, () => 'x').reduce((sum, group) => sum + group.deals.length, 0)
    expect(count('owner')).toBe(deals.length)
    expect(count('stage')).toBe(deals.length)
    expect(count('reason')).toBe(deals.reduce((sum, deal) => sum + deal.flags.length, 0))
  })

  test('adds money up by currency', () => {
    const sums = sumOf(deals)
    expect(Object.keys(sums).sort()).toEqual(['KZT', 'RUB', 'USD'])
    const roubles = deals
      .filter(deal => deal.currency === 'RUB')
      .reduce((sum, deal) => sum + (deal.amount ?? 0), 0)
    expect(sums['RUB']).toBe(roubles)
  })
})

describe('the window over a long list', () => {
  test('draws everything in view, and its spacers make up the rest', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.integer({ min: 20, max: 300 }),
        fc.nat(500_000),
        fc.integer({ min: 100, max: 3000 }),
        (rows, rowHeight, top, height) => {
          const drawn = windowOf(rows, rowHeight, { top, height })
          expect(drawn.before + (drawn.to - drawn.from) * rowHeight + drawn.after).toBe(rows * rowHeight)
          const firstInView = Math.floor(top / rowHeight)
          const lastInView = Math.min(rows - 1, Math.floor((top + height - 1) / rowHeight))
          for (const row of [firstInView, lastInView])
            if (row < rows && row >= 0 && firstInView < rows) {
              expect(row).toBeGreaterThanOrEqual(drawn.from)
              expect(row).toBeLessThan(drawn.to)
            }
        },
      ),
    )
  })
})
