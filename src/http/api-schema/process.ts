import { z } from 'zod'
import { stageThresholdSchema } from './stages.ts'
import { id, instant } from './values.ts'

/** Wins of a deviation against those of the road from the same place, decided deals only. */
const effect = z.object({
  won: z.number(),
  decided: z.number(),
  mainWon: z.number(),
  mainDecided: z.number(),
  /** Share won minus the road's, −1..1, with its 95 % interval (Newcombe 1998, method 10). */
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  /** `same`: the interval holds 0. */
  verdict: z.enum(['more', 'less', 'same']),
})

/** Deals by how they stand at `asOf`. */
const standing = z.object({ deals: z.number(), won: z.number(), lost: z.number(), open: z.number() })

/** How deals of a pipeline are meant to go, as it is set now. */
const processDesign = z.object({
  /** Which stage may follow which, won included; lost is allowed from anywhere and not told. */
  edges: z.array(z.tuple([id, id])),
  /** False: nobody has drawn it, it is each stage in its order up to won. */
  isDrawn: z.boolean(),
  since: instant.nullable(),
  /** The latest snapshot stands against this very design; until the next one it may stand against an earlier one. */
  isCounted: z.boolean(),
})

export const processDesignRequestSchema = z.strictObject({
  pipeline: z.string().min(1).max(200),
  /** Pairs of stage ids; null puts the default back. */
  edges: z
    .array(z.tuple([z.string().min(1).max(200), z.string().min(1).max(200)]))
    .max(1000)
    .nullable(),
})

export const processDesignedSchema = z.object({ pipeline: id, design: processDesign })

export const processSchema = z.object({
  asOf: instant,
  /** Whose deals: one person's, a department's, all that the viewer may see, or the whole company's. */
  scope: z.object({
    kind: z.enum(['person', 'department', 'visible', 'company']),
    id: id.nullable(),
    name: z.string().nullable(),
  }),
  /** Deals created within so many days before `asOf`, and those that stand so; null = all. */
  filter: z.object({
    periodDays: z.number().nullable(),
    outcome: z.enum(['won', 'lost', 'open']).nullable(),
  }),
  /** Heads and administrators draw the design. */
  canDraw: z.boolean(),
  /** People with deals among those whom the viewer may see, for the choice of one. */
  people: z.array(z.object({ id, name: z.string() })),
  pipelines: z.array(
    z.object({
      id,
      name: z.string(),
      design: processDesign,
      stages: z.array(stageThresholdSchema),
      edges: z.array(
        z.object({
          fromStageId: id,
          toStageId: id,
          deals: z.number(),
          moves: z.number(),
          medianDays: z.number().nullable(),
          isDesigned: z.boolean(),
          effect: effect.nullable(),
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
      /** Deals that are in this pipeline and have a road, and those of them that never left the designed one. */
      all: standing,
      onRoad: standing,
      /** Roads that deviate alike, most deals first. */
      paths: z.array(
        standing.extend({
          key: z.string(),
          kind: z.enum(['asDesigned', 'skipped', 'looped', 'strayed', 'foreign']),
          stageIds: z.array(id),
          /** Different roads in it, and the most usual of them. */
          roads: z.number(),
          sample: z.array(id),
          medianDays: z.number().nullable(),
          effect: effect.nullable(),
        }),
      ),
      /** Rare roads that are not told apart; null = there are none. */
      rest: standing.nullable(),
    }),
  ),
})

export const processDealsSchema = z.object({
  asOf: instant,
  total: standing,
  medianDays: z.number().nullable(),
  effect: effect.nullable(),
  /** The newest of them. */
  items: z.array(
    z.object({
      id,
      title: z.string().nullable(),
      path: z.string(),
      ownerId: id.nullable(),
      ownerName: z.string().nullable(),
      amount: z.number().nullable(),
      currency: z.string().nullable(),
      state: z.enum(['won', 'lost', 'open']),
    }),
  ),
})

export type ProcessView = z.infer<typeof processSchema>
export type ProcessDeals = z.infer<typeof processDealsSchema>
