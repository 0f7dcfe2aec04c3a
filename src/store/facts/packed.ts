import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Pool } from 'pg'
import type { Database } from '../schema.ts'

/**
 * Rows that come by the hundred thousand travel as one text a query: a row or a value of its own costs more than what
 * is in it, on the server's side and on ours. No stored text holds a separator.
 */
const SEPARATOR = '\u001f'
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

/** Rows of `packed`, read one after the other by the numbers of their columns. */
export class PackedRows {
  readonly #cells: readonly string[]
  readonly #width: number
  #at: number

  constructor(text: string | null, width: number) {
    this.#cells = text === null ? [] : text.split(SEPARATOR)
    this.#width = width
    this.#at = -width
  }

  get size(): number {
    return this.#cells.length / this.#width
  }

  /** Goes to the next row; behind the last one it says false and stands before the first again. */
  next(): boolean {
    this.#at += this.#width
    if (this.#at < this.#cells.length) return true
    this.#at = -this.#width
    return false
  }

  map<Item>(read: (row: PackedRows) => Item): Item[] {
    const items: Item[] = []
    while (this.next()) items.push(read(this))
    return items
  }

  /** One column of all rows. */
  column(column: number): string[] {
    return Array.from({ length: this.size }, (_, row) => this.#cells[row * this.#width + column]!)
  }

  text(column: number): string {
    return this.#cells[this.#at + column]!
  }

  /** Null for an empty text. */
  orNull(column: number): string | null {
    return this.text(column) || null
  }

  list(column: number): string[] {
    const text = this.text(column)
    return text === '' ? [] : text.split(LIST_SEPARATOR)
  }

  is(column: number): boolean {
    return this.text(column) === 'true'
  }

  number(column: number): number | null {
    const text = this.text(column)
    return text === '' ? null : Number(text)
  }

  /** An instant as milliseconds. */
  instant(column: number): number {
    return Math.round(Number(this.text(column)) * 1000)
  }

  instantOrNull(column: number): number | null {
    return this.text(column) === '' ? null : this.instant(column)
  }
}

/** Runs a query of `packed` columns; its order is kept. */
export const readPacked = async (
  db: Kysely<Database>,
  pool: Pool,
  { row, width }: Packed,
  from: RawBuilder<unknown>,
): Promise<PackedRows> => {
  const query = sql`select string_agg(packed, ${sql.lit(SEPARATOR)}) from (select ${row} as packed ${from}) rows`
  const { sql: text, parameters } = query.compile(db)
  const { rows } = await pool.query<[string | null]>({ text, values: [...parameters], rowMode: 'array' })
  return new PackedRows(rows[0]![0], width)
}
