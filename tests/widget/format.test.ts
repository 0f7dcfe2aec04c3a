import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFormat } from '../../src/widget/i18n/format.ts'

const moscow = { currency: 'RUB', timeZone: 'Europe/Moscow' }
const ru = createFormat('ru', moscow)
const en = createFormat('en', moscow)
const plain = (text: string): string => text.replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ')

describe('figures', () => {
  test('are written as in Russian print: a no-break space, a comma, a true minus', () => {
    expect(ru.sum(4_200_000, 'RUB')).toBe('4,2\u00a0млн\u00a0₽')
    expect(plain(ru.sum(620_000, 'RUB', 'whole'))).toBe('620 000 ₽')
    expect(ru.share(0.71)).toBe('71\u00a0%')
    expect(ru.signed(-5)).toBe('−5')
    expect(ru.signed(7)).toBe('+7')
    expect(ru.signed(0)).toBe('0')
    expect([ru.signed(-0.2), ru.signed(0.2), ru.signed(-0.02, 1)]).toEqual(['0', '0', '0'])
  })

  test('are written as in English print', () => {
    expect(en.sum(4_200_000, 'RUB')).toBe('₽4.2M')
    expect(en.share(0.71)).toBe('71%')
  })

  test("put the portal's own currency first and never add currencies up", () => {
    expect(plain(ru.money({ USD: 12_400, RUB: 390_000 }))).toBe('390 тыс. ₽ и ещё 12,4 тыс. $')
    expect(plain(en.money({ USD: 12_400, RUB: 390_000 }))).toBe('₽390K plus $12.4K')
    expect(ru.money({})).toBe('неизвестную сумму')
    expect(en.money({ RUB: 0 })).toBe('an unknown amount')
    expect(ru.moneyParts({})).toEqual({ main: 'без суммы', rest: null })
  })

  test('survive a currency that nobody knows', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 6 }),
        fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
        (currency, value) => {
          expect(ru.sum(value, currency).length).toBeGreaterThan(0)
        },
      ),
    )
  })
})

describe('dates', () => {
  test("are told in the portal's time zone", () => {
    expect(plain(ru.instant('2026-11-22T22:30:00Z'))).toBe('пн 23 ноя, 01:30')
    expect(ru.instant('2025-11-22T22:30:00Z', 'date')).toBe('23.11.2025')
  })

  test('name the month in column heads only where it changes', () => {
    expect(ru.weekHeads(['2026-08-31', '2026-09-07', '2026-09-14']).map(plain)).toEqual([
      '31 авг',
      '7 сен',
      '14',
    ])
  })

  test('join a week within one month and over two', () => {
    expect(plain(ru.dayRange('2026-11-16', '2026-11-22'))).toBe('16–22 ноября')
    expect(plain(ru.dayRange('2026-11-30', '2026-12-06'))).toBe('30 ноября – 6 декабря')
  })
})
