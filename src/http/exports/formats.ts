import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify/sync'
import type { Response } from 'express'
import { AppError } from '../../errors.ts'
import type { Cell, Column, Row } from './tables.ts'
import { buildWorkbook, type Sheet } from './workbook.ts'

export const FORMATS = ['csv', 'json', 'xlsx'] as const
export type Format = (typeof FORMATS)[number]

type Rows = Iterable<Row> | AsyncIterable<Row>

/** A workbook is built in memory; above this many rows the other formats are the right ones. */
const MAX_XLSX_ROWS = 200_000

/** Empty stays empty, instants are UTC ISO 8601, numbers keep full precision. */
const plain = (cell: Cell): string | number | boolean | null =>
  cell instanceof Date ? cell.toISOString() : cell

/** A typed-in text that a spreadsheet would run as a formula is made visible as text. */
const defused = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)

const csvCell = (cell: Cell, column: Column | undefined): string => {
  const value = plain(cell)
  if (value === null) return ''
  return column?.kind === 'text' && typeof value === 'string' ? defused(value) : String(value)
}

/** Rows a chunk: row by row a stream costs ten times as much. */
const CHUNK_ROWS = 500

async function* csvChunks(columns: readonly Column[], rows: Rows): AsyncGenerator<string> {
  let chunk: string[][] = [columns.map(({ name }) => name)]
  for await (const row of rows) {
    chunk.push(row.map((cell, index) => csvCell(cell, columns[index])))
    if (chunk.length < CHUNK_ROWS) continue
    yield stringify(chunk)
    chunk = []
  }
  if (chunk.length > 0) yield stringify(chunk)
}

const writeCsv = (res: Response, columns: readonly Column[], rows: Rows): Promise<void> => {
  res.type('text/csv; charset=utf-8')
  return pipeline(Readable.from(csvChunks(columns, rows), { highWaterMark: 2 }), res)
}

async function* jsonChunks(columns: readonly Column[], rows: Rows): AsyncGenerator<string> {
  const keys = columns.map(({ name }) => JSON.stringify(name))
  let chunk = '['
  let isFirst = true
  for await (const row of rows) {
    chunk += `${isFirst ? '' : ','}\n{${keys.map((key, index) => `${key}:${JSON.stringify(plain(row[index] ?? null))}`).join(',')}}`
    isFirst = false
    if (chunk.length > 65_536) {
      yield chunk
      chunk = ''
    }
  }
  yield `${chunk}\n]\n`
}

const writeJson = (res: Response, columns: readonly Column[], rows: Rows): Promise<void> => {
  res.type('application/json')
  return pipeline(Readable.from(jsonChunks(columns, rows), { highWaterMark: 2 }), res)
}

const writeXlsx = async (
  res: Response,
  name: string,
  columns: readonly Column[],
  rows: Rows,
): Promise<void> => {
  const sheet: Sheet = [columns.map(({ name: title }) => title)]
  for await (const row of rows) {
    if (sheet.length > MAX_XLSX_ROWS)
      throw new AppError(
        413,
        'too_many_rows',
        `A workbook takes ${MAX_XLSX_ROWS} rows; ask for csv or json instead`,
      )
    sheet.push(row.map(plain))
  }
  const buffer = await buildWorkbook(name, sheet)
  res
    .attachment(`${name}.xlsx`)
    .type('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
    .send(buffer)
}

/** Reads the first row, so that a failing query still gets an error document instead of half an answer. */
const primed = async (rows: Rows): Promise<Rows> => {
  if (Array.isArray(rows)) return rows
  const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]()
  const first = await iterator.next()
  return (async function* () {
    try {
      for (let step = first; !step.done; step = await iterator.next()) yield step.value
    } finally {
      await iterator.return?.()
    }
  })()
}

/** Streams a table; only a workbook is held in memory. */
export const writeTable = async (
  res: Response,
  format: Format,
  name: string,
  columns: readonly Column[],
  rows: Rows,
): Promise<void> => {
  if (format === 'xlsx') return writeXlsx(res, name, columns, rows)
  const ready = await primed(rows)
  res.attachment(`${name}.${format}`)
  await (format === 'csv' ? writeCsv(res, columns, ready) : writeJson(res, columns, ready))
}
