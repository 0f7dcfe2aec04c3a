import { z } from 'zod'
import { day, id, instant, pillar } from './values.ts'

const pillarWeights = z.record(pillar, z.number())

const theatreLink = z.object({
  people: z.number(),
  weeks: z.number(),
  cases: z.number(),
  /** What ten more points of a week brought in the next one; null = too little to tell. */
  effect: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
})

/** Whether weeks with a higher score bring better results, asked once a quarter; metrics 4.4, rule 8. */
export const theatreCheckSchema = z.object({
  /** Weights of the pillars now, of a hundred. */
  weights: pillarWeights,
  /** What an answer asks for at least: people with so many weeks each, weeks of people, deals won. */
  least: z.object({ people: z.number(), weeksEach: z.number(), weeks: z.number(), won: z.number() }),
  /** Null until the next nightly count. */
  check: z
    .object({
      launchedOn: day,
      nextOn: day,
      /** Oldest first. */
      quarters: z.array(
        z.object({
          number: z.number(),
          from: day,
          to: day,
          answer: z.enum(['yes', 'no', 'unknown']),
          /** Share of won deals that were won near the date set 30 days earlier. */
          accuracy: theatreLink,
          /** Stages passed forward per deal-day. */
          moves: theatreLink,
        }),
      ),
      /** After two quarters running without a link; `weights: null` = there is nothing to propose. */
      proposal: z.object({ gaining: z.array(pillar), weights: pillarWeights.nullable() }).nullable(),
    })
    .nullable(),
})

export type TheatreCheckView = z.infer<typeof theatreCheckSchema>

const result = z.object({ good: z.number(), cases: z.number() }).nullable()

/** The weeks behind the last quarter, each with its score and the results of the week after. */
export const theatreWeeksSchema = z.object({
  weeks: z.array(
    z.object({
      personId: id,
      personName: z.string(),
      /** Monday. */
      from: day,
      asOf: instant,
      nextAsOf: instant,
      score: z.number(),
      /** Deals won near the date set 30 days earlier, of those won with such a date. */
      accuracy: result,
      /** Stages passed forward, and deal-days. */
      moves: result,
    }),
  ),
  /** Weeks of people whom the viewer does not see. */
  hidden: z.number(),
})

export type TheatreWeeksView = z.infer<typeof theatreWeeksSchema>
