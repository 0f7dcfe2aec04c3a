import { z } from 'zod'
import { id, instant } from './values.ts'

/** What is written into the CRM, and whether. */
export const writeBackSchema = z.object({
  marks: z.boolean(),
  tasks: z.boolean(),
  level: z.enum(['red', 'amber']),
  /** How this CRM shows a mark: a tag among others, or a field of its own. */
  by: z.enum(['tag', 'field']),
  /** The marks as people read them in the CRM. */
  words: z.object({ red: z.string(), amber: z.string() }),
  /** Switching, and everything that concerns the whole portal. */
  canSwitch: z.boolean(),
  /** Marks and tasks for chosen deals. */
  canWrite: z.boolean(),
  undoHours: z.number(),
})

export const writeBackChoiceSchema = z.strictObject({
  marks: z.boolean(),
  tasks: z.boolean(),
  level: z.enum(['red', 'amber']),
})

/** `hash` of the preview that was looked at: needed to switch anything on. */
const planHash = z.string().regex(/^[0-9a-f]{32}$/, 'must be the hash of a preview')

export const writeBackSwitchSchema = writeBackChoiceSchema.extend({ hash: planHash.optional() })
export const writeBackRunBodySchema = z.strictObject({ hash: planHash })

export const writeBackDealsSchema = z.strictObject({
  action: z.enum(['mark', 'task']),
  dealIds: z.array(z.string().min(1).max(100)).min(1).max(200),
  /** Text of the task; without it, the usual one. */
  title: z.string().trim().min(1).max(200).optional(),
})

export const writeBackDealsRunSchema = writeBackDealsSchema.extend({ hash: planHash })
export const writeBackUndoSchema = z.strictObject({ entryId: z.string().max(100).optional() })
const writeKind = z.enum(['mark', 'task', 'closeTask'])

export const writeBackPreviewSchema = z.object({
  asOf: instant,
  hash: z.string(),
  changes: z.array(
    z.object({
      kind: writeKind,
      dealId: id,
      title: z.string(),
      path: z.string(),
      responsibleName: z.string().nullable(),
      before: z.string().nullable(),
      after: z.string().nullable(),
      dueAt: instant.nullable(),
    }),
  ),
  /** Differences beyond one run's most: left for the next run. */
  waiting: z.number(),
})

export const writeBackStartedSchema = z.object({ batchId: id, changes: z.number() })
export const writeBackUndoingSchema = z.object({ entries: z.number() })

export const writeBackRunSchema = z.object({
  batchId: id,
  origin: z.enum(['schedule', 'manual', 'bulk']),
  askedByName: z.string().nullable(),
  plannedAt: instant,
  planned: z.number(),
  written: z.number(),
  refused: z.number(),
  undone: z.number(),
  /** Neither written nor given up, or asked to be taken back and not done yet. */
  waiting: z.number(),
  /** Until when it may be taken back; null = there is nothing to take back. */
  undoUntil: instant.nullable(),
})

export const writeBackRunsSchema = z.array(writeBackRunSchema)

export const writeBackEntriesSchema = z.array(
  z.object({
    id,
    kind: writeKind,
    dealId: id,
    title: z.string(),
    path: z.string(),
    before: z.string().nullable(),
    after: z.string().nullable(),
    dueAt: instant.nullable(),
    state: z.enum(['waiting', 'written', 'undoing', 'undone', 'left', 'refused']),
    /** Why it was left or refused: `changed_by_person`, `done_by_person`, `refused` and the like. */
    note: z.string().nullable(),
    /** The CRM's own code of a refusal. */
    error: z.string().nullable(),
    at: instant.nullable(),
    canUndo: z.boolean(),
  }),
)

export type WriteBack = z.infer<typeof writeBackSchema>
export type WriteBackChoice = z.infer<typeof writeBackChoiceSchema>
export type WriteBackDeals = z.infer<typeof writeBackDealsSchema>
export type WriteBackPreview = z.infer<typeof writeBackPreviewSchema>
export type WriteBackStarted = z.infer<typeof writeBackStartedSchema>
export type WriteBackUndoing = z.infer<typeof writeBackUndoingSchema>
export type WriteBackRun = z.infer<typeof writeBackRunSchema>
export type WriteBackEntry = z.infer<typeof writeBackEntriesSchema>[number]
