import type { Overview } from '../../http/api-schema.ts'

export const TARGET = 70
const STEADY_DELTA = 5

export type Standing =
  | { kind: 'amnesty' | 'unknown' | 'crossed' | 'again' }
  | { kind: 'held' | 'slipped'; weeks: number }
  | { kind: 'rising'; points: number }
  | { kind: 'steady'; value: number; gap: number }

/**
 * Part (a) of the verdict sentence: where the team's score stands against the threshold of 70. Reads the
 * weekly series only, so the same snapshot always gives the same sentence.
 */
export const standingOf = (overview: Pick<Overview, 'isAmnesty' | 'score' | 'delta' | 'weeks'>): Standing => {
  if (overview.isAmnesty) return { kind: 'amnesty' }
  const { value } = overview.score
  if (value === null) return { kind: 'unknown' }
  const known = overview.weeks.flatMap(week => (week.value === null ? [] : [Math.round(week.value)]))
  const run = (holds: (later: number, earlier: number) => boolean): number => {
    let length = 0
    for (let index = known.length - 1; index > 0; index -= 1) {
      if (!holds(known[index] ?? 0, known[index - 1] ?? 0)) break
      length += 1
    }
    return length
  }
  if (Math.round(value) >= TARGET) {
    const above = [...known].reverse().findIndex(week => week < TARGET)
    const held = above === -1 ? known.length : above
    if (held >= 2) return { kind: 'held', weeks: held }
    return { kind: known.slice(0, -1).some(week => week >= TARGET) ? 'again' : 'crossed' }
  }
  const slipping = run((later, earlier) => later < earlier)
  if (slipping >= 2) return { kind: 'slipped', weeks: slipping }
  if (overview.delta !== null && overview.delta >= STEADY_DELTA)
    return { kind: 'rising', points: Math.round(overview.delta) }
  return { kind: 'steady', value: Math.round(value), gap: TARGET - Math.round(value) }
}

/** Part (c): names of at most two people who need help; the server leaves it empty for an employee. */
export const helpNames = (overview: Pick<Overview, 'needHelp' | 'people'>): { id: string; name: string }[] =>
  overview.needHelp
    .flatMap(id => overview.people.filter(person => person.id === id))
    .slice(0, 2)
    .map(({ id, name }) => ({ id, name }))
