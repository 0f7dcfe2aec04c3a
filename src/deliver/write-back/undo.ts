import type { JournalEntry, JournalNote } from '../../store/journal.ts'
import type { Observed, WriteBack } from '../../vendors/vendor.ts'
import type { StepTask } from './change.ts'
import { fateOf } from './plan.ts'

/** So long after it was written an entry may be taken back. */
export const UNDO_HOURS = 24

/** `already`: the CRM shows what was before. */
export type UndoStep =
  | { is: 'write'; change: WriteBack }
  | { is: 'already' }
  | { is: 'left'; note: JournalNote }

const left = (note: JournalNote): UndoStep => ({ is: 'left', note })

export const markIn = (side: object | null): string | null =>
  (side as { mark: string | null } | null)?.mark ?? null

/**
 * How one entry is taken back, given what the CRM shows now. Only what still stands as we wrote it is touched:
 * whatever people did meanwhile is left alone and said so.
 */
export const undoStepOf = (entry: JournalEntry, observed: Observed): UndoStep => {
  const { kind, dealId, externalId } = entry
  // Interrupted while taking it back: what is gone now was taken by us.
  const isBegun = entry.undoAskedAt !== null && entry.triedAt !== null && entry.triedAt > entry.undoAskedAt
  if (kind === 'mark') {
    const deal = observed.deals.find(({ id }) => id === dealId)
    const [before, after] = [markIn(entry.before), markIn(entry.after)]
    if (deal === undefined || dealId === null) return left('deal_gone')
    if (deal.mark === before) return { is: 'already' }
    if (deal.mark !== after) return left('changed_by_person')
    return { is: 'write', change: { kind: 'mark', dealId, from: after, to: before } }
  }
  const task = observed.tasks.find(({ id }) => id === externalId)
  if (externalId === null) return left('deleted_by_person')
  if (kind === 'closeTask') {
    if (task === undefined) return left('deleted_by_person')
    return task.isOpen
      ? { is: 'already' }
      : { is: 'write', change: { kind: 'reopenTask', taskId: externalId } }
  }
  const fate = fateOf(task, entry.after as StepTask)
  if (fate === null) return { is: 'write', change: { kind: 'removeTask', taskId: externalId } }
  return isBegun && fate !== 'taken_over' ? { is: 'already' } : left(fate)
}
