import { type Clock, DAY } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Installations } from '../installations/installations.ts'
import type { Logger } from '../logger.ts'
import type { CompanySummary } from '../snapshot/document.ts'
import type { SnapshotReader } from '../snapshot/read.ts'
import type { Store } from '../store/open-store.ts'
import { createEmailChannel } from './channels/email.ts'
import { createTelegramChannel } from './channels/telegram.ts'
import type { DigestChanges, Sees } from './digest.ts'
import type { DigestRooms, DigestSnapshot } from './send-digests.ts'
import { createBot } from './telegram/bot.ts'
import { createUnsubscribing } from './unsubscribe.ts'

/** A snapshot older than this says nothing about today. */
const FRESH_MS = 7 * DAY
/** The score is compared with the one four weeks earlier. */
const DELTA_WEEKS = 4

/** The digests' needs, met by the rooms that know. One per process: the mail transport is reused. */
export const digestRooms = (deps: {
  store: Store
  installations: Pick<Installations, 'load' | 'viewer' | 'portal' | 'vendorOf'>
  snapshots: SnapshotReader
  config: Pick<
    Config,
    'SMTP_URL' | 'PUBLIC_URL' | 'SECRET_KEY' | 'TELEGRAM_BOT_TOKEN' | 'TELEGRAM_API_ORIGIN'
  >
  clock: Clock
  log: Logger
}): DigestRooms => {
  const { store, installations, snapshots, config, clock, log } = deps
  const { notifications } = store
  const unsubscribing = createUnsubscribing({
    secrets: config.SECRET_KEY,
    publicUrl: config.PUBLIC_URL,
    clock,
  })

  const loadSnapshot = async (id: string, asOf: Date): Promise<DigestSnapshot | null> => {
    const snapshot = (await snapshots.list(id)).find(one => one.asOf <= asOf)
    if (!snapshot || asOf.getTime() - snapshot.asOf.getTime() > FRESH_MS) return null
    const [summary, scores, deals, weeks, changes] = await Promise.all([
      snapshots.part(id, snapshot.asOf, 'summary') as Promise<CompanySummary | null>,
      snapshots.part(id, snapshot.asOf, 'scores'),
      snapshots.part(id, snapshot.asOf, 'deals'),
      snapshots.weeks(id, snapshot.asOf),
      snapshots.changes(id, snapshot.asOf),
    ])
    // While activities or tasks are still being read for the first time nobody is told anything.
    if (!summary || (summary.unread ?? []).length > 0) return null
    return {
      summary,
      scores: scores ?? [],
      deals: deals ?? [],
      deltaOf: (scope, scopeId) => {
        const key = `${scope}:${scopeId}`
        const now = weeks.at(-1)?.scores.get(key)?.value ?? null
        const before = weeks.at(-1 - DELTA_WEEKS)?.scores.get(key)?.value ?? null
        return now === null || before === null ? null : now - before
      },
      changesOf: (sees: Sees): DigestChanges | null => {
        if (changes === null) return null
        const count = (list: readonly { responsibleId: string | null }[]): number =>
          list.filter(
            ({ responsibleId }) => sees === 'all' || (responsibleId !== null && sees.has(responsibleId)),
          ).length
        return {
          movedForward: count(changes.movedForward),
          won: count(changes.won),
          cleared: count(changes.cleared),
          newRed: count(changes.newRed),
        }
      },
    }
  }

  return {
    clock,
    log,
    async loadPortal(id) {
      const installation = await installations.load(id)
      const [directory, preferences, lastSync] = await Promise.all([
        store.facts.directory(id),
        store.preferences.all(id),
        store.syncRuns.lastDone(id, ['full', 'incremental']),
      ])
      return {
        installationId: id,
        vendor: installations.vendorOf(installation),
        address: installation.address,
        appCode: installation.appCode,
        settings: installation.settings,
        users: directory.users.filter(({ isGone }) => !isGone),
        departments: directory.departments,
        preferences,
        syncedAt: lastSync?.finishedAt ?? null,
      }
    },
    loadSnapshot,
    seenBy: (id, userId) => installations.viewer(id, userId, false),
    connect: id => installations.portal(id),
    email: config.SMTP_URL === undefined ? null : createEmailChannel(config.SMTP_URL, config.PUBLIC_URL),
    telegram:
      config.TELEGRAM_BOT_TOKEN === undefined
        ? null
        : createTelegramChannel(createBot(config.TELEGRAM_API_ORIGIN, config.TELEGRAM_BOT_TOKEN, clock)),
    journal: {
      claim: ({ installationId, userId, day, ...message }) =>
        notifications.claim(installationId, userId, day, message),
      sent: notifications.sent,
      failed: notifications.failed,
      release: notifications.release,
      openTasks: notifications.openTasks,
    },
    unlinkTelegram: store.telegramCodes.unlinkChat,
    unsubscribeUrl: unsubscribing.urlFor,
  }
}
