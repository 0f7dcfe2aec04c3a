import type { MetricRow } from '../../snapshot/document.ts'
import type { SettingsView } from '../api-schema.ts'
import type { MetricInfo } from '../deps.ts'

const DAY = 86_400_000
/** Targets are proposed after so long, and of so many people (metrics 4.2). */
const AFTER_DAYS = 28
const MIN_PEOPLE = 5
/** Cases that a person must have had for the own value to say anything. */
const MIN_CASES = 5
const PERCENTILE = 0.6

/** The metrics' facts with the targets that were accepted here. */
export const withTargets = (
  metrics: readonly MetricInfo[],
  targets: Readonly<Record<string, number>> | undefined,
): Map<string, MetricInfo> =>
  new Map(
    metrics.map(info => [info.metric, { ...info, target: targets?.[info.metric] ?? info.target }] as const),
  )

/** Linear between the two nearest of the sorted values. */
const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  return sorted[low]! + (at - low) * ((sorted[low + 1] ?? sorted[low]!) - sorted[low]!)
}

/**
 * The score's targets with what the team itself suggests: after four weeks the value that four people in ten reach or
 * beat over the last 28 days.
 */
export const targetViews = (of: {
  metrics: readonly MetricInfo[]
  targets: Readonly<Record<string, number>> | undefined
  rows: readonly MetricRow[]
  asOf: Date | null
  installedAt: Date
}): SettingsView['targets'] => {
  const isTime = of.asOf !== null && of.asOf.getTime() - of.installedAt.getTime() >= AFTER_DAYS * DAY
  return of.metrics.flatMap(({ metric, pillar, unit, target, floor, lessIsBetter }) => {
    if (pillar === null || metric.includes('.') || target === null || floor === null || floor === undefined)
      return []
    const values = of.rows
      .filter(row => row.metric === metric && row.scope === 'employee' && row.windowDays === 28)
      .filter(row => row.value !== null && (row.denominator ?? 0) >= MIN_CASES)
      .map(row => row.value!)
    const own =
      values.length < MIN_PEOPLE ? null : quantile(values, lessIsBetter ? 1 - PERCENTILE : PERCENTILE)
    const isAhead = own !== null && (lessIsBetter ? own < floor : own > floor)
    return [
      {
        metric,
        unit,
        lessIsBetter,
        initial: target,
        accepted: of.targets?.[metric] ?? null,
        proposed: isTime && isAhead ? Math.round(own * 100) / 100 : null,
        people: values.length,
      },
    ]
  })
}
