import type { Json } from './client.ts'
import { CliError, EXIT } from './failure.ts'

/** `calendar.hours=["00:00","24:00"]` → `{ calendar: { hours: […] } }`; a bare word is a string. */
export const assignment = (text: string): Json => {
  const at = text.indexOf('=')
  if (at < 1) throw new CliError(EXIT.usage, `"${text}" is not name=value, such as digest.heads=false`)
  const raw = text.slice(at + 1)
  let value: Json
  try {
    value = JSON.parse(raw)
  } catch {
    value = raw
  }
  return text
    .slice(0, at)
    .split('.')
    .reduceRight<Json>((inner, key) => ({ [key]: inner }), value)
}

/**
 * Later ones win, group by group.
 * @throws CliError usage, for a name that is none
 */
export const merge = (patches: readonly Json[]): Record<string, Json> => {
  const merged: Record<string, Json> = {}
  for (const patch of patches as Record<string, Json>[])
    for (const [key, value] of Object.entries(patch)) {
      if (key === '__proto__') throw new CliError(EXIT.usage, `"${key}" is no name of a setting`)
      const before = Object.hasOwn(merged, key) ? merged[key] : undefined
      merged[key] = isGroup(value) ? merge(isGroup(before) ? [before, value] : [value]) : value
    }
  return merged
}

const isGroup = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
