import { type Incidence, rowsUntil } from './incidence.ts'

/** How long deals stay somewhere, whichever way they leave; ages are working milliseconds. */
export type StayCurve = Pick<Incidence, 'times' | 'survival'> & {
  /** Exits that are still to come after each time. */
  readonly left: Int32Array
  readonly exits: number
}

/** λ = n/(n + 5), as for thresholds. */
const PRIOR_WEIGHT = 5
/** Exits that must still be to come for a curve to say anything about an age. */
const RELIABLE_TAIL = 10

/** The survival of all exits together, with how many of them lie beyond each age. */
export const stayCurve = ({ times, survival, events }: Incidence): StayCurve => {
  const left = new Int32Array(times.length)
  let exits = 0
  for (let row = times.length - 1; row >= 0; row--) {
    left[row] = exits
    for (const column of events) exits += column[row]!
  }
  return { times, survival, left, exits }
}

/**
 * P(no move within h | stage, a) = S(a + h) / S(a), where S is the share that has not left in any way (metrics 4.5a,
 * 6). The stage's own curve is shrunk to its pipeline's with λ = n/(n + 5), n = the stage's exits beyond the age.
 * @param age and @param within working milliseconds
 * @returns null where fewer than ten exits of stage and pipeline lie beyond the age
 */
export const noMoveWithin = (
  stays: { own: StayCurve; pipeline: StayCurve },
  age: number,
  within: number,
): number | null => {
  const own = stillAfter(stays.own, age, within)
  const pipeline = stillAfter(stays.pipeline, age, within)
  if (pipeline === null) return own?.chance ?? null
  if (own === null) return pipeline.chance
  const weight = own.left / (own.left + PRIOR_WEIGHT)
  return weight * own.chance + (1 - weight) * pipeline.chance
}

/** Age by which half have left, whichever way; null where that was never seen. Working milliseconds. */
export const medianStay = ({ times, survival }: StayCurve): number | null => {
  const row = survival.findIndex(share => share <= 0.5)
  return row < 0 ? null : times[row]!
}

const stillAfter = (
  { times, survival, left, exits }: StayCurve,
  age: number,
  within: number,
): { chance: number; left: number } | null => {
  const now = rowsUntil(times, age) - 1
  const beyond = now < 0 ? exits : left[now]!
  const here = now < 0 ? 1 : survival[now]!
  if (beyond < RELIABLE_TAIL || here <= 0) return null
  const then = rowsUntil(times, age + within) - 1
  return { chance: (then < 0 ? 1 : survival[then]!) / here, left: beyond }
}
