import { z } from 'zod'
import { id, instant, pillar } from './values.ts'

export const evidenceSchema = z.object({
  metric: z.string(),
  scope: z.enum(['employee', 'team', 'company']),
  scopeId: z.string(),
  asOf: instant,
  windowDays: z.number(),
  rulesVersion: z.string(),
  unit: z.string(),
  payClass: z.enum(['A', 'B', 'C']),
  value: z.number().nullable(),
  numerator: z.number().nullable(),
  denominator: z.number().nullable(),
  target: z.number().nullable(),
  offReason: z.string().nullable(),
  /** Of a score or its coverage: the metrics that it is made of, each with evidence of its own. */
  parts: z
    .array(
      z.object({
        pillar,
        metric: z.string(),
        weight: z.number(),
        points: z.number(),
        maxPoints: z.number(),
        offReason: z.string().nullable(),
      }),
    )
    .optional(),
  total: z.number(),
  items: z.array(
    z.object({
      kind: z.enum(['deal', 'task', 'activity', 'invoice']),
      id,
      title: z.string().nullable(),
      path: z.string().nullable(),
      ownerId: id.nullable(),
      ownerName: z.string().nullable(),
      amount: z.number().nullable(),
      currency: z.string().nullable(),
      counts: z.boolean(),
      fact: z.string(),
      params: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    }),
  ),
})

export type EvidenceView = z.infer<typeof evidenceSchema>
