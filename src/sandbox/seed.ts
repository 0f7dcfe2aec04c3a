import { z } from 'zod'
import { parseEventLog } from './event-log.ts'
import { importLog } from './import-log.ts'
import { fillDense } from './scenarios/dense.ts'
import { fillHalfYear } from './scenarios/half-year.ts'
import type { PortalSetup } from './server.ts'

/** What an outside process sends to get one more portal, filled the way it asks. */
export const seedSchema = z.strictObject({
  name: z.string().min(1),
  title: z.string().optional(),
  port: z.int().min(0).max(65_535).default(0),
  licence: z.enum(['standard', 'enterprise']).default('standard'),
  rateLimit: z.enum(['standard', 'enterprise', 'off']).optional(),
  story: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('half-year'), seed: z.int().optional() }),
    z.strictObject({
      kind: z.literal('dense'),
      deals: z.int().min(1).max(1_000_000),
      moves: z.int().min(1).default(5),
      activitiesPerDeal: z.number().min(0).default(1.5),
      tasks: z.int().min(0).default(0),
      users: z.int().min(1).default(40),
      density: z.number().gt(0).max(1).default(1),
    }),
    z.strictObject({
      kind: z.literal('log'),
      csv: z.string(),
      won: z.array(z.string()).default([]),
      lost: z.array(z.string()).default([]),
      currency: z.string().length(3).default('RUB'),
    }),
  ]),
})

export const portalFromSeed = ({
  story,
  rateLimit,
  title,
  ...rest
}: z.output<typeof seedSchema>): PortalSetup => {
  const shared: PortalSetup = {
    ...rest,
    ...(title === undefined ? {} : { title }),
    ...(rateLimit === undefined ? {} : { temper: { rateLimit } }),
  }
  switch (story.kind) {
    case 'half-year':
      return {
        ...shared,
        fill: portal => fillHalfYear(portal, story.seed === undefined ? {} : { seed: story.seed }),
      }
    case 'dense':
      return { ...shared, fill: portal => fillDense(portal, story) }
    case 'log': {
      const cases = parseEventLog(story.csv)
      return {
        ...shared,
        timeZone: 'UTC',
        offsetMinutes: 0,
        currency: story.currency,
        fill: portal => void importLog(portal, cases, story),
      }
    }
  }
}
