import { z } from 'zod'
import { dealSchema } from './deals.ts'
import { personSchema } from './person.ts'
import { scoredMetricSchema } from './score.ts'
import { firstWeek, id, instant, pillar } from './values.ts'

export const employeeSchema = z.object({
  asOf: instant,
  person: personSchema,
  isAmnesty: z.boolean(),
  pillars: z.array(
    z.object({ pillar, weight: z.number(), points: z.number(), metrics: z.array(scoredMetricSchema) }),
  ),
  /** Metrics beside the score, measured for this person. */
  others: z.array(scoredMetricSchema),
  fixes: z.array(
    z.object({
      metric: z.string(),
      points: z.number(),
      minutes: z.number(),
      deals: z.array(dealSchema),
      /** In step with `deals`: what each of them alone would add to a week. */
      dealPoints: z.array(z.number().nullable()),
    }),
  ),
  deals: z.array(dealSchema),
  /** The way to the habit since the launch; null = there is no week with a score yet. */
  adoption: z
    .object({
      weeks: z.number(),
      tidying: firstWeek.nullable(),
      steady: firstWeek.nullable(),
      burstOff: z.string().nullable(),
    })
    .nullable(),
  openDeals: z.number(),
  previousId: id.nullable(),
  nextId: id.nullable(),
})

export type EmployeeView = z.infer<typeof employeeSchema>
