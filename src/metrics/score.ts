import type { Band, PillarId, PillarScore, ScoredMetric } from '../snapshot/document.ts'
import { attainment, attainmentVariance, shrink, Z90 } from './attainment.ts'
import type { FixDay } from './evidence.ts'
import type { Measured } from './measured.ts'
import { bandOf, MIN_COVERAGE, MIN_DAYS, MIN_DEALS, PILLAR_WEIGHTS, PILLARS } from './pillars.ts'
import type { Reading, Tally } from './tally.ts'
import type { Window } from './window.ts'

export type Absence = 'coverage' | 'deals' | 'days' | 'amnesty' | 'not_read_yet'

export type Composite = {
  /** Null = no score; `absence` says why. */
  value: number | null
  low: number | null
  high: number | null
  band: Band | null
  coverage: number
  absence: Absence | null
  deals: number
  days: number
  pillars: PillarScore[]
  /** Of a team: how far its people lie apart, the standard deviation in points; null of fewer than two. */
  spread: number | null
  /** Deal-days behind it: the weight inside a team. */
  exposure: number
  /** Computed even where it must not be shown for one person, because the team's mean needs it. */
  raw: number | null
  variance: number
}

export type ScoreInput = {
  measured: readonly Measured[]
  window: Window
  /** Days the score speaks of, as indices of the window. */
  from: number
  to: number
  exposure: Tally
  /** Everybody counted: the team that small samples are drawn towards. */
  everyone: readonly string[]
  /** Before the installation: the one fixed set of metrics known for all weeks. Null = everything measured. */
  fixedSet: ReadonlySet<string> | null
  isAmnesty: boolean
  /** Activities or tasks are still being read for the first time. */
  isBeingRead: boolean
  /** Distinct eligible deals of a person in the window. */
  dealsOf(who: string): number
  /** Working days of the window on which the person had eligible deals. */
  daysOf(who: string): number
}

/** One person's composite score. Formula 4.4: `Σ w_p · mean over days(Σ v_m · a_m,day)`, 0–100. */
export const scoreOfPerson = (input: ScoreInput, who: string): Composite => {
  const parts = input.measured.flatMap(measured => {
    const part = measurePart(input, measured, who)
    return part === null ? [] : [part]
  })
  const { pillars, variance } = weigh(parts)
  // Nothing was due (no lost deal, no new deal): the metric is covered, there is just no case of it.
  const coverage = parts.reduce((sum, part) => sum + (part.isCovered ? part.nominal : 0), 0) / 100
  const isMeasured = parts.some(part => part.offReason === null)
  const raw = isMeasured ? pillars.reduce((sum, pillar) => sum + pillar.points, 0) : null
  const deals = input.dealsOf(who)
  const days = input.daysOf(who)
  const exposure = input.exposure.read([who], input.from, input.to).denominator ?? 0
  const absence: Absence | null = input.isBeingRead
    ? 'not_read_yet'
    : input.isAmnesty
      ? 'amnesty'
      : raw === null || (input.fixedSet === null && coverage < MIN_COVERAGE)
        ? 'coverage'
        : deals < MIN_DEALS
          ? 'deals'
          : days < MIN_DAYS || exposure === 0
            ? 'days'
            : null
  return {
    ...shown(raw, variance, absence),
    coverage,
    absence,
    deals,
    days,
    pillars,
    spread: null,
    exposure,
    raw,
    variance,
  }
}

/**
 * A team's score: the mean of its people weighted by their deal-days, so that ten deals weigh ten times one.
 * @param people composites of the team's members
 */
export const scoreOfTeam = (input: ScoreInput, members: ReadonlyMap<string, Composite>): Composite => {
  const people = [...members.values()].filter(person => person.raw !== null && person.exposure > 0)
  const exposure = people.reduce((sum, person) => sum + person.exposure, 0)
  const mean = (of: (person: Composite) => number): number =>
    exposure === 0 ? 0 : people.reduce((sum, person) => sum + person.exposure * of(person), 0) / exposure
  const raw = exposure === 0 ? null : mean(person => person.raw ?? 0)
  const variance =
    exposure === 0
      ? 0
      : people.reduce((sum, person) => sum + (person.exposure / exposure) ** 2 * person.variance, 0)
  const coverage = mean(person => person.coverage)
  let deals = 0
  for (const who of members.keys()) deals += input.dealsOf(who)
  const days = Math.max(0, ...[...members.values()].map(person => person.days))
  const absence: Absence | null = input.isBeingRead
    ? 'not_read_yet'
    : input.isAmnesty
      ? 'amnesty'
      : raw !== null && input.fixedSet === null && coverage < MIN_COVERAGE
        ? 'coverage'
        : raw === null || deals < MIN_DEALS
          ? 'deals'
          : days < MIN_DAYS
            ? 'days'
            : null
  const names = [...members.keys()]
  const pillars = PILLARS.map(pillar => {
    const metrics = input.measured
      .filter(
        ({ metric, measure }) =>
          metric.pillar === pillar && metric.score !== null && measure.id === metric.id,
      )
      .map(measured => teamPart(input, measured, names, people, mean))
    return {
      pillar,
      weight: metrics.reduce((sum, part) => sum + part.maxPoints, 0),
      points: metrics.reduce((sum, part) => sum + part.points, 0),
      metrics,
    }
  })
  return {
    ...shown(raw, variance, absence),
    coverage,
    absence,
    deals,
    days,
    pillars,
    // Two people at least: the spread of one would be nobody's.
    spread:
      people.length < 2 || absence !== null
        ? null
        : Math.sqrt(mean(person => ((person.raw ?? 0) - (raw ?? 0)) ** 2)),
    exposure,
    raw,
    variance,
  }
}

