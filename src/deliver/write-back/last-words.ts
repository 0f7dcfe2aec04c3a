import type { JournalEntry } from '../../store/journal.ts'
import type { LastWord, LastWords, StepTask } from './change.ts'

type MarkSide = { mark: string | null }

const stateOf = (entry: JournalEntry): LastWord['state'] =>
  entry.undoneAt !== null ||
  entry.undoAskedAt !== null ||
  (entry.note !== null && entry.note !== 'episode_over')
    ? 'left'
    : entry.appliedAt === null
      ? 'under_way'
      : 'standing'

const base = { mark: null, task: null }

/** From the journal's last entry on each deal to what may still stand of ours. */
export const lastWordsOf = (entries: readonly JournalEntry[]): LastWords => {
  const marks = new Map<string, LastWord>()
  const tasks = new Map<string, LastWord>()
  for (const entry of entries) {
    const { entryId, dealId } = entry
    if (dealId === null || entry.note === 'episode_over') continue
    const state = stateOf(entry)
    const word = { ...base, entryId, dealId, state, isByHand: entry.origin === 'bulk' }
    if (entry.kind === 'mark') {
      const { mark } = (entry.after ?? { mark: null }) as MarkSide
      // A mark that we took off ourselves leaves nothing behind.
      if (state === 'standing' && mark === null) continue
      marks.set(dealId, { ...word, mark })
    } else if (entry.kind === 'closeTask') {
      if (state !== 'standing') tasks.set(dealId, word)
    } else {
      const task = { ...(entry.after as StepTask), taskId: entry.externalId ?? '' }
      tasks.set(dealId, { ...word, task: entry.externalId === null ? null : task })
    }
  }
  return { marks, tasks }
}
