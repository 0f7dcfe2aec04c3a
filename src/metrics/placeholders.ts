import { PLACEHOLDER_FINGERPRINTS } from '../records/fingerprint.ts'
import type { World } from './world.ts'

/** Types of fields that people type words into. */
const TEXTS = /(text|string|char)/i

/** Tells a filled field of text from one that holds a usual word for nothing. */
export const placeholdersOf = ({
  fields,
}: Pick<World, 'fields'>): ((field: string, value: string) => boolean) => {
  const isText = new Set([...fields.values()].filter(({ type }) => TEXTS.test(type)).map(({ id }) => id))
  return (field, value) => isText.has(field) && PLACEHOLDER_FINGERPRINTS.has(value)
}
