import type { User } from '../../records/records.ts'
import type { CompanySummary, DealRow, Score } from '../../snapshot/document.ts'
import type { PersonView, ScoreView, Week } from '../api-schema.ts'
import type { DirectoryView, SnapshotInfo, WeekScores } from '../deps.ts'
import { canSee, type Sees, totals } from './views.ts'

/** Scores, weeks and people as screens show them. */

export const scoreKey = (scope: Score['scope'], scopeId: string): string => `${scope}:${scopeId}`

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
  spread: null,
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
        spread: score.spread ?? null,
      }

export const weekViews = (weeks: readonly WeekScores[], key: string): Week[] =>
  weeks.map(({ from, asOf, isPartial, scores, rulesVersion }) => {
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
      rulesVersion: rulesVersion ?? null,
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

export type Facts = {
  snapshot: SnapshotInfo
  summary: CompanySummary
  scores: readonly Score[]
  deals: readonly DealRow[]
  weeks: readonly WeekScores[]
  directory: DirectoryView
  /** Who looks: in the first two weeks a person sees the own weeks only. */
  viewerId: string | null
  /** Not counted at all, by settings. */
  excluded: ReadonlySet<string>
}

export const personView = (user: User, facts: Facts): PersonView => {
  const key = scoreKey('employee', user.id)
  // While a backlog is cleared nobody is compared with anybody, by past weeks either.
  const isHidden = facts.summary.isAmnesty && facts.viewerId !== user.id
  const weeks = weekViews(facts.weeks, key).map(week =>
    isHidden ? { ...week, value: null, low: null, high: null, coverage: null, asOf: null } : week,
  )
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
