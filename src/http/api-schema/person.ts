import { z } from 'zod'
import { scoreSchema, weekSchema } from './score.ts'
import { id, redTotals } from './values.ts'

export const personSchema = z.object({
  id,
  name: z.string(),
  position: z.string().nullable(),
  departmentId: id.nullable(),
  isActive: z.boolean(),
  score: scoreSchema,
  /** Points against four weeks earlier. */
  delta: z.number().nullable(),
  /** True when the fall is outside the interval. */
  isFalling: z.boolean(),
  weeks: z.array(weekSchema),
  red: redTotals,
})

export type PersonView = z.infer<typeof personSchema>
