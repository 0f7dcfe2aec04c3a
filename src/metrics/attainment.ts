/**
 * How far a value is on the way from `floor` (0) to `target` (1). Works in both directions: for "less is
 * better" the floor lies above the target. Formula 4.2: `clip((x − floor) / (target − floor), 0, 1)`.
 */
export const attainment = (value: number, floor: number, target: number): number => {
  if (target === floor) return value >= target ? 1 : 0
  return Math.min(1, Math.max(0, (value - floor) / (target - floor)))
}

/** Pseudo-cases that pull a small sample towards its team. */
const PRIOR = 5

/**
 * `(k + 5·p_team) / (n + 5)`: a person's value drawn towards the team's where there are few cases.
 * @param value the person's own, null of no cases
 * @param sample cases behind it
 */
export const shrink = (value: number | null, sample: number, team: number): number =>
  value === null ? team : (value * sample + PRIOR * team) / (sample + PRIOR)

/**
 * Variance of an attained value, never more than a 0..1 value can have.
 * @param slope change of attainment per unit of the value; a share's own uncertainty is binomial
 */
export const attainmentVariance = (of: {
  shrunk: number
  attained: number
  sample: number
  slope: number
  isShare: boolean
}): number => {
  if (of.isShare)
    return Math.min(0.25, of.slope * of.slope * shareVariance(clampedShare(of.shrunk), of.sample))
  return Math.min(0.25, of.attained * (1 - of.attained)) / (of.sample + PRIOR)
}

/**
 * Variance of a share by Wilson's score interval at 90 %: half-widths at a true 70 % of 0.22 with 10 cases, 0.16 with
 * 20, 0.12 with 40 (metrics 4.2). Few cases stay uncertain even where the share is 0 or 1.
 */
export const shareVariance = (share: number, sample: number): number => {
  const cases = Math.max(sample, 1)
  const z2 = Z90 * Z90
  const spread = (share * (1 - share)) / cases + z2 / (4 * cases * cases)
  return spread / (1 + z2 / cases) ** 2
}

const clampedShare = (value: number): number => Math.min(1, Math.max(0, value))

/** Half-width of a 90 % interval in standard deviations. */
export const Z90 = 1.6449
