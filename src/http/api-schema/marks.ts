import { z } from 'zod'
import { day, id, instant, redTotals } from './values.ts'

/** Reasons on the customer's side: a deal is paused for nothing else. */
export const pauseReason = z.enum([
  'client_asked',
  'client_away',
  'client_approval',
  'client_budget',
  'client_season',
])

export const amnestyOutcome = z.enum(['lost', 'later', 'back', 'date', 'step'])
const dealIds = z.array(z.string().min(1).max(100)).min(1).max(500)
export const pauseRequestSchema = z.strictObject({ dealIds, until: day, reason: pauseReason })
export const objectionRequestSchema = z.strictObject({ dealIds })
export const answerRequestSchema = z.strictObject({ dealIds, answer: z.enum(['normal', 'stands']) })

export const amnestyRequestSchema = z.strictObject({
  dealIds,
  outcome: amnestyOutcome,
  /** For `later`. */
  until: day.optional(),
  reason: pauseReason.optional(),
})

/** What was done with each deal of a list; when nothing could be done, the answer is the first deal's problem. */
export const markedSchema = z.object({
  done: z.array(id),
  refused: z.array(z.object({ dealId: id, code: z.string() })),
})

export const amnestySchema = z.object({
  isOn: z.boolean(),
  /** Last day of the first two weeks. */
  until: day.nullable(),
  /** Red deals that the viewer may see, and those about which something was decided. */
  red: redTotals,
  decided: redTotals,
  outcomes: z.array(
    z.object({ dealId: id, outcome: amnestyOutcome, by: id, byName: z.string().nullable(), at: instant }),
  ),
})

export type PauseReason = z.infer<typeof pauseReason>
export type AmnestyOutcome = z.infer<typeof amnestyOutcome>
export type Marked = z.infer<typeof markedSchema>
export type AmnestyView = z.infer<typeof amnestySchema>
