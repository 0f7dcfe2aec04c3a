import { IANAZone } from 'luxon'
import type { Calendar } from '../records/settings.ts'

const DAY_MS = 86_400_000
/** Days before 1970 and after 2170 are not worth a table: instants outside are taken as the nearest edge. */
const FIRST_DAY = 0
const LAST_DAY = 73_048
/** Room on both sides, so that "a little outside" does not build the table again. */
const MARGIN_DAYS = 40

/** `HH:MM` as milliseconds of the local clock since midnight; 24:00 is allowed. */
const clockMs = (time: string): number => (Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))) * 60_000

/**
 * Working time by a portal's calendar. Every local day has one working interval [start, end) or none; the
 * intervals and their running total are laid out once, so a question is two index look-ups.
 *
 * A working day is as long as the calendar's hours say: 86 400 s for 00:00–24:00, whatever the clocks do. On
 * the day of a clock change an interval runs from the first instant at which the local clock shows (or has
 * jumped past) its hour; so the round-the-clock calendar equals elapsed time to the millisecond.
 */
export class WorkingTime {
  readonly #zone: IANAZone
  readonly #workdays: readonly boolean[]
  readonly #holidays: ReadonlySet<number>
  readonly #opens: number
  readonly #closes: number
  readonly #dayMs: number
  #first = 0
  #count = 0
  /** First instant of each local day, with one more at the end. */
  #starts = new Float64Array(1)
  #from = new Float64Array(0)
  #length = new Float64Array(0)
  /** Working milliseconds before each day, with the total at the end. */
  #before = new Float64Array(1)
  /** Dates written once: metrics ask for the same few a million times. */
  readonly #dates = new Map<number, string>()

  /**
   * @param from first instant that will be asked about, milliseconds since the epoch
   * @param to last such instant; the table grows by itself when asked outside
   */
  constructor(calendar: Calendar, from: number, to: number) {
    this.#zone = IANAZone.create(calendar.timeZone)
    this.#workdays = [0, 1, 2, 3, 4, 5, 6, 7].map(day => calendar.workdays.includes(day))
    this.#holidays = new Set(calendar.holidays.map(date => Date.parse(`${date}T00:00:00Z`) / DAY_MS))
    this.#opens = clockMs(calendar.hours[0])
    this.#closes = clockMs(calendar.hours[1])
    this.#dayMs = this.#closes - this.#opens
    this.#layOut(Math.floor(from / DAY_MS) - MARGIN_DAYS, Math.floor(to / DAY_MS) + MARGIN_DAYS)
  }

  /** Length of a whole working day by the calendar's hours, milliseconds. */
  get dayMs(): number {
    return this.#dayMs
  }

  /** Working milliseconds between two instants; 0 when `to` ≤ `from`. */
  elapsed(from: number, to: number): number {
    if (!(to > from)) return 0
    // The earlier instant first: should the table grow for the later one, its beginning stays.
    const start = this.#until(from)
    return this.#until(to) - start
  }

  /** Working days (decimal, of the calendar's working hours) between two instants. */
  days(from: number, to: number): number {
    return this.elapsed(from, to) / this.#dayMs
  }

  /** Number of the local calendar day (days since 1970-01-01) that holds the instant. */
  dayOf(at: number): number {
    return this.#first + this.#indexOf(at)
  }

  /** `YYYY-MM-DD` of a day number. */
  dateOf(day: number): string {
    let date = this.#dates.get(day)
    if (date === undefined) {
      date = new Date(day * DAY_MS).toISOString().slice(0, 10)
      this.#dates.set(day, date)
    }
    return date
  }

  isWorkday(day: number): boolean {
    // 1970-01-01 was a Thursday, ISO weekday 4.
    const weekday = ((((day + 3) % 7) + 7) % 7) + 1
    return this.#workdays[weekday] === true && !this.#holidays.has(day)
  }

  /** First instant of the local day. */
  startOf(day: number): number {
    this.#cover(day)
    return this.#starts[Math.min(Math.max(day - this.#first, 0), this.#count)]!
  }

  /** Last millisecond of the local day (23:59:59.999). */
  endOf(day: number): number {
    return this.startOf(day + 1) - 1
  }

