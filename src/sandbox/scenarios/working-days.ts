import { DAY, HOUR, MINUTE } from '../../clock.ts'

const HOLIDAYS = new Set([
  '01-01',
  '01-02',
  '01-03',
  '01-04',
  '01-05',
  '01-06',
  '01-07',
  '01-08',
  '02-23',
  '03-08',
  '05-01',
  '05-09',
  '06-12',
  '11-04',
])
const OPENS = 9 * HOUR
const HOURS = 9 * HOUR

/**
 * Working days as a ruler: a position is a number of working days since the beginning, its fraction the part
 * of the day from 9:00 to 18:00. Stories are told in positions and turned into instants at the end.
 */
export class WorkingDays {
  /** Local midnights of the working days, as instants. */
  readonly #midnights: number[] = []
  readonly #now: number
  readonly nowPosition: number

  constructor(now: number, calendarDays: number, offsetMinutes: number) {
    this.#now = now
    const offset = offsetMinutes * MINUTE
    const today = Math.floor((now + offset) / DAY) * DAY - offset
    for (let midnight = today - calendarDays * DAY; midnight <= today; midnight += DAY) {
      const local = new Date(midnight + offset)
      const weekday = local.getUTCDay()
      if (weekday === 0 || weekday === 6) continue
      if (HOLIDAYS.has(local.toISOString().slice(5, 10))) continue
      this.#midnights.push(midnight)
    }
    const last = this.#midnights.at(-1) ?? today
    const spent = Math.min(1, Math.max(0, (now - last - OPENS) / HOURS))
    this.nowPosition = this.#midnights.length - 1 + spent
  }

  get count(): number {
    return this.#midnights.length
  }

  /** Instant of a position in whole seconds, never after now. */
  at(position: number): number {
    const day = Math.min(this.#midnights.length - 1, Math.max(0, Math.floor(position)))
    const fraction = Math.min(0.999, Math.max(0, position - day))
    return Math.min(this.#now, Math.floor((this.#midnights[day]! + OPENS + fraction * HOURS) / 1000) * 1000)
  }

  /** Instant of a position that may lie ahead: the calendar goes on as five days of seven. */
  ahead(position: number): number {
    if (position <= this.#midnights.length - 1) return this.at(position)
    const more = Math.ceil(position - (this.#midnights.length - 1))
    return this.#midnights.at(-1)! + Math.ceil((more * 7) / 5) * DAY + OPENS + 6 * HOUR
  }

  /** First position on a Monday morning at or after the given one; `minutes` after nine. */
  nextMonday(position: number, minutes: number, offsetMinutes: number): number {
    for (let day = Math.ceil(position); day < this.#midnights.length; day++)
      if (new Date(this.#midnights[day]! + offsetMinutes * MINUTE).getUTCDay() === 1)
        return day + (minutes * MINUTE) / HOURS
    return this.#midnights.length
  }

  /** Position of the first working day at or after an instant. */
  positionOf(at: number): number {
    const index = this.#midnights.findIndex(midnight => midnight >= at)
    return index < 0 ? this.#midnights.length : index
  }
}
