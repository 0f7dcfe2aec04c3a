import { type RawBuilder, sql } from 'kysely'

/** A column of a bulk write: its name, its SQL type, and where a record keeps it. */
export type Column<Row> = {
  name: string
  type: 'text' | 'text[]' | 'timestamptz' | 'float8' | 'int' | 'boolean' | 'jsonb'
  of(row: Row): unknown
}

/** PostgreSQL keeps no zero characters and no halves of surrogate pairs. */
const storable = (text: string): string => {
  const plain = text.includes('\u0000') ? text.replaceAll('\u0000', '') : text
  return plain.isWellFormed() ? plain : plain.toWellFormed()
}

const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'string' ? storable(item) : item))

const arrayLiteral = (items: readonly string[]): string =>
  `{${items.map(item => `"${storable(item).replace(/["\\]/g, '\\$&')}"`).join(',')}}`

const encode = (type: Column<never>['type'], value: unknown): string | number | boolean | null => {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (type === 'jsonb') return storableJson(value)
  if (type === 'text[]') return arrayLiteral(value as string[])
  if (typeof value === 'string') return storable(value)
  return value as number | boolean
}

/**
 * Rows as one relation named `raw`: every column travels as one array, whatever the number of rows.
 * @returns `select … from unnest(…)`
 */
export const unnestRows = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): RawBuilder<unknown> => {
  const arrays = columns.map(({ type, of }) => {
    const values = rows.map(row => encode(type, of(row)))
    // An array of arrays would have to be rectangular.
    return sql`${values}::${sql.raw(type === 'text[]' ? 'text' : type)}[]`
  })
  const names = columns.map(column => sql.ref(column.name))
  const outputs = columns.map(({ name, type }) =>
    type === 'text[]' ? sql`${sql.ref(name)}::text[] as ${sql.ref(name)}` : sql.ref(name),
  )
  return sql`select ${sql.join(outputs)} from unnest(${sql.join(arrays)}) as raw(${sql.join(names)})`
}
