import type { TaskFact } from '../../records/facts.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const TEN_MINUTES = 600_000

/** Share of a salesperson's tasks that hang on a deal. */
export const tasksInCrm: Metric = {
  id: 'M08',
  pillar: null,
  measures: [shareMeasure('M08', 'B', 0.6, 0.2)],
  version: '1',
  formula: 'tasks set in the window and bound to a deal / tasks, of people who own eligible deals',
  caveats: ['administrative work has no deal', 'self-set tasks closed within 10 minutes are ignored'],
  needs: ['tasks'],
  score: null,
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window } = context
    const tally = new Tally()
    const ledger = context.ledger()
    const add = (task: TaskFact, dealId: string | null, title: string | null): void => {
      if (!context.isCounted(task.responsibleId)) return
      const index = window.indexOf(task.createdAt)
      if (index < 0) return
      const isSelfSet = task.createdBy === task.responsibleId && task.closedBy === task.responsibleId
      if (isSelfSet && task.closedAt !== null && task.closedAt - task.createdAt < TEN_MINUTES) return
      tally.add(task.responsibleId, index, dealId === null ? 0 : 1, 1)
      if (index >= window.sevenFrom)
        ledger.show(task.responsibleId, task.createdAt, {
          kind: 'task',
          id: task.id,
          dealId,
          title,
          counts: dealId !== null,
          fact: dealId === null ? 'not_linked' : 'linked',
          params: {},
        })
    }
    return {
      addDeal: deal => {
        // A task on several deals is one task: it counts with the first.
        for (const task of deal.dossier.tasks)
          if ((task.dealIds[0] ?? deal.id) === deal.id) add(task, deal.id, deal.dossier.title)
      },
      addLoose: items => {
        for (const task of items.tasks) add(task, null, null)
      },
      finish: () => [
        { measure: 'M08', numbers: onlyOwners(tally, new Set(context.exposure.people())), evidence: ledger },
      ],
    }
  },
}

const onlyOwners = (tally: Tally, owners: ReadonlySet<string>) => ({
  people: () => [...tally.people()].filter(who => owners.has(who)),
  read: (people: Iterable<string>, from: number, to: number) =>
    tally.read(
      [...people].filter(who => owners.has(who)),
      from,
      to,
    ),
})
