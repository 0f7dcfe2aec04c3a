import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { DealView } from '../../src/http/api-schema.ts'
import { staleReason } from '../../src/metrics/stale-reason.ts'
import { createFormat } from '../../src/widget/i18n/format.ts'
import { createWords } from '../../src/widget/i18n/index.ts'
import { clearingKey, reasonOf, type Speak, stripScale } from '../../src/widget/logic/reason.ts'
import { dealsOf } from './mock-team.ts'

const portal = { currency: 'RUB', timeZone: 'Europe/Moscow' }
const speak: Record<'ru' | 'en', Speak> = {} as Record<'ru' | 'en', Speak>
const base = dealsOf(1)[0]!

beforeAll(async () => {
  for (const language of ['ru', 'en'] as const) {
    const { global } = await createWords(language)
    speak[language] = {
      t: (key, named, count) => global.t(key, named, count),
      format: createFormat(language, portal),
    }
  }
})

const days = fc.integer({ min: 1, max: 900 }).map(tenths => tenths / 10)
const deals: fc.Arbitrary<DealView> = fc
  .record({
    ageDays: days,
    t80Days: days,
    s80Days: days,
    silenceDays: days,
    promiseOverdueDays: days,
    flags: fc.subarray(['age', 'silence', 'promise'] as const, { minLength: 1 }),
    promise: fc.constantFrom('missing' as const, 'overdue' as const),
    source: fc.constantFrom('own' as const, 'mixed' as const, 'preset' as const),
  })
  .map(part => ({ ...base, ...part }))

/** The export writes plain spaces where the screen keeps a figure and its unit together. */
const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

describe('the reason of a flag', () => {
  test('is the sentence that exports and messages carry, word for word', () => {
    fc.assert(
      fc.property(deals, deal => {
        const has = (flag: DealView['flags'][number]): boolean => deal.flags.includes(flag)
        const exported = staleReason({
          stageName: deal.stageName,
          ageDays: deal.ageDays,
          t80Days: has('age') ? deal.t80Days : null,
          isPreset: deal.source === 'preset',
          silence: has('silence')
            ? { days: deal.silenceDays!, s80Days: deal.s80Days!, hasContact: true }
            : null,
          promise: has('promise') ? deal.promise : null,
          promiseOverdueDays: deal.promiseOverdueDays,
        })
        expect(plain(reasonOf(deal, speak.ru))).toBe(plain(exported))
      }),
    )
  })

  test('reads as plain English too', () => {
    const deal: DealView = {
      ...base,
      ageDays: 17,
      t80Days: 9,
      source: 'own',
      stageName: 'Offer',
      silenceDays: 12,
      flags: ['age', 'silence', 'promise'],
      promise: 'missing',
    }
    expect(plain(reasonOf(deal, speak.en))).toBe(
      '17 working days on “Offer”; 80% of the deals that move on leave within 9. The customer has been silent for 12 working days. No next step.',
    )
  })

  test('is cleared by the quickest thing first: the promise, then the silence, then the age', () => {
    const at = (flags: DealView['flags'], promise: DealView['promise']) =>
      clearingKey({ ...base, level: 'red', flags, promise })
    expect(at(['age', 'silence', 'promise'], 'overdue')).toBe('overdue')
    expect(at(['age', 'silence'], null)).toBe('silence')
    expect(at(['age'], null)).toBe('age')
    expect(clearingKey({ ...base, level: 'none' })).toBeNull()
  })
})

describe('the age strip', () => {
  test('always has room for the deal and for both thresholds', () => {
    fc.assert(
      fc.property(fc.record({ ageDays: days, t80Days: fc.option(days), t95Days: fc.option(days) }), deal => {
        const scale = stripScale(deal)
        expect(scale).toBeGreaterThan(deal.ageDays)
        if (deal.t95Days !== null) expect(scale).toBeGreaterThan(deal.t95Days)
      }),
    )
  })
})
