import { DAY, HOUR, MINUTE } from '../../../clock.ts'

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))
const days = new Map<number, string>()

/** `2026-08-14`, remembered because a page of rows asks for the same days again and again. */
const dayText = (day: number): string => {
  let text = days.get(day)
  if (text === undefined) {
    text = new Date(day * DAY).toISOString().slice(0, 10)
    days.set(day, text)
  }
  return text
}

const offsets = new Map<number, string>()
const offsetText = (minutes: number): string => {
  let text = offsets.get(minutes)
  if (text === undefined) {
    const size = Math.abs(minutes)
    text = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
    offsets.set(minutes, text)
  }
  return text
}

/**
 * An instant as the portal prints it: ISO 8601 in the server's zone, seconds only, unless the row carries
 * milliseconds (imported logs do).
 */
export const isoOf = (at: number, offsetMinutes: number): string => {
  const local = at + offsetMinutes * MINUTE
  const day = Math.floor(local / DAY)
  const rest = local - day * DAY
  const hours = Math.floor(rest / HOUR)
  const minutes = Math.floor((rest % HOUR) / MINUTE)
  const seconds = Math.floor((rest % MINUTE) / 1000)
  const millis = Math.floor(rest % 1000)
  const fraction = millis === 0 ? '' : `.${String(millis).padStart(3, '0')}`
  return `${dayText(day)}T${two(hours)}:${two(minutes)}:${two(seconds)}${fraction}${offsetText(offsetMinutes)}`
}

/** `2026-08-14 10:30:11`, the portal's local time without a zone, as user.current prints it. */
export const localTextOf = (at: number, offsetMinutes: number): string =>
  isoOf(at, offsetMinutes).slice(0, 19).replace('T', ' ')

export const dayOf = (at: number, offsetMinutes: number): string =>
  dayText(Math.floor((at + offsetMinutes * MINUTE) / DAY))

/**
 * Reads a date the way `strtotime` would: with an offset, without one (portal-local), a bare day, or
 * `31.12.2026 23:59:59`. What cannot be read is no value (NaN).
 */
export const parseInstant = (value: unknown, offsetMinutes: number): number => {
  if (typeof value === 'number') return value * 1000
  if (typeof value !== 'string') return Number.NaN
  const text = value.trim().replace(/^(\d\d)\.(\d\d)\.(\d{4})/, '$3-$2-$1')
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Date.parse(`${text}T00:00:00${offsetText(offsetMinutes)}`)
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text)
  return Date.parse(hasZone ? text : `${text.replace(' ', 'T')}${offsetText(offsetMinutes)}`)
}
