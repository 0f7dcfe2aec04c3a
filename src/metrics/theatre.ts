import type {
  PillarId,
  TheatreCase,
  TheatreLink,
  TheatreQuarter,
  WeightProposal,
} from '../snapshot/document.ts'
import { falseDiscoveryPasses } from './history/binomial.ts'
import { PILLAR_WEIGHTS, PILLARS } from './pillars.ts'
import { type PersonWeek, slopeWithin } from './within-person.ts'

/** What the score said of a person's week, and the results of the same week. */
export type TheatrePerson = {
  personId: string
  /** 0..100; null = no score. */
  score: number | null
  /** Earned share of each pillar in per cent; null = not measured. */
  pillars: Readonly<Record<PillarId, number | null>>
  /** Deals won of which the date set 30 days earlier is known, and those won within 14 days of it. */
  accuracy: { good: number; cases: number } | null
  /** Stages passed forward, and deal-days of eligible deals. */
  moves: { good: number; cases: number } | null
}

/** One week of the series; null = nothing was stored, or it was reconstructed. */
export type TheatreWeek = {
  /** Monday, `YYYY-MM-DD`, and ISO instant of the snapshot. */
  from: string
  asOf: string
  rulesVersion: string
  people: readonly TheatrePerson[]
} | null

export const QUARTER_WEEKS = 13
/** What a link asks for at least: people with so many weeks each, weeks of people, and deals won. */
export const LEAST = { people: 6, weeksEach: 4, weeks: 40, won: 50 } as const
/** Effects are told for ten points of score. */
const POINTS = 10
/** Links of pillars are many: of those that stand at most so many may be false. */
const FALSE_DISCOVERY_RATE = 0.1
/** A proposal moves a pillar by at most so many of the hundred points, and leaves it at least so many. */
const MOST_CHANGE = 5
const LEAST_WEIGHT = 5

type Outcome = 'accuracy' | 'moves'
const OUTCOMES = ['accuracy', 'moves'] as const

/**
 * Theatre check (metrics 4.4, 8) of one quarter: did weeks with a higher score bring better results in the week after,
 * each person's weeks against their own mean? The week after, because a stage passed lifts the score of its own week.
 * `yes`: a result got better for certain and none worse; `no`: none of those measured got better; `unknown`: too few
 * people, weeks or deals.
 * @param weeks in order, without gaps
 */
export const theatreQuarter = (
  weeks: readonly TheatreWeek[],
): Pick<TheatreQuarter, 'answer' | 'accuracy' | 'moves'> => {
  const [accuracy, moves] = OUTCOMES.map(outcome => linkOf(casesOf([weeks], outcome, ofScore), outcome)) as [
    TheatreLink,
    TheatreLink,
  ]
  const known = [accuracy, moves].flatMap(({ effect }) => (effect === null ? [] : [effect]))
  const isBetter = known.some(({ low }) => low > 0) && known.every(({ high }) => high >= 0)
  return { answer: known.length === 0 ? 'unknown' : isBetter ? 'yes' : 'no', accuracy, moves }
}

/**
 * New weights after two quarters without a link: pillars whose weeks did go with better results, and with no worse
 * ones, gain from the others. Benjamini–Hochberg over all pillars and results; at most five points each way.
 * @param quarters the weeks of each of the two
 * @returns `weights: null` = no pillar stands out, or all do: there is nothing to propose
 */
export const proposeWeights = (quarters: readonly (readonly TheatreWeek[])[]): WeightProposal => {
  const tests = PILLARS.flatMap(pillar =>
    OUTCOMES.flatMap(outcome => {
      const cases = casesOf(quarters, outcome, person => person.pillars[pillar])
      const slope = isEnough(cases, outcome) ? slopeWithin(cases) : null
      return slope === null ? [] : [{ pillar, outcome, ...slope }]
    }),
  )
  const passes = falseDiscoveryPasses(
    tests.map(({ pValue }) => pValue),
    FALSE_DISCOVERY_RATE,
  )
  const gaining = PILLARS.filter(
    pillar =>
      tests.some((test, index) => test.pillar === pillar && passes[index]) &&
      tests.every(test => test.pillar !== pillar || test.high >= 0),
  )
  return { gaining, weights: gaining.length === 0 ? null : movedWeights(gaining) }
}

