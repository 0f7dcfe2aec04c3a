import { type Burst, burstsOf, type Edit, STICK_DAYS, stickiness } from '../bursts.ts'
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

/** Three bursts in a row of which less than this stuck are tidying for show (4.6). */
const SHOW_WEEKS = 3
const LITTLE = 0.5

/** Deals tidied only in the evening and morning before the planerka, beyond what is usual before other days. */
export const planerkaBurst: Metric = {
  id: 'M26',
  pillar: null,
  measures: [shareMeasure('M26', 'C', 0.15, 0.6)],
  version: '4',
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
    /** Touches and movements of deals that were edited: what tells whether a promise stuck. */
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
        const later = [...deal.touches.map(({ at }) => at), ...deal.movements].filter(at => at >= window.from)
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
        const meetings = meetingsBetween(context, planerka, window.from, window.until)
        const earlier = meetingsBetween(context, planerka, from, window.from - 1)
        /** What stuck of a person's last meeting that can be judged, and how many in a row were for show. */
        const judged = new Map<string, { stuck: number | null; shows: number }>()
        const note = (burst: Burst): void => {
          const before = judged.get(burst.personId) ?? { stuck: null, shows: 0 }
          const stuck = stickiness(burst, isFollowed, world.workingTime)
          const isShow = burst.isSignal && stuck !== null && stuck < LITTLE
          judged.set(burst.personId, {
            stuck: stuck ?? before.stuck,
            shows: isShow ? before.shows + 1 : 0,
          })
        }
        for (const burst of burstsOf(edits, meetings, world.workingTime, earlier)) {
          const index = window.indexOf(burst.meetingAt)
          // Where weeks were pooled, the sum still speaks of the meeting that it led to.
          numbers.add(burst.personId, index, burst.excess * burst.edited, burst.edited)
          if (world.workingTime.add(burst.meetingAt, STICK_DAYS) <= world.asOf) note(burst)
          if (index < window.sevenFrom) continue
          if (burst.isSignal) seen.add(burst.personId)
          if (burst.isSignal && !isEarly(context, burst)) signals.add(burst.personId)
          const { stuck, shows } = judged.get(burst.personId) ?? { stuck: null, shows: 0 }
          const fact = shows >= SHOW_WEEKS ? 'tidied_for_show' : stuck === null ? 'tidied' : 'tidied_before'
          for (const dealId of burst.dealIds)
            evidence.show(burst.personId, burst.meetingAt, {
              kind: 'deal',
              id: dealId,
              dealId,
              title: titles.get(dealId) ?? null,
              counts: true,
              fact,
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

/** The meetings between two instants by the calendar, until a journal tells when they were held. */
const meetingsBetween = (
  { world: { workingTime } }: MetricContext,
  planerka: { weekday: number; time: string },
  from: number,
  until: number,
): number[] => {
  const [hours = 0, minutes = 0] = planerka.time.split(':').map(Number)
  const meetings: number[] = []
  for (let day = workingTime.dayOf(from); day <= workingTime.dayOf(until); day++) {
    const at = workingTime.startOf(day) + (hours * 60 + minutes) * 60_000
    const isDue = workingTime.isWorkday(day) && ((((day + 3) % 7) + 7) % 7) + 1 === planerka.weekday
    if (isDue && at >= from && at <= until) meetings.push(at)
  }
  return meetings
}
