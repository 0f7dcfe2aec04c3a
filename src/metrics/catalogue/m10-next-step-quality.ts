import { instant } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const MIN_WORDS = 3
const TOP_TEXTS = 5
const MIN_REPEATS = 3
/** The outcome dominates: words can be learnt by heart. */
const WEIGHTS = { specific: 0.2, near: 0.2, outcome: 0.6 }
/** A step is near when it is due within so many times the stage's median stay, a working day at least. */
const NEAR_MEDIANS = 1.5
/** What is near where nobody knows how long deals stay. */
const NEAR_DAYS = 15

type Due = {
  index: number
  hash: string
  isSpecific: boolean
  isNear: boolean
  hasOutcome: boolean
  at: number
  id: string
  dealId: string
  title: string
}

/** Are next steps specific, near, and followed by something real? */
export const nextStepQuality: Metric = {
  id: 'M10',
  pillar: null,
  measures: [shareMeasure('M10', 'B', 0.6, 0.2)],
  version: '3',
  formula:
    '0.2 · three distinct words or more and none of the person’s repeated texts + 0.2 · due within 1.5 times the median stay on the stage (at least a working day; 15 working days where no deal has left it) + 0.6 · ended in a touch or a movement / task steps due a working day ago or earlier',
  caveats: ['texts are hashed in place; only tasks carry one'],
  needs: ['activities', 'tasks'],
  score: null,
  isKnownForPast: can => can.deadlineHistory,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const people = new Map<string, Due[]>()
    return {
      addDeal: deal => {
        if (!deal.isReal) return
        for (const task of deal.dossier.tasks) {
          const { deadlineAt, responsibleId } = task
          if (deadlineAt === null || deadlineAt > world.asOf || !deal.isCounted(responsibleId)) continue
          const index = window.indexOf(deadlineAt)
          if (index < 0 || (task.dealIds[0] ?? deal.id) !== deal.id) continue
          const until = world.workingTime.add(task.closedAt ?? deadlineAt, 1)
          // What a step leads to has its working day.
          if (until > world.asOf) continue
          const due: Due = {
            index,
            hash: task.textHash,
            isSpecific: task.textWords >= MIN_WORDS,
            isNear:
              world.workingTime.days(task.createdAt, deadlineAt) <=
              nearDays(deal.usualStayAt(task.createdAt)),
            hasOutcome:
              deal.isTouchedBetween(task.createdAt, until) ||
              deal.movements.some(at => at >= task.createdAt && at <= until),
            at: deadlineAt,
            id: task.id,
            dealId: deal.id,
            title: deal.dossier.title,
          }
          const own = people.get(responsibleId)
          if (own === undefined) people.set(responsibleId, [due])
          else own.push(due)
        }
      },
      finish: () => {
        const tally = new Tally()
        const ledger = context.ledger()
        for (const [who, steps] of people) {
          const repeated = repeatedTexts(steps)
          for (const step of steps) {
            const isSpecific = step.isSpecific && !repeated.has(step.hash)
            const quality =
              (isSpecific ? WEIGHTS.specific : 0) +
              (step.isNear ? WEIGHTS.near : 0) +
              (step.hasOutcome ? WEIGHTS.outcome : 0)
            tally.add(who, step.index, quality, 1)
            if (step.index >= window.sevenFrom)
              ledger.show(who, step.at, {
                kind: 'task',
                id: step.id,
                dealId: step.dealId,
                title: step.title,
                counts: step.hasOutcome,
                fact: step.hasOutcome ? 'step_led_on' : 'step_led_nowhere',
                params: { date: instant(step.at) },
              })
          }
        }
        return [{ measure: 'M10', numbers: tally, evidence: ledger }]
      },
    }
  },
}

const nearDays = (median: number | null): number =>
  median === null ? NEAR_DAYS : Math.max(1, NEAR_MEDIANS * median)

const repeatedTexts = (steps: readonly Due[]): Set<string> => {
  const counts = new Map<string, number>()
  for (const { hash } of steps) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  return new Set(
    [...counts]
      .filter(([, count]) => count >= MIN_REPEATS)
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .slice(0, TOP_TEXTS)
      .map(([hash]) => hash),
  )
}
