import { type Burst, burstsOf, type Edit, stickiness } from '../bursts.ts'
import { instant } from '../deal-evidence.ts'
import { Authors, type Metric, type MetricContext, shareMeasure } from '../metric.ts'
import { actsOf } from '../person-acts.ts'
import { Tally } from '../tally.ts'

const DAY = 86_400_000
const WEEK = 7 * DAY
/** The week before the first meeting of the window, and eight weeks of other days to compare with. */
const LOOK_BACK_WEEKS = 9
/** In its first weeks a rising burst means that people began to care (4.6): no sign of anything. */
const EARLY_WEEKS = 3

/** Deals tidied only in the evening and morning before the planerka, beyond what is usual before other days. */
export const planerkaBurst: Metric = {
  id: 'M26',
  pillar: null,
  measures: [shareMeasure('M26', 'C', 0.15, 0.6)],
  version: '3',
  formula:
    'deals whose only edits of the week were cosmetic and lay between 18:00 of the previous working day and the planerka / deals edited in the week − the same share before other working days (at least 0.05, shrunk to the team)',
  caveats: [
    'a meeting that was moved is not known',
    'one sitting over most deals of a week that happens to fall before the planerka looks the same',
    'the first three weeks of a rise mean that people began to care',
    'deals closed before the window are not in the comparison',
    'an edit is a move, a save of fields, or an activity or task set; saves of fields count where an event of the CRM told who made them and when',
    'once installed, days before the installation are not in the comparison: not all of their saves of fields are told',
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
    /** Touches and moves of deals that were edited, ascending: what tells whether a promise stuck. */
    const followed = new Map<string, number[]>()
    const authors = new Authors()
    // All saves of fields are told from the installation on only: what came before it is no baseline for what came after.
    const told = context.isSinceInstall ? world.installedAt : 0
    const from = Math.max(window.from - LOOK_BACK_WEEKS * WEEK, told)
    return {
      addDeal: deal => {
        if (planerka === null) return
        let isEdited = false
        for (const act of actsOf(deal, context, from)) {
          if (act.isTouch) continue
          if (act.at >= window.from) authors.count(act.actorClass)
          if (act.by === null) continue
          const isCosmetic = !deal.touches.some(
            ({ at }) => world.workingTime.days(Math.min(at, act.at), Math.max(at, act.at)) <= 1,
          )
          edits.push({ at: act.at, personId: act.by, dealId: deal.id, isCosmetic })
          isEdited = true
        }
        if (!isEdited) return
        titles.set(deal.id, deal.dossier.title)
        const later = [...deal.touches, ...deal.steps].map(({ at }) => at).filter(at => at >= window.from)
        if (later.length > 0) followed.set(deal.id, later)
      },
      finish: () => {
        const numbers = new Tally()
        const evidence = context.ledger()
        if (planerka === null) return [{ measure: 'M26', numbers, evidence, offReason: 'no_planerka' }]
        edits.sort((a, b) => a.at - b.at || (a.dealId < b.dealId ? -1 : 1))
        const signals = new Set<string>()
        const seen = new Set<string>()
        const isFollowed = (dealId: string, after: number, until: number): boolean =>
          followed.get(dealId)?.some(at => at > after && at <= until) ?? false
        for (const burst of burstsOf(edits, meetingsOf(context, planerka), world.workingTime)) {
          const index = window.indexOf(burst.meetingAt)
          // Where weeks were pooled, the sum still speaks of the meeting that it led to.
          numbers.add(burst.personId, index, burst.excess * burst.edited, burst.edited)
          if (index < window.sevenFrom) continue
          if (burst.isSignal) seen.add(burst.personId)
          if (burst.isSignal && !isEarly(context, burst)) signals.add(burst.personId)
          const isOver = world.workingTime.add(burst.meetingAt, 5) <= world.asOf
          const stuck = isOver ? stickiness(burst, isFollowed, world.workingTime) : null
          for (const dealId of burst.dealIds)
            evidence.show(burst.personId, burst.meetingAt, {
              kind: 'deal',
              id: dealId,
              dealId,
              title: titles.get(dealId) ?? null,
              counts: true,
              fact: 'tidied',
              params: {
                date: instant(burst.meetingAt),
                share: burst.share,
                baseline: burst.baseline,
                lift: burst.lift,
                stuck,
              },
            })
        }
        return [{ measure: 'M26', numbers, evidence, authors, signals, seen }]
      },
    }
  },
}

/** Whether the meeting was one of the first after the launch. */
const isEarly = ({ world }: MetricContext, { meetingAt }: Burst): boolean => {
  const { rolloutStartedOn } = world.settings
  const begun = rolloutStartedOn === null ? world.installedAt : Date.parse(`${rolloutStartedOn}T00:00:00Z`)
  return meetingAt < begun + EARLY_WEEKS * WEEK
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
