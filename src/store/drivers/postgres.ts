import { Pool, types } from 'pg'
import type { Logger } from '../../logger.ts'

/** What a pool needs to know; plain data, so that it can be handed to another process. */
export type PoolConfigLike = {
  connectionString?: string
  host?: string
  port?: number
  user?: string
  password?: string
  database?: string
  max?: number
}

const INT8 = 20
const TIMESTAMPTZ = 1184
const parseInstant = types.getTypeParser(TIMESTAMPTZ) as (text: string) => Date

const digits = (text: string, from: number, to: number): number => {
  let value = 0
  for (let index = from; index < to; index++) value = value * 10 + text.charCodeAt(index) - 48
  return value
}

/** `2026-11-24 18:44:00.123456+00`, the way a UTC session writes instants; others go the slow way. */
const readInstant = (text: string): Date => {
  const isPlain = text[4] === '-' && text[10] === ' ' && text.endsWith('+00')
  if (!isPlain) return parseInstant(text)
  const fraction = text[19] === '.' ? Math.floor(Number(text.slice(19, -3)) * 1000 + 1e-6) : 0
  return new Date(
    Date.UTC(
      digits(text, 0, 4),
      digits(text, 5, 7) - 1,
      digits(text, 8, 10),
      digits(text, 11, 13),
      digits(text, 14, 16),
      digits(text, 17, 19),
      fraction,
    ),
  )
}

/** Parsers of our pool only: whole numbers as numbers, instants quickly. */
const ourTypes = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary') {
      if (oid === INT8) return Number
      if (oid === TIMESTAMPTZ) return readInstant
    }
    return types.getTypeParser(oid, format)
  },
} as unknown as typeof types

/**
 * The server's default takes a page out of order for four in order, as on a turning disk: batches of deals would then be
 * sorted instead of read along their index.
 */
const SESSION = '-c timezone=UTC -c random_page_cost=1.1'

/** A pool for either database; a broken idle connection is logged and replaced. */
export const openPool = (connection: PoolConfigLike, log: Logger): Pool => {
  const pool = new Pool({
    max: 10,
    application_name: 'planerka',
    ...(connection.connectionString === undefined ? {} : { options: SESSION }),
    ...connection,
    types: ourTypes,
  })
  pool.on('error', error => log.warn({ err: error }, 'database connection lost'))
  return pool
}
