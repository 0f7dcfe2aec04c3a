import { burstsOf, type Edit } from '../bursts.ts'
import { instant } from '../deal-evidence.ts'
import { Authors, type Metric, type MetricContext, shareMeasure } from '../metric.ts'
import { actsOf } from '../person-acts.ts'
import { Tally } from '../tally.ts'

const WEEK = 7 * 86_400_000
/** The week before the first meeting of the window, and eight weeks of other days to compare with. */
const LOOK_BACK_WEEKS = 9

/** Deals tidied only in the evening and morning before the planerka, beyond what is usual before other days. */
export const planerkaBurst: Metric = {
  id: 'M26',
  pillar: null,
  measures: [shareMeasure('M26', 'C', 0.15, 0.6)],
  version: '1',
  formula:
    'deals whose only edits of the week were cosmetic and lay between 18:00 of the previous working day and the planerka / deals edited in the week − the same share before other working days (at least 0.05, shrunk to the team)',
  caveats: [
    'a meeting that was moved is not known',
    'the first weeks of a rise mean that people began to care',
    'deals closed before the window are not in the comparison',
  ],
  needs: ['activities', 'tasks'],
  score: null,
  isKnownForPast: can => can.pastActors,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const { planerka } = world.settings
    const edits: Edit[] = []
    const titles = new Map<string, string>()
    const authors = new Authors()
    const from = window.from - LOOK_BACK_WEEKS * WEEK
    return {
      addDeal: deal => {
        if (planerka === null) return
        for (const act of actsOf(deal, context, from)) {
          if (act.isTouch) continue
          if (act.at >= window.from) authors.count(act.actorClass)
          if (act.by === null) continue
          const isCosmetic = !deal.touches.some(
            ({ at }) => world.workingTime.days(Math.min(at, act.at), Math.max(at, act.at)) <= 1,
          )
          edits.push({ at: act.at, personId: act.by, dealId: deal.id, isCosmetic })
          titles.set(deal.id, deal.dossier.title)
        }
      },
      finish: () => {
        const numbers = new Tally()
        const evidence = context.ledger()
        if (planerka === null) return [{ measure: 'M26', numbers, evidence, offReason: 'no_planerka' }]
        edits.sort((a, b) => a.at - b.at || (a.dealId < b.dealId ? -1 : 1))
        for (const burst of burstsOf(edits, meetingsOf(context, planerka), world.workingTime)) {
          const index = window.indexOf(burst.meetingAt)
          // Where weeks were pooled, the sum still speaks of the meeting that it led to.
          numbers.add(burst.personId, index, burst.excess * burst.edited, burst.edited)
          if (index < window.sevenFrom) continue
          for (const dealId of burst.dealIds)
            evidence.show(burst.personId, burst.meetingAt, {
              kind: 'deal',
              id: dealId,
              dealId,
              title: titles.get(dealId) ?? null,
              counts: true,
              fact: 'edited',
              params: { date: instant(burst.meetingAt) },
            })
        }
        return [{ measure: 'M26', numbers, evidence, authors }]
      },
    }
  },
}

/** The meetings of the window by the calendar, until a journal tells when they were held. */
const meetingsOf = (
  { window, world }: MetricContext,
  planerka: { weekday: number; time: string },
): number[] => {
  const [hours = 0, minutes = 0] = planerka.time.split(':').map(Number)
  return window.workdays
    .filter(({ day }) => ((((day + 3) % 7) + 7) % 7) + 1 === planerka.weekday)
    .map(({ day }) => world.workingTime.startOf(day) + (hours * 60 + minutes) * 60_000)
    .filter(at => at <= window.until)
}
