import { createHash, randomUUID } from 'node:crypto'
import { type Clock, DAY, HOUR } from '../../clock.ts'
import { conflict } from '../../errors.ts'
import type { Installations } from '../../installations/installations.ts'
import type { Logger } from '../../logger.ts'
import type { Settings } from '../../records/settings.ts'
import type { DealRow } from '../../snapshot/document.ts'
import type { SnapshotReader } from '../../snapshot/read.ts'
import type { JournalEntry, JournalRun, NewJournalEntry } from '../../store/journal.ts'
import type { Store } from '../../store/open-store.ts'
import type { Observed } from '../../vendors/vendor.ts'
import { type WriteOutcome, workOffJournal } from './apply.ts'
import type { Change, LastWords, Plan } from './change.ts'
import { lastWordsOf } from './last-words.ts'
import { planWriteBack } from './plan.ts'
import { UNDO_HOURS } from './undo.ts'
import { choiceOf, type WriteBackChoice, wantedOf } from './wanted.ts'
import { ALL_MARKS } from './words.ts'

/** Most changes of one run; the rest waits for the next one. */
export const MOST_CHANGES = 500
/** Flags older than this say nothing about today. */
const FRESH_MS = 26 * HOUR
/** When so much of what is asked for is not shown, it is our rights that are missing, not the deals. */
const ASKED_AT_LEAST = 20
const HIDDEN_SHARE = 0.5

export type ByHand = { action: 'mark' | 'task'; dealIds: readonly string[]; title: string | null }

export type PlanRequest = {
  /** Instead of the stored choice: for looking before it is switched on. */
  choice?: WriteBackChoice
  byHand?: ByHand
}

/** Exactly what a run would write, and a name for it: another name means another plan. */
export type Preview = Plan & { asOf: Date; hash: string }

export type WriteBackRooms = {
  store: Pick<Store, 'facts' | 'journal'>
  installations: Pick<Installations, 'load' | 'portal' | 'vendorOf'>
  snapshots: Pick<SnapshotReader, 'latest' | 'part'>
  clock: Clock
  log: Logger
}

export type WriteBackRoom = {
  /** What the portal's settings choose, and how its marks look. */
  choice(installationId: string): Promise<WriteBackChoice & { by: 'tag' | 'field' }>
  /**
   * Looks at the CRM and writes nothing anywhere.
   * @throws AppError 409 `no_snapshot_yet`, `snapshot_too_old`, `deals_not_shown`
   */
  preview(installationId: string, request?: PlanRequest): Promise<Preview>
  /**
   * Plans again and puts the plan into the journal, if it is the one that was looked at.
   * @throws AppError 409 `plan_changed`, `write_back_off` and those of `preview`
   */
  start(
    installationId: string,
    given: PlanRequest & { hash: string; by: string },
  ): Promise<{ batchId: string; changes: number }>
  /** The nightly run: plans and puts into the journal; does nothing while switched off. */
  startScheduled(installationId: string): Promise<{ changes: number }>
  /** Writes and takes back whatever the journal holds. */
  work(installationId: string, signal?: AbortSignal): Promise<WriteOutcome>
  /** Asks for a run, or one entry of it, to be taken back. @returns how many entries will be */
  askUndo(installationId: string, given: { batchId: string; entryId?: string; by: string }): Promise<number>
  runs(installationId: string, options?: { askedBy?: string }): Promise<JournalRun[]>
  entries(installationId: string, batchId: string): Promise<JournalEntry[]>
}

const riskOf = (deal: DealRow): number => (deal.amount ?? 0) * (1 - (deal.winChance ?? 0))
/** Red before amber, then money at risk. */
const byNeed = (a: DealRow, b: DealRow): number =>
  Number(b.level === 'red') - Number(a.level === 'red') ||
  riskOf(b) - riskOf(a) ||
  a.dealId.localeCompare(b.dealId)

