import { DateTime } from 'luxon'
import { describe, expect, test } from 'vitest'
import { endOfWork, localTime } from '../../src/records/local-time.ts'

const day = (instant: string, zone: string): DateTime => DateTime.fromISO(instant, { zone })
const told = (at: DateTime): string | null => at.toISO({ suppressMilliseconds: true })

describe('a local time of a day', () => {
  test('is what the clock on the wall shows on a day on which clocks change', () => {
    // Amman went to winter time in the night to a Friday, and to summer time in the night to a Thursday.
    for (const [date, offset] of [
      ['2021-10-29', '+02:00'],
      ['2022-02-25', '+03:00'],
    ])
      expect(told(localTime(day(`${date}T09:00`, 'Asia/Amman'), '18:00'))).toBe(`${date}T18:00:00${offset}`)
  })

  test('that comes twice is one instant, whoever asks', () => {
    // In Auckland 02:30 came at 13:30 and at 14:30 UTC.
    const asked = ['00:10', '01:59', '03:10', '23:00'].map(time =>
      day(`2026-04-05T${time}`, 'Pacific/Auckland'),
    )
    asked.push(day('2026-04-04T13:30Z', 'Pacific/Auckland'), day('2026-04-04T14:30Z', 'Pacific/Auckland'))
    const instants = asked.map(at => localTime(at, '02:30').toMillis())
    expect(new Set(instants).size).toBe(1)
    expect(told(localTime(asked[0]!, '02:30'))?.slice(0, 16)).toBe('2026-04-05T02:30')
  })

  test('that is skipped lies within the hour after the change', () => {
    const skipped = localTime(day('2026-03-29T12:00', 'Europe/Berlin'), '02:30')
    expect(told(skipped)).toBe('2026-03-29T03:30:00+02:00')
  })
})

describe('the end of work', () => {
  test('is the calendar’s, and that of a day open until midnight is still on that day', () => {
    const friday = day('2026-11-27T10:15', 'Europe/Moscow')
    expect(told(endOfWork(friday, { hours: ['09:00', '18:30'] }))).toBe('2026-11-27T18:30:00+03:00')
    expect(told(endOfWork(friday, { hours: ['00:00', '24:00'] }))).toBe('2026-11-27T23:59:00+03:00')
  })
})
