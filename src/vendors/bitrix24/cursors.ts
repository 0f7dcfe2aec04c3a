import { z } from 'zod'
import { VendorError } from '../../errors.ts'
import type { Cursor } from '../vendor.ts'

/** The two opaque strings that the rest of the product keeps for us. */

const whole = z.int().min(0)

/** Where a full read goes on: everything up to `mark` is saved. */
const resumeSchema = z.strictObject({
  v: z.literal(1),
  mark: whole,
  max: whole,
  /** Share of used ids among all, 0…1. */
  density: z.number().min(0).max(1),
  expected: whole.nullable(),
  read: whole,
  /** Portal instant (with overlap) from which changes must be read afterwards. */
  since: z.string().max(40),
})
export type Resume = z.infer<typeof resumeSchema>

const cursorSchema = z.union([
  z.strictObject({
    v: z.literal(1),
    since: z.string().max(40),
    /** In the middle of a pass: ids up to here are saved, and the next pass begins at `next`. */
    after: whole.optional(),
    next: z.string().max(40).optional(),
  }),
  z.strictObject({
    v: z.literal(1),
    last: whole,
    /** Recent rows found to be their deal's creation on a final stage. */
    created: z.array(whole).max(500),
  }),
])
type ChangeCursor = z.infer<typeof cursorSchema>
export type TimeCursor = Extract<ChangeCursor, { since: string }>
export type IdCursor = Extract<ChangeCursor, { last: number }>

const parse = <T>(schema: z.ZodType<T>, text: string): T => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success)
    throw new VendorError(
      'rejected',
      'CURSOR_UNREADABLE',
      'the stored position is not ours: read from the beginning',
    )
  return parsed.data
}

export const readResume = (text: Cursor): Resume => parse(resumeSchema, text)
export const readCursor = (text: Cursor): ChangeCursor => parse(cursorSchema, text)
export const writePosition = (position: Resume | ChangeCursor): Cursor => JSON.stringify(position)
