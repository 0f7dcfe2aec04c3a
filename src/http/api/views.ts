import type { User } from '../../records/records.ts'
import type {
  CompanySummary,
  DealRow,
  EvidenceItem,
  FlagKind,
  MetricRow,
  Score,
  ScoredMetric,
  SnapshotParts,
  StageRow,
} from '../../snapshot/document.ts'
import type {
  DealView,
  EmployeeView,
  EvidenceView,
  Overview,
  PersonView,
  ProcessView,
  ScoredMetricView,
  ScoreView,
  StageThreshold,
  Week,
} from '../api-schema.ts'
import type { Change, Changes, DirectoryView, MetricInfo, SnapshotInfo, WeekScores } from '../deps.ts'

/** Snapshot parts → what `/api/v1` answers. Pure: names are looked up, nothing is recomputed. */

/** Whose data the viewer may see; `all` includes deals that nobody owns. */
export type Sees = ReadonlySet<string> | 'all'

export const canSee = (sees: Sees, userId: string | null): boolean =>
  sees === 'all' || (userId !== null && sees.has(userId))

export const scoreKey = (scope: Score['scope'], scopeId: string): string => `${scope}:${scopeId}`

const stageKey = (pipelineId: string, stageId: string): string => `${pipelineId}\u0000${stageId}`

export const NO_SCORE: ScoreView = {
  value: null,
  low: null,
  high: null,
  coverage: 0,
  band: null,
  trust: 'clear',
  trustReasons: [],
  absence: 'no_snapshot',
  isReconstructed: false,
  deals: 0,
  days: 0,
}

/** Names that rows refer to by id. */
export type Names = {
  pipeline(id: string): string
  stage(pipelineId: string, stageId: string): string
  user(id: string | null): string | null
}

export const namesOf = (directory: DirectoryView): Names => {
  const pipelines = new Map(directory.pipelines.map(({ id, name }) => [id, name]))
  const stages = new Map(directory.stages.map(stage => [stageKey(stage.pipelineId, stage.id), stage.name]))
  const users = new Map(directory.users.map(({ id, name }) => [id, name]))
  return {
    pipeline: id => pipelines.get(id) ?? id,
    stage: (pipelineId, stageId) => stages.get(stageKey(pipelineId, stageId)) ?? stageId,
    user: id => (id === null ? null : (users.get(id) ?? null)),
  }
}

export const scoreView = (score: Score | undefined): ScoreView =>
  score === undefined
    ? { ...NO_SCORE, absence: 'deals' }
    : {
        value: score.value,
        low: score.low,
        high: score.high,
        coverage: score.coverage,
        band: score.band,
        trust: score.trust,
        trustReasons: score.trustReasons,
        absence: score.absence,
        isReconstructed: score.isReconstructed,
        deals: score.deals,
        days: score.days,
      }

export const weekViews = (weeks: readonly WeekScores[], key: string): Week[] =>
  weeks.map(({ from, asOf, isPartial, scores }) => {
    const score = scores.get(key)
    return {
      from,
      value: score?.value ?? null,
      low: score?.low ?? null,
      high: score?.high ?? null,
      coverage: score?.coverage ?? null,
      isReconstructed: score?.isReconstructed ?? false,
      isPartial,
      asOf: score === undefined ? null : asOf,
    }
  })

/** Points of the last week against the week four weeks earlier; null when either has no score. */
export const deltaOf = (weeks: readonly Week[]): number | null => {
  const now = weeks.at(-1)?.value ?? null
  const before = weeks.at(-5)?.value ?? null
  return now === null || before === null ? null : now - before
}

/** A fall that the interval does not explain: the old value lies above today's upper bound. */
const isFalling = (weeks: readonly Week[]): boolean => {
  const now = weeks.at(-1)
  const before = weeks.at(-5)?.value ?? null
  return now !== undefined && now.value !== null && before !== null && now.high !== null && before > now.high
}

type Priced = { amount: number | null; currency: string | null }

/** Count and sums by currency; deals without an amount count and add nothing. */
export const totals = (deals: readonly Priced[]): { deals: number; amount: Record<string, number> } => {
  const amount: Record<string, number> = {}
  for (const deal of deals)
    if (deal.amount !== null) {
      const currency = deal.currency ?? ''
      amount[currency] = (amount[currency] ?? 0) + deal.amount
    }
  return { deals: deals.length, amount }
}

