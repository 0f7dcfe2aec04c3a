import { type Metric, shareMeasure } from '../metric.ts'
import { ModeCounter } from '../one-valued.ts'
import { placeholdersOf } from '../placeholders.ts'
import { Tally } from '../tally.ts'

type Filled = { mode: ModeCounter; placeholders: number }

/** Placeholders, and the same value in most of a person's deals where the team varies. */
export const junkFill: Metric = {
  id: 'M18',
  pillar: null,
  measures: [shareMeasure('M18', 'C', 0.05, 0.5)],
  version: '2',
  formula:
    'filled custom fields with a placeholder, or with the person’s one value in more than 60 % of deals where the team has none such / filled, over eligible deals at the end of the window',
  caveats: [
    'values are fingerprints: a placeholder is one of the usual words, in fields of text only',
    'which words those are is not published',
  ],
  needs: [],
  score: null,
  isKnownForPast: () => false,
  minutesPerFix: null,
  start: context => {
    const { world, window } = context
    const fields = [...world.fields.values()].filter(field => field.isCustom).map(field => field.id)
    const isPlaceholder = placeholdersOf(world)
    const people = new Map<string, Map<string, Filled>>()
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
          let filled = own.get(field)
          if (filled === undefined) {
            filled = { mode: new ModeCounter(), placeholders: 0 }
            own.set(field, filled)
          }
          filled.mode.add(value)
          if (isPlaceholder(field, value)) filled.placeholders++
          const ours = team.get(field) ?? new ModeCounter()
          team.set(field, ours)
          ours.add(value)
        }
      },
      finish: () => {
        const tally = new Tally()
        const last = window.workdays.at(-1)?.index ?? -1
        for (const [who, own] of people)
          for (const [field, { mode, placeholders }] of own) {
            const isHabit = mode.isOneValued && !team.get(field)!.isOneValued
            tally.add(who, last, isHabit ? mode.total : placeholders, mode.total)
          }
        return [{ measure: 'M18', numbers: tally }]
      },
    }
  },
}
