import type { ActorClass } from '../records/records.ts'
import type { DealContext } from './deal-context.ts'
import type { MetricContext } from './metric.ts'

/** Something a person did in the CRM on a deal. */
export type Act = { at: number; by: string | null; actorClass: ActorClass; isTouch: boolean }

/**
 * What was done on a deal in the window, with its author: substantive touches, stage moves, the deal's own
 * creation, and activities and tasks set. Closing as lost is left out: honesty must not disturb a rhythm.
 * Moves whose author the CRM cannot tell (before the installation) are not acts; `by` is null where the
 * author is a robot, unknown or not counted.
 * @param from earliest instant; the beginning of the window when left out
 */
export const actsOf = (deal: DealContext, context: MetricContext, from = context.window.from): Act[] => {
  const { window, world } = context
  const acts: Act[] = []
  const add = (at: number, by: string | null, actorClass: ActorClass, isTouch: boolean): void => {
    if (at < from || at > window.until) return
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
  for (const activity of deal.dossier.activities)
    if (activity.actorClass === 'person') add(activity.createdAt, activity.authorId, 'person', false)
  for (const task of deal.dossier.tasks)
    if (task.createdBy !== null) add(task.createdAt, task.createdBy, 'person', false)
  return acts
}
