import { type Metric, shareMeasure } from '../metric.ts'
import { ModeCounter } from '../one-valued.ts'
import { Tally } from '../tally.ts'

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
    const people = new Map<string, Map<string, ModeCounter>>()
    const team = new Map<string, ModeCounter>()
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
            const isJunk = counter.isOneValued && !team.get(field)!.isOneValued
            tally.add(who, last, isJunk ? counter.total : 0, counter.total)
          }
        return [{ measure: 'M18', numbers: tally }]
      },
    }
  },
}

const count = (counters: Map<string, ModeCounter>, field: string, value: string): void => {
  const counter = counters.get(field) ?? new ModeCounter()
  counters.set(field, counter)
  counter.add(value)
}
