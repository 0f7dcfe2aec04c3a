import type { DateTime } from 'luxon'
import type { Calendar } from './settings.ts'

/**
 * A local time of a day. It is counted from the day's noon: of a time that comes twice (the night clocks go back) it is
 * the same one for whoever asks, and one that is skipped lies behind the change.
 * @param time `HH:MM`
 */
export const localTime = (day: DateTime, time: string): DateTime => {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  return day.set({ hour: 12, minute: 0, second: 0, millisecond: 0 }).set({ hour, minute })
}

/** When work ends on a day, by the calendar's hours. A day that ends at midnight is still that day. */
export const endOfWork = (day: DateTime, { hours: [, until] }: Pick<Calendar, 'hours'>): DateTime =>
  localTime(day, until === '24:00' ? '23:59' : until)
