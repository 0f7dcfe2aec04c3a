import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const MAX_MODE_SHARE = 0.6
const MIN_DEALS = 10
/** Counters kept per person and field: a value above 60 % cannot escape so many (Misra–Gries). */
const COUNTERS = 16

type Counter = { total: number; counts: Map<string, number> }

/** The same value in most of a person's deals, where the team varies. */
export const junkFill: Metric = {
  id: 'M18',
  pillar: null,
  measures: [shareMeasure('M18', 'C', 0.05, 0.5)],
  version: '1',
  formula:
    'filled custom fields with the person’s one value in more than 60 % of deals, where the team has none such / filled, over eligible deals at the end of the window',
  caveats: ['values are hashed, so placeholders are seen only by their repetition'],
  needs: [],
  score: null,
  isKnownForPast: () => false,
  minutesPerFix: null,
  start: context => {
    const { world, window } = context
    const fields = [...world.fields.values()].filter(field => field.isCustom).map(field => field.id)
    const people = new Map<string, Map<string, Counter>>()
    const team = new Map<string, Counter>()
    return {
      addDeal: deal => {
        const { today } = deal
        if (today === null || today.isDead) return
        let own = people.get(today.owner)
        if (own === undefined) {
          own = new Map()
          people.set(today.owner, own)
        }
        for (const field of fields) {
          const value = today.version.fields[field]
          if (value === undefined) continue
          count(own, field, value)
          count(team, field, value)
        }
      },
      finish: () => {
        const tally = new Tally()
        const last = window.workdays.at(-1)?.index ?? -1
        for (const [who, own] of people)
          for (const [field, counter] of own) {
            const isJunk = isOneValued(counter) && !isOneValued(team.get(field)!)
            tally.add(who, last, isJunk ? counter.total : 0, counter.total)
          }
        return [{ measure: 'M18', numbers: tally }]
      },
    }
  },
}

const count = (counters: Map<string, Counter>, field: string, value: string): void => {
  const counter = counters.get(field) ?? { total: 0, counts: new Map<string, number>() }
  counters.set(field, counter)
  counter.total++
  const { counts } = counter
  const known = counts.get(value)
  if (known !== undefined || counts.size < COUNTERS) {
    counts.set(value, (known ?? 0) + 1)
    return
  }
  for (const [other, times] of counts) {
    if (times === 1) counts.delete(other)
    else counts.set(other, times - 1)
  }
}

const isOneValued = ({ total, counts }: Counter): boolean =>
  total >= MIN_DEALS && Math.max(0, ...counts.values()) > total * MAX_MODE_SHARE
