import { z } from 'zod'
import { preferencesSchema } from './messages.ts'
import { stageThresholdSchema } from './stages.ts'
import { id, instant } from './values.ts'

/** What Settings shows besides the settings themselves. */
export const settingsViewSchema = z.object({
  settings: z.unknown(),
  canChange: z.boolean(),
  people: z.array(
    z.object({
      id,
      name: z.string(),
      departmentIds: z.array(id),
      isActive: z.boolean(),
      isAdmin: z.boolean(),
    }),
  ),
  departments: z.array(z.object({ id, name: z.string(), parentId: id.nullable(), headId: id.nullable() })),
  /** The CRM itself says who heads what. */
  hasHierarchy: z.boolean(),
  /** Where the CRM keeps no hierarchy: who probably heads what, for an administrator to accept. */
  proposedHeads: z.array(
    z.object({ departmentId: id, userIds: z.array(id), why: z.enum(['all', 'group', 'admin']) }),
  ),
  pipelines: z.array(z.object({ id, name: z.string() })),
  fields: z.array(
    z.object({ id, title: z.string(), type: z.string(), isCustom: z.boolean(), isRequired: z.boolean() }),
  ),
  /** Targets of the score's metrics; after four weeks the team's own 60th percentile is proposed. */
  targets: z.array(
    z.object({
      metric: z.string(),
      unit: z.string(),
      lessIsBetter: z.boolean(),
      initial: z.number(),
      accepted: z.number().nullable(),
      proposed: z.number().nullable(),
      people: z.number(),
    }),
  ),
  proposedCriticalFields: z.array(z.string()),
  stages: z.array(stageThresholdSchema),
  stored: z.object({ rows: z.record(z.string(), z.number()) }),
  log: z.array(z.object({ at: instant, changedBy: z.string(), change: z.unknown() })),
  preferences: preferencesSchema,
})

export type SettingsView = z.infer<typeof settingsViewSchema>
