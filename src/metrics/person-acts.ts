import type { EditFact } from '../records/facts.ts'
import type { ActorClass } from '../records/records.ts'
import type { DealContext } from './deal-context.ts'
import type { MetricContext } from './metric.ts'

/** Something a person did in the CRM on a deal. */
export type Act = {
  at: number
  by: string | null
  /** Null for what is only ever known with its author: it says nothing about how often authors are known. */
  actorClass: ActorClass | null
  isTouch: boolean
}

/** A move and what was saved with it are told within these of each other. */
const BEFORE_MOVE_MS = 5_000
const AFTER_MOVE_MS = 60_000
/** One session of edits (metrics 4.2). */
const SESSION_MS = 10 * 60_000

/**
 * What was done on a deal in the window, with its author: substantive touches, stage moves, saves of fields, the
 * deal's own creation, and activities and tasks set. Closing as lost is left out: honesty must not disturb a rhythm.
 * Moves whose author the CRM cannot tell (before the installation) are not acts, nor are changes of fields that no
 * event told; `by` is null where the author is a robot, unknown or not counted.
 * @param from earliest instant; the beginning of the window when left out
 */
export const actsOf = (
  deal: DealContext,
  { window, world }: Pick<MetricContext, 'window' | 'world'>,
  from = window.from,
): Act[] => {
  const acts: Act[] = []
  const isInside = (at: number): boolean => at >= from && at <= window.until
  const add = (at: number, by: string | null, actorClass: ActorClass, isTouch: boolean): void => {
    if (!isInside(at)) return
    const author = actorClass === 'person' && deal.isCounted(by) ? by : null
    acts.push({ at, by: author, actorClass, isTouch })
  }
  // Invoices and payments name no author: they are the deal's touches, nobody's act.
  for (const touch of deal.touches)
    if (touch.kind !== 'invoice' && touch.kind !== 'payment') add(touch.at, touch.by, touch.actorClass, true)
  for (const step of deal.steps) {
    const isAuthorToldAtAll = world.can.pastActors || step.at >= world.installedAt
    if (step.kind !== 'lost' && isAuthorToldAtAll) add(step.at, step.movedBy, step.actorClass, false)
  }
  for (const edit of deal.dossier.edits ?? [])
    if (isInside(edit.at) && deal.isCounted(edit.by) && isEditByItself(deal, edit))
      acts.push({ at: edit.at, by: edit.by, actorClass: null, isTouch: false })
  for (const activity of deal.dossier.activities)
    if (activity.actorClass === 'person') add(activity.createdAt, activity.authorId, 'person', false)
  for (const task of deal.dossier.tasks)
    if (task.createdBy !== null) add(task.createdAt, task.createdBy, 'person', false)
  return acts
}

/** What was saved together with a move is that move; what belongs to closing as lost is as free as the closing. */
const isEditByItself = (deal: DealContext, { at, by }: EditFact): boolean =>
  deal.stayAt(at)?.outcome !== 'lost' &&
  !deal.steps.some(
    step =>
      step.movedBy === by &&
      step.at >= at - AFTER_MOVE_MS &&
      step.at <= at + (step.kind === 'lost' ? SESSION_MS : BEFORE_MOVE_MS),
  )
