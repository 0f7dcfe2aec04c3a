import type { MetricRow, MetricState, Score } from '../snapshot/document.ts'
import { amnestyEnd, beganWithAmnesty } from './amnesty.ts'
import { LEAST_EDITED } from './bursts.ts'
import { METRICS } from './catalogue/index.ts'
import type { Measurement } from './measure.ts'
import type { Measured } from './measured.ts'
import { type Composite, fixesOf, type ScoreInput, scoreOfPerson, scoreOfTeam } from './score.ts'
import { teamMembers } from './teams.ts'
import { trustOf } from './trust.ts'
import { WINDOW_DAYS } from './window.ts'

/** A reconstructed score stands on at least three metrics of two pillars. */
const MIN_FIXED = { metrics: 3, pillars: 2 }

/** The one company of a portal. */
export const COMPANY_ID = 'company'

const WINDOWS = [
  { windowDays: 7, from: WINDOW_DAYS - 7 },
  { windowDays: 28, from: 0 },
] as const

export type Outcome = {
  metrics: MetricRow[]
  scores: Score[]
  catalogue: MetricState[]
  isAmnesty: boolean
  isReconstructed: boolean
  /** Share of the weights measured in the company. */
  coverage: number | null
}

/**
 * The set of metrics that a reconstructed trend is made of: known for the past, and measured in every one of
 * the weeks. One set for all of them, so that the line moves because work did.
 * @param weeks measurements before the installation; weeks without any deals are skipped
 */
export const fixedSetOf = (weeks: readonly Measurement[]): ReadonlySet<string> => {
  const known = weeks.filter(week => week.everyone.length > 0)
  if (known.length === 0) return new Set()
  const can = known[0]!.world.can
  const set = METRICS.filter(metric => metric.score !== null && metric.isKnownForPast(can)).filter(metric =>
    known.every(week =>
      week.measured.some(({ measure, offReason }) => measure.id === metric.id && offReason === null),
    ),
  )
  const pillars = new Set(set.map(metric => metric.pillar))
  return set.length >= MIN_FIXED.metrics && pillars.size >= MIN_FIXED.pillars
    ? new Set(set.map(({ id }) => id))
    : new Set()
}

/** Rows, scores and the state of the catalogue, from one measurement. */
export const outcomeOf = (measurement: Measurement, fixedSet: ReadonlySet<string> | null): Outcome => {
  const { world, measured } = measurement
  const isReconstructed = world.asOf < world.installedAt
  const isAmnesty = isAmnestyIn(measurement)
  const teams = teamMembers(world)
  const set = isReconstructed ? (fixedSet ?? new Set<string>()) : null
  const byWindow = WINDOWS.map(({ windowDays, from }) => {
    const input = inputOf(measurement, from, set, isAmnesty)
    return { windowDays, from, input, composites: compositesOf(measurement, teams, input) }
  })
  const week = byWindow[0]!
  const weekFrom = world.workingTime.startOf(measurement.window.firstDay + week.from)
  const isAuthorTold = world.can.pastActors || weekFrom >= world.installedAt
  const scores = week.composites.map(({ scope, scopeId, members, composite }): Score => {
    const { raw: _, variance: __, exposure: ___, ...shown } = composite
    const burst = scope === 'employee' ? { burst: burstOf(measured, scopeId, week.from) } : {}
    if (isWithheld(composite.absence))
      return {
        scope,
        scopeId,
        ...shown,
        // Parts that add up to the number would be the number.
        pillars: [],
        trust: 'clear',
        trustReasons: [],
        isReconstructed,
        fixes: [],
        ...burst,
      }
    const { trust, reasons } = trustOf(measured, members, week.from, WINDOW_DAYS - 1, isAuthorTold)
    return {
      scope,
      scopeId,
      ...shown,
      trust,
      trustReasons: reasons,
      isReconstructed,
      fixes: scope === 'employee' ? fixesOf(week.input, composite, scopeId) : [],
      ...burst,
    }
  })
  const metrics = [
    ...byWindow.flatMap(({ windowDays, composites }) => scoreRows(windowDays, composites)),
    ...measured.flatMap(source => measureRows(measurement, teams, source)),
  ]
  return {
    metrics,
    scores,
    catalogue: measured.map(source => stateOf(measurement, source)),
    isAmnesty,
    isReconstructed,
    coverage: scores.find(({ scope }) => scope === 'company')?.coverage ?? null,
  }
}

/** What M26 says of a person's last seven days; null where it is off for single people or they edited too few deals. */
const burstOf = (measured: readonly Measured[], who: string, from: number): Score['burst'] => {
  const burst = measured.find(({ measure }) => measure.id === 'M26')
  if (burst?.seen == null) return null
  const { value, sample } = burst.numbers?.read([who], from, WINDOW_DAYS - 1) ?? { value: null, sample: 0 }
  return value === null || sample < LEAST_EDITED ? null : { excess: value, isSignal: burst.seen.has(who) }
}

