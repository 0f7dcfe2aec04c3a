import { instant } from '../deal-evidence.ts'
import { Authors, type Metric, type MetricContext, shareMeasure } from '../metric.ts'
import { actsOf } from '../person-acts.ts'
import { Tally } from '../tally.ts'

const HOUR = 3_600_000
const WEEK = 7 * 24 * HOUR
/** The window opens at 18:00 of the working day before. */
const OPENS_AT = 18
const PRIOR = 5
const MIN_BASELINE = 0.05

type Edit = { at: number; dealId: string; title: string; isCosmetic: boolean }
/** A stretch before a meeting, or before the same hour of another working day. */
type Stretch = { from: number; to: number; index: number; isPlanerka: boolean }

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
  ],
  needs: [],
  score: null,
  isKnownForPast: can => can.pastActors,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const { planerka } = world.settings
    const people = new Map<string, Edit[]>()
    const authors = new Authors()
    return {
      addDeal: deal => {
        if (planerka === null) return
        for (const act of actsOf(deal, context)) {
          if (act.isTouch) continue
          authors.count(act.actorClass)
          if (act.by === null) continue
          const isCosmetic = !deal.touches.some(
            ({ at }) => world.workingTime.days(Math.min(at, act.at), Math.max(at, act.at)) <= 1,
          )
          const edit = { at: act.at, dealId: deal.id, title: deal.dossier.title, isCosmetic }
          const own = people.get(act.by)
          if (own === undefined) people.set(act.by, [edit])
          else own.push(edit)
        }
      },
      finish: () => {
        const tally = new Tally()
        const ledger = context.ledger()
        if (planerka === null)
          return [{ measure: 'M26', numbers: tally, evidence: ledger, offReason: 'no_planerka' }]
        const stretches = stretchesOf(context, planerka)
        const counted = [...people].map(([who, edits]) => ({
          who,
          stretches: stretches.map(stretch => ({ stretch, ...burst(edits, stretch) })),
        }))
        const team = baseline(counted.flatMap(person => person.stretches))
        for (const { who, stretches: own } of counted) {
          const usual = baseline(own)
          const p0 = Math.max(
            MIN_BASELINE,
            (usual.tidied + PRIOR * (team.tidied / Math.max(1, team.edited))) / (usual.edited + PRIOR),
          )
          for (const { stretch, edited, tidied } of own) {
            if (!stretch.isPlanerka || edited.size === 0) continue
            tally.add(who, stretch.index, tidied.length - p0 * edited.size, edited.size)
            if (stretch.index >= window.sevenFrom)
              for (const edit of tidied)
                ledger.show(who, edit.at, {
                  kind: 'deal',
                  id: edit.dealId,
                  dealId: edit.dealId,
                  title: edit.title,
                  counts: true,
                  fact: 'edited',
                  params: { date: instant(edit.at) },
                })
          }
        }
        return [{ measure: 'M26', numbers: tally, evidence: ledger, authors }]
      },
    }
  },
}

/** The meetings of the window and, for comparison, the same hour of every other working day. */
const stretchesOf = (
  { window, world }: MetricContext,
  planerka: { weekday: number; time: string },
): Stretch[] => {
  const [hours = 0, minutes = 0] = planerka.time.split(':').map(Number)
  return window.workdays.flatMap(({ day, index }, place) => {
    const previous = window.workdays[place - 1]?.day ?? day - 1
    const to = world.workingTime.startOf(day) + hours * HOUR + minutes * 60_000
    const from = world.workingTime.startOf(previous) + OPENS_AT * HOUR
    // A week must lie before it, or there is nothing to compare the stretch with.
    if (to > window.until || to - WEEK < window.from) return []
    const weekday = ((((day + 3) % 7) + 7) % 7) + 1
    return [{ from, to, index, isPlanerka: weekday === planerka.weekday }]
  })
}

/** Distinct deals edited in the week up to the end of a stretch, and those edited nowhere but in it. */
const burst = (edits: readonly Edit[], { from, to }: Stretch): { edited: Set<string>; tidied: Edit[] } => {
  const edited = new Set<string>()
  const inside = new Map<string, Edit>()
  const others = new Set<string>()
  for (const edit of edits) {
    if (edit.at <= to - WEEK || edit.at > to) continue
    edited.add(edit.dealId)
    if (edit.at >= from && edit.isCosmetic) inside.set(edit.dealId, edit)
    else others.add(edit.dealId)
  }
  return { edited, tidied: [...inside.values()].filter(({ dealId }) => !others.has(dealId)) }
}

const baseline = (
  stretches: readonly { stretch: Stretch; edited: ReadonlySet<string>; tidied: readonly Edit[] }[],
): { edited: number; tidied: number } => {
  const usual = stretches.filter(({ stretch }) => !stretch.isPlanerka)
  return {
    edited: usual.reduce((sum, { edited }) => sum + edited.size, 0),
    tidied: usual.reduce((sum, { tidied }) => sum + tidied.length, 0),
  }
}
