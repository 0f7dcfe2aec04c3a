import { expect, test } from 'vitest'
import { createLimits } from '../../../src/vendors/bitrix24/limits.ts'
import { fastClock, memoryLimits } from './bench.ts'

/** Limits over a ledger that remembers by which rule each request was counted. */
const limitsOf = (licence: string | null) => {
  const clock = fastClock()
  const rules: object[] = []
  const ledger = {
    ...memoryLimits(clock),
    reserve: async (_bucket: string, rule: object) => {
      rules.push(rule)
      return 0
    },
  }
  return { limits: createLimits({ ledger, licence, clock, signal: undefined }), rules }
}

test('a portal known for its Enterprise plan is asked at that pace from the first request', async () => {
  const { limits, rules } = limitsOf('ru_ent250')
  await limits.takeTurn([], 'person')
  await limits.takeTurn([], 'bulk')
  expect(rules).toEqual([
    { burst: 240, perSecond: 4.8 },
    { burst: 225, perSecond: 4.8 },
  ])
})

test.each([null, 'ru_pro100', 'ru_selfhosted', 'ru_talent'])(
  'a portal whose plan is %s is asked at the common pace until it says otherwise',
  async licence => {
    const { limits, rules } = limitsOf(licence)
    await limits.takeTurn([], 'person')
    limits.setLicence('ent')
    await limits.takeTurn([], 'person')
    limits.setLicence(licence)
    await limits.takeTurn([], 'person')
    expect(rules).toMatchObject([{ perSecond: 1.9 }, { perSecond: 4.8 }, { perSecond: 1.9 }])
  },
)
