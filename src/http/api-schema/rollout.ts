import { z } from 'zod'
import { day, firstWeek, id, instant } from './values.ts'

const shareInterval = z.object({ value: z.number(), low: z.number(), high: z.number() })

const mvpElement = z.object({
  kind: z.enum(['stage', 'field']),
  id,
  name: z.string(),
  /** Decided deals that need it. */
  deals: z.number(),
})

/** How the set-up of the CRM is used; a null list was not counted in this snapshot. */
export const rolloutSchema = z.object({
  asOf: instant,
  pipelines: z.array(z.object({ id, name: z.string() })),
  canChangeRules: z.boolean(),
  /** Proof asked of stages was written by a person, not proposed from their names. */
  areRulesChosen: z.boolean(),
  adoption: z
    .object({
      launchedOn: day,
      isLaunchChosen: z.boolean(),
      week: z.number(),
      reached: z.number(),
      isTooFew: z.boolean(),
      /** Why nobody can be told from tidying now; null = it is measured. */
      burstOff: z.string().nullable(),
      s3: shareInterval.nullable(),
      s6: shareInterval.nullable(),
      curve: z.array(
        z.object({ week: z.number(), atRisk: z.number(), events: z.number(), value: z.number() }),
      ),
      people: z.array(
        z.object({
          id,
          name: z.string(),
          from: day,
          weeks: z.number(),
          habitWeek: z.number().nullable(),
          hasSlidBack: z.boolean(),
          lastScore: z.number().nullable(),
          /** Snapshots of the week of the habit and of the last score. */
          habitAsOf: instant.nullable(),
          lastAsOf: instant.nullable(),
          /** First significant tidying before the planerka, and first of three weeks of habit without it. */
          tidying: firstWeek.nullable(),
          steady: firstWeek.nullable(),
        }),
      ),
    })
    .nullable(),
  fields: z
    .array(
      z.object({
        id,
        title: z.string(),
        isCustom: z.boolean(),
        isRequired: z.boolean(),
        class: z.enum([
          'used',
          'niche',
          'decorative',
          'robot_only',
          'abandoned',
          'never',
          'unclear',
          'early',
        ]),
        due: z.number(),
        filled: z.number(),
        fill: z.number().nullable(),
        junk: z.number().nullable(),
        variety: z.number().nullable(),
        writers: z.number(),
        team: z.number(),
        isWriterObserved: z.boolean(),
        robotWrites: z.number(),
        personWrites: z.number(),
        lastWriteAt: instant.nullable(),
        readers: z.array(z.enum(['required', 'critical', 'loss_reason'])),
        homeName: z.string().nullable(),
        minutesAWeek: z.number(),
        isCostAssumed: z.boolean(),
      }),
    )
    .nullable(),
  /** Pipelines over the last ninety days. */
  pipelineUse: z
    .array(
      z.object({
        id,
        name: z.string(),
        class: z.enum(['used', 'rare', 'asleep', 'never', 'early']),
        isParked: z.boolean(),
        entered: z.number(),
        share: z.number().nullable(),
        openNow: z.number(),
        decided: z.number(),
        /** With its 95 % interval. */
        win: shareInterval.nullable(),
        worked: z.number(),
        people: z.number(),
        lastAt: instant.nullable(),
      }),
    )
    .nullable(),
  stages: z
    .array(
      z.object({
        pipelineId: id,
        stageId: id,
        name: z.string(),
        outcome: z.enum(['open', 'won', 'lost']),
        deals: z.number(),
        entered: z.number(),
        enteringShare: z.number().nullable(),
        byProgram: z.number(),
        medianHours: z.number().nullable(),
        skipShare: z.number().nullable(),
        returnShare: z.number().nullable(),
        endedShare: z.number().nullable(),
        information: z.number().nullable(),
        besideNeighbour: z.number().nullable(),
        modesHours: z.array(z.number()).nullable(),
        provenShare: z.number().nullable(),
        proof: z.string().nullable(),
        advice: z.enum(['keep', 'early', 'define', 'split', 'merge_rare', 'merge_quick', 'merge_same']),
      }),
    )
    .nullable(),
  mvp: z
    .array(
      z.object({
        pipelineId: id,
        pipelineName: z.string(),
        basis: z.enum(['own', 'preset']),
        decided: z.number(),
        covered: z.number().nullable(),
        isExact: z.boolean(),
        kept: z.array(mvpElement),
        left: z.array(mvpElement),
      }),
    )
    .nullable(),
  automation: z
    .object({
      offReason: z.string().nullable(),
      observedHours: z.number(),
      hours: z.number(),
      lowHours: z.number(),
      highHours: z.number(),
      isCapped: z.boolean(),
      repairHours: z.number(),
      rows: z.array(
        z.object({
          kind: z.enum(['move', 'step', 'message']),
          runs: z.number(),
          kept: z.number(),
          manualMinutes: z.number(),
          isAssumed: z.boolean(),
        }),
      ),
    })
    .nullable(),
  lint: z
    .array(
      z.object({
        rule: z.string(),
        severity: z.enum(['high', 'medium', 'low']),
        pipelineName: z.string().nullable(),
        stageName: z.string().nullable(),
        fieldTitle: z.string().nullable(),
        params: z.record(z.string(), z.union([z.string(), z.number()])),
        deals: z.number(),
      }),
    )
    .nullable(),
})

/** The newest deals behind one figure of the rollout. */
export const rolloutDealsSchema = z.object({
  total: z.number(),
  deals: z.array(z.object({ id, title: z.string(), path: z.string() })),
})

export type RolloutView = z.infer<typeof rolloutSchema>
export type RolloutDeals = z.infer<typeof rolloutDealsSchema>
