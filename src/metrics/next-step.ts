import type { ActivityFact, DeadlineMoveFact, Dossier, TaskFact } from '../records/facts.ts'

/** The promise on a deal at an instant: is there a dated step ahead? */
export type NextStep = {
  state: 'ok' | 'missing' | 'overdue'
  /** Open steps whose date has passed, also when another one is in time. */
  overdue: number
  /** Deadline of the nearest step in time, or of the last one that passed; null when missing. */
  deadlineAt: number | null
  /** When the promise broke: the last deadline that passed, or when the last step was gone; null while kept. */
  brokenAt: number | null
}

type Dated = { deadlineAt: number | null; deadlineMoves: readonly DeadlineMoveFact[] }

/** The deadline in force at an instant: the first later move tells what it found. */
export const deadlineOn = (item: Dated, at: number): number | null => {
  let next: DeadlineMoveFact | null = null
  for (const move of item.deadlineMoves) if (move.at > at && (next === null || move.at < next.at)) next = move
  return next === null ? item.deadlineAt : next.before
}

/**
 * A step that a person stands behind: made by anybody but a robot, or with a deadline that a person has moved
 * by then. An incoming message or call is the customer's step, not ours.
 */
export const isStep = (activity: ActivityFact, at: number): boolean =>
  activity.direction !== 'in' && (activity.actorClass !== 'robot' || isAdopted(activity, at))

/** The same of a task; one that nobody has made is a robot's. */
const isTaskStep = (task: TaskFact, at: number): boolean => task.createdBy !== null || isAdopted(task, at)

/** A person has moved its deadline by then. */
const isAdopted = ({ deadlineMoves }: Dated, at: number): boolean =>
  deadlineMoves.some(move => move.at <= at && move.actorClass === 'person')

/**
 * Next step of a deal at `at`: an open activity or task with a deadline. One in time keeps the promise even when
 * others are overdue (`DealClocks.promise`).
 */
export const nextStepAt = (dossier: Dossier, at: number): NextStep => {
  let ahead: number | null = null
  let passed: number | null = null
  let overdue = 0
  let goneAt = dossier.createdAt
  const weigh = (item: ActivityFact | TaskFact, doneAt: number | null): void => {
    if (item.createdAt > at) return
    if (doneAt !== null && doneAt <= at) {
      if (item.deadlineAt !== null && doneAt > goneAt) goneAt = doneAt
      return
    }
    const deadline = deadlineOn(item, at)
    if (deadline === null) return
    if (deadline >= at) ahead = ahead === null ? deadline : Math.min(ahead, deadline)
    else {
      overdue++
      passed = passed === null ? deadline : Math.max(passed, deadline)
    }
  }
  for (const activity of dossier.activities) if (isStep(activity, at)) weigh(activity, activity.completedAt)
  for (const task of dossier.tasks) if (isTaskStep(task, at)) weigh(task, task.closedAt)
  if (ahead !== null) return { state: 'ok', overdue, deadlineAt: ahead, brokenAt: null }
  if (passed !== null) return { state: 'overdue', overdue, deadlineAt: passed, brokenAt: passed }
  return { state: 'missing', overdue, deadlineAt: null, brokenAt: Math.min(goneAt, at) }
}