  /** The earliest instant that lies `days` working days after `from`. */
  add(from: number, days: number): number {
    if (!(days > 0)) return from
    const wanted = days * this.#dayMs
    let target = this.#until(from) + wanted
    while (this.#before[this.#count]! < target && this.#first + this.#count < LAST_DAY) {
      this.#cover(this.#first + this.#count + Math.ceil(days) + 366)
      target = this.#until(from) + wanted
    }
    let low = 0
    let high = this.#count
    // First day by whose end the target is reached.
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#before[middle + 1]! < target) low = middle + 1
      else high = middle
    }
    if (low === this.#count) return this.#starts[low]!
    return Math.max(from, this.#from[low]! + (target - this.#before[low]!))
  }

  /** Working milliseconds between the table's beginning and an instant. */
  #until(at: number): number {
    const index = this.#indexOf(at)
    const inside = at - this.#from[index]!
    const length = this.#length[index]!
    return this.#before[index]! + (inside <= 0 ? 0 : Math.min(inside, length))
  }

  #indexOf(at: number): number {
    const starts = this.#starts
    // A local day begins within a day of the same day in UTC: guess, then step.
    let index = Math.floor((at - starts[0]!) / DAY_MS)
    if (!(index >= 1 && index < this.#count - 1)) {
      this.#cover(Math.floor(at / DAY_MS))
      index = Math.floor((at - this.#starts[0]!) / DAY_MS)
      index = index >= 0 ? Math.min(index, this.#count - 1) : 0
      while (index > 0 && this.#starts[index]! > at) index--
      while (index < this.#count - 1 && this.#starts[index + 1]! <= at) index++
      return index
    }
    while (starts[index]! > at) index--
    while (starts[index + 1]! <= at) index++
    return index
  }

  /** Makes sure that a day and its neighbours are in the table, at the cost of building it again. */
  #cover(day: number): void {
    const wanted = Math.min(Math.max(Number.isFinite(day) ? day : this.#first, FIRST_DAY), LAST_DAY)
    const last = this.#first + this.#count - 1
    if (wanted - 2 >= this.#first && wanted + 2 <= last) return
    if (wanted - 2 < this.#first && this.#first > FIRST_DAY) this.#layOut(wanted - this.#count, last)
    else if (wanted + 2 > last && last < LAST_DAY) this.#layOut(this.#first, wanted + this.#count)
  }

  #layOut(firstDay: number, lastDay: number): void {
    const first = Math.max(FIRST_DAY, Math.min(firstDay, LAST_DAY - MARGIN_DAYS))
    const last = Math.min(LAST_DAY, Math.max(lastDay, first + MARGIN_DAYS))
    const count = last - first + 1
    const starts = new Float64Array(count + 1)
    const from = new Float64Array(count)
    const length = new Float64Array(count)
    const before = new Float64Array(count + 1)
    // A local hour of a day lies between UTC midnight of the day before and of the day after the next.
    const offsets = new Float64Array(count + 4)
    for (let index = 0; index < count + 4; index++)
      offsets[index] = this.#offset((first + index - 1) * DAY_MS)
    for (let index = 0; index <= count; index++) {
      const midnight = (first + index) * DAY_MS
      const early = offsets[index]!
      const late = offsets[index + 3]!
      starts[index] = this.#firstInstantAt(midnight, early, late)
      if (index === count) break
      const isOpen = this.isWorkday(first + index)
      from[index] = isOpen ? this.#firstInstantAt(midnight + this.#opens, early, late) : starts[index]!
      length[index] = isOpen ? this.#firstInstantAt(midnight + this.#closes, early, late) - from[index]! : 0
    }
    for (let index = 0; index < count; index++) before[index + 1] = before[index]! + length[index]!
    this.#first = first
    this.#count = count
    this.#starts = starts
    this.#from = from
    this.#length = length
    this.#before = before
  }

  #offset(at: number): number {
    return this.#zone.offset(at) * 60_000
  }

  /**
   * First instant at which the local clock shows `local` or later, given the offsets well before and well
   * after it. In the hour that a clock change skips that is the change itself; of an hour that comes twice
   * it is the first.
   */
  #firstInstantAt(local: number, early: number, late: number): number {
    if (early === late) return local - early
    const asEarly = local - early
    if (this.#offset(asEarly) === early) return asEarly
    const asLate = local - late
    if (this.#offset(asLate) === late) return asLate
    let before = asLate
    let after = asEarly
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (this.#offset(middle) === early) before = middle
      else after = middle
    }
    return after
  }
}
