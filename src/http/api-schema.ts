import { z } from 'zod'

/**
 * What `/api/v1` answers, in zod: the server checks itself against it in tests, `/openapi.json` is made
 * from it, and the widget imports the types (types only). Instants are ISO 8601 UTC, days `YYYY-MM-DD`,
 * money is in the currency that stands beside it. `null` = unknown.
 */

const id = z.string()
const instant = z.iso.datetime()
const day = z.iso.date()
const level = z.enum(['none', 'amber', 'red'])
const flag = z.enum(['age', 'silence', 'promise'])
const band = z.enum(['habit', 'forming', 'on_request', 'outside'])
const trust = z.enum(['clear', 'look', 'review'])
const pillar = z.enum(['presence', 'work', 'pipeline', 'truth', 'process'])
/** Sums by currency: currencies are never added together. */
const money = z.record(z.string(), z.number())

export const sessionSchema = z.object({ token: z.string(), expiresAt: instant })

export const meSchema = z.object({
  userId: id,
  name: z.string(),
  role: z.enum(['employee', 'head', 'admin']),
  /** User ids whose data this viewer may see. */
  sees: z.array(id),
  vendor: z.enum(['bitrix24', 'amocrm', 'kommo']),
  portal: z.object({
    host: z.string(),
    /** Origin for links into the CRM. */
    origin: z.string(),
    currency: z.string().nullable(),
    timeZone: z.string(),
  }),
  language: z.enum(['ru', 'en']),
  theme: z.enum(['light', 'dark']),
  status: z.enum(['active', 'reauth_required', 'suspended', 'uninstalled']),
  /** An administrator to ask, for screens without rights. */
  adminName: z.string().nullable(),
  hasSnapshot: z.boolean(),
  departments: z.array(z.object({ id, name: z.string(), parentId: id.nullable() })),
  /** Where the frame was opened: screen and its parameters. */
  start: z.object({ view: z.string(), params: z.record(z.string(), z.string()) }),
})

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

export const scoreSchema = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  coverage: z.number(),
  band: band.nullable(),
  trust,
  trustReasons: z.array(z.string()),
  absence: z.string().nullable(),
  isReconstructed: z.boolean(),
  deals: z.number(),
  days: z.number(),
})

export const weekSchema = z.object({
  /** Monday of the week. */
  from: day,
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  coverage: z.number().nullable(),
  isReconstructed: z.boolean(),
  isPartial: z.boolean(),
  /** ISO instant of the snapshot behind it: the key for evidence. */
  asOf: instant.nullable(),
})

const redTotals = z.object({ deals: z.number(), amount: money })

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

export const overviewSchema = z.object({
  asOf: instant,
  builtAt: instant,
  weekFrom: day,
  weekTo: day,
  score: scoreSchema,
  delta: z.number().nullable(),
  weeks: z.array(weekSchema),
  rolloutStartedOn: day.nullable(),
  installedOn: day,
  isAmnesty: z.boolean(),
  historyStart: instant.nullable(),
  actorsKnownSince: instant,
  dataUntil: instant.nullable(),
  openDeals: z.number(),
  people: z.array(personSchema),
  red: redTotals,
  amber: redTotals,
  /** People who need help: shown to heads only, at most two. */
  needHelp: z.array(id),
  reasons: z.array(z.object({ flag, red: z.number(), amber: z.number(), amount: money })),
  /** Against the snapshot a week earlier. */
  changes: z
    .object({
      since: instant,
      movedForward: redTotals,
      won: redTotals,
      cleared: redTotals,
      newRed: redTotals,
    })
    .nullable(),
})

export const dealSchema = z.object({
  id,
  title: z.string(),
  /** Path of the card inside the CRM. */
  path: z.string(),
  pipelineId: id,
  pipelineName: z.string(),
  stageId: id,
  stageName: z.string(),
  responsibleId: id.nullable(),
  responsibleName: z.string().nullable(),
  amount: z.number().nullable(),
  currency: z.string().nullable(),
  level,
  flags: z.array(flag),
  enteredAt: instant,
  ageDays: z.number(),
  silenceDays: z.number().nullable(),
  t80Days: z.number().nullable(),
  t95Days: z.number().nullable(),
  s80Days: z.number().nullable(),
  source: z.enum(['own', 'mixed', 'preset']),
  sample: z.number(),
  promise: z.enum(['missing', 'overdue']).nullable(),
  promiseOverdueDays: z.number().nullable(),
  winChance: z.number().nullable(),
  winChanceBasis: z.enum(['own', 'mixed', 'none']),
  isFirstObserved: z.boolean(),
})

