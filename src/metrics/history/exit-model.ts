import { rowsUntil } from './incidence.ts'

/**
 * Competing exits of one group of stays (metrics 4.5a, 1): Aalen–Johansen increments by target, kept in a form in
 * which any weighing of the targets is one running sum. Ages are working milliseconds.
 */
export type ExitModel = {
  /** Distinct ages at which somebody left, ascending. */
  readonly times: Float64Array
  /** Share still there after each age. */
  readonly survival: Float64Array
  /** Exits left after each age. */
  readonly remaining: Int32Array
  readonly exits: number
  /** Exits in order of age: target number, row in `times`, increment S(t−)/n. */
  readonly target: Int32Array
  readonly row: Int32Array
  readonly increment: Float64Array
}

/** What is left of a model once its targets are weighed. */
export type ExitCurve = Pick<ExitModel, 'times' | 'survival' | 'remaining' | 'exits'>

/** Stays as columns that grow. */
export class StaySample {
  entry = new Float64Array(64)
  duration = new Float64Array(64)
  /** Target of the exit; −1 = still there. */
  target = new Int32Array(64)
  size = 0

  push(entry: number, duration: number, target: number): void {
    if (this.size === this.duration.length) {
      this.entry = grown(this.entry, new Float64Array(this.size * 2))
      this.duration = grown(this.duration, new Float64Array(this.size * 2))
      this.target = grown(this.target, new Int32Array(this.size * 2))
    }
    this.entry[this.size] = entry
    this.duration[this.size] = duration
    this.target[this.size++] = target
  }
}

const grown = <T extends Float64Array | Int32Array>(from: T, to: T): T => {
  to.set(from)
  return to
}

/** A sample whose parts are in order already; all of them were at risk at some age. */
export type SortedExits = {
  /** Exits ascending by age, then target, both in one number (`packExit`). */
  readonly events: Float64Array
  /** Ages at which stays without an exit were last seen, ascending. */
  readonly censored: Float64Array
  /** Ages at which stays came under observation late, ascending. */
  readonly late: Float64Array
  /** Stays watched from their beginning. */
  readonly fromBirth: number
}

/** Age and target in one number: whole milliseconds leave room for it below 2^53. */
export const packExit = (duration: number, target: number, targets: number): number =>
  Math.round(duration) * targets + target

/**
 * Fits the exits of a sample. A stay is at risk while entry < t ≤ duration; entry −1 = seen from its beginning, so
 * zero-length stays remain in the risk set. O(n log n), by sorting plain numbers only.
 * @param targets how many targets there are: exits carry 0…targets − 1
 */
export const fitExits = (sample: StaySample, targets: number): ExitModel => {
  const { entry, duration, target, size } = sample
  const late = new Float64Array(size)
  const censored = new Float64Array(size)
  const events = new Float64Array(size)
  let entries = 0
  let seen = 0
  let exits = 0
  let fromBirth = 0
  for (let index = 0; index < size; index++) {
    if (!(entry[index]! < duration[index]!)) continue
    if (entry[index]! < 0) fromBirth++
    else late[entries++] = entry[index]!
    if (target[index]! >= 0) events[exits++] = packExit(duration[index]!, target[index]!, targets)
    else censored[seen++] = duration[index]!
  }
  return fitSorted(
    {
      events: events.subarray(0, exits).sort(),
      censored: censored.subarray(0, seen).sort(),
      late: late.subarray(0, entries).sort(),
      fromBirth,
    },
    targets,
  )
}

/** The same for a sample in order: O(n). */
export const fitSorted = (sample: SortedExits, targets: number): ExitModel => {
  const { events, censored, late, fromBirth } = sample
  const exits = events.length
  const times = new Float64Array(exits)
  const survival = new Float64Array(exits)
  const remaining = new Int32Array(exits)
  const model = {
    target: new Int32Array(exits),
    row: new Int32Array(exits),
    increment: new Float64Array(exits),
  }
  let surviving = 1
  let entered = 0
  let gone = 0
  let row = 0
  for (let first = 0; first < exits; row++) {
    const time = Math.floor(events[first]! / targets)
    while (entered < late.length && late[entered]! < time) entered++
    while (gone < censored.length && censored[gone]! < time) gone++
    const risk = fromBirth + entered - gone - first
    const increment = surviving / risk
    const next = (time + 1) * targets
    let last = first
    for (; last < exits && events[last]! < next; last++) {
      model.target[last] = events[last]! - time * targets
      model.row[last] = row
      model.increment[last] = increment
    }
    surviving *= 1 - (last - first) / risk
    times[row] = time
    survival[row] = surviving
    remaining[row] = exits - last
    first = last
  }
  return {
    ...model,
    times: times.slice(0, row),
    survival: survival.slice(0, row),
    remaining: remaining.slice(0, row),
    exits,
  }
}

/** F_k(∞) by target, sparse, in order of target. */
export const exitShares = (model: ExitModel): Map<number, number> => {
  let most = -1
  for (const target of model.target) if (target > most) most = target
  const sums = new Float64Array(most + 1)
  const isSeen = new Uint8Array(most + 1)
  for (let index = 0; index < model.exits; index++) {
    const target = model.target[index]!
    sums[target] = sums[target]! + model.increment[index]!
    isSeen[target] = 1
  }
  const shares = new Map<number, number>()
  for (let target = 0; target <= most; target++) if (isSeen[target] === 1) shares.set(target, sums[target]!)
  return shares
}

/** Running Σ_k F_k(t)·weight_k by row of `times`. */
export const weigh = (model: ExitModel, weight: Float64Array): Float64Array => {
  const sums = new Float64Array(model.times.length)
  let sum = 0
  for (let index = 0; index < model.exits; index++) {
    sum += model.increment[index]! * weight[model.target[index]!]!
    sums[model.row[index]!] = sum
  }
  return sums
}

/**
 * Row that stands for an age: the last exit not later than it, held back to where at least `tail` exits are still
 * to come, because beyond that the estimate rests on nearly nobody.
 * @returns −1 = before the first exit
 */
export const rowAt = (model: ExitCurve, age: number, tail: number): { row: number; isHeld: boolean } => {
  const wanted = rowsUntil(model.times, age) - 1
  let row = wanted
  if (row >= 0 && model.remaining[row]! < tail) {
    // `remaining` falls with the row: last row that still has enough.
    let low = 0
    let high = row
    while (low < high) {
      const middle = (low + high) >> 1
      if (model.remaining[middle]! >= tail) low = middle + 1
      else high = middle
    }
    row = low - 1
  }
  // While few have entered late everybody seen may leave at once: nothing is known beyond that point.
  while (row >= 0 && model.survival[row] === 0) row--
  return { row, isHeld: row < wanted }
}
