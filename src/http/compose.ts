import { type Clock, DAY } from '../clock.ts'
import type { Config } from '../config.ts'
import { digestRooms } from '../deliver/digest-rooms.ts'
import { ownDigest, type SendDigests, sendDigests } from '../deliver/send-digests.ts'
import { createTelegram } from '../deliver/telegram/telegram.ts'
import { createUnsubscribing } from '../deliver/unsubscribe.ts'
import { createWriteBack } from '../deliver/write-back/write-back.ts'
import type { Installations as InstallationsRoom } from '../installations/installations.ts'
import type { Logger } from '../logger.ts'
import { METRIC_INFO } from '../metrics/catalogue/index.ts'
import { createSnapshotReader } from '../snapshot/read.ts'
import type { Store } from '../store/open-store.ts'
import { syncProgress, syncReport } from '../sync/report.ts'
import type { Vendor } from '../vendors/vendor.ts'
import type { AdminDeps } from './admin/operations.ts'
import type { ApiDeps } from './api/operations.ts'
import type { Preferences } from './api-schema.ts'
import type { PortalData, Snapshots, StoredPreferences } from './deps.ts'
import type { Probe } from './health.ts'
import type { Spend } from './sessions.ts'
import type { InstallationFigures, TelemetrySource } from './telemetry.ts'

/** The rooms that `main.ts` has opened. */
export type AppRooms = {
  config: Config
  clock: Clock
  log: Logger
  vendors: readonly Vendor[]
  store: Store
  installations: InstallationsRoom
  queue: {
    /** @returns id of the run */
    sync(installationId: string, options: { full: boolean }): Promise<string>
    /** Resolves when the snapshot is stored. */
    snapshot(installationId: string, asOf: Date): Promise<unknown>
    nudge(installationId: string): Promise<unknown>
    /** The journal holds something to write or to take back. */
    writeBack(installationId: string): Promise<unknown>
    /** Jobs waiting, by queue; also tells whether the queue answers. */
    depth(): Promise<Readonly<Record<string, number>>>
  }
  widgetDir?: string
}

/** Everything that the HTTP side asks for, from the rooms that know. */
export type Composed = Omit<ApiDeps, 'outsideChannels'> &
  Pick<AdminDeps, 'queue' | 'syncReport' | 'sendDigests'> & {
    config: Config
    clock: Clock
    log: Logger
    vendors: readonly Vendor[]
    spend: Spend
    /** Tells the queue that a portal has something new to look at. */
    nudge(installationId: string): Promise<void>
    probes: Readonly<Record<string, Probe>>
    telemetry: TelemetrySource
    /** Where the built widget is; by default `dist/widget`. */
    widgetDir?: string
  }

/** A snapshot older than this says nothing about an instant. */
const FRESH_MS = 7 * DAY
const FIGURES_MS = 30_000

const languageOf = (word: string | null): 'ru' | 'en' | null => (word === 'ru' || word === 'en' ? word : null)
const channelOf = (word: string): Preferences['channel'] =>
  word === 'email' || word === 'telegram' || word === 'task' || word === 'widget' ? word : 'crm'

const portalData = ({ store, installations }: AppRooms): PortalData => ({
  directory: id => store.facts.directory(id),
  async preferences(id, userId): Promise<StoredPreferences> {
    const { digest, channel, email, telegramChatId, language, theme } = await store.preferences.load(
      id,
      userId,
    )
    return {
      digest,
      channel: channelOf(channel),
      email,
      telegramLinked: telegramChatId !== null,
      language: languageOf(language),
      theme: theme === 'light' || theme === 'dark' ? theme : null,
    }
  },
  savePreferences: (id, userId, patch) => store.preferences.save(id, userId, patch),
  dealTitles: store.dealTitles,
  storedRows: store.storedRows,
  settingsLog: id => store.installations.settingsLog(id),
  moves: (id, asOf) => store.facts.moves(id, asOf),
  async sync(id) {
    const installation = await installations.load(id)
    const progress = await syncProgress(store, id, installations.vendorOf(installation).feeds)
    return { status: installation.status, ...progress }
  },
})