export const scoredMetricSchema = z.object({
  metric: z.string(),
  unit: z.string(),
  weight: z.number(),
  value: z.number().nullable(),
  numerator: z.number().nullable(),
  denominator: z.number().nullable(),
  attainment: z.number().nullable(),
  points: z.number(),
  maxPoints: z.number(),
  target: z.number(),
  lessIsBetter: z.boolean(),
  offReason: z.string().nullable(),
})

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
    z.object({ metric: z.string(), points: z.number(), minutes: z.number(), deals: z.array(dealSchema) }),
  ),
  deals: z.array(dealSchema),
  openDeals: z.number(),
  previousId: id.nullable(),
  nextId: id.nullable(),
})

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
})

export const processSchema = z.object({
  asOf: instant,
  pipelines: z.array(
    z.object({
      id,
      name: z.string(),
      stages: z.array(stageThresholdSchema),
      edges: z.array(
        z.object({
          fromStageId: id,
          toStageId: id,
          deals: z.number(),
          moves: z.number(),
          medianDays: z.number().nullable(),
          isDesigned: z.boolean(),
        }),
      ),
      variants: z.array(
        z.object({
          path: z.array(id),
          deals: z.number(),
          won: z.number(),
          lost: z.number(),
          open: z.number(),
          medianDays: z.number().nullable(),
          conformanceCost: z.number(),
        }),
      ),
    }),
  ),
})

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

export const preferencesSchema = z.object({
  digest: z.boolean(),
  channel: z.enum(['crm', 'email', 'telegram', 'task']),
  email: z.string().nullable(),
  telegramLinked: z.boolean(),
  language: z.enum(['ru', 'en']).nullable(),
  theme: z.enum(['light', 'dark']).nullable(),
  /** Channels that can work here. */
  channels: z.array(z.enum(['crm', 'email', 'telegram', 'task'])),
})

export const preferencesPatchSchema = z
  .strictObject({
    digest: z.boolean(),
    channel: z.enum(['crm', 'email', 'telegram', 'task']),
    email: z.email().nullable(),
    language: z.enum(['ru', 'en']).nullable(),
    theme: z.enum(['light', 'dark']).nullable(),
  })
  .partial()

export const digestPreviewSchema = z.array(
  z.object({
    userId: id,
    name: z.string(),
    role: z.enum(['head', 'employee']),
    channel: z.string(),
    text: z.string(),
    dealIds: z.array(id),
  }),
)

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
  proposedCriticalFields: z.array(z.string()),
  stages: z.array(stageThresholdSchema),
  stored: z.object({ rows: z.record(z.string(), z.number()) }),
  log: z.array(z.object({ at: instant, changedBy: z.string(), change: z.unknown() })),
  preferences: preferencesSchema,
})

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

export type Session = z.infer<typeof sessionSchema>
export type Me = z.infer<typeof meSchema>
export type SyncState = z.infer<typeof syncSchema>
export type ScoreView = z.infer<typeof scoreSchema>
export type Week = z.infer<typeof weekSchema>
export type PersonView = z.infer<typeof personSchema>
export type Overview = z.infer<typeof overviewSchema>
export type DealView = z.infer<typeof dealSchema>
export type ScoredMetricView = z.infer<typeof scoredMetricSchema>
export type EmployeeView = z.infer<typeof employeeSchema>
export type EvidenceView = z.infer<typeof evidenceSchema>
export type StageThreshold = z.infer<typeof stageThresholdSchema>
export type ProcessView = z.infer<typeof processSchema>
export type CatalogueView = z.infer<typeof catalogueSchema>
export type Preferences = z.infer<typeof preferencesSchema>
export type PreferencesPatch = z.infer<typeof preferencesPatchSchema>
export type DigestPreview = z.infer<typeof digestPreviewSchema>
export type WriteBack = z.infer<typeof writeBackSchema>
export type WriteBackChoice = z.infer<typeof writeBackChoiceSchema>
export type WriteBackDeals = z.infer<typeof writeBackDealsSchema>
export type WriteBackPreview = z.infer<typeof writeBackPreviewSchema>
export type WriteBackStarted = z.infer<typeof writeBackStartedSchema>
export type WriteBackUndoing = z.infer<typeof writeBackUndoingSchema>
export type WriteBackRun = z.infer<typeof writeBackRunSchema>
export type WriteBackEntry = z.infer<typeof writeBackEntriesSchema>[number]
export type SettingsView = z.infer<typeof settingsViewSchema>
