import qs from 'qs'
import { badFilter } from './problem.ts'

export type Query = Record<string, unknown>

/** The query string as PHP reads it: brackets make arrays and maps. */
export const parseQuery = (text: string): Query =>
  qs.parse(text, { arrayLimit: 1000, parameterLimit: 5000, depth: 6 }) as Query

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''

/** One value, several, or a comma list. */
export const listOf = (value: unknown): string[] | null => {
  if (value === undefined || value === '') return null
  const items = Array.isArray(value) ? value : isMap(value) ? Object.values(value) : textOf(value).split(',')
  return items.map(item => textOf(item).trim()).filter(item => item !== '')
}

/** @throws ApiProblem 400 for anything but numbers */
export const idsOf = (value: unknown): Set<number> | null => {
  const list = listOf(value)
  if (!list) return null
  const ids = list.map(Number)
  if (ids.some(id => !Number.isInteger(id))) throw badFilter()
  return new Set(ids)
}

export type Range = { from: number; to: number }

/** `[from]`, `[to]`, "from,to", or one value (an exact one, or "after it" where `isOpen`). */
export const rangeOf = (value: unknown, isOpen = false): Range | null => {
  if (value === undefined || value === '') return null
  const bound = (text: unknown, fallback: number): number => {
    if (text === undefined || textOf(text) === '') return fallback
    const at = Number(textOf(text))
    if (!Number.isFinite(at)) throw badFilter()
    return at
  }
  const forever = Number.POSITIVE_INFINITY
  if (isMap(value)) return { from: bound(value['from'], -forever), to: bound(value['to'], forever) }
  const parts = Array.isArray(value) ? value : textOf(value).split(',')
  if (parts.length > 1) return { from: bound(parts[0], -forever), to: bound(parts[1], forever) }
  const at = bound(parts[0], 0)
  return { from: at, to: isOpen ? forever : at }
}

export const isWithin = (range: Range | null, at: number | null): boolean =>
  range === null || (at !== null && at >= range.from && at <= range.to)

export const filterOf = (query: Query): Record<string, unknown> =>
  isMap(query['filter']) ? query['filter'] : {}

/** The one key and direction of `order[key]=asc|desc`. */
export const orderOf = (
  query: Query,
  keys: readonly string[],
  fallback: string,
): { key: string; isDown: boolean } => {
  const order = query['order']
  if (!isMap(order)) return { key: fallback, isDown: false }
  const [key, direction] = Object.entries(order)[0] ?? []
  if (key === undefined || !keys.includes(key)) throw badFilter()
  return { key, isDown: textOf(direction).toLowerCase() === 'desc' }
}

export const withOf = (query: Query): Set<string> => new Set(listOf(query['with']) ?? [])

export type PageRequest = { page: number; limit: number }

const DEFAULT_LIMIT = 50

/** Asking for more than the most falls back to the default, without a word. */
export const pageOf = (query: Query, most: number): PageRequest => {
  const page = Math.max(1, Math.floor(Number(textOf(query['page']))) || 1)
  const asked = Math.floor(Number(textOf(query['limit'])))
  const limit = asked >= 1 && asked <= most ? asked : Math.min(DEFAULT_LIMIT, most)
  return { page, limit }
}
