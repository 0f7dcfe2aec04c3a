import { type RawBuilder, sql } from 'kysely'
import { withoutSeparators } from '../facts/packed.ts'

/** A column of a bulk write: its name, its SQL type, and where a record keeps it. */
export type Column<Row> = {
  name: string
  type: 'text' | 'text[]' | 'timestamptz' | 'float8' | 'int' | 'boolean' | 'jsonb'
  of(row: Row): unknown
}

/** PostgreSQL keeps no zero characters and no halves of surrogate pairs. */
const storable = (text: string): string => text.replaceAll('\u0000', '').toWellFormed()

const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'string' ? storable(item) : item))

/** Quotes, backslashes, control characters and surrogates: rare, so they are looked for once and dealt with slowly. */
const ODD = /["\\]|[^ -\ud7ff\ue000-\uffff]/

/** A text as it is kept. */
export const keptText = (text: string): string => withoutSeparators(storable(text))

/** The two separators are ours, because many rows are read as one text; JSON never shows them. */
const quoted = (text: string): string =>
  ODD.test(text) ? `"${keptText(text).replace(/["\\]/g, '\\$&')}"` : `"${text}"`

const literalOf = (type: Column<never>['type'], value: unknown): string => {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') return quoted(value)
  if (value instanceof Date) return value.toISOString()
  if (type === 'jsonb') return quoted(storableJson(value))
  if (type === 'text[]') return quoted(`{${(value as string[]).map(quoted).join(',')}}`)
  return String(value)
}

/** All values of a column as one array literal: written here because the driver takes three times as long. */
const arrayOf = <Row>({ type, of }: Column<Row>, rows: readonly Row[]): string => {
  let literal = '{'
  for (const row of rows) literal += (literal.length > 1 ? ',' : '') + literalOf(type, of(row))
  return literal + '}'
}

/**
 * Rows as one relation named `raw`: every column travels as one array, whatever the number of rows.
 * @returns `select … from unnest(…)`
 */
export const unnestRows = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): RawBuilder<unknown> => {
  const arrays = columns.map(
    column =>
      // An array of arrays would have to be rectangular, so those travel as text.
      sql`${arrayOf(column, rows)}::${sql.raw(column.type === 'text[]' ? 'text' : column.type)}[]`,
  )
  const names = columns.map(column => sql.ref(column.name))
  const outputs = columns.map(({ name, type }) =>
    type === 'text[]' ? sql`${sql.ref(name)}::text[] as ${sql.ref(name)}` : sql.ref(name),
  )
  return sql`select ${sql.join(outputs)} from unnest(${sql.join(arrays)}) as raw(${sql.join(names)})`
}

/** Ids as one array literal, for `= any(…)`. */
export const idArray = (ids: readonly string[]): RawBuilder<unknown> =>
  sql`${`{${ids.map(quoted).join(',')}}`}::text[]`
