import { z } from 'zod'
import { pauseReason } from './marks.ts'
import { flag, id, instant } from './values.ts'

const level = z.enum(['none', 'amber', 'red'])

export const dealSchema = z.object({
  id,
  title: z.string(),
  /** Path of the card inside the CRM. */
  path: z.string(),
  pipelineId: id,
  pipelineName: z.string(),
  stageId: id,
  stageName: z.string(),
  responsibleId: id.nullable(),
  responsibleName: z.string().nullable(),
  amount: z.number().nullable(),
  currency: z.string().nullable(),
  level,
  flags: z.array(flag),
  enteredAt: instant,
  ageDays: z.number(),
  silenceDays: z.number().nullable(),
  t80Days: z.number().nullable(),
  t95Days: z.number().nullable(),
  s80Days: z.number().nullable(),
  source: z.enum(['own', 'mixed', 'preset']),
  sample: z.number(),
  promise: z.enum(['missing', 'overdue']).nullable(),
  promiseOverdueDays: z.number().nullable(),
  winChance: z.number().nullable(),
  winChanceBasis: z.enum(['own', 'mixed', 'none']),
  /** Chance that the deal is still on its stage after `noMoveDays` more working days; old is not the same as stuck. */
  noMoveChance: z.number().nullable(),
  noMoveDays: z.number().nullable(),
  /** Working days of this stay during which the clocks stood still. */
  pausedDays: z.number(),
  /** Pauses this deal may still have. */
  pausesLeft: z.number(),
  /** The clocks stand still now; null = they run. */
  pause: z
    .object({ id, until: instant, reason: pauseReason, madeBy: id, madeByName: z.string().nullable() })
    .nullable(),
  /** What was said about the flag of this stay; an open one waits for the head's answer. */
  objection: z
    .object({
      state: z.enum(['open', 'normal', 'stands']),
      openedBy: id,
      openedByName: z.string().nullable(),
      openedAt: instant,
      answeredBy: id.nullable(),
      answeredByName: z.string().nullable(),
      answeredAt: instant.nullable(),
      /** Until then the flag does not count; null = it counts. */
      holdsUntil: instant.nullable(),
    })
    .nullable(),
  isFirstObserved: z.boolean(),
})

/** One deal with what people have done about its flag. */
export const dealCardSchema = dealSchema.extend({
  canMark: z.boolean(),
  canAnswer: z.boolean(),
  /** Newest first. */
  journal: z.array(
    z.object({
      at: instant,
      by: id,
      byName: z.string().nullable(),
      what: z.enum(['paused', 'pause_ended', 'objected', 'normal', 'stands']),
      until: instant.nullable(),
      reason: pauseReason.nullable(),
    }),
  ),
})

export type DealView = z.infer<typeof dealSchema>
export type DealCard = z.infer<typeof dealCardSchema>
