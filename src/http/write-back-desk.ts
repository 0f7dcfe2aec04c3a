import { HOUR } from '../clock.ts'
import type { Change, StepTask } from '../deliver/write-back/change.ts'
import { markIn, UNDO_HOURS } from '../deliver/write-back/undo.ts'
import type { PlanRequest, Preview, WriteBackRoom } from '../deliver/write-back/write-back.ts'
import { type AppError, badRequest, conflict, notFound } from '../errors.ts'
import type { Settings, SettingsPatch } from '../records/settings.ts'
import type { JournalEntry } from '../store/journal.ts'
import type { Vendor } from '../vendors/vendor.ts'
import { namesOf } from './api/views.ts'
import type { WriteBackChoice, WriteBackEntry, WriteBackPreview, WriteBackRun } from './api-schema.ts'
import type { Installation, Installations, PortalData, Snapshots } from './deps.ts'

export type WriteBackDeps = {
  clock: { now(): Date }
  vendors: readonly Vendor[]
  installations: Pick<Installations, 'patchSettings'>
  snapshots: Snapshots
  data: PortalData
  writeBack: WriteBackRoom
  /** Has the journal worked off. */
  queueWriteBack(installationId: string): Promise<void>
}

/** Whose portal, and how its vendor shows things. */
export type Desk = { installation: Installation; vendor: Vendor }

type Kind = 'mark' | 'task' | 'closeTask'

/**
 * Writing into the CRM is switched on where its preview is, never in passing.
 * @throws AppError 409 `preview_required`
 */
export const refuseBlindSwitch = ({ writeBack: now }: Settings, patch: SettingsPatch): void => {
  const next = { ...now, ...patch.writeBack }
  const isOn = next.tag || next.field || next.nextStepTask
  const turnsOn =
    (next.tag && !now.tag) || (next.field && !now.field) || (next.nextStepTask && !now.nextStepTask)
  const reachesMore = isOn && next.level === 'amber' && now.level !== 'amber'
  if (turnsOn || reachesMore)
    throw conflict(
      'preview_required',
      'Look at the preview of what would be written, then switch it on there',
    )
}

const sidesOf = (change: Change) =>
  change.kind === 'mark'
    ? { before: change.before, after: change.after, dueAt: null }
    : change.kind === 'task'
      ? { before: null, after: change.after.title, dueAt: change.after.dueAt }
      : { before: change.task.title, after: null, dueAt: null }

const stateOf = (entry: JournalEntry): WriteBackEntry['state'] => {
  if (entry.undoneAt !== null) return 'undone'
  if (entry.note === 'refused') return 'refused'
  if (entry.note !== null && entry.note !== 'episode_over') return 'left'
  if (entry.undoAskedAt !== null) return 'undoing'
  return entry.appliedAt === null ? 'waiting' : 'written'
}

