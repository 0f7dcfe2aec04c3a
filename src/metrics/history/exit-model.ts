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

/** Stays as columns that grow; reused between fits, because a back-test fits dozens of times. */
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

/**
 * Fits the exits of a sample. A stay is at risk while entry < t ≤ duration; entry −1 = seen from its beginning, so
 * zero-length stays remain in the risk set. O(n log n), by sorting plain numbers only.
 * @param targets how many targets there are: exits carry 0…targets − 1
 */
export const fitExits = (sample: StaySample, targets: number): ExitModel => {
  const { entry, duration, target, size } = sample
  const entries = new Float64Array(size)
  const ends = new Float64Array(size)
  // Age and target in one number: whole milliseconds leave room for it below 2^53.
  const packed = new Float64Array(size)
  let watched = 0
  let exits = 0
  for (let index = 0; index < size; index++) {
    if (!(entry[index]! < duration[index]!)) continue
    entries[watched] = entry[index]!
    ends[watched++] = duration[index]!
    if (target[index]! >= 0) packed[exits++] = Math.round(duration[index]!) * targets + target[index]!
  }
  const enteredAt = entries.subarray(0, watched).sort()
  const endedAt = ends.subarray(0, watched).sort()
  const events = packed.subarray(0, exits).sort()

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
  let ended = 0
  let row = 0
  for (let first = 0; first < exits; row++) {
    const time = Math.floor(events[first]! / targets)
    while (entered < watched && enteredAt[entered]! < time) entered++
    while (ended < watched && endedAt[ended]! < time) ended++
    const risk = entered - ended
    let last = first
    for (; last < exits && events[last]! < (time + 1) * targets; last++) {
      model.target[last] = events[last]! - time * targets
      model.row[last] = row
      model.increment[last] = surviving / risk
    }
    surviving *= 1 - (last - first) / risk
    times[row] = time
    survival[row] = surviving
    remaining[row] = exits - last
    first = last
  }
  return {
    ...model,
    times: times.subarray(0, row),
    survival: survival.subarray(0, row),
    remaining: remaining.subarray(0, row),
    exits,
  }
}

/** Σ_k F_k(∞)·weight_k over the observed range: what a stay is worth when it begins. */
export const worthOnEntry = (model: ExitModel, weight: Float64Array): number => {
  let sum = 0
  for (let index = 0; index < model.exits; index++)
    sum += model.increment[index]! * weight[model.target[index]!]!
  return sum
}

/** F_k(∞) by target, sparse. */
export const exitShares = (model: ExitModel): Map<number, number> => {
  const shares = new Map<number, number>()
  for (let index = 0; index < model.exits; index++) {
    const target = model.target[index]!
    shares.set(target, (shares.get(target) ?? 0) + model.increment[index]!)
  }
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
export const rowAt = (model: ExitModel, age: number, tail: number): { row: number; isHeld: boolean } => {
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
