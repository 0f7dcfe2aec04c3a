import { z } from 'zod'

/** Values that the answers of several screens are made of. */

export const id = z.string()
export const instant = z.iso.datetime()
export const day = z.iso.date()
export const flag = z.enum(['age', 'silence', 'promise'])
export const pillar = z.enum(['presence', 'work', 'pipeline', 'truth', 'process'])

/** Sums by currency: currencies are never added together. */
export const money = z.record(z.string(), z.number())

export const redTotals = z.object({ deals: z.number(), amount: money })

/** The first week in which something was seen of a person; metrics 4.8. */
export const firstWeek = z.object({
  week: z.number().nullable(),
  /** Weeks in which it could be told at all; 0 = nothing is known. */
  judged: z.number(),
  mayBeEarlier: z.boolean(),
  /** The snapshot that tells of it. */
  asOf: instant.nullable(),
})
