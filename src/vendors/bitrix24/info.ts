import { DateTime, IANAZone } from 'luxon'
import type { PortalInfo } from '../vendor.ts'
import { type Client, type CommandResult, resultOf } from './client.ts'
import { listOf } from './envelope.ts'
import { portalInstant } from './portal-time.ts'
import type { Session } from './session.ts'
import { appInfoWire, calendarWire, profileWire } from './wire.ts'

/** Zones without daylight saving that a Russian portal means by a whole offset. */
const RUSSIAN_ZONES: Readonly<Record<number, string>> = {
  2: 'Europe/Kaliningrad',
  3: 'Europe/Moscow',
  4: 'Europe/Samara',
  5: 'Asia/Yekaterinburg',
  6: 'Asia/Omsk',
  7: 'Asia/Krasnoyarsk',
  8: 'Asia/Irkutsk',
  9: 'Asia/Yakutsk',
  10: 'Asia/Vladivostok',
  11: 'Asia/Magadan',
  12: 'Asia/Kamchatka',
}

/** @param offsetMinutes east of UTC */
const zoneOfOffset = (offsetMinutes: number, language: string | null): string | null => {
  const hours = offsetMinutes / 60
  if (!Number.isInteger(hours) || Math.abs(hours) > 14) return null
  if (language === 'ru' && RUSSIAN_ZONES[hours]) return RUSSIAN_ZONES[hours]
  return hours === 0 ? 'UTC' : `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`
}

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']

/** `9` or `9.30` as `09:00`, `09:30`. */
const clockTime = (text: string): string | null => {
  const match = /^(\d{1,2})(?:[.:](\d{1,2}))?$/.exec(text.trim())
  if (!match) return null
  const hours = Number(match[1])
  const minutes = Number((match[2] ?? '0').padEnd(2, '0'))
  if (hours > 24 || minutes > 59 || (hours === 24 && minutes > 0)) return null
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
}

/** The portal's holidays have no year (`1.05`): they are laid over last year, this one and the next two. */
const holidaysOf = (text: string, year: number): string[] => {
  const days = text.split(',').flatMap(part => {
    const match = /^(\d{1,2})\.(\d{1,2})$/.exec(part.trim())
    return match ? [{ day: Number(match[1]), month: Number(match[2]) }] : []
  })
  const years = [year - 1, year, year + 1, year + 2]
  return years
    .flatMap(each => days.map(({ day, month }) => DateTime.utc(each, month, day)))
    .filter(date => date.isValid)
    .map(date => date.toISODate())
    .filter(date => date !== null)
    .slice(0, 400)
}

const calendarOf = (result: unknown, year: number): PortalInfo['calendar'] => {
  const parsed = calendarWire.safeParse(result)
  if (!parsed.success) return null
  const from = clockTime(parsed.data.work_time_start)
  const to = clockTime(parsed.data.work_time_end)
  if (from === null || to === null || from >= to) return null
  const free = new Set((listOf(parsed.data.week_holidays) ?? []).map(day => String(day).toUpperCase()))
  const workdays = WEEKDAYS.flatMap((name, index) => (free.has(name) ? [] : [index + 1]))
  return workdays.length === 0
    ? null
    : { workdays, hours: [from, to], holidays: holidaysOf(parsed.data.year_holidays, year) }
}

/** A fact that the portal may refuse to tell. */
const told = (result: CommandResult | undefined): unknown => (result?.ok ? result.envelope.result : null)

const nullIfEmpty = (text: string): string | null => text || null

/** The portal and our standing in it, in one request. */
export const readInfo = async (client: Client, session: Session, fallback: Date): Promise<PortalInfo> => {
  const [time, admin, app, profile, scope, calendar, currency] = await client.batch([
    { method: 'server.time', params: {} },
    { method: 'user.admin', params: {} },
    { method: 'app.info', params: {} },
    { method: 'profile', params: {} },
    { method: 'scope', params: {} },
    { method: 'calendar.settings.get', params: {} },
    { method: 'crm.currency.base.get', params: {} },
  ])
  const about = appInfoWire.safeParse(resultOf(app, 'app.info').result)
  const person = profileWire.safeParse(told(profile))
  const isAdmin = told(admin)
  const now = portalInstant(told(time), fallback)
  session.noteTime(told(time))
  const info = about.success ? about.data : null
  const licence = nullIfEmpty(info?.LICENSE ?? '')
  client.limits.setLicence(info?.LICENSE_FAMILY === 'ent' ? 'ent' : licence)
  const language = nullIfEmpty(info?.LANGUAGE_ID ?? '')
  const zone = person.success ? person.data.TIME_ZONE : ''
  const offset =
    person.success && person.data.TIME_ZONE_OFFSET !== null ? person.data.TIME_ZONE_OFFSET / 60 : now.offset
  const base = told(currency)
  return {
    now: now.toJSDate(),
    isAdmin: isAdmin === true || isAdmin === 'Y' || isAdmin === 1,
    isInstalled: info?.INSTALLED ?? false,
    timeZone: zone !== '' && IANAZone.isValidZone(zone) ? zone : zoneOfOffset(offset, language),
    language,
    currency: typeof base === 'string' && /^[A-Z]{3}$/.test(base) ? base : null,
    appCode: nullIfEmpty(info?.CODE ?? ''),
    appVersion: nullIfEmpty(info?.VERSION ?? ''),
    licence,
    isOnPremise: licence?.includes('selfhosted') ?? false,
    scopes: (listOf(told(scope)) ?? []).filter(name => typeof name === 'string'),
    calendar: calendarOf(told(calendar), now.year),
  }
}
