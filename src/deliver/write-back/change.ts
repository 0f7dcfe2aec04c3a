import type { JournalNote } from '../../store/journal.ts'

/** A task of ours, as written. */
export type StepTask = { title: string; responsibleId: string; dueAt: string }

/** One difference between what the CRM shows and what it should show. */
export type Change =
  | { kind: 'mark'; dealId: string; before: string | null; after: string | null }
  | { kind: 'task'; dealId: string; after: StepTask }
  | { kind: 'closeTask'; dealId: string; taskId: string; task: StepTask }

/** The last thing that we did about a deal, mark and task apart, and whether it still stands. */
export type LastWord = {
  entryId: string
  dealId: string
  /** `under_way`: planned, not written yet. `left`: people, or an undo, took it off: not to be put again. */
  state: 'standing' | 'under_way' | 'left'
  /** Put by a person from a list: it stays as long as the deal is flagged at all. */
  isByHand: boolean
  /** What stands if it stands. */
  mark: string | null
  task: (StepTask & { taskId: string }) | null
}

export type LastWords = { marks: ReadonlyMap<string, LastWord>; tasks: ReadonlyMap<string, LastWord> }

/** Something learned about an earlier write; nothing is written in the CRM for it. */
export type Settlement = { entryId: string; dealId: string; note: JournalNote }

export type Plan = {
  changes: Change[]
  /** Differences beyond the cap, left for the next run. */
  waiting: number
  settlements: Settlement[]
}
