import type { Clock } from '../../clock.ts'
import { SECOND } from '../../clock.ts'
import { isVendorError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { JournalEntry, JournalNote } from '../../store/journal.ts'
import type { Observed, Portal, WriteBack } from '../../vendors/vendor.ts'
import type { StepTask } from './change.ts'
import { fateOf } from './plan.ts'
import { markIn, undoStepOf } from './undo.ts'
import { ALL_MARKS } from './words.ts'

/** The journal as the writer needs it, of one installation. */
export type WriteJournal = {
  pending(): Promise<JournalEntry[]>
  toUndo(): Promise<JournalEntry[]>
  tried(entryId: string): Promise<void>
  applied(entryId: string, externalId: string | null): Promise<void>
  undone(entryId: string): Promise<void>
  note(entryId: string, note: JournalNote, error?: string): Promise<void>
  /** It could not be taken back and stands as before. */
  undoRefused(entryId: string, error: string): Promise<void>
}

export type WriteDeps = {
  journal: WriteJournal
  portal: Portal
  clock: Clock
  log: Logger
  signal?: AbortSignal
  /** Which kinds may be written now: asked again and again, since off means off at once. */
  kindsOn(): Promise<{ marks: boolean; tasks: boolean }>
}

export type WriteOutcome = { written: number; undone: number; left: number; refused: number }

/** Entries looked at together before they are written. */
const CHUNK = 50
/** What was planned so long ago is not written any more: the deals have lived on. */
const TOO_OLD_MS = 2 * 3_600_000
/** The CRM refuses one thing after another: it is not about the one deal. */
const REFUSALS_IN_A_ROW = 5
const TRIES = 4
const MAX_PAUSE_MS = 60 * SECOND

type Step = { is: 'write'; change: WriteBack } | { is: 'already' } | { is: 'left'; note: JournalNote }

/** What is still to be done for a planned entry, given what the CRM shows now. */
const stepOf = (entry: JournalEntry, observed: Observed): Step => {
  const { kind, dealId, externalId } = entry
  const deal = observed.deals.find(({ id }) => id === dealId)
  if (dealId === null) return { is: 'left', note: 'expired' }
  if (kind === 'mark') {
    const [from, to] = [markIn(entry.before), markIn(entry.after)]
    if (deal === undefined) return { is: 'left', note: 'deal_gone' }
    if (deal.mark === to) return { is: 'already' }
    if (deal.mark !== from) return { is: 'left', note: 'changed_by_person' }
    return { is: 'write', change: { kind: 'mark', dealId, from, to } }
  }
  if (kind === 'task') {
    if (deal === undefined) return { is: 'left', note: 'deal_gone' }
    const { title, responsibleId, dueAt } = entry.after as StepTask
    return { is: 'write', change: { kind: 'task', dealId, title, responsibleId, dueAt: new Date(dueAt) } }
  }
  const taskId = externalId ?? ''
  const fate = fateOf(
    observed.tasks.find(({ id }) => id === taskId),
    entry.before as StepTask,
  )
  if (fate === null) return { is: 'write', change: { kind: 'closeTask', taskId } }
  // Closed by ourselves a moment before we were stopped, or by somebody: closed it is.
  return fate === 'taken_over' ? { is: 'left', note: fate } : { is: 'already' }
}

const chunksOf = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, index) =>
    items.slice(index * CHUNK, (index + 1) * CHUNK),
  )

/**
 * Works off what the journal holds: first what is to be taken back, then what is planned. Each entry is written
 * down as tried before it is sent and as done after it; whoever is interrupted begins again here, looks first,
 * and writes nothing twice. One refusal never stops the rest.
 * @throws VendorError when the CRM is away or our access is gone: the entries wait for the next call
 */
export const workOffJournal = async (deps: WriteDeps): Promise<WriteOutcome> => {
  const { journal, portal, clock, log, signal } = deps
  const outcome: WriteOutcome = { written: 0, undone: 0, left: 0, refused: 0 }
  let refusals = 0

  const look = (entries: readonly JournalEntry[]): Promise<Observed> =>
    portal.observe({
      marks: ALL_MARKS,
      dealIds: [...new Set(entries.flatMap(({ dealId }) => dealId ?? []))],
      taskIds: [...new Set(entries.flatMap(({ externalId }) => externalId ?? []))],
    })

  /** Sends one change, waiting out what passes. Every change compares first, so that a repeat is harmless. */
  const send = async (change: WriteBack): Promise<string | null> => {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await portal.apply(change)
      } catch (error) {
        const passes =
          isVendorError(error) &&
          error.verdict === undefined &&
          (error.kind === 'unavailable' || error.kind === 'rate_limited')
        if (!passes || attempt >= TRIES) throw error
        await clock.sleep(Math.min(MAX_PAUSE_MS, error.retryAfterMs ?? 500 * 2 ** attempt), signal)
      }
  }

  const carryOut = async (
    entry: JournalEntry,
    step: Step,
    done: (externalId: string | null) => Promise<void>,
    refused: (code: string) => Promise<void>,
  ): Promise<boolean> => {
    if (step.is === 'left') {
      outcome.left += 1
      await journal.note(entry.entryId, step.note)
      return false
    }
    if (step.is === 'already') {
      await done(entry.externalId)
      return true
    }
    await journal.tried(entry.entryId)
    try {
      const made = await send(step.change)
      await done(entry.kind === 'mark' ? null : (made ?? entry.externalId))
      refusals = 0
      return true
    } catch (error) {
      // A refusal is about this change; everything else is about the portal, and waits.
      const isAboutIt =
        isVendorError(error) &&
        error.verdict === undefined &&
        (error.kind === 'rejected' || error.kind === 'shape_changed')
      if (!isAboutIt) throw error
      refusals += 1
      outcome.refused += 1
      await refused(error.code)
      log.warn({ dealId: entry.dealId, kind: entry.kind, code: error.code }, 'write-back refused')
      return false
    }
  }

  for (const entries of chunksOf(await journal.toUndo())) {
    const observed = await look(entries)
    for (const entry of entries) {
      signal?.throwIfAborted()
      const isDone = await carryOut(
        entry,
        undoStepOf(entry, observed),
        () => journal.undone(entry.entryId),
        code => journal.undoRefused(entry.entryId, code),
      )
      if (isDone) outcome.undone += 1
    }
  }

  for (const entries of chunksOf(await journal.pending())) {
    const kinds = await deps.kindsOn()
    const observed = await look(entries)
    for (const entry of entries) {
      signal?.throwIfAborted()
      const isOn = entry.kind === 'mark' ? kinds.marks : kinds.tasks
      const isOld = clock.now().getTime() - entry.plannedAt.getTime() > TOO_OLD_MS
      // What was sent already is followed to its end, so that nothing of ours is left unknown.
      const given: JournalNote | null =
        entry.triedAt !== null ? null : !isOn ? 'switched_off' : isOld ? 'expired' : null
      if (given !== null || refusals >= REFUSALS_IN_A_ROW) {
        outcome.left += 1
        await journal.note(entry.entryId, given ?? 'expired')
        continue
      }
      const isDone = await carryOut(
        entry,
        stepOf(entry, observed),
        externalId => journal.applied(entry.entryId, externalId),
        code => journal.note(entry.entryId, 'refused', code),
      )
      if (isDone) outcome.written += 1
    }
  }
  return outcome
}
