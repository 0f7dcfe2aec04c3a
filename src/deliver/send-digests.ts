import { DateTime } from 'luxon'
import { type Clock, HOUR, MINUTE } from '../clock.ts'
import { asError, isVendorError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { PortalAddress } from '../records/portal.ts'
import type { Department, User } from '../records/records.ts'
import type { Settings } from '../records/settings.ts'
import type { CompanySummary, DealRow, Score } from '../snapshot/document.ts'
import type { Portal, Vendor } from '../vendors/vendor.ts'
import type { Channel, ChannelName, Delivery } from './channels/channel.ts'
import { crmChannel, taskChannel } from './channels/crm.ts'
import {
  type Digest,
  type DigestChanges,
  type DigestReader,
  digestFor,
  digestText,
  type Sees,
} from './digest.ts'
import { type Language, labels, noUpdateSince } from './digest-words.ts'

/** Everything that a round of digests needs of one portal, loaded once. */
export type DigestPortal = {
  installationId: string
  vendor: Vendor
  address: PortalAddress
  appCode: string | null
  settings: Settings
  users: readonly User[]
  departments: readonly Department[]
  preferences: ReadonlyMap<string, DigestPreferences>
  /** When the CRM was last read to the end; null = never or not known. */
  syncedAt: Date | null
}

export type DigestPreferences = {
  digest: boolean
  channel: string
  email: string | null
  telegramChatId: string | null
  language: string | null
}

export type DigestSnapshot = {
  summary: CompanySummary
  scores: readonly Score[]
  deals: readonly DealRow[]
  deltaOf(scope: Score['scope'], scopeId: string): number | null
  changesOf(sees: Sees): DigestChanges | null
}

export type DigestRooms = {
  clock: Clock
  log: Logger
  loadPortal(installationId: string): Promise<DigestPortal>
  /** The newest snapshot at or before the instant; null = there is none that is fresh enough. */
  loadSnapshot(installationId: string, asOf: Date): Promise<DigestSnapshot | null>
  /** What a person sees by the CRM's own hierarchy or our settings, admin rights left aside. */
  seenBy(
    installationId: string,
    userId: string,
  ): Promise<{ role: 'employee' | 'head' | 'admin'; sees: string[]; heads?: string[] }>
  connect(installationId: string): Promise<Portal>
  /** Channels outside the CRM that the server is set up for. */
  email: Channel | null
  telegram: Channel | null
  journal: {
    /** @returns false when this person already had the message of that day */
    claim(given: {
      installationId: string
      userId: string
      day: string
      channel: string
      role: string
      asOf: Date
      dealIds: string[]
    }): Promise<boolean>
    /** @param isTask the message was filed as a task of ours: it never counts as anybody's work */
    sent(
      installationId: string,
      userId: string,
      day: string,
      externalId: string | null,
      isTask: boolean,
    ): Promise<void>
    failed(installationId: string, userId: string, day: string, error: string): Promise<void>
    /** Gives the claim back: the message certainly did not go out. */
    release(installationId: string, userId: string, day: string): Promise<void>
    /** Id of the task that carried this person's last digest; null when there is none. */
    lastTask(installationId: string, userId: string): Promise<string | null>
  }
}

export type SentDigest = {
  userId: string
  name: string
  role: 'head' | 'employee'
  channel: ChannelName
  text: string
  dealIds: string[]
}

export type SendDigests = {
  installationId: string
  asOf: Date
  /** Only shows what would go out. */
  dryRun: boolean
  /** Started by the schedule: days off are quiet, and stale data is said instead of repeated. */
  isScheduled?: boolean
}

/** Data older than this is not worth a digest: heads are told so instead. */
const STALE_MS = 26 * HOUR

const languageOf = (word: string | null | undefined, fallback: Language): Language =>
  word === 'ru' || word === 'en' ? word : fallback

/** Where a message to this person can go in this portal. `widget`: it waits in the widget and goes nowhere. */
const channelFor = (
  { vendor, settings }: DigestPortal,
  preferences: DigestPreferences | undefined,
  rooms: DigestRooms,
): ChannelName => {
  const wanted = preferences?.channel
  if (wanted === 'email' && rooms.email && preferences?.email) return 'email'
  if (wanted === 'telegram' && rooms.telegram && preferences?.telegramChatId) return 'telegram'
  if (vendor.can.notifyInCrm) return 'crm'
  return settings.digest.crmTasksAllowed ? 'task' : 'widget'
}

/** Who heads whom: settings first, then the CRM's own departments. */
const headsOf = ({ settings, departments }: DigestPortal): Map<string, string[]> => {
  const heads = new Map<string, string[]>()
  const byId = new Map(departments.map(department => [department.id, department.headId]))
  for (const id of new Set([...byId.keys(), ...Object.keys(settings.heads)])) {
    const headId = settings.heads[id] ?? byId.get(id) ?? null
    if (headId !== null) heads.set(headId, [...(heads.get(headId) ?? []), id])
  }
  return heads
}

const readersOf = async (portal: DigestPortal, rooms: DigestRooms): Promise<DigestReader[]> => {
  const heads = headsOf(portal)
  const excluded = new Set(portal.settings.excludedUsers)
  const readers: DigestReader[] = []
  for (const user of portal.users) {
    if (!user.isActive || excluded.has(user.id)) continue
    const preferences = portal.preferences.get(user.id)
    if (preferences?.digest === false) continue
    const teams = heads.get(user.id) ?? []
    const seen = teams.length > 0 ? await rooms.seenBy(portal.installationId, user.id) : null
    // Named as a head, and yet the CRM shows him no more than an employee.
    const isNamed = seen !== null && seen.role !== 'employee'
    // Where nobody is named as a head, administrators stand in.
    const isHead = isNamed || (heads.size === 0 && user.isAdmin === true)
    if (isHead ? !portal.settings.digest.heads : !portal.settings.digest.employees) continue
    const sees: Sees = isNamed ? new Set(seen.sees) : isHead ? 'all' : new Set([user.id])
    readers.push({
      user,
      role: isHead ? 'head' : 'employee',
      language: languageOf(preferences?.language ?? user.language, portal.settings.language),
      teams: seen?.heads ?? teams,
      sees,
    })
  }
  return readers
}

const isDayOff = (at: Date, { calendar }: Settings): boolean => {
  const local = DateTime.fromJSDate(at, { zone: calendar.timeZone })
  return !calendar.workdays.includes(local.weekday) || calendar.holidays.includes(local.toISODate() ?? '')
}

const staleNotice = (portal: DigestPortal, reader: DigestReader, syncedAt: Date): Digest => ({
  userId: reader.user.id,
  name: reader.user.name,
  role: reader.role,
  lines: [
    {
      text: noUpdateSince(
        reader.language,
        DateTime.fromJSDate(syncedAt, { zone: portal.settings.calendar.timeZone }).toFormat('dd.MM HH:mm'),
      ),
      link: {
        label: labels.overview[reader.language],
        path: portal.vendor.appPath(portal.appCode, { view: 'overview', params: {} }),
      },
    },
  ],
  dealIds: [],
})

/** Digests of everybody who gets one at `asOf`, without sending anything. */
const compose = async (portal: DigestPortal, rooms: DigestRooms, given: SendDigests): Promise<Digest[]> => {
  const readers = await readersOf(portal, rooms)
  const { syncedAt, vendor } = portal
  if (given.isScheduled && syncedAt !== null && rooms.clock.now().getTime() - syncedAt.getTime() > STALE_MS)
    return readers.filter(({ role }) => role === 'head').map(reader => staleNotice(portal, reader, syncedAt))
  const snapshot = await rooms.loadSnapshot(portal.installationId, given.asOf)
  if (snapshot === null) return []
  return readers.flatMap(
    reader =>
      digestFor(
        {
          asOf: given.asOf,
          settings: portal.settings,
          ...snapshot,
          cardPath: dealId => vendor.cardPath('deal', dealId),
          appPath: (view, params = {}) => vendor.appPath(portal.appCode, { view, params }),
        },
        reader,
      ) ?? [],
  )
}

/** Nothing was delivered: the CRM itself said no before doing anything. */
const certainlyNotSent = (error: unknown): boolean =>
  isVendorError(error) && ['auth_revoked', 'rejected', 'rate_limited'].includes(error.kind)

/** Latest time of the working day; a digest filed as a task is due by then. */
const endOfWork = (asOf: Date, { calendar }: Settings, now: Date): Date => {
  const [hour = 18, minute = 0] = calendar.hours[1].split(':').map(Number)
  const end = DateTime.fromJSDate(asOf, { zone: calendar.timeZone })
    .startOf('day')
    .plus({ hours: hour, minutes: minute })
    .toJSDate()
  return end > now ? end : new Date(now.getTime() + 60 * MINUTE)
}

/**
 * Composes the digests of one portal and, unless `dryRun`, sends them: each person at most once per portal
 * day of `asOf`, claimed before sending, so that a repeated call or a second process sends nothing twice.
 * One person's failure never stops the rest.
 * @returns the messages that go out; with `dryRun`, those that would
 */
export const sendDigests = async (rooms: DigestRooms, given: SendDigests): Promise<SentDigest[]> => {
  const { installationId, asOf, dryRun } = given
  const portal = await rooms.loadPortal(installationId)
  if (given.isScheduled && isDayOff(asOf, portal.settings)) return []
  const origin = new URL(portal.address.api).origin
  const day = DateTime.fromJSDate(asOf, { zone: portal.settings.calendar.timeZone }).toISODate() ?? ''
  const digests = await compose(portal, rooms, given)
  const users = new Map(portal.users.map(user => [user.id, user]))

  let connection: Promise<Portal> | null = null
  const connect = (): Promise<Portal> => (connection ??= rooms.connect(installationId))

  const openChannel = async (name: ChannelName, userId: string): Promise<Channel | null> => {
    if (name === 'email') return rooms.email
    if (name === 'telegram') return rooms.telegram
    if (name === 'crm') return crmChannel(await connect())
    if (name === 'task')
      return taskChannel(await connect(), await rooms.journal.lastTask(installationId, userId))
    return null
  }

  const sent: SentDigest[] = []
  for (const digest of digests) {
    const { userId, name, role, lines, dealIds } = digest
    const preferences = portal.preferences.get(userId)
    const channel = channelFor(portal, preferences, rooms)
    const message: SentDigest = { userId, name, role, channel, text: digestText(lines, origin), dealIds }
    if (dryRun) {
      sent.push(message)
      continue
    }
    let isClaimed = false
    try {
      // Looked up first: a claim must not be the task that it replaces.
      const open = await openChannel(channel, userId)
      isClaimed = await rooms.journal.claim({ installationId, userId, day, channel, role, asOf, dealIds })
      if (!isClaimed) continue
      const delivery: Delivery = {
        userId,
        language: languageOf(preferences?.language ?? users.get(userId)?.language, portal.settings.language),
        lines,
        origin,
        email: preferences?.email ?? null,
        telegramChatId: preferences?.telegramChatId ?? null,
        dueAt: endOfWork(asOf, portal.settings, rooms.clock.now()),
      }
      const externalId = open === null ? null : await open(delivery)
      await rooms.journal.sent(installationId, userId, day, externalId, channel === 'task')
      sent.push(message)
    } catch (thrown) {
      const error = asError(thrown)
      rooms.log.warn({ err: error, installationId, userId, channel }, 'digest not delivered')
      if (!isClaimed) continue
      const note = certainlyNotSent(thrown)
        ? rooms.journal.release(installationId, userId, day)
        : rooms.journal.failed(installationId, userId, day, error.message)
      await note.catch((cause: unknown) =>
        rooms.log.error({ err: cause, installationId, userId }, 'journal not written'),
      )
    }
  }
  return sent
}
