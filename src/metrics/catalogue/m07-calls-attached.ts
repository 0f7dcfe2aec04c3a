import type { ActivityFact } from '../../records/facts.ts'
import type { DealContext } from '../deal-context.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'
import { talkOf } from '../touch.ts'
import type { WorkingTime } from '../working-time.ts'

/** A talk that hangs on a deal only later than this was put there for the figure. */
const BOUND_WITHIN_DAYS = 1

/** Share of real talks that hang on an open deal. */
export const callsAttached: Metric = {
  id: 'M07',
  pillar: 'work',
  measures: [shareMeasure('M07', 'B', 0.85, 0.3)],
  version: '2',
  formula:
    'calls of 30 s or longer bound to a deal that was open at the call or created within one working day after it / calls of 30 s or longer',
  caveats: [
    'private and supplier numbers cannot be told apart: no numbers are stored',
    'a talk about a deal that is closed already counts as not bound',
    'leads apart from deals are not read: a call bound to one counts as not bound',
    'when a call was bound is not stored: late is told by when the call was recorded and when the deal was created',
  ],
  needs: ['calls'],
  score: { weight: 0.25, over: 'week', isShare: true },
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const tally = new Tally()
    const ledger = context.ledger()
    const add = (call: ActivityFact, deal: DealContext | null): void => {
      const talk = talkOf(call)
      if (talk === null || !context.isCounted(call.responsibleId)) return
      const { at } = talk
      const index = window.indexOf(at)
      if (index < 0) return
      const binding = deal === null ? 'not_linked' : bindingOf(call, at, deal, world.workingTime)
      const counts = binding === 'linked'
      tally.add(call.responsibleId, index, counts ? 1 : 0, 1)
      if (index >= window.sevenFrom)
        ledger.show(call.responsibleId, at, {
          kind: 'activity',
          id: call.id,
          dealId: deal?.id ?? null,
          title: deal?.dossier.title ?? null,
          counts,
          fact: binding,
          params: { seconds: call.durationSeconds },
        })
    }
    return {
      addDeal: deal => {
        for (const activity of deal.dossier.activities) add(activity, deal)
      },
      addLoose: items => {
        for (const activity of items.activities) add(activity, null)
      },
      finish: () => [{ measure: 'M07', numbers: tally, evidence: ledger }],
    }
  },
}

/** How a call hangs on its deal. */
const bindingOf = (
  call: ActivityFact,
  at: number,
  deal: DealContext,
  workingTime: WorkingTime,
): 'linked' | 'linked_late' | 'linked_to_closed' => {
  const bindable = Math.max(call.createdAt, deal.dossier.createdAt)
  // A working day is never shorter by the clock: most calls need no look at the calendar.
  if (bindable - at > workingTime.dayMs && bindable > workingTime.add(at, BOUND_WITHIN_DAYS))
    return 'linked_late'
  const stay = deal.stayAt(at)
  if (stay === null || stay.outcome === 'open') return 'linked'
  // Where history has no row of the close, the deal seems closed from its beginning.
  const { closedAt } = deal.dossier.current
  return stay.until === null && closedAt !== null && at < closedAt ? 'linked' : 'linked_to_closed'
}