/** Figures for `/metrics`, counted at most twice a minute: counting reads whole tables. */
const telemetrySource = (rooms: AppRooms, snapshots: Snapshots): TelemetrySource => {
  const { store, clock } = rooms
  let kept: { until: number; figures: InstallationFigures[] } | null = null
  const age = (at: Date | null | undefined): number | null =>
    at ? Math.round((clock.now().getTime() - at.getTime()) / 1000) : null
  const count = async (): Promise<InstallationFigures[]> => {
    const figures: InstallationFigures[] = []
    for (const { id, status } of await rooms.installations.list()) {
      const [rows, rejected, latest, lastSync] = await Promise.all([
        store.counts(id),
        store.rejectedCount(id),
        snapshots.latest(id),
        store.syncRuns.lastDone(id),
      ])
      figures.push({
        id,
        status,
        rows,
        rejected,
        snapshotAgeSeconds: age(latest?.asOf),
        syncAgeSeconds: age(lastSync?.finishedAt),
      })
    }
    return figures
  }
  return {
    async installations() {
      const now = clock.now().getTime()
      if (kept === null || kept.until <= now) kept = { until: now + FIGURES_MS, figures: await count() }
      return kept.figures
    },
    queueDepth: rooms.queue.depth,
  }
}

/** @returns what `createApp` mounts */
export const compose = (rooms: AppRooms): Composed => {
  const { store, installations, queue, clock, log, config, vendors } = rooms
  const reader = createSnapshotReader(store, async id => (await installations.load(id)).settings.calendar)
  const snapshots: Snapshots = {
    ...reader,
    before: async (id, asOf) => {
      const found = (await reader.list(id)).find(one => one.asOf <= asOf)
      return found && asOf.getTime() - found.asOf.getTime() <= FRESH_MS ? found : null
    },
  }
  const digests = digestRooms({ store, installations, snapshots: reader, config, clock, log })
  const send = (given: SendDigests) => sendDigests(digests, given)
  const telegram = createTelegram({ store, installations, config, clock, log })
  const unsubscribing = createUnsubscribing({
    secrets: config.SECRET_KEY,
    publicUrl: config.PUBLIC_URL,
    clock,
  })
  return {
    config,
    clock,
    log,
    vendors,
    installations,
    snapshots,
    data: portalData(rooms),
    metrics: METRIC_INFO,
    marks: store.dealMarks,
    previewDigests: async id => {
      const latest = await snapshots.latest(id)
      return latest ? send({ installationId: id, asOf: latest.asOf, dryRun: true }) : []
    },
    sendDigests: send,
    messages: {
      ownDigest: given => ownDigest(digests, given),
      inviteToTelegram: telegram?.invite ?? null,
      unlinkTelegram: (id, userId) =>
        store.preferences.save(id, userId, { telegramChatId: null, channel: 'crm' }),
      readUnsubscribe: unsubscribing.read,
      switchOff: (id, userId) => store.preferences.save(id, userId, { digest: false }),
    },
    queue: {
      sync: queue.sync,
      snapshot: async (id, asOf) => void (await queue.snapshot(id, asOf)),
    },
    writeBack: createWriteBack({ store, installations, snapshots: reader, clock, log }),
    queueWriteBack: async id => void (await queue.writeBack(id)),
    syncReport: id => syncReport(store, id),
    spend: ({ installationId, purpose, key, expiresAt }) =>
      store.singleUse.spend(installationId, purpose, key, expiresAt),
    nudge: async id => void (await queue.nudge(id)),
    probes: { database: store.ping, queue: async () => void (await queue.depth()) },
    telemetry: telemetrySource(rooms, snapshots),
    ...(rooms.widgetDir === undefined ? {} : { widgetDir: rooms.widgetDir }),
  }
}
