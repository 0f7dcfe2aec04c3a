import { z } from 'zod'
import { personSchema } from './person.ts'
import { scoreSchema, weekSchema } from './score.ts'
import { day, flag, id, instant, money, redTotals } from './values.ts'

export const overviewSchema = z.object({
  asOf: instant,
  builtAt: instant,
  weekFrom: day,
  weekTo: day,
  score: scoreSchema,
  /** Whose score it is: the key for its evidence. */
  scope: z.enum(['team', 'company']),
  scopeId: id,
  delta: z.number().nullable(),
  weeks: z.array(weekSchema),
  rolloutStartedOn: day.nullable(),
  installedOn: day,
  isAmnesty: z.boolean(),
  /** Last day of the first two weeks, while they last. */
  amnestyUntil: day.nullable(),
  /** What is still being read for the first time: figures that need it are off. */
  unread: z.array(z.enum(['activities', 'tasks', 'invoices'])),
  /** Deals whose clocks stand still. */
  paused: redTotals,
  historyStart: instant.nullable(),
  actorsKnownSince: instant,
  dataUntil: instant.nullable(),
  openDeals: z.number(),
  people: z.array(personSchema),
  red: redTotals,
  amber: redTotals,
  /** People who need help: shown to heads only, at most two. */
  needHelp: z.array(id),
  reasons: z.array(z.object({ flag, red: z.number(), amber: z.number(), amount: money })),
  /** Against the snapshot a week earlier. */
  changes: z
    .object({
      since: instant,
      movedForward: redTotals,
      won: redTotals,
      cleared: redTotals,
      newRed: redTotals,
    })
    .nullable(),
})

export type Overview = z.infer<typeof overviewSchema>

/** Deals behind one count of what changed. */
export const changedDealsSchema = z.object({
  total: z.number(),
  deals: z.array(
    z.object({
      id,
      title: z.string(),
      path: z.string(),
      ownerName: z.string().nullable(),
      amount: z.number().nullable(),
      currency: z.string().nullable(),
    }),
  ),
})

export type ChangedDeals = z.infer<typeof changedDealsSchema>