export const dealView = (deal: DealRow, names: Names, cardPath: (dealId: string) => string): DealView => ({
  id: deal.dealId,
  title: deal.title,
  path: cardPath(deal.dealId),
  pipelineId: deal.pipelineId,
  pipelineName: names.pipeline(deal.pipelineId),
  stageId: deal.stageId,
  stageName: names.stage(deal.pipelineId, deal.stageId),
  responsibleId: deal.responsibleId,
  responsibleName: names.user(deal.responsibleId),
  amount: deal.amount,
  currency: deal.currency,
  level: deal.level,
  flags: deal.clocks.flags,
  enteredAt: deal.enteredAt,
  ageDays: deal.ageDays,
  silenceDays: deal.silenceDays,
  t80Days: deal.clocks.t80Days,
  t95Days: deal.clocks.t95Days,
  s80Days: deal.clocks.s80Days,
  source: deal.clocks.source,
  sample: deal.clocks.sample,
  promise: deal.clocks.promise,
  promiseOverdueDays: deal.clocks.promiseOverdueDays,
  winChance: deal.winChance,
  winChanceBasis: deal.winChanceBasis,
  isFirstObserved: deal.isFirstObserved,
})

/** Money at risk first: amount × (1 − chance), red before amber where the money is equal. */
export const byRisk = (a: DealRow, b: DealRow): number =>
  (b.amount ?? 0) * (1 - (b.winChance ?? 0)) - (a.amount ?? 0) * (1 - (a.winChance ?? 0)) ||
  Number(b.level === 'red') - Number(a.level === 'red') ||
  b.ageDays - a.ageDays ||
  a.dealId.localeCompare(b.dealId)

export type Facts = {
  snapshot: SnapshotInfo
  summary: CompanySummary
  scores: readonly Score[]
  deals: readonly DealRow[]
  weeks: readonly WeekScores[]
  directory: DirectoryView
  /** Not counted at all, by settings. */
  excluded: ReadonlySet<string>
}

export const personView = (user: User, facts: Facts): PersonView => {
  const key = scoreKey('employee', user.id)
  const weeks = weekViews(facts.weeks, key)
  const score = facts.scores.find(({ scope, scopeId }) => scope === 'employee' && scopeId === user.id)
  return {
    id: user.id,
    name: user.name,
    position: user.position,
    departmentId: user.departmentIds[0] ?? null,
    isActive: user.isActive,
    score: scoreView(score),
    delta: deltaOf(weeks),
    isFalling: isFalling(weeks),
    weeks,
    red: totals(facts.deals.filter(deal => deal.responsibleId === user.id && deal.level === 'red')),
  }
}

/**
 * People that the viewer may see and settings count: with a score or open deals, or (`everyone`, and before
 * any snapshot) all who still work there, too.
 */
export const peopleViews = (facts: Facts, sees: Sees, everyone = false): PersonView[] => {
  const known = new Set([
    ...facts.scores.filter(({ scope }) => scope === 'employee').map(({ scopeId }) => scopeId),
    ...facts.deals.map(({ responsibleId }) => responsibleId),
  ])
  return facts.directory.users
    .filter(user => canSee(sees, user.id) && !facts.excluded.has(user.id))
    .filter(user => known.has(user.id) || (user.isActive && (everyone || known.size === 0)))
    .map(user => personView(user, facts))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'ru') || a.id.localeCompare(b.id))
}

const FALL_POINTS = 5
const LOW_SCORE = 60
const SETTLED_WEEKS = 6

const needHelp = (people: readonly PersonView[], weeksSinceStart: number | null): string[] =>
  people
    .filter(
      ({ score, delta, isFalling: falls }) =>
        (falls && delta !== null && delta <= -FALL_POINTS) ||
        (score.value !== null && score.value < LOW_SCORE && (weeksSinceStart ?? 0) > SETTLED_WEEKS),
    )
    .toSorted((a, b) => (a.delta ?? 0) - (b.delta ?? 0))
    .slice(0, 2)
    .map(({ id }) => id)

const changesView = (changes: Changes | null, sees: Sees): Overview['changes'] => {
  if (changes === null) return null
  const seen = (list: Change[]) => totals(list.filter(({ responsibleId }) => canSee(sees, responsibleId)))
  return {
    since: changes.since.toISOString(),
    movedForward: seen(changes.movedForward),
    won: seen(changes.won),
    cleared: seen(changes.cleared),
    newRed: seen(changes.newRed),
  }
}

const FLAGS: readonly FlagKind[] = ['age', 'silence', 'promise']

