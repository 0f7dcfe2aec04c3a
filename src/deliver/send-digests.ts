import { DateTime } from 'luxon'
import { type Clock, HOUR, MINUTE } from '../clock.ts'
import { asError, isVendorError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { endOfWork } from '../records/local-time.ts'
import type { PortalAddress } from '../records/portal.ts'
import type { Department, User } from '../records/records.ts'
import type { Settings } from '../records/settings.ts'
import type { CompanySummary, DealRow, Score } from '../snapshot/document.ts'
import type { Portal, Vendor } from '../vendors/vendor.ts'
import { type Channel, type ChannelName, type Delivery, Undelivered } from './channels/channel.ts'
import { crmChannel, taskChannel } from './channels/crm.ts'
import {
  type Digest,
  type DigestChanges,
  type DigestFacts,
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
    /** By user id, the task that carried the person's last digest and is still open. */
    openTasks(installationId: string): Promise<ReadonlyMap<string, string>>
  }
  /** The person's chat is gone: no more messages there. */
  unlinkTelegram(chatId: string): Promise<unknown>
  /** Switches the person's messages off without signing in; for messages outside of the CRM. */
  unsubscribeUrl(installationId: string, userId: string): Promise<string>
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
  addresses: Pick<Delivery, 'email' | 'telegramChatId'>,
): ChannelName => {
  const wanted = preferences?.channel
  if (wanted === 'widget') return 'widget'
  if (wanted === 'email' && rooms.email && addresses.email !== null) return 'email'
  if (wanted === 'telegram' && rooms.telegram && addresses.telegramChatId !== null) return 'telegram'
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

const factsOf = (portal: DigestPortal, snapshot: DigestSnapshot, asOf: Date): DigestFacts => ({
  asOf,
  settings: portal.settings,
  ...snapshot,
  cardPath: dealId => portal.vendor.cardPath('deal', dealId),
  appPath: (view, params = {}) => portal.vendor.appPath(portal.appCode, { view, params }),
})

/** Digests of everybody who gets one at `asOf`, without sending anything. */
const compose = async (portal: DigestPortal, rooms: DigestRooms, given: SendDigests): Promise<Digest[]> => {
  const readers = await readersOf(portal, rooms)
  const { syncedAt } = portal
  if (given.isScheduled && syncedAt !== null && rooms.clock.now().getTime() - syncedAt.getTime() > STALE_MS)
    return readers.filter(({ role }) => role === 'head').map(reader => staleNotice(portal, reader, syncedAt))
  const snapshot = await rooms.loadSnapshot(portal.installationId, given.asOf)
  if (snapshot === null) return []
  const facts = factsOf(portal, snapshot, given.asOf)
  return readers.flatMap(reader => digestFor(facts, reader) ?? [])
}

/** Nothing was delivered: the CRM or the channel itself said no before doing anything. */
const certainlyNotSent = (error: unknown): boolean =>
  error instanceof Undelivered ||
  (isVendorError(error) && ['auth_revoked', 'rejected', 'rate_limited'].includes(error.kind))

/** Not sent, and the same message may go out in a while. */
const isForLater = (error: unknown): boolean =>
  error instanceof Undelivered
    ? error.outcome === 'again'
    : isVendorError(error) && error.kind === 'rate_limited'

/** Latest time of the working day; a digest filed as a task is due by then. */
const dueBy = (asOf: Date, { calendar }: Settings, now: Date): Date => {
  const end = endOfWork(DateTime.fromJSDate(asOf, { zone: calendar.timeZone }), calendar).toJSDate()
  return end > now ? end : new Date(now.getTime() + 60 * MINUTE)
}

/** Where one person's message can go. */
const addressesOf = (
  user: Pick<User, 'email'> | undefined,
  preferences: DigestPreferences | undefined,
): Pick<Delivery, 'email' | 'telegramChatId'> => ({
  // The CRM's own address of a person who has given none to us.
  email: preferences?.email ?? user?.email ?? null,
  telegramChatId: preferences?.telegramChatId ?? null,
})

/**
 * Composes the digests of one portal and, unless `dryRun`, sends them: each person at most once per portal
 * day of `asOf`, claimed before sending, so that a repeated call or a second process sends nothing twice.
 * One person's failure never stops the rest.
 * @returns the messages that go out (with `dryRun`, those that would) and how many may go out later
 */
export const deliverDigests = async (
  rooms: DigestRooms,
  given: SendDigests,
): Promise<{ sent: SentDigest[]; postponed: number }> => {
  const { installationId, asOf, dryRun } = given
  const { journal, log } = rooms
  const portal = await rooms.loadPortal(installationId)
  if (given.isScheduled && isDayOff(asOf, portal.settings)) return { sent: [], postponed: 0 }
  const origin = new URL(portal.address.api).origin
  const day = DateTime.fromJSDate(asOf, { zone: portal.settings.calendar.timeZone }).toISODate() ?? ''
  const digests = await compose(portal, rooms, given)
  const users = new Map(portal.users.map(user => [user.id, user]))
  const writesTasks = !dryRun && !portal.vendor.can.notifyInCrm
  const openTasks = writesTasks ? await journal.openTasks(installationId) : new Map<string, string>()

  /** Whose message is a task today, and takes the place of yesterday's. */
  const tasked = new Set<string>()
  let connection: Promise<Portal> | null = null
  const connect = (): Promise<Portal> => (connection ??= rooms.connect(installationId))

  const openChannel = async (name: ChannelName, userId: string): Promise<Channel | null> => {
    if (name === 'email') return rooms.email
    if (name === 'telegram') return rooms.telegram
    if (name === 'crm') return crmChannel(await connect())
    if (name === 'task') return taskChannel(await connect(), openTasks.get(userId) ?? null)
    return null
  }

  const note = async (userId: string, thrown: unknown): Promise<void> => {
    const isRefused = thrown instanceof Undelivered && thrown.outcome === 'refused'
    await (certainlyNotSent(thrown) && !isRefused
      ? journal.release(installationId, userId, day)
      : journal.failed(installationId, userId, day, asError(thrown).message)
    ).catch((cause: unknown) => log.error({ err: cause, installationId, userId }, 'journal not written'))
  }

  /** @returns what went out, `later`, or null when nothing did and nothing will */
  const deliver = async (
    digest: Digest,
    preferences: DigestPreferences | undefined,
  ): Promise<SentDigest | 'later' | null> => {
    const { userId, name, role, lines, dealIds } = digest
    const addresses = addressesOf(users.get(userId), preferences)
    const channel = channelFor(portal, preferences, rooms, addresses)
    const message: SentDigest = { userId, name, role, channel, text: digestText(lines, origin), dealIds }
    if (dryRun) return message
    if (channel === 'task') tasked.add(userId)
    let isClaimed = false
    try {
      const open = await openChannel(channel, userId)
      isClaimed = await journal.claim({ installationId, userId, day, channel, role, asOf, dealIds })
      if (!isClaimed) return null
      const isOutside = channel === 'email'
      const delivery: Delivery = {
        userId,
        language: languageOf(preferences?.language ?? users.get(userId)?.language, portal.settings.language),
        lines,
        origin,
        ...addresses,
        unsubscribeUrl: isOutside ? await rooms.unsubscribeUrl(installationId, userId) : null,
        dueAt: dueBy(asOf, portal.settings, rooms.clock.now()),
      }
      const externalId = open === null ? null : await open(delivery)
      await journal.sent(installationId, userId, day, externalId, channel === 'task')
      return message
    } catch (thrown) {
      log.warn({ err: asError(thrown), installationId, userId, channel }, 'digest not delivered')
      if (isClaimed) await note(userId, thrown)
      const isGone = thrown instanceof Undelivered && thrown.outcome === 'gone'
      if (isGone && preferences?.telegramChatId) {
        await rooms.unlinkTelegram(preferences.telegramChatId)
        return deliver(digest, { ...preferences, channel: 'crm', telegramChatId: null })
      }
      return isForLater(thrown) ? 'later' : null
    }
  }

  /** What was told yesterday and needs no doing today must not stay among somebody's tasks. */
  const closeLeftovers = async (): Promise<void> => {
    for (const [userId, taskId] of openTasks) {
      if (tasked.has(userId)) continue
      await connect()
        .then(crm => crm.apply({ kind: 'closeTask', taskId }))
        .catch((error: unknown) =>
          log.warn({ err: asError(error), installationId, userId }, 'yesterday’s task not closed'),
        )
    }
  }

  const sent: SentDigest[] = []
  let postponed = 0
  for (const digest of digests) {
    const outcome = await deliver(digest, portal.preferences.get(digest.userId))
    if (outcome === 'later') postponed += 1
    else if (outcome !== null) sent.push(outcome)
  }
  if (writesTasks && given.isScheduled) await closeLeftovers()
  return { sent, postponed }
}

/** The same for whoever only wants to know what went out. */
export const sendDigests = async (rooms: DigestRooms, given: SendDigests): Promise<SentDigest[]> =>
  (await deliverDigests(rooms, given)).sent

/**
 * One person's digest as it reads now, whatever channel and switches are set: it is there in the widget for
 * everybody. An administrator reads it as a head of all. @returns null when there is nothing to say
 */
export const ownDigest = async (
  rooms: Pick<DigestRooms, 'loadPortal' | 'loadSnapshot' | 'seenBy'>,
  given: { installationId: string; userId: string; isAdmin: boolean; language: Language; asOf: Date },
): Promise<Digest | null> => {
  const { installationId, userId, isAdmin, language, asOf } = given
  const [portal, snapshot] = await Promise.all([
    rooms.loadPortal(installationId),
    rooms.loadSnapshot(installationId, asOf),
  ])
  const user = portal.users.find(({ id }) => id === userId)
  if (!user || snapshot === null) return null
  const seen = isAdmin ? null : await rooms.seenBy(installationId, userId)
  const isHead = seen === null || seen.role !== 'employee'
  return digestFor(factsOf(portal, snapshot, asOf), {
    user,
    role: isHead ? 'head' : 'employee',
    language,
    teams: seen?.heads ?? headsOf(portal).get(userId) ?? [],
    sees: seen === null ? 'all' : new Set(seen.sees),
  })
}
