import type { JournalNote } from '../../store/journal.ts'
import type { Observed } from '../../vendors/vendor.ts'
import type { Change, LastWord, LastWords, Plan, Settlement, StepTask } from './change.ts'
import { ALL_MARKS } from './words.ts'

/** What a deal should carry: by its flag, or by a person's own choice. */
export type Wanted = {
  dealId: string
  /** null = no mark. */
  mark: string | null
  /** null = no task of ours. */
  task: StepTask | null
}

export type PlanInput = {
  /** In the order in which they matter; deals that are not named should carry nothing of ours. */
  wanted: readonly Wanted[]
  last: LastWords
  observed: Observed
  /** Kinds that are switched on: the others are left as they are. */
  kinds: { marks: boolean; tasks: boolean }
  /** Only these deals are looked at, and what people took off may be put again: a person asks for it now. */
  only?: ReadonlySet<string>
  /** Most changes in one run. */
  cap: number
}

const MINUTE_MS = 60_000

/** Whether a task is still as we wrote it; vendors keep dates by the second or the minute. */
export const isUntouched = (task: Observed['tasks'][number], written: StepTask): boolean =>
  task.isOpen &&
  task.title === written.title &&
  task.responsibleId === written.responsibleId &&
  task.dueAt !== null &&
  Math.abs(task.dueAt.getTime() - Date.parse(written.dueAt)) < MINUTE_MS

/** What happened to our task; null = it stands as we wrote it. */
export const fateOf = (
  task: Observed['tasks'][number] | undefined,
  written: StepTask,
): JournalNote | null => {
  if (task === undefined) return 'deleted_by_person'
  if (!task.isOpen) return 'done_by_person'
  return isUntouched(task, written) ? null : 'taken_over'
}

/**
 * The differences between what the CRM shows and what it should show, removals first, the rest in the order of
 * `wanted`. Pure: applied and planned again it gives nothing. What people took off stays off until the deal has
 * recovered once; what is not ours any more is never taken away.
 */
export const planWriteBack = (input: PlanInput): Plan => {
  const { last, kinds, only } = input
  const wanted = new Map(input.wanted.map(each => [each.dealId, each]))
  const deals = new Map(input.observed.deals.map(deal => [deal.id, deal]))
  const tasks = new Map(input.observed.tasks.map(task => [task.id, task]))
  const removals: Change[] = []
  const additions: Change[] = []
  const settlements: Settlement[] = []
  const isAsked = only !== undefined
  const isLooked = (dealId: string): boolean => only?.has(dealId) ?? true
  const settle = ({ entryId, dealId }: LastWord, note: JournalNote): void =>
    void settlements.push({ entryId, dealId, note })

  /** @returns whether something may be put on the deal */
  const settleMark = (word: LastWord, target: string | null): boolean => {
    const deal = deals.get(word.dealId)
    if (word.state === 'under_way') return false
    if (deal === undefined) {
      settle(word, 'deal_gone')
      return false
    }
    if (word.state === 'left') {
      if (target === null) settle(word, 'episode_over')
      return isAsked
    }
    if (deal.mark === word.mark) return true
    settle(word, target === null ? 'episode_over' : 'changed_by_person')
    return isAsked
  }

  const planMark = (dealId: string): void => {
    const target = wanted.get(dealId)?.mark ?? null
    const word = last.marks.get(dealId)
    if (word !== undefined && !settleMark(word, target)) return
    const deal = deals.get(dealId)
    if (deal === undefined || deal.mark === target) return
    // Somebody keeps a word of their own in our field.
    if (deal.mark !== null && deal.mark !== word?.mark && !ALL_MARKS.includes(deal.mark)) return
    if (target !== null) additions.push({ kind: 'mark', dealId, before: deal.mark, after: target })
    else if (word?.state === 'standing' && deal.mark === word.mark)
      removals.push({ kind: 'mark', dealId, before: deal.mark, after: null })
  }

  /** @returns whether a task may be put on the deal */
  const settleTask = (word: LastWord, target: StepTask | null): boolean => {
    if (word.state === 'under_way') return false
    if (word.state === 'left' || word.task === null) {
      if (target === null) settle(word, 'episode_over')
      return isAsked
    }
    const fate = fateOf(tasks.get(word.task.taskId), word.task)
    if (fate !== null) {
      settle(word, target === null ? 'episode_over' : fate)
      return isAsked
    }
    const isTheirs = target !== null && target.responsibleId !== word.task.responsibleId
    if (target !== null && !isTheirs) return false
    const { taskId, ...task } = word.task
    removals.push({ kind: 'closeTask', dealId: word.dealId, taskId, task })
    return true
  }

  const planTask = (dealId: string): void => {
    const target = wanted.get(dealId)?.task ?? null
    const word = last.tasks.get(dealId)
    if (word !== undefined && !settleTask(word, target)) return
    if (target !== null && deals.has(dealId)) additions.push({ kind: 'task', dealId, after: target })
  }

  const ids = (words: ReadonlyMap<string, LastWord>): string[] =>
    [...new Set([...wanted.keys(), ...words.keys()])].filter(isLooked)
  if (kinds.marks) for (const dealId of ids(last.marks)) planMark(dealId)
  if (kinds.tasks) for (const dealId of ids(last.tasks)) planTask(dealId)

  const changes = [...removals, ...additions]
  return {
    changes: changes.slice(0, input.cap),
    waiting: Math.max(0, changes.length - input.cap),
    settlements,
  }
}