/**
 * Nothing that a score could be put together from is told in the first two weeks and while the CRM is being read for
 * the first time. Fewer than five deals or days hide the number alone: what to put right still helps.
 */
const isWithheld = (absence: Composite['absence']): boolean =>
  absence === 'amnesty' || absence === 'not_read_yet'

type Placed = { scope: Score['scope']; scopeId: string; members: readonly string[]; composite: Composite }

const inputOf = (
  measurement: Measurement,
  from: number,
  fixedSet: ReadonlySet<string> | null,
  isAmnesty: boolean,
): ScoreInput => ({
  measured: measurement.measured,
  window: measurement.window,
  from,
  to: WINDOW_DAYS - 1,
  exposure: measurement.exposure,
  everyone: measurement.everyone,
  fixedSet,
  isAmnesty,
  isBeingRead:
    measurement.world.unread?.has('activities') === true || measurement.world.unread?.has('tasks') === true,
  dealsOf: measurement.dealsOf,
  daysOf: measurement.daysOf,
})

const compositesOf = (
  { everyone }: Measurement,
  teams: ReadonlyMap<string, readonly string[]>,
  input: ScoreInput,
): Placed[] => {
  const people = new Map(everyone.map(who => [who, scoreOfPerson(input, who)]))
  const placed: Placed[] = [...people].map(([who, composite]) => ({
    scope: 'employee',
    scopeId: who,
    members: [who],
    composite,
  }))
  for (const [id, team] of teams) {
    const members = team.filter(who => people.has(who))
    if (members.length === 0) continue
    const own = new Map(members.map(who => [who, people.get(who)!]))
    placed.push({ scope: 'team', scopeId: id, members, composite: scoreOfTeam(input, own) })
  }
  const composite = scoreOfTeam(input, people)
  placed.push({ scope: 'company', scopeId: COMPANY_ID, members: everyone, composite })
  return placed
}

const scoreRows = (windowDays: 7 | 28, composites: readonly Placed[]): MetricRow[] =>
  composites.flatMap(({ scope, scopeId, composite }) => {
    const base = { scope, scopeId, windowDays, numerator: null, denominator: null }
    return [
      { ...base, metric: 'score', value: composite.value, unit: 'points' },
      { ...base, metric: 'coverage', value: composite.coverage, unit: 'share' },
    ]
  })

const measureRows = (
  { everyone }: Measurement,
  teams: ReadonlyMap<string, readonly string[]>,
  { measure, numbers, isForGroupsOnly }: Measured,
): MetricRow[] => {
  if (numbers === null) return []
  const people = [...new Set([...everyone, ...numbers.people()])].sort()
  const known = new Set(people)
  return WINDOWS.flatMap(({ windowDays, from }) => {
    const row = (scope: Score['scope'], scopeId: string, members: readonly string[]): MetricRow[] => {
      const { value, numerator, denominator } = numbers.read(members, from, WINDOW_DAYS - 1)
      if (value === null) return []
      return [
        { scope, scopeId, metric: measure.id, windowDays, value, numerator, denominator, unit: measure.unit },
      ]
    }
    if (numbers.isCompanyOnly) return row('company', COMPANY_ID, people)
    return [
      ...(isForGroupsOnly ? [] : people.flatMap(who => row('employee', who, [who]))),
      ...[...teams].flatMap(([id, team]) =>
        row(
          'team',
          id,
          team.filter(who => known.has(who)),
        ),
      ),
      ...row('company', COMPANY_ID, people),
    ]
  })
}

const stateOf = ({ everyone }: Measurement, { measure, numbers, offReason }: Measured): MetricState => {
  if (numbers === null || offReason !== null) return { metric: measure.id, offReason, coverage: null }
  if (everyone.length === 0 || numbers.isCompanyOnly) return { metric: measure.id, offReason, coverage: 1 }
  const measuredPeople = everyone.filter(who => numbers.read([who], 0, WINDOW_DAYS - 1).value !== null).length
  return { metric: measure.id, offReason, coverage: measuredPeople / everyone.length }
}

/** In the first two weeks of a portal that began with an amnesty (4.5, 8) there is no score. */
export const isAmnestyIn = ({ world, window, measured, everyone }: Measurement): boolean => {
  if (world.asOf < world.installedAt || world.asOf >= amnestyEnd(world.installedAt)) return false
  const stale = measured.find(({ measure }) => measure.id === 'M13')?.numbers
  return beganWithAmnesty(world, window, stale ?? null, everyone) === true
}
