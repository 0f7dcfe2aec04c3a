import { z } from 'zod'
import { id } from './values.ts'

export const stageThresholdSchema = z.object({
  pipelineId: id,
  pipelineName: z.string(),
  stageId: id,
  name: z.string(),
  outcome: z.enum(['open', 'won', 'lost']),
  visits: z.number(),
  openNow: z.number(),
  medianDays: z.number().nullable(),
  t80Days: z.number().nullable(),
  t95Days: z.number().nullable(),
  source: z.enum(['own', 'mixed', 'preset']),
  forwardExits: z.number(),
  backExits: z.number(),
  lostExits: z.number(),
  otherExits: z.number(),
  /** False: the CRM lists it no more; absent = listed. */
  isListed: z.boolean().optional(),
})

export type StageThreshold = z.infer<typeof stageThresholdSchema>
