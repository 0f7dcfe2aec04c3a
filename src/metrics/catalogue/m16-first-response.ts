import { dealItem } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const MINUTE = 60_000
const TARGET_MINUTES = 30
/** A call that made the deal begins a little before it. */
const EARLIER = 60 * MINUTE

/** Share of new deals whose customer was answered within 30 working minutes. */
export const firstResponse: Metric = {
  id: 'M16',
  pillar: 'pipeline',
  measures: [shareMeasure('M16', 'A', 0.8, 0.2)],
  version: '3',
  formula:
    'new deals with a first substantive touch of ours within 30 working minutes / new deals touched or older than 30 working minutes',
  caveats: [
    'deals that come in at night start at opening',
    'replies by robots do not count, nor the customer’s own messages',
    'a message of ours counts once the customer has replied to it',
    'days on which the owner is away are not counted, nor are deals of an import',
  ],
  needs: ['activities'],
  score: { weight: 0.15, over: 'week', isShare: true },
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window } = context
    const tally = new Tally()
    const ledger = context.ledger()
    return {
      addDeal: deal => {
        const { createdAt } = deal.dossier
        const index = window.indexOf(createdAt)
        if (index < 0 || !deal.isReal || deal.isImported) return
        const owner = deal.ownerAt(createdAt)
        const touch = deal.touches.find(
          ({ at, actorClass, isIncoming }) =>
            at >= createdAt - EARLIER && actorClass !== 'robot' && isIncoming !== true,
        )
        const minutes = context.elapsed(owner, createdAt, touch?.at ?? window.until) / MINUTE
        // Still inside its half hour: neither answered nor late.
        if (touch === undefined && minutes <= TARGET_MINUTES) return
        const isInTime = touch !== undefined && minutes <= TARGET_MINUTES
        tally.add(owner, index, isInTime ? 1 : 0, 1)
        if (index >= window.sevenFrom)
          ledger.show(
            owner,
            createdAt,
            dealItem(deal, isInTime, touch === undefined ? 'not_answered' : 'answered', {
              minutes: Math.round(minutes),
            }),
          )
      },
      finish: () => [{ measure: 'M16', numbers: tally, evidence: ledger }],
    }
  },
}
