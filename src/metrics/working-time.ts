import type { Calendar } from '../records/settings.ts'

/** Replaced by its room. */
export declare class WorkingTime {
  constructor(calendar: Calendar, from: number, to: number)
  /** Working milliseconds between two instants; 0 when `to` ≤ `from`. */
  elapsed(from: number, to: number): number
  /** Working days (decimal, of the calendar's working hours) between two instants. */
  days(from: number, to: number): number
  /** Number of the local calendar day (days since 1970-01-01) that holds the instant. */
  dayOf(at: number): number
  /** `YYYY-MM-DD` of a day number. */
  dateOf(day: number): string
  isWorkday(day: number): boolean
  /** First instant of the local day. */
  startOf(day: number): number
  /** Last millisecond of the local day (23:59:59.999). */
  endOf(day: number): number
  /** The instant that lies `days` working days after `from`. */
  add(from: number, days: number): number
}
