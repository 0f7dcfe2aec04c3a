/** 97.5 % point of the normal distribution: two-sided 95 %. */
const Z = 1.959963984540054

export type Share = { won: number; decided: number }

/** 95 % score interval of a share (Wilson 1927), 0..1. It stays inside of 0..1 and is never of no width. */
export const wilsonInterval = ({ won, decided }: Share): { low: number; high: number } => {
  const share = won / decided
  const square = Z * Z
  const middle = 2 * won + square
  const half = Z * Math.sqrt(square + 4 * won * (1 - share))
  const whole = 2 * (decided + square)
  return { low: Math.max(0, (middle - half) / whole), high: Math.min(1, (middle + half) / whole) }
}

/**
 * How much more one share is than another, with the 95 % interval of the difference, −1..1: the hybrid score
 * interval for independent shares, method 10 of R. G. Newcombe, "Interval estimation for the difference between
 * independent proportions", Statistics in Medicine 17 (1998), 873–890. Null where one of them has no cases.
 */
export const shareDifference = (
  own: Share,
  other: Share,
): { difference: number; low: number; high: number } | null => {
  if (own.decided === 0 || other.decided === 0) return null
  const [a, b] = [own.won / own.decided, other.won / other.decided]
  const [ofOwn, ofOther] = [wilsonInterval(own), wilsonInterval(other)]
  return {
    difference: a - b,
    low: a - b - Math.hypot(a - ofOwn.low, ofOther.high - b),
    high: a - b + Math.hypot(ofOwn.high - a, b - ofOther.low),
  }
}
