import { ascendingOrder } from './ascending.ts'

/** Median; the mean of the middle two when their number is even; null when there are none. */
export const medianOf = (values: Float64Array | readonly number[]): number | null => {
  const { length } = values
  if (length === 0) return null
  const middle = length >> 1
  const own = new Float64Array(values)
  if (length < FEW) own.sort()
  else select(own, middle)
  if (length % 2 === 1) return own[middle]!
  let below = own[middle - 1]!
  if (length >= FEW) for (let index = 0; index < middle; index++) below = Math.max(below, own[index]!)
  return (below + own[middle]!) / 2
}

/** Below this a whole sort is as quick. */
const FEW = 1_000

/** Hoare's selection: afterwards `place` holds what a sort would put there, and nothing greater stands before it. */
const select = (values: Float64Array, place: number): void => {
  let low = 0
  let high = values.length - 1
  while (low < high) {
    const pivot = middleOfThree(values[low]!, values[(low + high) >> 1]!, values[high]!)
    let left = low
    let right = high
    while (left <= right) {
      while (values[left]! < pivot) left++
      while (values[right]! > pivot) right--
      if (left > right) break
      const moved = values[left]!
      values[left++] = values[right]!
      values[right--] = moved
    }
    if (place <= right) high = right
    else if (place >= left) low = left
    else return
  }
}

const middleOfThree = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))

/** Smallest value by which `share` of the values are reached; null when there are none. */
export const quantileOf = (values: readonly number[], share: number): number | null => {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length - 1e-9))) - 1]!
}

/** Points that stand for a longer list of durations; odd, so that the middle one is the median. */
const POINTS = 33

/**
 * Ascending, all of them while they are few, else evenly spread points of the distribution: the middle one is the
 * median, and a rank read from the points is off by at most half a step, 1.5 % of the sample.
 */
export const thinned = (values: readonly number[]): number[] => {
  const sorted = new Float64Array(values).sort()
  const { length } = sorted
  if (length <= POINTS) return Array.from(sorted, rounded)
  return Array.from({ length: POINTS }, (_, point) => {
    const place = ((point + 0.5) / POINTS) * length - 0.5
    const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!]
    return rounded(point === (POINTS - 1) / 2 ? (low + high) / 2 : low + (high - low) * (place % 1))
  })
}

/** To half a minute of an eight-hour day: more than is ever shown, and a fifth less to store than with every digit. */
const rounded = (days: number): number => Math.round(days * 1e3) / 1e3

/**
 * Median of several thinned lists together, each standing for `measured` durations. Exact while nothing was thinned
 * or there is one list.
 */
export const medianOfThinned = (
  lists: readonly { measured: number; days: readonly number[] }[],
): number | null => {
  const told = lists.filter(({ days }) => days.length > 0)
  if (told.every(({ measured, days }) => measured === days.length) || told.length === 1)
    return medianOf(told.flatMap(({ days }) => days))
  const size = told.reduce((sum, { days }) => sum + days.length, 0)
  const [values, weights] = [new Float64Array(size), new Float64Array(size)]
  let half = 0
  let offset = 0
  for (const { measured, days } of told) {
    values.set(days, offset)
    weights.fill(measured / days.length, offset, offset + days.length)
    offset += days.length
    half += measured / 2
  }
  const order = ascendingOrder(values)
  let passed = 0
  for (const point of order) {
    passed += weights[point]!
    if (passed >= half) return values[point]!
  }
  return size === 0 ? null : values[order[size - 1]!]!
}
