import type { DealRow, EvidenceItem, MetricRow, Score } from '../../snapshot/document.ts'
import type { EvidenceView } from '../api-schema.ts'
import type { MetricInfo, SnapshotInfo } from '../deps.ts'
import type { Names } from './views.ts'

type CardPath = (kind: 'deal' | 'task' | 'invoice', id: string, userId: string) => string

/** Where an item of evidence opens; calls and messages open on their deal. */
const evidencePath = (item: EvidenceItem, ownerId: string, cardPath: CardPath): string | null => {
  if (item.kind !== 'activity') return cardPath(item.kind, item.id, ownerId)
  return item.dealId === null ? null : cardPath('deal', item.dealId, ownerId)
}

export type EvidenceInput = {
  metric: string
  scope: Score['scope']
  scopeId: string
  snapshot: SnapshotInfo
  row: MetricRow | undefined
  info: MetricInfo | undefined
  offReason: string | null
  /** Person → items, already cut to what the viewer may see. */
  lists: readonly { ownerId: string; total: number; items: readonly EvidenceItem[] }[]
  deals: ReadonlyMap<string, DealRow>
  names: Names
  cardPath: CardPath
}

const MAX_ITEMS = 500

export const evidenceView = (input: EvidenceInput): EvidenceView => ({
  metric: input.metric,
  scope: input.scope,
  scopeId: input.scopeId,
  asOf: input.snapshot.asOf.toISOString(),
  windowDays: 7,
  rulesVersion: input.snapshot.rulesVersion,
  unit: input.row?.unit ?? input.info?.unit ?? '',
  payClass: input.info?.payClass ?? 'C',
  value: input.row?.value ?? null,
  numerator: input.row?.numerator ?? null,
  denominator: input.row?.denominator ?? null,
  target: input.info?.target ?? null,
  offReason: input.offReason,
  total: input.lists.reduce((sum, { total }) => sum + total, 0),
  items: input.lists
    .flatMap(({ ownerId, items }) => items.map(item => ({ ownerId, item })))
    .slice(0, MAX_ITEMS)
    .map(({ ownerId, item }) => {
      const deal = item.dealId === null ? undefined : input.deals.get(item.dealId)
      return {
        kind: item.kind,
        id: item.id,
        title: item.title ?? deal?.title ?? null,
        path: evidencePath(item, ownerId, input.cardPath),
        ownerId,
        ownerName: input.names.user(ownerId),
        amount: deal?.amount ?? null,
        currency: deal?.currency ?? null,
        counts: item.counts,
        fact: item.fact,
        params: item.params,
      }
    }),
})

/**
 * A score or its coverage, opened into the metrics that it is made of, each with its own evidence; and for a person
 * the deals that would lift it. Where the score is withheld, so are its parts.
 */
export const scoreEvidence = (of: {
  metric: string
  scope: Score['scope']
  scopeId: string
  snapshot: SnapshotInfo
  scores: readonly Score[]
  deals: ReadonlyMap<string, DealRow>
  names: Names
  cardPath(dealId: string): string
}): EvidenceView => {
  const score = of.scores.find(
    one => one.scope === of.scope && (of.scope === 'company' || one.scopeId === of.scopeId),
  )
  const isCoverage = of.metric === 'coverage'
  const items = (isCoverage ? [] : (score?.fixes ?? [])).flatMap(fix =>
    fix.dealIds.map((dealId, index) => {
      const deal = of.deals.get(dealId)
      return {
        kind: 'deal' as const,
        id: dealId,
        title: deal?.title ?? null,
        path: of.cardPath(dealId),
        ownerId: deal?.responsibleId ?? null,
        ownerName: of.names.user(deal?.responsibleId ?? null),
        amount: deal?.amount ?? null,
        currency: deal?.currency ?? null,
        counts: false,
        fact: 'would_lift',
        params: { metric: fix.metric, points: fix.dealPoints?.[index] ?? null },
      }
    }),
  )
  return {
    metric: of.metric,
    scope: of.scope,
    scopeId: of.scopeId,
    asOf: of.snapshot.asOf.toISOString(),
    windowDays: 7,
    rulesVersion: of.snapshot.rulesVersion,
    unit: isCoverage ? 'share' : 'points',
    payClass: 'C',
    value: isCoverage ? (score?.coverage ?? null) : (score?.value ?? null),
    numerator: null,
    denominator: null,
    target: null,
    offReason: isCoverage ? null : (score?.absence ?? (score === undefined ? 'no_data' : null)),
    parts: (score?.pillars ?? []).flatMap(({ pillar, metrics }) =>
      metrics.map(({ metric, weight, points, maxPoints, offReason }) => ({
        pillar,
        metric,
        weight,
        points,
        maxPoints,
        offReason,
      })),
    ),
    total: items.length,
    items,
  }
}
