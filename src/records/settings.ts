import { IANAZone } from 'luxon'
import { z } from 'zod'

const clockTime = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must look like 09:00')
const day = z.iso.date()
/** A zone with a name; an offset such as `+05:30` knows no clock changes. */
const isZone = (zone: string): boolean => IANAZone.isValidZone(zone) && !/^[+-]/.test(zone)

export const calendarSchema = z
  .strictObject({
    timeZone: z.string().refine(isZone, 'must be an IANA time zone'),
    /** ISO weekdays, 1 = Monday. */
    workdays: z.array(z.int().min(1).max(7)).min(1).max(7),
    hours: z.tuple([clockTime, clockTime]).refine(([from, to]) => from < to, 'must end after it starts'),
    holidays: z.array(day).max(400),
  })
  .readonly()

/** A portal's working time. With seven workdays and 00:00–24:00 working time equals elapsed time. */
export type Calendar = z.infer<typeof calendarSchema>

export const defaultCalendar = (timeZone: string): Calendar => ({
  timeZone: isZone(timeZone) ? timeZone : 'UTC',
  workdays: [1, 2, 3, 4, 5],
  hours: ['09:00', '18:00'],
  holidays: [],
})

/** What must be seen in the CRM for a deal to stand on a stage (M23). */
const stageRuleSchema = z.strictObject({
  pipelineId: z.string().min(1).max(200),
  stageId: z.string().min(1).max(200),
  proof: z.enum(['message', 'document', 'invoice', 'payment', 'meeting']),
})

export type StageRule = z.infer<typeof stageRuleSchema>

/** Versions of a pipeline's design that are kept; beyond that the oldest is forgotten. */
export const MAX_DESIGN_VERSIONS = 50
/** A change leaves other pipelines' designs as they are: without an end they would only ever grow. */
const MAX_DESIGNED_PIPELINES = 200

const stageId = z.string().min(1).max(200)
const designVersionSchema = z.strictObject({
  /** In force from here on: when it was drawn. */
  from: z.iso.datetime(),
  /** Which stage may follow which, by ids; null = the default is back. */
  edges: z
    .array(z.tuple([stageId, stageId]))
    .min(1)
    .max(1000)
    .nullable(),
})

/** A version of a pipeline's design that somebody has drawn. */
export type DrawnDesign = { from: string; edges: [from: string, to: string][] }

export const settingsSchema = z.strictObject({
  calendar: calendarSchema,
  language: z.enum(['ru', 'en']),
  stale: z.strictObject({
    /** Bulk clean-ups (30+ deals within 10 minutes) are left out of the thresholds. */
    dropBulk: z.boolean(),
    /** Thresholds that an administrator has loosened: `pipeline/stage` → factor (metrics 4.5, 7). */
    loosened: z.record(z.string().max(400), z.number().min(1).max(5)).default({}),
  }),
  /** Fields that M17 asks for; null = the proposed set. */
  criticalFields: z.array(z.string()).max(30).nullable(),
  /** Field that carries the reason of a loss; null = the losing stage is the reason. */
  lossReasonField: z.string().nullable(),
  /** Stages that ask for proof; null = the set proposed from their names. */
  stageRules: z.array(stageRuleSchema).max(2000).nullable().default(null),
  /** How deals are meant to go, drawn by a head: pipeline id → versions, the newest last; none = stage by stage. */
  designs: z
    .record(
      z.string().min(1).max(200),
      z
        .array(designVersionSchema)
        .max(MAX_DESIGN_VERSIONS)
        .refine(
          versions =>
            versions.every(
              ({ from }, index) => index === 0 || Date.parse(versions[index - 1]!.from) < Date.parse(from),
            ),
          'must be in the order of their instants',
        ),
    )
    .refine(
      designs => Object.keys(designs).length <= MAX_DESIGNED_PIPELINES,
      `must be of ${MAX_DESIGNED_PIPELINES} pipelines at most`,
    )
    .default({}),
  /** Pipelines left out of every metric. */
  parkedPipelines: z.array(z.string()).max(200),
  /** People who are not counted, by user id. */
  excludedUsers: z.array(z.string()).max(5000),
  /** Heads where the CRM has no hierarchy, or instead of it: department id → user id. */
  heads: z.record(z.string(), z.string()),
  /** Days on which a person was away: no work is expected of them, and none is missing. */
  absences: z
    .array(
      z
        .strictObject({ userId: z.string().min(1).max(200), from: day, to: day })
        .refine(({ from, to }) => from <= to, 'must end after it starts'),
    )
    .max(5000)
    .default([]),
  /** Targets that a person has accepted in the place of the starting ones, by measure (metrics 4.2). */
  targets: z.record(z.string().regex(/^M\d{2}(\.\w+)?$/), z.number()).default({}),
  rolloutStartedOn: day.nullable(),
  planerka: z.strictObject({ weekday: z.int().min(1).max(7), time: clockTime }).nullable(),
  digest: z.strictObject({
    heads: z.boolean(),
    employees: z.boolean(),
    /** Channels that write into the CRM ask an admin first. */
    crmTasksAllowed: z.boolean(),
  }),
  writeBack: z.strictObject({
    tag: z.boolean(),
    field: z.boolean(),
    nextStepTask: z.boolean(),
    /** Deals of this level and above are written about. */
    level: z.enum(['red', 'amber']).default('red'),
  }),
})

