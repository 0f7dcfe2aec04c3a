import { DateTime } from 'luxon'
import { DAY, HOUR, MINUTE } from '../clock.ts'
import { localTime } from '../records/local-time.ts'

/**
 * The table of what happens when. The ticker asks each minute which slots have begun; a slot has a name
 * that is the same in every process, so that however many ask, its job is queued once.
 */

export type ScheduledJob =
  | 'incremental'
  | 'nightly'
  | 'digest'
  | 'reconcile'
  | 'keep-alive'
  | 'recheck'
  | 'purge'
  | 'prune'

export type Due = { job: ScheduledJob; installationId: string | null; slot: string }

export type ScheduleTimes = { nightlyAt: string; digestAt: string }

export type ScheduledPortal = {
  installationId: string
  status: 'active' | 'reauth_required' | 'suspended' | 'uninstalled'
  calendar: { timeZone: string; workdays: readonly number[] }
  installedAt: Date
}

/** When a slot of this rule last began; null = not within its catch-up time. */
type Slot = (now: Date, portal: ScheduledPortal, times: ScheduleTimes) => string | null

type Rule = {
  job: ScheduledJob
  /** For which installations; `null` = once for the whole server. */
  for: readonly ScheduledPortal['status'][] | null
  slot: Slot
}

/** A stable number for spreading installations over time. */
export const spread = (key: string, size: number): number => {
  let hash = 2166136261
  for (let index = 0; index < key.length; index += 1)
    hash = Math.imul(hash ^ key.charCodeAt(index), 16777619) >>> 0
  return hash % size
}

/** Every `period`, each installation at its own minute. */
const every =
  (period: number): Slot =>
  (now, { installationId }) => {
    const offset = spread(installationId, period / MINUTE) * MINUTE
    return new Date(Math.floor((now.getTime() - offset) / period) * period + offset).toISOString()
  }

/**
 * Once per portal day at a local time; a server that was down catches up for some hours, but never with
 * what lies before the installation. The portal's own minute keeps thousands of portals of one time zone
 * from starting together.
 */
const daily =
  (
    timeOf: (times: ScheduleTimes) => string,
    given: {
      catchUp: number
      spreadMinutes: number
      on?: (day: DateTime, portal: ScheduledPortal) => boolean
    },
  ): Slot =>
  (now, portal, times) => {
    const local = DateTime.fromJSDate(now, { zone: portal.calendar.timeZone })
    const offset = spread(portal.installationId, given.spreadMinutes) * MINUTE
    for (const day of [local, local.minus({ days: 1 })]) {
      const begins = localTime(day, timeOf(times)).toMillis() + offset
      const age = now.getTime() - begins
      if (age < 0) continue
      if (age > given.catchUp || begins < portal.installedAt.getTime()) return null
      if (given.on && !given.on(day, portal)) return null
      return String(day.toISODate())
    }
    return null
  }

const SUNDAY = 7
const isWorkday = (day: DateTime, { calendar }: ScheduledPortal): boolean =>
  calendar.workdays.includes(day.weekday)

export const SCHEDULE: readonly Rule[] = [
  { job: 'incremental', for: ['active'], slot: every(10 * MINUTE) },
  {
    job: 'nightly',
    for: ['active'],
    slot: daily(({ nightlyAt }) => nightlyAt, { catchUp: 6 * HOUR, spreadMinutes: 10 }),
  },
  {
    job: 'digest',
    for: ['active'],
    slot: daily(({ digestAt }) => digestAt, { catchUp: 2 * HOUR, spreadMinutes: 1, on: isWorkday }),
  },
  {
    job: 'reconcile',
    for: ['active'],
    slot: daily(() => '04:00', {
      catchUp: 12 * HOUR,
      spreadMinutes: 60,
      on: day => day.weekday === SUNDAY,
    }),
  },
  { job: 'keep-alive', for: ['active', 'suspended'], slot: every(DAY) },
  { job: 'recheck', for: ['suspended'], slot: every(DAY) },
  { job: 'purge', for: null, slot: every(HOUR) },
  { job: 'prune', for: null, slot: daily(() => '03:00', { catchUp: 2 * HOUR, spreadMinutes: 1 }) },
]

const SERVER: ScheduledPortal = {
  installationId: '',
  status: 'active',
  calendar: { timeZone: 'UTC', workdays: [] },
  installedAt: new Date(0),
}

/** What has begun by `now`, once per slot; the caller queues each slot at most once. */
export const dueAt = (now: Date, portals: readonly ScheduledPortal[], times: ScheduleTimes): Due[] =>
  SCHEDULE.flatMap((rule): Due[] => {
    if (rule.for === null) {
      const slot = rule.slot(now, SERVER, times)
      return slot === null ? [] : [{ job: rule.job, installationId: null, slot }]
    }
    const statuses = rule.for
    return portals
      .filter(({ status }) => statuses.includes(status))
      .flatMap(portal => {
        const slot = rule.slot(now, portal, times)
        return slot === null ? [] : [{ job: rule.job, installationId: portal.installationId, slot }]
      })
  })
