import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, test } from 'vitest'
import { WorkingTime } from '../../../src/metrics/working-time.ts'
import type { Calendar } from '../../../src/records/settings.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const at = (iso: string): number => Date.parse(iso)

const office: Calendar = {
  timeZone: 'Europe/Moscow',
  workdays: [1, 2, 3, 4, 5],
  hours: ['09:00', '18:00'],
  holidays: ['2026-01-01', '2026-03-09'],
}
const roundTheClock: Calendar = {
  timeZone: 'Europe/Berlin',
  workdays: [1, 2, 3, 4, 5, 6, 7],
  hours: ['00:00', '24:00'],
  holidays: [],
}

/** Walks minute by minute and asks luxon what the local clock shows. Slow, and obviously right. */
const walk = (calendar: Calendar, from: number, to: number): number => {
  const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  const [opens, closes] = [minutesOf(calendar.hours[0]), minutesOf(calendar.hours[1])]
  let worked = 0
  for (let instant = from; instant < to; instant += MINUTE) {
    const local = DateTime.fromMillis(instant, { zone: calendar.timeZone })
    const minute = local.hour * 60 + local.minute
    const isOpen =
      calendar.workdays.includes(local.weekday) && !calendar.holidays.includes(local.toISODate() ?? '')
    if (isOpen && minute >= opens && minute < closes) worked += MINUTE
  }
  return worked
}

describe('working time', () => {
  test('a night, a weekend and a holiday do not count', () => {
    const time = new WorkingTime(office, at('2026-03-01T00:00:00Z'), at('2026-04-01T00:00:00Z'))
    // Friday 17:00 to Tuesday 10:00 Moscow time, Monday 9 March is a holiday.
    expect(time.elapsed(at('2026-03-06T14:00:00Z'), at('2026-03-10T07:00:00Z'))).toBe(2 * HOUR)
    expect(time.days(at('2026-03-06T14:00:00Z'), at('2026-03-10T07:00:00Z'))).toBeCloseTo(2 / 9, 12)
    expect(time.elapsed(at('2026-03-10T07:00:00Z'), at('2026-03-06T14:00:00Z'))).toBe(0)
  })

  test('round the clock equals elapsed time to the millisecond, clock changes included', () => {
    const time = new WorkingTime(roundTheClock, at('2026-01-01T00:00:00Z'), at('2026-12-31T00:00:00Z'))
    fc.assert(
      fc.property(
        fc.integer({ min: at('2019-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') }),
        fc.integer({ min: 0, max: 900 * 24 * HOUR }),
        (from, length) => {
          expect(time.elapsed(from, from + length)).toBe(length)
          expect(time.days(from, from + length)).toBe(length / 86_400_000)
        },
      ),
    )
  })

  test('agrees with a walk over the minutes, in zones with and without clock changes', () => {
    const calendars = fc.record({
      timeZone: fc.constantFrom(
        'Europe/Moscow',
        'Europe/Berlin',
        'America/New_York',
        'Asia/Kathmandu',
        'Australia/Lord_Howe',
        'America/Sao_Paulo',
        'Asia/Beirut',
      ),
      workdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 }),
      hours: fc.constantFrom<[string, string]>(
        ['09:00', '18:00'],
        ['00:00', '24:00'],
        ['08:30', '24:00'],
        ['04:00', '12:15'],
      ),
      holidays: fc.constantFrom<string[]>([], ['2018-11-04'], ['2026-03-29', '2026-10-25', '2026-03-08']),
    })
    // Weeks around clock changes of these zones; Brazil changed at midnight in 2018, Lebanon still does.
    const beginnings = ['2018-11-02', '2026-03-06', '2026-03-27', '2026-04-03', '2026-10-23', '2026-10-30']
    fc.assert(
      fc.property(
        calendars,
        fc.constantFrom(...beginnings),
        fc.integer({ min: 0, max: 4 * 24 * 60 }),
        fc.integer({ min: 0, max: 3 * 24 * 60 }),
        (calendar, beginning, offset, length) => {
          const from = at(`${beginning}T00:00:00Z`) + offset * MINUTE
          const to = from + length * MINUTE
          const time = new WorkingTime(calendar, from, to)
          expect(time.elapsed(from, to)).toBe(walk(calendar, from, to))
        },
      ),
      { numRuns: 60 },
    )
  }, 60_000)

  test('a day number, its date and its first and last instant agree with the local calendar', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2015-01-01T00:00:00Z'), max: at('2035-01-01T00:00:00Z') }),
        fc.constantFrom('Europe/Moscow', 'America/Sao_Paulo', 'Pacific/Auckland', 'America/St_Johns'),
        (instant, timeZone) => {
          const time = new WorkingTime({ ...office, timeZone }, instant, instant)
          const local = DateTime.fromMillis(instant, { zone: timeZone })
          const day = time.dayOf(instant)
          expect(time.dateOf(day)).toBe(local.toISODate())
          expect(time.startOf(day)).toBe(local.startOf('day').toMillis())
          expect(time.endOf(day)).toBe(local.endOf('day').toMillis())
        },
      ),
    )
  })

  test('adding working days lands where so many working days have passed', () => {
    const time = new WorkingTime(office, at('2026-01-01T00:00:00Z'), at('2026-02-01T00:00:00Z'))
    fc.assert(
      fc.property(
        fc.integer({ min: at('2025-06-01T00:00:00Z'), max: at('2026-06-01T00:00:00Z') }),
        fc.double({ min: 0, max: 400, noNaN: true }),
        (from, days) => {
          const then = time.add(from, days)
          expect(then).toBeGreaterThanOrEqual(from)
          expect(time.days(from, then)).toBeCloseTo(days, 6)
        },
      ),
    )
    // Friday noon plus one working day is Monday noon.
    expect(time.add(at('2026-01-16T09:00:00Z'), 1)).toBe(at('2026-01-19T09:00:00Z'))
  })

  test('is asked far outside its first range without losing the answer', () => {
    const narrow = new WorkingTime(office, at('2026-01-01T00:00:00Z'), at('2026-01-02T00:00:00Z'))
    const wide = new WorkingTime(office, at('2001-01-01T00:00:00Z'), at('2041-01-02T00:00:00Z'))
    for (const year of [2003, 2039, 2020]) {
      const from = at(`${year}-02-03T10:00:00Z`)
      expect(narrow.elapsed(from, from + 5000 * 24 * HOUR)).toBe(wide.elapsed(from, from + 5000 * 24 * HOUR))
    }
  })
})
