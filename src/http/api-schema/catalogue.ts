import { z } from 'zod'
import { pillar } from './values.ts'

export const catalogueSchema = z.array(
  z.object({
    metric: z.string(),
    pillar: pillar.nullable(),
    unit: z.string(),
    payClass: z.enum(['A', 'B', 'C']),
    target: z.number().nullable(),
    lessIsBetter: z.boolean(),
    version: z.string(),
    offReason: z.string().nullable(),
    coverage: z.number().nullable(),
  }),
)

export type CatalogueView = z.infer<typeof catalogueSchema>
