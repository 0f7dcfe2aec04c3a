import { describe, expect, test } from 'vitest'
import { DAY } from '../../src/clock.ts'
import { Portal } from '../../src/sandbox/bitrix24/state/portal.ts'
import { fillDense } from '../../src/sandbox/scenarios/dense.ts'
import { fillHalfYear } from '../../src/sandbox/scenarios/half-year.ts'
import { heldClock } from './portal.ts'

const tell = (at: string, seed?: number) => {
  const portal = new Portal({ name: 'story' }, heldClock(Date.parse(at)))
  fillHalfYear(portal, seed === undefined ? {} : { seed })
  return portal
}

describe('the half-year of a company', () => {
  const portal = tell('2026-11-24T12:00:00Z')

  test('is the same story each time it is told', () => {
    const again = tell('2026-11-24T12:00:00Z')
    expect(again.deals.rows).toEqual(portal.deals.rows)
    expect(again.dealHistory.rows).toEqual(portal.dealHistory.rows)
  })

  test.each(['2026-11-24T12:00:00Z', '2027-01-05T04:00:00Z', '2027-03-07T20:00:00Z'])(
    'is believable whatever the day: %s',
    at => {
      const told = tell(at)
      const open = told.deals.rows.filter(deal => deal.semantic === 'P')
      expect(told.deals.rows.length).toBeGreaterThan(850)
      expect(told.deals.rows.length).toBeLessThan(1600)
      expect(open.length).toBeGreaterThan(130)
      expect(open.length).toBeLessThan(280)
    },
  )

  test('has nothing in it that has not happened yet', () => {
    const now = portal.now()
    for (const row of portal.dealHistory.rows) expect(row.createdTime).toBeLessThanOrEqual(now)
    for (const deal of portal.deals.rows) expect(deal.updatedTime).toBeLessThanOrEqual(now)
    for (const activity of portal.activities.rows) expect(activity.created).toBeLessThanOrEqual(now)
  })

  test('has each deal where its last history row says', () => {
    const last = new Map(portal.dealHistory.rows.map(row => [row.ownerId, row]))
    for (const deal of portal.deals.rows) {
      expect(last.get(deal.id)).toMatchObject({ stageId: deal.stageId, createdTime: deal.movedTime })
    }
  })

  test('shows the rollout: deals get a next step more often than before', () => {
    const now = portal.now()
    const steps = (from: number, to: number) =>
      portal.activities.rows.filter(
        row =>
          row.providerId === 'CRM_TODO' && row.created >= now - from * DAY && row.created < now - to * DAY,
      ).length
    expect(steps(28, 0)).toBeGreaterThan(steps(90, 62) * 1.2)
  })

  test('leaves deals lying about more with those who refuse than with others', () => {
    const open = portal.deals.rows.filter(deal => deal.semantic === 'P')
    const isOld = (deal: (typeof open)[number]) => portal.now() - deal.movedTime > 14 * DAY
    const names = ['Титов', 'Носов', 'Ершов', 'Панин', 'Зотов']
    const refusers = new Set(
      portal.users.rows.filter(user => names.includes(user.lastName)).map(user => user.id),
    )
    const share = (deals: typeof open) => deals.filter(isOld).length / deals.length
    const theirs = open.filter(deal => refusers.has(deal.assignedById))
    const others = open.filter(deal => !refusers.has(deal.assignedById))
    expect(share(theirs)).toBeGreaterThan(share(others) * 2)
    expect(share(open)).toBeLessThan(0.25)
  })
})

describe('a portal of any size', () => {
  test('has the rows that were asked for, with gaps between ids when asked', () => {
    const portal = new Portal({ name: 'dense' }, heldClock())
    fillDense(portal, { deals: 500, moves: 4, activitiesPerDeal: 2, tasks: 300, density: 0.5 })
    expect([portal.deals.rows.length, portal.dealHistory.rows.length]).toEqual([500, 2000])
    expect([portal.activities.rows.length, portal.tasks.rows.length]).toEqual([1000, 300])
    expect(portal.deals.lastId).toBeGreaterThan(700)
  })
})