/** One change worth making, with what each deal of it would give. */
export type FixOffer = {
  metric: string
  /** `w · v · (1 − a)`: what a whole week in order would add. */
  points: number
  minutes: number
  dealIds: string[]
  /** In step with `dealIds`: points that the week would have had, were this one deal in order. */
  dealPoints: number[]
}

/** The three changes worth most: `w · v · (1 − a)`, only where single deals can be put right. */
export const fixesOf = (input: ScoreInput, composite: Composite, who: string): FixOffer[] =>
  composite.pillars
    .flatMap(pillar => pillar.metrics)
    .flatMap(part => {
      const source = input.measured.find(({ measure }) => measure.id === part.metric)
      const count = source?.fixes?.count(who) ?? 0
      const minutes = source?.metric.minutesPerFix ?? null
      const points = part.maxPoints - part.points
      if (source === undefined || minutes === null || count === 0 || points < 0.05) return []
      const deals = (source.fixes?.top(who) ?? [])
        .map(fix => ({ ...fix, points: part.maxPoints * gainOf(input, source, who, fix.days) }))
        .toSorted((a, b) => b.points - a.points || b.amount - a.amount || (a.dealId < b.dealId ? -1 : 1))
      return [
        {
          metric: part.metric,
          points,
          minutes: Math.ceil(minutes * count),
          dealIds: deals.map(({ dealId }) => dealId),
          dealPoints: deals.map(deal => deal.points),
        },
      ]
    })
    .toSorted((a, b) => b.points - a.points || (a.metric < b.metric ? -1 : 1))
    .slice(0, 3)

/**
 * Rise of a metric's attainment over the week if the given days had been in order, counted the way the score counts:
 * day by day, drawn to a team that the change has moved, too.
 */