/** What screens and operators do with write-back; rights are asked before this. */
export const createWriteBackDesk = (deps: WriteBackDeps) => {
  const { clock, snapshots, data, writeBack } = deps

  const titlesOf = async ({ installation }: Desk): Promise<(dealId: string) => string> => {
    const latest = await snapshots.latest(installation.id)
    const [deals, closed] = latest
      ? await Promise.all([
          snapshots.part(installation.id, latest.asOf, 'deals'),
          snapshots.part(installation.id, latest.asOf, 'closed'),
        ])
      : [null, null]
    const titles = new Map([...(closed ?? []), ...(deals ?? [])].map(({ dealId, title }) => [dealId, title]))
    return dealId => titles.get(dealId) ?? dealId
  }

  const previewView = async (desk: Desk, preview: Preview): Promise<WriteBackPreview> => {
    const [titleOf, directory] = await Promise.all([titlesOf(desk), data.directory(desk.installation.id)])
    const names = namesOf(directory)
    return {
      asOf: preview.asOf.toISOString(),
      hash: preview.hash,
      waiting: preview.waiting,
      changes: preview.changes.map(change => ({
        kind: change.kind,
        dealId: change.dealId,
        title: titleOf(change.dealId),
        path: desk.vendor.cardPath('deal', change.dealId),
        responsibleName:
          change.kind === 'task'
            ? names.user(change.after.responsibleId)
            : change.kind === 'closeTask'
              ? names.user(change.task.responsibleId)
              : null,
        ...sidesOf(change),
      })),
    }
  }

  const undoUntil = (at: Date | null): Date | null => {
    const until = at && new Date(at.getTime() + UNDO_HOURS * HOUR)
    return until && until > clock.now() ? until : null
  }

  /** @throws AppError 404 `run_not_found` */
  const loadRun = async (id: string, batchId: string): Promise<JournalEntry[]> => {
    const entries = await writeBack.entries(id, batchId)
    if (entries.length === 0) throw notFound('run_not_found', 'There is no such run of write-back')
    return entries
  }

  const canUndo = (entry: JournalEntry): boolean =>
    stateOf(entry) === 'written' && entry.note === null && undoUntil(entry.appliedAt) !== null

  return {
    preview: async (desk: Desk, request: PlanRequest): Promise<WriteBackPreview> =>
      previewView(desk, await writeBack.preview(desk.installation.id, request)),

    /** @throws AppError 400 `preview_required`, 409 `plan_changed` */
    async switch(desk: Desk, choice: WriteBackChoice, hash: string | undefined, by: string): Promise<void> {
      const { id } = desk.installation
      if (choice.marks || choice.tasks) {
        if (hash === undefined)
          throw badRequest('preview_required', 'Look at the preview first and send its hash')
        const preview = await writeBack.preview(id, { choice })
        if (preview.hash !== hash)
          throw conflict('plan_changed', 'What would be written has changed since it was shown; look again')
      }
      const mark = { [desk.vendor.can.markDeals]: choice.marks }
      await deps.installations.patchSettings(
        id,
        { writeBack: { tag: false, field: false, ...mark, nextStepTask: choice.tasks, level: choice.level } },
        by,
      )
    },

    async start(desk: Desk, given: PlanRequest & { hash: string; by: string }) {
      const started = await writeBack.start(desk.installation.id, given)
      if (started.changes > 0) await deps.queueWriteBack(desk.installation.id)
      return started
    },

    async runs(desk: Desk, options: { askedBy?: string } = {}): Promise<WriteBackRun[]> {
      const { id } = desk.installation
      const [runs, directory] = await Promise.all([writeBack.runs(id, options), data.directory(id)])
      const names = namesOf(directory)
      return runs.map(run => ({
        batchId: run.batchId,
        origin: run.origin === 'manual' || run.origin === 'bulk' ? run.origin : 'schedule',
        askedByName: run.askedBy === null ? null : (names.user(run.askedBy) ?? run.askedBy),
        plannedAt: run.plannedAt.toISOString(),
        planned: run.planned,
        written: run.applied,
        refused: run.refused,
        undone: run.undone,
        waiting: run.waiting,
        undoUntil: run.undoable > 0 ? (undoUntil(run.appliedAt)?.toISOString() ?? null) : null,
      }))
    },

    async entries(desk: Desk, batchId: string): Promise<WriteBackEntry[]> {
      const [entries, titleOf] = await Promise.all([loadRun(desk.installation.id, batchId), titlesOf(desk)])
      return entries.flatMap(entry => {
        const { dealId, kind } = entry
        if (dealId === null) return []
        const task = (kind === 'task' ? entry.after : entry.before) as StepTask | null
        return {
          id: entry.entryId,
          kind: kind as Kind,
          dealId,
          title: titleOf(dealId),
          path: desk.vendor.cardPath('deal', dealId),
          before: kind === 'mark' ? markIn(entry.before) : kind === 'task' ? null : (task?.title ?? null),
          after: kind === 'mark' ? markIn(entry.after) : kind === 'task' ? (task?.title ?? null) : null,
          dueAt: kind === 'task' ? (task?.dueAt ?? null) : null,
          state: stateOf(entry),
          note: entry.note === 'episode_over' ? null : entry.note,
          error: entry.error,
          at: (entry.undoneAt ?? entry.appliedAt)?.toISOString() ?? null,
          canUndo: canUndo(entry),
        }
      })
    },

    /** Who asked for a run; null = the schedule. @throws AppError 404 `run_not_found` */
    askedBy: async ({ installation }: Desk, batchId: string): Promise<string | null> =>
      (await loadRun(installation.id, batchId))[0]?.askedBy ?? null,

    /** @throws AppError 404 `run_not_found`, `entry_not_found`; 409 `undo_expired`, `nothing_to_undo` */
    async undo({ installation }: Desk, given: { batchId: string; entryId?: string | undefined; by: string }) {
      const { batchId, entryId, by } = given
      const entries = (await loadRun(installation.id, batchId)).filter(
        entry => entryId === undefined || entry.entryId === entryId,
      )
      if (entries.length === 0) throw notFound('entry_not_found', 'There is no such entry in this run')
      const asked = await writeBack.askUndo(installation.id, {
        batchId,
        by,
        ...(entryId === undefined ? {} : { entryId }),
      })
      if (asked === 0) throw nothingToUndo(entries)
      await deps.queueWriteBack(installation.id)
      return { entries: asked }
    },
  }

  function nothingToUndo(entries: readonly JournalEntry[]): AppError {
    const isLate = entries.some(entry => stateOf(entry) === 'written' && undoUntil(entry.appliedAt) === null)
    return isLate
      ? conflict('undo_expired', `What was written can be taken back for ${UNDO_HOURS} hours`)
      : conflict('nothing_to_undo', 'Nothing of this stands as it was written')
  }
}

export type WriteBackDesk = ReturnType<typeof createWriteBackDesk>