export const overviewView = (
  facts: Facts,
  viewer: { sees: Sees; isHead: boolean; teams: readonly string[] },
  portal: { rolloutStartedOn: string | null; installedOn: string; changes: Changes | null },
): Overview => {
  const { summary, snapshot } = facts
  const seen = facts.deals.filter(deal => canSee(viewer.sees, deal.responsibleId))
  const team = facts.scores.find(({ scope, scopeId }) => scope === 'team' && viewer.teams.includes(scopeId))
  const shown = team ?? facts.scores.find(({ scope }) => scope === 'company')
  const weeks = weekViews(facts.weeks, shown ? scoreKey(shown.scope, shown.scopeId) : '')
  const people = peopleViews(facts, viewer.sees)
  const started = portal.rolloutStartedOn
  const weeksSinceStart =
    started === null ? null : Math.floor((snapshot.asOf.getTime() - Date.parse(started)) / 604_800_000)
  return {
    asOf: snapshot.asOf.toISOString(),
    builtAt: snapshot.builtAt.toISOString(),
    weekFrom: summary.weekFrom,
    weekTo: summary.weekTo,
    score: scoreView(shown),
    delta: deltaOf(weeks),
    weeks,
    rolloutStartedOn: started,
    installedOn: portal.installedOn,
    isAmnesty: summary.isAmnesty,
    historyStart: summary.historyStart,
    actorsKnownSince: summary.actorsKnownSince,
    dataUntil: summary.dataUntil,
    openDeals: seen.length,
    people,
    red: totals(seen.filter(({ level }) => level === 'red')),
    amber: totals(seen.filter(({ level }) => level === 'amber')),
    needHelp: viewer.isHead && !summary.isAmnesty ? needHelp(people, weeksSinceStart) : [],
    reasons: FLAGS.map(flag => {
      const flagged = seen.filter(deal => deal.level !== 'none' && deal.clocks.flags.includes(flag))
      return {
        flag,
        red: flagged.filter(({ level }) => level === 'red').length,
        amber: flagged.filter(({ level }) => level === 'amber').length,
        amount: totals(flagged).amount,
      }
    }),
    changes: changesView(portal.changes, viewer.sees),
  }
}

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

export const employeeView = (
  person: PersonView,
  facts: Facts,
  more: {
    names: Names
    cardPath(dealId: string): string
    metricRows: readonly MetricRow[]
    info: ReadonlyMap<string, MetricInfo>
    off: ReadonlyMap<string, string | null>
    /** Ids of the people the viewer pages through, in order. */
    order: readonly string[]
  },
): EmployeeView => {
  const score = facts.scores.find(({ scope, scopeId }) => scope === 'employee' && scopeId === person.id)
  const mine = facts.deals.filter(deal => deal.responsibleId === person.id)
  const byId = new Map(mine.map(deal => [deal.dealId, deal]))
  const view = (deal: DealRow) => dealView(deal, more.names, more.cardPath)
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
    fixes: (score?.fixes ?? []).map(({ metric, points, minutes, dealIds }) => ({
      metric,
      points,
      minutes,
      deals: dealIds.flatMap(id => byId.get(id) ?? []).map(view),
    })),
    deals: mine
      .filter(({ level }) => level !== 'none')
      .toSorted(byRisk)
      .map(view),
    openDeals: mine.length,
    previousId: at > 0 ? (more.order[at - 1] ?? null) : null,
    nextId: at >= 0 ? (more.order[at + 1] ?? null) : null,
  }
}

export const stageView = (row: StageRow, names: Names): StageThreshold => ({
  pipelineId: row.pipelineId,
  pipelineName: names.pipeline(row.pipelineId),
  stageId: row.stageId,
  name: row.name,
  outcome: row.outcome,
  visits: row.visits,
  openNow: row.openNow,
  medianDays: row.medianDays,
  t80Days: row.t80Days,
  t95Days: row.t95Days,
  source: row.source,
  forwardExits: row.forwardExits,
  backExits: row.backExits,
  lostExits: row.lostExits,
  otherExits: row.otherExits,
})

/** Paths that a screen can show; the export has them all. */
const MAX_VARIANTS = 50

export const processView = (
  asOf: Date,
  parts: Pick<SnapshotParts, 'stages' | 'process' | 'variants'>,
  names: Names,
): ProcessView => ({
  asOf: asOf.toISOString(),
  pipelines: [...new Set(parts.stages.map(({ pipelineId }) => pipelineId))].map(id => ({
    id,
    name: names.pipeline(id),
    stages: parts.stages.filter(({ pipelineId }) => pipelineId === id).map(row => stageView(row, names)),
    edges: parts.process
      .filter(({ pipelineId }) => pipelineId === id)
      .map(({ pipelineId: _, ...edge }) => edge),
    variants: parts.variants
      .filter(({ pipelineId }) => pipelineId === id)
      .toSorted((a, b) => b.deals - a.deals)
      .slice(0, MAX_VARIANTS)
      .map(({ pipelineId: _, ...variant }) => variant),
  })),
})

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
