import qs from 'qs'
import type { Account } from '../account/account.ts'
import { type PageRequest, type Query, textOf } from './query.ts'

/** An answer: null body = 204. */
export type Answer = { status: number; body: unknown }

export const nothing: Answer = { status: 204, body: null }

const addressOf = (account: Account, path: string, query: Query): string => {
  const text = qs.stringify(query, { arrayFormat: 'indices', encodeValuesOnly: true })
  return `${account.origin}/api/v4/${path}${text ? `?${text}` : ''}`
}

/** Order without order, the same for the same list: pages still fit together. */
const shuffled = <Row>(rows: readonly Row[]): Row[] => {
  const mixed = [...rows]
  let state = 12_345 + rows.length
  for (let index = mixed.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const other = state % (index + 1)
    ;[mixed[index], mixed[other]] = [mixed[other]!, mixed[index]!]
  }
  return mixed
}

const KEPT = 6

/** Lists worked out for one page serve the next ones, as long as the table has not changed. */
export class ListCache {
  #lists = new Map<string, { version: number; rows: readonly unknown[] }>()

  get<Row>(key: string, version: number, make: () => readonly Row[]): readonly Row[] {
    const known = this.#lists.get(key)
    if (known?.version === version) return known.rows as readonly Row[]
    const rows = make()
    this.#lists.delete(key)
    this.#lists.set(key, { version, rows })
    if (this.#lists.size > KEPT) this.#lists.delete(this.#lists.keys().next().value!)
    return rows
  }
}

/** What names a list, whatever page of it is asked for. */
export const listKey = (path: string, query: Query, more: unknown = null): string => {
  const { page: _page, limit: _limit, with: _with, ...rest } = query
  return JSON.stringify([path, rest, textOf(query['with']).includes('only_deleted'), more])
}

/**
 * One page in its envelope; 204 when it is empty, and sometimes when it is not.
 * @param isDown the list is kept in the opposite order of what is shown
 */
export const pageAnswer = <Row>(
  account: Account,
  path: string,
  key: string,
  query: Query,
  { page, limit }: PageRequest,
  rows: readonly Row[],
  show: (row: Row) => unknown,
  options: { isDown?: boolean; total?: boolean } = {},
): Answer => {
  const { temper } = account
  if (temper.prematureEnds > 0 && page > 1) {
    temper.prematureEnds--
    return nothing
  }
  const start = (page - 1) * limit
  const list = temper.isShuffled ? shuffled(rows) : rows
  const slice =
    options.isDown && !temper.isShuffled
      ? list.slice(Math.max(0, list.length - start - limit), Math.max(0, list.length - start)).reverse()
      : list.slice(start, start + limit)
  if (slice.length === 0) return nothing
  const hasMore = list.length > start + limit
  const links: Record<string, { href: string }> = {
    self: { href: addressOf(account, path, { ...query, page, limit }) },
  }
  if (hasMore) links['next'] = { href: addressOf(account, path, { ...query, page: page + 1, limit }) }
  if (page > 1) links['prev'] = { href: addressOf(account, path, { ...query, page: page - 1, limit }) }
  return {
    status: 200,
    body: {
      ...(options.total
        ? { _total_items: list.length, _page: page, _page_count: Math.ceil(list.length / limit) }
        : { _page: page }),
      _links: links,
      _embedded: { [key]: slice.map(show) },
    },
  }
}
