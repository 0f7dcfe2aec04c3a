import type { FixList, Ledger } from './evidence.ts'
import { MAX_UNKNOWN_SHARE, type Measure, type Metric, type Result } from './metric.ts'
import type { Numbers } from './tally.ts'
import { WINDOW_DAYS } from './window.ts'

/** A measure with its numbers, or with the machine word for why there are none. */
export type Measured = {
  metric: Metric
  measure: Measure
  numbers: Numbers | null
  offReason: string | null
  /** Numbers are good for groups only: too many authors unknown to credit anybody. */
  isForGroupsOnly: boolean
  evidence: Ledger | null
  fixes: FixList | null
  /** Null where the measure has no test of its own. */
  signals: ReadonlySet<string> | null
  /** The same, with those in whom the pattern is no bad sign yet. */
  seen: ReadonlySet<string> | null
}

/** @param offReason why the metric never started; null = it ran and these are its results */
export const measuredOf = (
  metric: Metric,
  results: readonly Result[],
  offReason: string | null,
): Measured[] =>
  metric.measures.map(measure => {
    const result = results.find(candidate => candidate.measure === measure.id)
    const isAuthorUnknown = (result?.authors?.unknownShare ?? 0) > MAX_UNKNOWN_SHARE
    const isEmpty =
      result === undefined ||
      result.numbers.read(result.numbers.people(), 0, WINDOW_DAYS - 1).denominator === 0
    const reason =
      offReason ?? result?.offReason ?? (isAuthorUnknown ? 'author_unknown' : isEmpty ? 'no_data' : null)
    return {
      metric,
      measure,
      numbers: reason === null || reason === 'author_unknown' ? (result?.numbers ?? null) : null,
      offReason: reason,
      isForGroupsOnly: reason === 'author_unknown',
      evidence: reason === null ? (result?.evidence ?? null) : null,
      fixes: reason === null ? (result?.fixes ?? null) : null,
      signals: reason === null ? (result?.signals ?? null) : null,
      seen: reason === null ? (result?.seen ?? null) : null,
    }
  })