export type Settings = z.infer<typeof settingsSchema>

export const defaultSettings = (timeZone: string, language: 'ru' | 'en'): Settings => ({
  calendar: defaultCalendar(timeZone),
  language,
  stale: { dropBulk: true, loosened: {} },
  criticalFields: null,
  lossReasonField: null,
  stageRules: null,
  designs: {},
  parkedPipelines: [],
  excludedUsers: [],
  heads: {},
  absences: [],
  targets: {},
  rolloutStartedOn: null,
  planerka: null,
  digest: { heads: true, employees: true, crmTasksAllowed: false },
  writeBack: { tag: false, field: false, nextStepTask: false, level: 'red' },
})

/** A partial change, merged one level deep: `{ digest: { heads: false } }` keeps the other digest keys. */
export const settingsPatchSchema = z
  .strictObject({
    calendar: z
      .strictObject({
        timeZone: z.string(),
        workdays: z.array(z.int()),
        hours: z.tuple([z.string(), z.string()]),
        holidays: z.array(z.string()),
      })
      .partial(),
    language: settingsSchema.shape.language,
    stale: z
      .strictObject({
        dropBulk: z.boolean(),
        loosened: settingsSchema.shape.stale.shape.loosened.unwrap(),
      })
      .partial(),
    criticalFields: settingsSchema.shape.criticalFields,
    lossReasonField: settingsSchema.shape.lossReasonField,
    stageRules: settingsSchema.shape.stageRules.unwrap(),
    /** Pipelines that are not named keep theirs. */
    designs: settingsSchema.shape.designs.unwrap(),
    parkedPipelines: settingsSchema.shape.parkedPipelines,
    excludedUsers: settingsSchema.shape.excludedUsers,
    heads: settingsSchema.shape.heads,
    absences: settingsSchema.shape.absences.unwrap(),
    targets: settingsSchema.shape.targets.unwrap(),
    rolloutStartedOn: settingsSchema.shape.rolloutStartedOn,
    planerka: settingsSchema.shape.planerka,
    digest: settingsSchema.shape.digest.partial(),
    writeBack: z
      .strictObject({ ...settingsSchema.shape.writeBack.shape, level: z.enum(['red', 'amber']) })
      .partial(),
  })
  .partial()

export type SettingsPatch = z.infer<typeof settingsPatchSchema>

/**
 * @returns the settings with the patch applied
 * @throws ZodError when the result is not valid as a whole
 */
export const patchSettings = (settings: Settings, patch: SettingsPatch): Settings =>
  settingsSchema.parse({
    ...settings,
    ...patch,
    calendar: { ...settings.calendar, ...patch.calendar },
    stale: { ...settings.stale, ...patch.stale },
    designs: { ...settings.designs, ...patch.designs },
    digest: { ...settings.digest, ...patch.digest },
    writeBack: { ...settings.writeBack, ...patch.writeBack },
  })

/** Settings as they were stored, with what later versions of the program have added. */
export const completeSettings = (stored: Settings): Settings => {
  const complete = settingsSchema.safeParse(stored)
  return complete.success ? complete.data : stored
}
