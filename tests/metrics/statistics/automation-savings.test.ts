import { describe, expect, test } from 'vitest'
import { type AutomationRun, automationSavings } from '../../../src/metrics/automation-savings.ts'

const robot = (changes: Partial<AutomationRun>): AutomationRun => ({
  id: 'reminder',
  runs: 120,
  keptShare: 1,
  manualMinutes: 5.5,
  isAssumed: false,
  checkMinutes: 0.5,
  ...changes,
})
const costs = { upkeepHours: 1, repairHours: 0.5, teamWorkingHours: 1000 }

describe('automation savings', () => {
  test('kept results save the minutes they took by hand, less checking, upkeep and repair', () => {
    // 120 runs · 5 minutes = 10 hours.
    expect(automationSavings([robot({})], costs)).toMatchObject({
      hours: 8.5,
      observedHours: 8.5,
      isCapped: false,
    })
    expect(automationSavings([robot({ keptShare: 0.5 })], costs).hours).toBe(3.5)
    expect(automationSavings([robot({ keptShare: 0 })], costs).hours).toBe(-1.5)
  })

  test('assumed minutes widen the interval, and the observed line leaves them out', () => {
    const savings = automationSavings([robot({ isAssumed: true, manualMinutes: 6, checkMinutes: 1 })], costs)
    expect(savings).toEqual({
      observedHours: -1.5,
      hours: 8.5,
      lowHours: 2.5,
      highHours: 14.5,
      isCapped: false,
    })
  })

  test('an action quicker than its check saves nothing, and ten seconds are the least check', () => {
    const free = { upkeepHours: 0, repairHours: 0, teamWorkingHours: 1000 }
    expect(automationSavings([robot({ manualMinutes: 0.4 })], free).hours).toBe(0)
    expect(
      automationSavings([robot({ runs: 60, manualMinutes: 1, checkMinutes: 0 })], free).hours,
    ).toBeCloseTo(5 / 6, 12)
  })

  test('no more than a quarter of the team’s working time is ever claimed', () => {
    expect(automationSavings([robot({ runs: 100_000 })], costs)).toMatchObject({ hours: 250, isCapped: true })
  })
})
