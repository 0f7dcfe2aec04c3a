/**
 * Estimators of "how long until" for episodes that may begin to be watched late (left truncation), may still
 * be running (censoring) and may end in several ways (competing risks). Nothing here knows a stage or a deal.
 *
 * An episode is at risk at time t when entry < t ≤ duration. An episode watched from its very beginning has an
 * entry below zero, so that one of length zero is at risk at the moment it ends.
 */
export type Episodes = {
  /** Age at which the episode came under observation; negative = from its beginning. */
  readonly entry: Float64Array
  /** Age at which it ended or was last seen. */
  readonly duration: Float64Array
  /** How it ended: 1…causes; 0 = not ended yet (censored). */
  readonly cause: Uint8Array | Int32Array
}

/** One row per distinct time at which something ended, ascending. Columns run in step. */
export type Incidence = {
  readonly times: Float64Array
  readonly atRisk: Float64Array
  /** By cause − 1. */
  readonly events: readonly Float64Array[]
  /** Cumulative incidence by cause − 1, not normalised. */
  readonly incidence: readonly Float64Array[]
  /** Share that has not ended in any way, after each time. */
  readonly survival: Float64Array
}

/**
 * Aalen–Johansen cumulative incidence: F_k(t) = Σ_{t_j ≤ t} S(t_j−)·d_kj / n_j, where S is the Kaplan–Meier
 * survival of all causes together. Aalen & Johansen 1978; metrics 4.5 (1) and 4.5a (1). O(n log n).
 * @param causes how many causes there are; episodes carry 1…causes
 */
export const cumulativeIncidence = (episodes: Episodes, causes: number): Incidence => {
  const { entry, duration, cause } = episodes
  const size = duration.length
  const entries = new Float64Array(size)
  const counts = new Int32Array(causes + 1)
  let watched = 0
  for (let index = 0; index < size; index++) {
    // Ended before it came under observation: never at risk.
    if (!(entry[index]! < duration[index]!)) continue
    entries[watched++] = entry[index]!
    counts[cause[index]!]!++
  }
  const enteredAt = entries.subarray(0, watched).sort()
  const lastSeen = (kind: number): Float64Array => {
    const ends = new Float64Array(counts[kind]!)
    let filled = 0
    for (let index = 0; index < size && filled < ends.length; index++)
      if (cause[index] === kind && entry[index]! < duration[index]!) ends[filled++] = duration[index]!
    return ends.sort()
  }
  const censoredAt = lastSeen(0)
  const endedAt = Array.from({ length: causes }, (_, kind) => lastSeen(kind + 1))
  const most = endedAt.reduce((sum, ends) => sum + ends.length, 0)

  const times = new Float64Array(most)
  const atRisk = new Float64Array(most)
  const survival = new Float64Array(most)
  const events = endedAt.map(() => new Float64Array(most))
  const incidence = endedAt.map(() => new Float64Array(most))
  const next = new Int32Array(causes)
  const reached = new Float64Array(causes)
  let entered = 0
  let censored = 0
  let happened = 0
  let surviving = 1
  let row = 0
  for (;;) {
    let time = Number.POSITIVE_INFINITY
    for (let kind = 0; kind < causes; kind++) {
      const end = endedAt[kind]![next[kind]!]
      if (end !== undefined && end < time) time = end
    }
    if (time === Number.POSITIVE_INFINITY) break
    while (entered < watched && enteredAt[entered]! < time) entered++
    while (censored < censoredAt.length && censoredAt[censored]! < time) censored++
    const risk = entered - censored - happened
    let ended = 0
    for (let kind = 0; kind < causes; kind++) {
      const ends = endedAt[kind]!
      const first = next[kind]!
      let last = first
      while (last < ends.length && ends[last] === time) last++
      next[kind] = last
      const count = last - first
      ended += count
      reached[kind]! += (surviving * count) / risk
      events[kind]![row] = count
      incidence[kind]![row] = reached[kind]!
    }
    happened += ended
    surviving *= 1 - ended / risk
    times[row] = time
    atRisk[row] = risk
    survival[row++] = surviving
  }
  return {
    times: times.subarray(0, row),
    atRisk: atRisk.subarray(0, row),
    events: events.map(column => column.subarray(0, row)),
    incidence: incidence.map(column => column.subarray(0, row)),
    survival: survival.subarray(0, row),
  }
}

/**
 * Kaplan–Meier survival: S(t) = Π_{t_j ≤ t} (1 − d_j / n_j). Any cause other than 0 is the event.
 * Kaplan & Meier 1958; metrics 4.8.
 */
export const kaplanMeier = (episodes: Episodes): Incidence => {
  const happened = new Uint8Array(episodes.cause.length)
  for (let index = 0; index < happened.length; index++) happened[index] = episodes.cause[index] === 0 ? 0 : 1
  return cumulativeIncidence({ ...episodes, cause: happened }, 1)
}

/** First time by which no more than `share` are left; null when that was never seen. */
export const survivalQuantile = (curve: Incidence, share: number): number | null => {
  const row = curve.survival.findIndex(left => left <= share + ROUNDING)
  return row < 0 ? null : curve.times[row]!
}

/**
 * Smallest event time at which the normalised incidence G(t) = F(t)/F(∞) of a cause reaches `share`.
 * @returns null when the cause never happened
 */
export const incidenceQuantile = (curve: Incidence, cause: number, share: number): number | null => {
  const reached = curve.incidence[cause - 1]!
  const total = reached.at(-1)
  if (total === undefined || total === 0) return null
  const row = reached.findIndex(value => value / total >= share - ROUNDING)
  return curve.times[row] ?? null
}

/** Number of rows with a time ≤ t: the row before it holds the curve's value at t. */
export const rowsUntil = (times: Float64Array, t: number): number => {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! <= t) low = middle + 1
    else high = middle
  }
  return low
}

/** Sums of many small steps miss a round share like 4/5 by their last bits; that must not move a quantile. */
const ROUNDING = 1e-9
