/** Median; the mean of the middle two when their number is even; null when there are none. */
export const medianOf = (values: Float64Array | readonly number[]): number | null => {
  const sorted = Float64Array.from(values).sort()
  const { length } = sorted
  if (length === 0) return null
  const middle = length >> 1
  return length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Smallest value by which `share` of the values are reached; null when there are none. */
export const quantileOf = (values: readonly number[], share: number): number | null => {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length - 1e-9))) - 1]!
}
