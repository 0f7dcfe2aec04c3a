import { z } from 'zod'
import { meSchema } from './session.ts'
import { instant } from './values.ts'

export const syncSchema = z.object({
  status: meSchema.shape.status,
  phase: z.enum(['backfill', 'incremental', 'idle']),
  /** 0..1 */
  progress: z.number(),
  outcome: z.enum(['running', 'done', 'failed']).nullable(),
  lastFinishedAt: instant.nullable(),
  lastError: z.string().nullable(),
  /** The CRM asked us to wait until then. */
  waitingUntil: instant.nullable(),
  secondsLeft: z.number().nullable(),
  steps: z.array(
    z.object({
      step: z.enum(['people', 'pipelines', 'deals', 'history', 'tasks']),
      done: z.number(),
      total: z.number().nullable(),
      perSecond: z.number().nullable(),
      state: z.enum(['waiting', 'running', 'done']),
    }),
  ),
  rejected: z.number(),
  /** True as soon as there is something to look at. */
  isUsable: z.boolean(),
})

export type SyncState = z.infer<typeof syncSchema>
