import { z } from 'zod'
import type { Spent } from './limits.ts'

/** The reply around every result. PHP writes an empty map as `[]` and a sparse list as a map. */

const number = z.coerce.number().finite()
const timeSchema = z.object({
  duration: number.nullish().catch(null),
  operating: number.nullish().catch(null),
  finish: number.nullish().catch(null),
  operating_reset_at: z.union([number, z.string()]).nullish().catch(null),
  date_start: z.string().nullish().catch(null),
})

/** @returns nulls for whatever the portal (an old box) does not say */
export const spentOf = (time: unknown): Spent => {
  const parsed = timeSchema.safeParse(time)
  if (!parsed.success) return { operating: null, finish: null, resetAt: null, duration: null }
  const { duration, operating, finish, operating_reset_at: reset } = parsed.data
  const resetAt = typeof reset === 'string' ? Date.parse(reset) / 1000 : (reset ?? null)
  return {
    duration: duration ?? null,
    operating: operating ?? null,
    finish: finish ?? null,
    resetAt: Number.isFinite(resetAt) ? resetAt : null,
  }
}

const errorCode = z
  .union([z.string(), z.number()])
  .nullish()
  .transform(code => String(code ?? ''))
const errorText = z.string().catch('')
const refusedSchema = z.object({ error: errorCode, error_description: errorText })
const answeredSchema = z.object({
  result: z.unknown(),
  total: number.nullish().catch(null),
  next: number.nullish().catch(null),
  time: z.unknown().optional(),
})

export type Envelope = { result: unknown; total: number | null; next: number | null; time: unknown }

export type ParsedReply =
  | { is: 'answer'; envelope: Envelope }
  | { is: 'refusal'; code: string; text: string; time: unknown }
  | { is: 'unreadable' }

/** @param text the body as it came: JSON, an HTML page, half a JSON, or nothing */
export const parseReply = (text: string): ParsedReply => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { is: 'unreadable' }
  }
  if (typeof json !== 'object' || json === null) return { is: 'unreadable' }
  if ('error' in json) {
    const refused = refusedSchema.safeParse(json)
    if (!refused.success) return { is: 'refusal', code: '', text: '', time: undefined }
    const { error, error_description } = refused.data
    return { is: 'refusal', code: error, text: error_description, time: (json as { time?: unknown }).time }
  }
  if (!('result' in json)) return { is: 'unreadable' }
  const answered = answeredSchema.safeParse(json)
  if (!answered.success) return { is: 'unreadable' }
  const { result, total, next, time } = answered.data
  return { is: 'answer', envelope: { result, total: total ?? null, next: next ?? null, time } }
}

/** A map that may have come as a list. */
const phpMap = z
  .union([z.array(z.unknown()), z.record(z.string(), z.unknown())])
  .transform((value): ReadonlyMap<string, unknown> => new Map(Object.entries(value)))
  .catch(() => new Map())

const batchSchema = z.object({
  result: phpMap,
  result_error: phpMap,
  result_total: phpMap,
  result_next: phpMap,
  result_time: phpMap,
})

export type BatchReply = {
  /** Undefined = the portal says nothing at all about the command. */
  answerOf(key: string): { envelope: Envelope } | { code: string; text: string; time: unknown } | undefined
  timeOf(key: string): unknown
}

/** @returns null when the result is not a batch's */
export const parseBatch = (result: unknown): BatchReply | null => {
  const parsed = batchSchema.safeParse(result)
  if (!parsed.success) return null
  const { result: results, result_error, result_total, result_next, result_time } = parsed.data
  const count = (value: unknown): number | null => {
    const parsedNumber = number.safeParse(value)
    return value !== undefined && value !== null && parsedNumber.success ? parsedNumber.data : null
  }
  return {
    answerOf(key) {
      if (result_error.has(key)) {
        const refused = refusedSchema.safeParse(result_error.get(key))
        return {
          code: refused.success ? refused.data.error : '',
          text: refused.success ? refused.data.error_description : '',
          time: result_time.get(key),
        }
      }
      if (!results.has(key)) return undefined
      return {
        envelope: {
          result: results.get(key),
          total: count(result_total.get(key)),
          next: count(result_next.get(key)),
          time: result_time.get(key),
        },
      }
    },
    timeOf: key => result_time.get(key),
  }
}

/** A list that PHP may have written as a map with numeric keys. @returns null when it is neither */
export const listOf = (value: unknown): unknown[] | null => {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null) return null
  const entries = Object.entries(value)
  return entries.every(([key]) => /^\d+$/.test(key)) ? entries.map(([, item]) => item) : null
}
