import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Pool } from 'pg'
import type { Database } from '../schema.ts'

/**
 * Rows that come by the hundred thousand travel as one text a query: a row or a value of its own costs more than what
 * is in it, on the server's side and on ours. No stored text holds a separator.
 */
const SEPARATOR = '\u001f'
const SEPARATOR_CODE = 0x1f
const POINT_CODE = '.'.charCodeAt(0)
const ZERO_CODE = '0'.charCodeAt(0)
const NINE_CODE = '9'.charCodeAt(0)
const TRUE_CODE = 't'.charCodeAt(0)
/** Between the entries of a list that is one value. */
const LIST_SEPARATOR = '\u001e'

export const withoutSeparators = (text: string): string =>
  text.replaceAll(SEPARATOR, ' ').replaceAll(LIST_SEPARATOR, ' ')

/** A timestamptz column for `packed`. */
export const epoch = (column: string): string => `date_part('epoch', ${column})`
/** An array column for `packed`. */
export const list = (column: string): string => `array_to_string(${column}, E'\\x1e')`

export type Packed = { row: RawBuilder<string>; width: number }

/** @param columns SQL expressions; null comes out as an empty text */
export const packed = (columns: readonly string[]): Packed => ({
  row: sql.raw(`concat_ws(E'\\x1f', ${columns.map(column => `coalesce((${column})::text, '')`).join(', ')})`),
  width: columns.length,
})

/**
 * Rows of `packed`, read one after the other by the numbers of their columns. Only what is asked for is taken out of the
 * text: ten small strings a row would be most of the garbage of a snapshot.
 */
export class PackedRows {
  readonly #text: string
  readonly #width: number
  readonly #names = new Map<number, string>()
  /** Where the columns of the row begin, and the next row. */
  readonly #starts: Int32Array

  constructor(text: string, width: number) {
    this.#text = text
    this.#width = width
    this.#starts = new Int32Array(width + 1)
  }

  /** Goes to the next row; behind the last one it says false and stands before the first again. */
  next(): boolean {
    const text = this.#text
    const starts = this.#starts
    let at = starts[this.#width]!
    if (at >= text.length) {
      starts[this.#width] = 0
      return false
    }
    for (let column = 0; column < this.#width; column++) {
      starts[column] = at
      while (at < text.length && text.charCodeAt(at) !== SEPARATOR_CODE) at++
      at++
    }
    starts[this.#width] = at
    return true
  }

  map<Item>(read: (row: PackedRows) => Item): Item[] {
    const items: Item[] = []
    while (this.next()) items.push(read(this))
    return items
  }

  /** Items by the row's first column. */
  grouped<Item>(read: (row: PackedRows) => Item): Map<string, Item[]> {
    const groups = new Map<string, Item[]>()
    while (this.next()) {
      const items = groups.get(this.text(0))
      if (items === undefined) groups.set(this.text(0), [read(this)])
      else items.push(read(this))
    }
    return groups
  }

  /** Whether a column of the row holds just this. */
  holds(column: number, text: string): boolean {
    const from = this.#starts[column]!
    return this.#starts[column + 1]! - 1 - from === text.length && this.#text.startsWith(text, from)
  }

  text(column: number): string {
    return this.#text.substring(this.#starts[column]!, this.#starts[column + 1]! - 1)
  }

  /** Null for an empty text. */
  orNull(column: number): string | null {
    return this.text(column) || null
  }

  /** A text that many rows share, one for all of them: lighter to keep and to look up. */
  name(column: number): string {
    const from = this.#starts[column]!
    const until = this.#starts[column + 1]! - 1
    let hash = 0
    for (let at = from; at < until; at++) hash = (hash * 31 + this.#text.charCodeAt(at)) | 0
    const known = this.#names.get(hash)
    if (known !== undefined && known.length === until - from && this.#text.startsWith(known, from))
      return known
    const text = this.#text.substring(from, until)
    this.#names.set(hash, text)
    return text
  }

  nameOrNull(column: number): string | null {
    return this.name(column) || null
  }

  list(column: number): string[] {
    const text = this.text(column)
    return text === '' ? [] : text.split(LIST_SEPARATOR)
  }

  is(column: number): boolean {
    return this.#text.charCodeAt(this.#starts[column]!) === TRUE_CODE
  }

  number(column: number): number | null {
    const text = this.text(column)
    return text === '' ? null : Number(text)
  }

  /** An instant as milliseconds, read digit by digit: a number of its own text each would be a million small strings. */
  instant(column: number): number {
    const text = this.#text
    const until = this.#starts[column + 1]! - 1
    let at = this.#starts[column]!
    let digits = 0
    let unit = 0
    for (; at < until; at++) {
      const code = text.charCodeAt(at)
      if (code === POINT_CODE && unit === 0) {
        unit = 1
        continue
      }
      if (code < ZERO_CODE || code > NINE_CODE) return Math.round(Number(this.text(column)) * 1000)
      digits = digits * 10 + code - ZERO_CODE
      unit *= 10
    }
    return unit === 0 ? digits * 1000 : Math.round(digits / (unit / 1000))
  }

  instantOrNull(column: number): number | null {
    return this.#starts[column]! + 1 === this.#starts[column + 1]! ? null : this.instant(column)
  }
}

/** Rows whose first column is a key, in the keys' own order: one key after the other is taken out, none is looked up. */
export class RowsByKey {
  readonly #rows: PackedRows
  readonly #keys: ReadonlySet<string>
  #isAtRow: boolean

  /** @param keys all that will be asked for; rows of others are passed over */
  constructor(rows: PackedRows, keys: ReadonlySet<string>) {
    this.#rows = rows
    this.#keys = keys
    this.#isAtRow = rows.next()
  }

  /** Items of the key's rows. @param read null leaves a row out */
  take<Item>(key: string, read: (row: PackedRows) => Item | null): readonly Item[] {
    const items: Item[] = []
    const rows = this.#rows
    while (this.#isAtRow) {
      if (rows.holds(0, key)) {
        const item = read(rows)
        if (item !== null) items.push(item)
      } else if (this.#keys.has(rows.text(0))) break
      this.#isAtRow = rows.next()
    }
    return items
  }
}

export type PackedQuery = { columns: Packed; from: RawBuilder<unknown> }

/** Runs queries of `packed` columns as one statement, so that they see the same moment; the order of each is kept. */
export const readTogether = async <Queries extends [PackedQuery, ...PackedQuery[]]>(
  db: Kysely<Database>,
  pool: Pool,
  queries: Queries,
): Promise<{ [Query in keyof Queries]: PackedRows }> => {
  const texts = queries.map(
    ({ columns, from }) =>
      sql`(select string_agg(packed, ${sql.lit(SEPARATOR)}) from (select ${columns.row} as packed ${from}) rows)`,
  )
  const { sql: text, parameters } = sql`select ${sql.join(texts)}`.compile(db)
  const { rows } = await pool.query<(string | null)[]>({ text, values: [...parameters], rowMode: 'array' })
  return queries.map(({ columns }, index) => new PackedRows(rows[0]![index] ?? '', columns.width)) as {
    [Query in keyof Queries]: PackedRows
  }
}

/** Runs one query of `packed` columns. */
export const readPacked = async (
  db: Kysely<Database>,
  pool: Pool,
  columns: Packed,
  from: RawBuilder<unknown>,
): Promise<PackedRows> => {
  const [rows] = await readTogether(db, pool, [{ columns, from }])
  return rows
}