/** Point by point from the heaviest of the others to the lightest of those that gain, within the limits. */
const movedWeights = (gaining: readonly PillarId[]): Record<PillarId, number> | null => {
  const weights = { ...PILLAR_WEIGHTS }
  const gains = new Set(gaining)
  const change = (pillar: PillarId): number => Math.abs(weights[pillar] - PILLAR_WEIGHTS[pillar])
  for (;;) {
    const giver = PILLARS.filter(
      pillar => !gains.has(pillar) && change(pillar) < MOST_CHANGE && weights[pillar] > LEAST_WEIGHT,
    ).toSorted((a, b) => weights[b] - weights[a])[0]
    const taker = gaining
      .filter(pillar => change(pillar) < MOST_CHANGE)
      .toSorted((a, b) => change(a) - change(b))[0]
    if (giver === undefined || taker === undefined) break
    weights[giver]--
    weights[taker]++
  }
  return gaining.every(pillar => change(pillar) === 0) ? null : weights
}

const ofScore = ({ score }: TheatrePerson): number | null => score

/** Every week of a person with the same person in the week after. */
const pairsOf = (weeks: readonly TheatreWeek[]) =>
  weeks.slice(1).flatMap((next, index) => {
    const week = weeks[index] ?? null
    if (week === null || next === null) return []
    const after = new Map(next.people.map(person => [person.personId, person]))
    return week.people.flatMap(person => {
      const then = after.get(person.personId)
      return then === undefined ? [] : [{ week, next, person, then }]
    })
  })

const casesOf = (
  quarters: readonly (readonly TheatreWeek[])[],
  outcome: Outcome,
  xOf: (person: TheatrePerson) => number | null,
): PersonWeek[] =>
  quarters.flatMap(pairsOf).flatMap(({ week, person, then }) => {
    const x = xOf(person)
    const result = then[outcome]
    if (x === null || result === null || result.cases === 0) return []
    const y = result.good / result.cases
    return [{ personId: person.personId, series: week.rulesVersion, x, y, weight: result.cases }]
  })

/** What the links of a quarter are counted from, week by week. A week without a case says nothing of that result. */
export const theatreCases = (weeks: readonly TheatreWeek[]): TheatreCase[] =>
  pairsOf(weeks).flatMap(({ week, next, person: { personId, score }, then }) => {
    const [accuracy, moves] = OUTCOMES.map(outcome => (then[outcome]?.cases === 0 ? null : then[outcome]))
    if (score === null || (!accuracy && !moves)) return []
    const results = { accuracy: accuracy ?? null, moves: moves ?? null }
    return [{ personId, from: week.from, asOf: week.asOf, nextAsOf: next.asOf, score, ...results }]
  })

/** People with weeks enough to have a mean of their own. */
const peopleOf = (cases: readonly PersonWeek[]): number => {
  const weeks = new Map<string, number>()
  for (const { personId } of cases) weeks.set(personId, (weeks.get(personId) ?? 0) + 1)
  return [...weeks.values()].filter(count => count >= LEAST.weeksEach).length
}

const totalOf = (cases: readonly PersonWeek[]): number => cases.reduce((sum, { weight }) => sum + weight, 0)

const isEnough = (cases: readonly PersonWeek[], outcome: Outcome): boolean =>
  peopleOf(cases) >= LEAST.people &&
  cases.length >= LEAST.weeks &&
  (outcome !== 'accuracy' || totalOf(cases) >= LEAST.won)

const linkOf = (cases: readonly PersonWeek[], outcome: Outcome): TheatreLink => {
  const slope = isEnough(cases, outcome) ? slopeWithin(cases) : null
  return {
    people: peopleOf(cases),
    weeks: cases.length,
    cases: totalOf(cases),
    effect:
      slope === null
        ? null
        : { value: slope.value * POINTS, low: slope.low * POINTS, high: slope.high * POINTS },
  }
}
