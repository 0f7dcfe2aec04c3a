import type { DeadlineMoveFact } from '../../records/facts.ts'
import type { DealContext } from '../deal-context.ts'
import { instant } from '../deal-evidence.ts'
import { Authors, type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

type Dated = {
  kind: 'task' | 'activity'
  id: string
  responsibleId: string | null
  createdAt: number
  deadlineAt: number | null
  doneAt: number | null
  moves: readonly DeadlineMoveFact[]
}

/** Deadlines pushed further without having talked to the customer. */
export const postponement: Metric = {
  id: 'M12',
  pillar: null,
  measures: [shareMeasure('M12', 'B', 0.2, 0.8)],
  version: '2',
  formula:
    'later deadlines set by the step’s own person without a substantive touch since the deadline was last set / deadlines kept, passed or moved; a second move of the same step weighs double',
  caveats: ['moves by other people and robots are left out'],
  needs: ['activities', 'tasks'],
  score: null,
  isKnownForPast: can => can.deadlineHistory,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const tally = new Tally()
    const authors = new Authors()
    const ledger = context.ledger()
    return {
      addDeal: deal => {
        if (!deal.isReal) return
        for (const item of datedItems(deal)) {
          if (!deal.isCounted(item.responsibleId)) continue
          let setAt = item.createdAt
          let pushes = 0
          for (const move of item.moves) {
            const isLater = move.before !== null && (move.after === null || move.after > move.before)
            const index = window.indexOf(move.at)
            if (isLater && index >= 0) authors.count(move.actorClass)
            const isOwn = move.actorClass === 'person' && move.actorId === item.responsibleId
            const isPush = isLater && isOwn && !deal.isTouchedBetween(setAt, move.at)
            if (isPush) pushes++
            if (move.before !== null && index >= 0 && isOwn) {
              tally.add(item.responsibleId, index, isPush ? (pushes > 1 ? 2 : 1) : 0, 1)
              if (index >= window.sevenFrom)
                ledger.show(item.responsibleId, move.at, {
                  kind: item.kind,
                  id: item.id,
                  dealId: deal.id,
                  title: deal.dossier.title,
                  counts: isPush,
                  fact: isPush ? 'deadline_pushed' : 'deadline_moved_after_touch',
                  params: { at: instant(move.at), pushes },
                })
            }
            setAt = move.at
          }
          if (item.deadlineAt === null) continue
          const settledAt = Math.min(item.doneAt ?? Number.POSITIVE_INFINITY, item.deadlineAt)
          const index = settledAt <= world.asOf ? window.indexOf(settledAt) : -1
          if (index >= 0) tally.add(item.responsibleId, index, 0, 1)
        }
      },
      finish: () => [
        {
          measure: 'M12',
          numbers: tally,
          evidence: ledger,
          authors,
          offReason: context.isSinceInstall || world.can.deadlineHistory ? null : 'not_recorded_yet',
        },
      ],
    }
  },
}

const datedItems = (deal: DealContext): Dated[] => [
  ...deal.dossier.activities
    // Tasks come with their own record; an activity that mirrors one would count it twice.
    .filter(activity => activity.kind !== 'task' && activity.actorClass !== 'robot')
    .map(activity => ({
      kind: 'activity' as const,
      id: activity.id,
      responsibleId: activity.responsibleId,
      createdAt: activity.createdAt,
      deadlineAt: activity.deadlineAt,
      doneAt: activity.completedAt,
      moves: activity.deadlineMoves,
    })),
  ...deal.dossier.tasks
    .filter(task => task.dealIds[0] === deal.id || task.dealIds.length === 0)
    .map(task => ({
      kind: 'task' as const,
      id: task.id,
      responsibleId: task.responsibleId,
      createdAt: task.createdAt,
      deadlineAt: task.deadlineAt,
      doneAt: task.closedAt,
      moves: task.deadlineMoves,
    })),
]
