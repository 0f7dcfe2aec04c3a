import { instant } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const GHOST_MS = 5 * 60_000

/** Tasks set and closed within minutes, among everything that counts as work on the customer. */
export const ghostTouches: Metric = {
  id: 'M28',
  pillar: null,
  measures: [shareMeasure('M28', 'C', 0.05, 0.4)],
  version: '1',
  formula: 'tasks set and closed by the same person within 5 minutes / those and touches',
  caveats: ['no phone numbers are stored, so repeated short calls to one number cannot be seen'],
  needs: ['activities', 'tasks'],
  score: null,
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window } = context
    const tally = new Tally()
    const ledger = context.ledger()
    return {
      addDeal: deal => {
        for (const touch of deal.touches)
          if (deal.isCounted(touch.by)) tally.add(touch.by, window.indexOf(touch.at), 0, 1)
        for (const task of deal.dossier.tasks) {
          const { createdBy, closedBy, closedAt, createdAt } = task
          if ((task.dealIds[0] ?? deal.id) !== deal.id) continue
          if (closedAt === null || createdBy !== closedBy || !deal.isCounted(createdBy)) continue
          if (closedAt - createdAt >= GHOST_MS) continue
          const index = window.indexOf(closedAt)
          tally.add(createdBy, index, 1, 1)
          if (index >= window.sevenFrom)
            ledger.show(createdBy, closedAt, {
              kind: 'task',
              id: task.id,
              dealId: deal.id,
              title: deal.dossier.title,
              counts: true,
              fact: 'set_and_closed',
              params: { date: instant(closedAt), minutes: Math.round((closedAt - createdAt) / 60_000) },
            })
        }
      },
      finish: () => [{ measure: 'M28', numbers: tally, evidence: ledger }],
    }
  },
}
