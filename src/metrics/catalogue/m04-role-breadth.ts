import type { Metric } from '../metric.ts'
import { Tally } from '../tally.ts'
import { WINDOW_DAYS } from '../window.ts'

/** Kinds of records that anybody in the portal keeps are expected of everybody; no more than six. */
const KINDS = ['deal', 'task', 'call', 'message', 'meeting', 'document', 'invoice'] as const
type Kind = (typeof KINDS)[number]
const MAX_EXPECTED = 6
const MIN_RECORDS = 3
const MIN_DAYS = 2

type Use = { records: number; days: Set<number> }

/** How many kinds of records a person keeps, of those in use here. */
export const roleBreadth: Metric = {
  id: 'M04',
  pillar: null,
  measures: [{ id: 'M04', unit: 'index', payClass: 'B', target: 0.8, floor: 0.2, lessIsBetter: false }],
  version: '1',
  formula:
    'kinds with 3 records on 2 days within 28 days / kinds that at least one person keeps (at most 6), judged at the end of the window',
  caveats: ['the head has set no expectation per role: what colleagues use is expected'],
  needs: ['activities', 'tasks'],
  score: null,
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window } = context
    const people = new Map<string, Map<Kind, Use>>()
    const use = (who: string | null, kind: Kind, at: number): void => {
      const index = window.indexOf(at)
      if (index < 0 || !context.isCounted(who)) return
      let kinds = people.get(who)
      if (kinds === undefined) {
        kinds = new Map()
        people.set(who, kinds)
      }
      const own = kinds.get(kind) ?? { records: 0, days: new Set<number>() }
      own.records++
      own.days.add(index)
      kinds.set(kind, own)
    }
    return {
      addDeal: deal => {
        use(deal.dossier.createdBy ?? deal.ownerAt(deal.dossier.createdAt), 'deal', deal.dossier.createdAt)
        for (const task of deal.dossier.tasks) use(task.createdBy, 'task', task.createdAt)
        for (const invoice of deal.dossier.invoices) use(invoice.responsibleId, 'invoice', invoice.createdAt)
        for (const { kind, actorClass, authorId, createdAt } of deal.dossier.activities) {
          if (actorClass !== 'person') continue
          if (kind === 'call' || kind === 'meeting' || kind === 'document') use(authorId, kind, createdAt)
          else if (kind === 'message' || kind === 'email') use(authorId, 'message', createdAt)
        }
      },
      finish: () => {
        const kept = (kinds: ReadonlyMap<Kind, Use>): Kind[] =>
          KINDS.filter(kind => {
            const own = kinds.get(kind)
            return own !== undefined && own.records >= MIN_RECORDS && own.days.size >= MIN_DAYS
          })
        const expected = Math.min(MAX_EXPECTED, new Set([...people.values()].flatMap(kept)).size)
        const tally = new Tally()
        if (expected > 0)
          for (const who of context.exposure.people())
            tally.add(
              who,
              WINDOW_DAYS - 1,
              Math.min(expected, kept(people.get(who) ?? new Map()).length),
              expected,
            )
        return [{ measure: 'M04', numbers: tally }]
      },
    }
  },
}