const hashOf = (changes: readonly Change[], waiting: number): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        waiting,
        changes.map(change =>
          change.kind === 'mark'
            ? [change.dealId, change.before, change.after]
            : change.kind === 'task'
              ? [change.dealId, change.after.title, change.after.responsibleId]
              : [change.dealId, change.taskId],
        ),
      ]),
    )
    .digest('hex')
    .slice(0, 32)

const entryOf = (
  change: Change,
  common: { batchId: string; origin: string; askedBy: string | null },
): NewJournalEntry => {
  const base = { ...common, entryId: randomUUID(), kind: change.kind, dealId: change.dealId }
  if (change.kind === 'mark')
    return { ...base, before: { mark: change.before }, after: { mark: change.after } }
  if (change.kind === 'task') return { ...base, after: change.after }
  return { ...base, externalId: change.taskId, before: change.task }
}

/** @throws AppError 409 `deals_not_shown` */
const checkShown = (asked: readonly string[], observed: Observed): void => {
  const hidden = asked.length - observed.deals.length
  if (asked.length >= ASKED_AT_LEAST && hidden > asked.length * HIDDEN_SHARE)
    throw conflict(
      'deals_not_shown',
      'The CRM does not show most of these deals: check the rights of whoever installed the app',
    )
}

/** Write-back of every portal: plan, journal, writing and taking back. */
export const createWriteBack = (rooms: WriteBackRooms): WriteBackRoom => {
  const { store, installations, snapshots, clock, log } = rooms
  const { journal } = store

  const flaggedDeals = async (id: string): Promise<{ asOf: Date; deals: DealRow[] }> => {
    const snapshot = await snapshots.latest(id)
    if (!snapshot)
      throw conflict('no_snapshot_yet', 'The first snapshot is still being built; watch /api/v1/sync')
    if (clock.now().getTime() - snapshot.asOf.getTime() > FRESH_MS)
      throw conflict(
        'snapshot_too_old',
        'The figures are older than a day: wait for the next reading of the CRM',
      )
    const deals = (await snapshots.part(id, snapshot.asOf, 'deals')) ?? []
    return { asOf: snapshot.asOf, deals: deals.toSorted(byNeed) }
  }

  const planFor = async (
    id: string,
    request: PlanRequest,
  ): Promise<Preview & { settings: Settings; choice: WriteBackChoice }> => {
    const installation = await installations.load(id)
    const vendor = installations.vendorOf(installation)
    const { settings } = installation
    const choice = request.choice ?? choiceOf(settings, vendor.can.markDeals)
    const [{ asOf, deals }, directory, words] = await Promise.all([
      flaggedDeals(id),
      store.facts.directory(id),
      journal.lastWords(id),
    ])
    const last = lastWordsOf(words)
    const { byHand } = request
    const only = byHand && new Set(byHand.dealIds)
    const kinds = byHand
      ? { marks: byHand.action === 'mark', tasks: byHand.action === 'task' }
      : { marks: choice.marks, tasks: choice.tasks }
    const wanted = wantedOf({
      deals,
      users: directory.users,
      settings,
      choice,
      last,
      now: clock.now(),
      ...(byHand && only ? { byHand: { ...byHand, dealIds: only } } : {}),
    }).filter(({ dealId, mark, task }) =>
      only ? only.has(dealId) : (kinds.marks && mark !== null) || (kinds.tasks && task !== null),
    )
    const observed = await observe(id, { wanted: wanted.map(({ dealId }) => dealId), last, kinds, only })
    const plan = planWriteBack({
      wanted,
      last,
      observed,
      kinds,
      cap: MOST_CHANGES,
      ...(only ? { only } : {}),
    })
    return { ...plan, asOf, hash: hashOf(plan.changes, plan.waiting), settings, choice }
  }

  const observe = async (
    id: string,
    asked: {
      wanted: readonly string[]
      last: LastWords
      kinds: { marks: boolean; tasks: boolean }
      only: ReadonlySet<string> | undefined
    },
  ): Promise<Observed> => {
    const { last, kinds } = asked
    const isLooked = (dealId: string): boolean => asked.only?.has(dealId) ?? true
    const marked = kinds.marks ? [...last.marks.keys()].filter(isLooked) : []
    const tasks = kinds.tasks ? [...last.tasks.values()].filter(({ dealId }) => isLooked(dealId)) : []
    const dealIds = [...new Set([...asked.wanted, ...marked])]
    const taskIds = tasks.flatMap(({ task }) => task?.taskId ?? [])
    if (dealIds.length === 0 && taskIds.length === 0) return { deals: [], tasks: [] }
    const portal = await installations.portal(id)
    const observed = await portal.observe({ marks: ALL_MARKS, dealIds, taskIds })
    checkShown(dealIds, observed)
    return observed
  }

  const write = async (
    id: string,
    plan: Plan,
    given: { origin: string; by: string | null },
  ): Promise<string> => {
    const batchId = randomUUID()
    for (const { entryId, note } of plan.settlements) await journal.note(id, entryId, note)
    await journal.plan(
      id,
      plan.changes.map(change => entryOf(change, { batchId, origin: given.origin, askedBy: given.by })),
    )
    return batchId
  }

  const choice: WriteBackRoom['choice'] = async id => {
    const installation = await installations.load(id)
    const by = installations.vendorOf(installation).can.markDeals
    return { ...choiceOf(installation.settings, by), by }
  }

  return {
    choice,
    preview: async (id, request = {}) => {
      const { changes, waiting, settlements, asOf, hash } = await planFor(id, request)
      return { changes, waiting, settlements, asOf, hash }
    },
    async start(id, { hash, by, ...request }) {
      const current = await choice(id)
      const { byHand } = request
      const isOn = byHand
        ? byHand.action === 'mark'
          ? current.marks
          : current.tasks
        : current.marks || current.tasks
      if (!isOn)
        throw conflict(
          'write_back_off',
          'Writing into the CRM is switched off; an administrator switches it on',
        )
      const plan = await planFor(id, byHand ? { byHand } : {})
      if (plan.hash !== hash)
        throw conflict('plan_changed', 'What would be written has changed since it was shown; look again')
      const batchId = await write(id, plan, { origin: byHand ? 'bulk' : 'manual', by })
      return { batchId, changes: plan.changes.length }
    },
    async startScheduled(id) {
      const current = await choice(id)
      if (!current.marks && !current.tasks) return { changes: 0 }
      const plan = await planFor(id, {})
      await write(id, plan, { origin: 'schedule', by: null })
      log.info(
        { installationId: id, changes: plan.changes.length, waiting: plan.waiting },
        'write-back planned',
      )
      return { changes: plan.changes.length }
    },
    async work(id, signal) {
      const portal = await installations.portal(id, signal ? { signal } : {})
      const outcome = await workOffJournal({
        portal,
        clock,
        log: log.child({ installationId: id }),
        ...(signal ? { signal } : {}),
        kindsOn: () => choice(id),
        journal: {
          pending: () => journal.pending(id),
          toUndo: () => journal.toUndo(id),
          tried: entryId => journal.tried(id, entryId),
          applied: (entryId, externalId) => journal.applied(id, entryId, externalId),
          undone: entryId => journal.undone(id, entryId),
          note: (entryId, note, error) => journal.note(id, entryId, note, error ?? null),
          undoRefused: (entryId, error) => journal.undoRefused(id, entryId, error),
        },
      })
      log.info({ installationId: id, ...outcome }, 'write-back done')
      return outcome
    },
    askUndo: (id, given) =>
      journal.askUndo(id, { ...given, since: new Date(clock.now().getTime() - (UNDO_HOURS * DAY) / 24) }),
    runs: (id, options = {}) => journal.runs(id, options),
    entries: (id, batchId) => journal.list(id, { batchId, limit: MOST_CHANGES + 1 }),
  }
}