const gainOf = (
  input: ScoreInput,
  { metric, measure, numbers }: Measured,
  who: string,
  changes: readonly FixDay[],
): number => {
  const { target, floor } = measure
  const team = numbers?.read(input.everyone, 0, input.to)
  if (numbers === null || team === undefined || target === null || floor === null) return 0
  const changed = (reading: Reading, of: readonly FixDay[]): number | null => {
    const numerator = of.reduce((sum, day) => sum + day.numerator, reading.numerator ?? 0)
    const denominator = of.reduce((sum, day) => sum + day.denominator, reading.denominator ?? 0)
    return denominator > 0 ? numerator / denominator : null
  }
  const teamBefore = team.value
  const teamAfter = changed(team, changes)
  if (teamBefore === null || teamAfter === null) return 0
  const spans =
    metric.score?.over === 'day'
      ? input.window.workdays
          .map(({ index }) => [index, index] as const)
          .filter(([index]) => index >= input.from && index <= input.to)
      : [[input.from, input.to] as const]
  const before: number[] = []
  const after: number[] = []
  for (const [from, to] of spans) {
    const span = numbers.read([who], from, to)
    if (span.value === null || span.sample === 0) continue
    before.push(attainment(shrink(span.value, span.sample, teamBefore), floor, target))
    const value = changed(
      span,
      changes.filter(({ index }) => index >= from && index <= to),
    )
    if (value !== null) after.push(attainment(shrink(value, span.sample, teamAfter), floor, target))
  }
  return Math.max(0, meanOf(after) - meanOf(before))
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

type Part = ScoredMetric & {
  pillar: PillarId
  nominal: number
  inner: number
  variance: number
  /** Measured in this portal at this time, whether or not this person had a case of it. */
  isCovered: boolean
}

/** No case of it for this person, although the metric is on. */
const NOTHING_DUE = 'no_data'

const measurePart = (input: ScoreInput, measured: Measured, who: string): Part | null => {
  const { metric, measure, numbers } = measured
  if (metric.pillar === null || metric.score === null || measure.id !== metric.id) return null
  const nominal = PILLAR_WEIGHTS[metric.pillar] * metric.score.weight
  const read = numbers?.read([who], input.from, input.to) ?? null
  const base: Part = {
    metric: metric.id,
    weight: 0,
    value: read?.value ?? null,
    numerator: read?.numerator ?? null,
    denominator: read?.denominator ?? null,
    attainment: null,
    points: 0,
    maxPoints: 0,
    offReason: offReasonOf(input, measured),
    pillar: metric.pillar,
    nominal,
    inner: metric.score.weight,
    variance: 0,
    isCovered: offReasonOf(input, measured) === null,
  }
  if (base.offReason !== null) return { ...base, value: null, numerator: null, denominator: null }
  const { target, floor } = measure
  // The whole window: a week of a small team is itself a small sample.
  const team = numbers?.read(input.everyone, 0, input.to).value ?? null
  if (
    numbers === null ||
    read === null ||
    read.value === null ||
    team === null ||
    target === null ||
    floor === null
  )
    return { ...base, offReason: NOTHING_DUE }
  const slope = 1 / Math.abs(target - floor)
  if (metric.score.over !== 'day') {
    const shrunk = shrink(read.value, read.sample, team)
    const attained = attainment(shrunk, floor, target)
    const { sample } = read
    const variance = attainmentVariance({ shrunk, attained, sample, slope, isShare: metric.score.isShare })
    return { ...base, attainment: attained, variance }
  }
  // A state: judged day by day and then averaged, so that one tidy evening is one day in five.
  let days = 0
  let sum = 0
  for (const { index } of input.window.workdays) {
    if (index < input.from || index > input.to) continue
    const day = numbers.read([who], index, index)
    if (day.value === null || day.sample === 0) continue
    days++
    sum += attainment(shrink(day.value, day.sample, team), floor, target)
  }
  if (days === 0) return { ...base, offReason: NOTHING_DUE }
  const sample = read.sample / days
  const shrunk = shrink(read.value, sample, team)
  const attained = sum / days
  const variance = attainmentVariance({ shrunk, attained, sample, slope, isShare: metric.score.isShare })
  return { ...base, attainment: attained, variance }
}

const offReasonOf = (input: ScoreInput, { metric, offReason }: Measured): string | null =>
  offReason ?? (input.fixedSet !== null && !input.fixedSet.has(metric.id) ? 'not_reconstructed' : null)

/** Shares out the weight of what was not measured: within the pillar first, then among pillars. */
const weigh = (parts: Part[]): { pillars: PillarScore[]; variance: number } => {
  const isOn = (part: Part): boolean => part.offReason === null
  const measuredPillars = PILLARS.filter(pillar => parts.some(part => part.pillar === pillar && isOn(part)))
  const total = measuredPillars.reduce((sum, pillar) => sum + PILLAR_WEIGHTS[pillar], 0)
  let variance = 0
  const pillars = PILLARS.map(pillar => {
    const own = parts.filter(part => part.pillar === pillar)
    const inner = own.reduce((sum, part) => sum + (isOn(part) ? part.inner : 0), 0)
    const pillarMax = inner === 0 ? 0 : (100 * PILLAR_WEIGHTS[pillar]) / total
    const metrics = own.map(
      ({ pillar: _, nominal: __, isCovered: ___, inner: v, variance: own, ...part }): ScoredMetric => {
        if (part.offReason !== null) return part
        const weight = v / inner
        const maxPoints = pillarMax * weight
        variance += maxPoints * maxPoints * own
        return { ...part, weight, maxPoints, points: maxPoints * (part.attainment ?? 0) }
      },
    )
    return { pillar, weight: pillarMax, points: metrics.reduce((sum, part) => sum + part.points, 0), metrics }
  })
  return { pillars, variance }
}

const teamPart = (
  input: ScoreInput,
  measured: Measured,
  names: readonly string[],
  people: readonly Composite[],
  mean: (of: (person: Composite) => number) => number,
): ScoredMetric => {
  const { metric, numbers } = measured
  const find = (person: Composite): ScoredMetric | undefined =>
    person.pillars.flatMap(({ metrics }) => metrics).find(part => part.metric === metric.id)
  const offReason = offReasonOf(input, measured)
  const maxPoints = mean(person => find(person)?.maxPoints ?? 0)
  const points = mean(person => find(person)?.points ?? 0)
  const read = numbers?.read(names, input.from, input.to) ?? null
  const isOff = offReason !== null
  return {
    metric: metric.id,
    weight: mean(person => find(person)?.weight ?? 0),
    value: isOff ? null : (read?.value ?? null),
    numerator: isOff ? null : (read?.numerator ?? null),
    denominator: isOff ? null : (read?.denominator ?? null),
    attainment: maxPoints > 0 ? points / maxPoints : null,
    points,
    maxPoints,
    offReason: offReason ?? (people.length > 0 && maxPoints === 0 ? NOTHING_DUE : null),
  }
}

const shown = (
  raw: number | null,
  variance: number,
  absence: Absence | null,
): { value: number | null; low: number | null; high: number | null; band: Band | null } => {
  if (raw === null || absence !== null) return { value: null, low: null, high: null, band: null }
  const half = Z90 * Math.sqrt(variance)
  return { value: raw, low: Math.max(0, raw - half), high: Math.min(100, raw + half), band: bandOf(raw) }
}
