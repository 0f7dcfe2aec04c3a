import { z } from 'zod'
import { id, instant } from './values.ts'

const moved = z.object({ deals: z.number(), moved: z.number() })

/** How good flags and chances are in this portal, measured on its own past. */
export const flagQualitySchema = z.object({
  asOf: instant,
  /** Null until a flag day is 60 days old. */
  check: z
    .object({
      flaggedAt: instant,
      days: z.number(),
      isReconstructed: z.boolean(),
      red: moved,
      unflagged: moved,
      ratio: z.number().nullable(),
      normal: z.number(),
      stages: z.array(
        z.object({
          pipelineId: id,
          pipelineName: z.string(),
          stageId: id,
          stageName: z.string(),
          red: moved,
          unflagged: moved,
          ratio: z.number().nullable(),
          isMisjudged: z.boolean(),
        }),
      ),
    })
    .nullable(),
  chances: z
    .object({
      basis: z.enum(['own', 'mixed', 'none']),
      decidedDeals: z.number(),
      auc: z.number().nullable(),
      aucLow: z.number().nullable(),
      aucHigh: z.number().nullable(),
      brier: z.number().nullable(),
      calibrationError: z.number().nullable(),
      calibration: z.array(z.object({ predicted: z.number(), observed: z.number(), deals: z.number() })),
      instants: z.number(),
    })
    .nullable(),
})

export type FlagQuality = z.infer<typeof flagQualitySchema>
