import type { AdoptionUse, DealRow, MetricRow, ScoredMetric } from '../../snapshot/document.ts'
import type { EmployeeView, PersonView, ScoredMetricView } from '../api-schema.ts'
import type { MetricInfo } from '../deps.ts'
import type { LiveMarks } from './deal-marks.ts'
import type { Facts } from './people-views.ts'
import { byRisk, dealView, type Names } from './views.ts'

const metricView = (metric: ScoredMetric, info: MetricInfo | undefined): ScoredMetricView => ({
  metric: metric.metric,
  unit: info?.unit ?? '',
  weight: metric.weight,
  value: metric.value,
  numerator: metric.numerator,
  denominator: metric.denominator,
  attainment: metric.attainment,
  points: metric.points,
  maxPoints: metric.maxPoints,
  target: info?.target ?? 0,
  lessIsBetter: info?.lessIsBetter ?? false,
  offReason: metric.offReason,
})

const otherView = (
  row: MetricRow,
  info: MetricInfo | undefined,
  offReason: string | null,
): ScoredMetricView => ({
  metric: row.metric,
  unit: row.unit,
  weight: 0,
  value: row.value,
  numerator: row.numerator,
  denominator: row.denominator,
  attainment: null,
  points: 0,
  maxPoints: 0,
  target: info?.target ?? 0,
  lessIsBetter: info?.lessIsBetter ?? false,
  offReason,
})

const adoptionOf = (personId: string, adoption: AdoptionUse | null): EmployeeView['adoption'] => {
  const own = adoption?.people.find(one => one.personId === personId)
  if (own === undefined) return null
  const { weeks, tidying = null, steady = null } = own
  return { weeks, tidying, steady, burstOff: adoption?.burstOff ?? null }
}

export const employeeView = (
  person: PersonView,
  facts: Facts,
  more: {
    names: Names
    marks: LiveMarks
    cardPath(dealId: string): string
    metricRows: readonly MetricRow[]
    info: ReadonlyMap<string, MetricInfo>
    off: ReadonlyMap<string, string | null>
    adoption: AdoptionUse | null
    /** Ids of the people the viewer pages through, in order. */
    order: readonly string[]
  },
): EmployeeView => {
  const score = facts.scores.find(({ scope, scopeId }) => scope === 'employee' && scopeId === person.id)
  const mine = facts.deals.filter(deal => deal.responsibleId === person.id)
  const byId = new Map(mine.map(deal => [deal.dealId, deal]))
  const view = (deal: DealRow) => dealView(deal, more.names, more.cardPath, more.marks)
  const scored = new Set(score?.pillars.flatMap(pillar => pillar.metrics.map(({ metric }) => metric)))
  const at = more.order.indexOf(person.id)
  return {
    asOf: facts.snapshot.asOf.toISOString(),
    person,
    isAmnesty: facts.summary.isAmnesty,
    pillars: (score?.pillars ?? []).map(pillar => ({
      pillar: pillar.pillar,
      weight: pillar.weight,
      points: pillar.points,
      metrics: pillar.metrics.map(metric => metricView(metric, more.info.get(metric.metric))),
    })),
    others: more.metricRows
      .filter(row => row.scope === 'employee' && row.scopeId === person.id && row.windowDays === 7)
      .filter(row => /^M\d/.test(row.metric) && !scored.has(row.metric) && row.value !== null)
      .map(row => otherView(row, more.info.get(row.metric), more.off.get(row.metric) ?? null)),
    fixes: (score?.fixes ?? []).map(({ metric, points, minutes, dealIds, dealPoints }) => {
      const known = dealIds
        .map((id, index) => ({ deal: byId.get(id), points: dealPoints?.[index] ?? null }))
        .filter((one): one is { deal: DealRow; points: number | null } => one.deal !== undefined)
      return {
        metric,
        points,
        minutes,
        deals: known.map(one => view(one.deal)),
        dealPoints: known.map(one => one.points),
      }
    }),
    deals: mine
      .filter(({ level }) => level !== 'none')
      .toSorted(byRisk)
      .map(view),
    adoption: adoptionOf(person.id, more.adoption),
    openDeals: mine.length,
    previousId: at > 0 ? (more.order[at - 1] ?? null) : null,
    nextId: at >= 0 ? (more.order[at + 1] ?? null) : null,
  }
}
