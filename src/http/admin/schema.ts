import { z } from 'zod'

/** What `/admin/v1` takes and answers. */

const instant = z.iso.datetime()
/** An instant with a zone; a bare local time would mean something else on every machine. */
const givenInstant = z.iso.datetime({
  offset: true,
  error: 'must be an instant such as 2026-11-23T00:00:00Z',
})

export const asOfBody = z.strictObject({ asOf: givenInstant })
export const notifyBody = z.strictObject({
  asOf: givenInstant.optional(),
  dryRun: z.boolean().default(false),
})
export const syncBody = z.strictObject({ full: z.boolean().default(false) })
export const runSchema = z.object({ run: z.string() })

const rows = z.int().min(0)

export const adminSyncSchema = z.object({
  phase: z.enum(['backfill', 'incremental', 'idle']),
  /** 0..1 */
  progress: z.number(),
  /** The last run. */
  run: z.string().nullable(),
  outcome: z.enum(['running', 'done', 'failed']).nullable(),
  lastFinishedAt: instant.nullable(),
  lastError: z.string().nullable(),
  counts: z.object({
    users: rows,
    pipelines: rows,
    deals: rows,
    stageMoves: rows,
    tasks: rows,
    activities: rows,
    invoices: rows,
  }),
  rejected: rows,
  /** HTTP requests made to the CRM by the last run. */
  requests: rows,
})

export const adminInstallationSchema = z.object({
  id: z.string(),
  vendor: z.string(),
  portal: z.string(),
  status: z.enum(['active', 'reauth_required', 'suspended', 'uninstalled']),
  sync: adminSyncSchema,
})

export const adminSnapshotSchema = z.object({
  asOf: instant,
  builtAt: instant,
  rulesVersion: z.string(),
  coverage: z.number().nullable(),
})

export const adminMessageSchema = z.object({
  userId: z.string(),
  role: z.enum(['head', 'employee']),
  channel: z.string(),
  text: z.string(),
  dealIds: z.array(z.string()),
})

export const metricListSchema = z.array(
  z.object({
    metric: z.string(),
    pillar: z.string().nullable(),
    unit: z.string(),
    payClass: z.enum(['A', 'B', 'C']),
    target: z.number().nullable(),
    lessIsBetter: z.boolean(),
    version: z.string(),
    formula: z.string(),
    caveats: z.array(z.string()).readonly(),
    needs: z.array(z.string()).readonly(),
    offReason: z.string().nullable().optional(),
    coverage: z.number().nullable().optional(),
  }),
)

export type AdminInstallation = z.infer<typeof adminInstallationSchema>
