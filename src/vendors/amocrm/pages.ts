import { VendorError } from '../../errors.ts'
import type { Client, Query } from './client.ts'
import { listed } from './wire.ts'

/** Rows of one list reply; 204, a missing envelope and an empty list are all "nothing". */
export const rowsOf = (body: unknown, key: string): unknown[] => {
  if (body === null || body === undefined) return []
  const isNothing = Array.isArray(body) && body.length === 0
  if (typeof body !== 'object' || (Array.isArray(body) && !isNothing))
    throw new VendorError('shape_changed', key, `The list of ${key} has another shape`)
  const rows = listed((body as { _embedded?: Record<string, unknown> | null })._embedded?.[key])
  if (!Array.isArray(rows))
    throw new VendorError('shape_changed', key, `The list of ${key} has another shape`)
  return rows
}

const hasNext = (body: unknown): boolean =>
  typeof (body as { _links?: { next?: { href?: unknown } } } | null)?._links?.next?.href === 'string'

/**
 * Pages of one list, several asked for at once. The end is a page without rows, or one whose reply names no
 * next page; a short page alone proves nothing, since the vendor may serve fewer rows than asked.
 * @param most pages to read at most; `isCut` tells that there was more
 * @param abreast pages in flight; the first page always goes alone, since most lists have one
 */
export async function* pagesOf(
  client: Client,
  path: string,
  key: string,
  query: Query,
  limit: number,
  most = Number.POSITIVE_INFINITY,
  abreast = 4,
): AsyncGenerator<unknown[], { pages: number; isCut: boolean }> {
  const ask = async (page: number) => {
    const body = await client.get(path, { ...query, limit, page })
    return { rows: rowsOf(body, key), more: hasNext(body) }
  }
  let page = 1
  let last = await ask(page)
  if (last.rows.length > 0) yield last.rows
  while (last.more && last.rows.length > 0 && page < most) {
    // A full first page hints at many more; each round doubles until `abreast`, so little is asked in vain.
    const width = Math.min(abreast, page, most - page)
    const round = await Promise.all(Array.from({ length: width }, (_, index) => ask(page + 1 + index)))
    page += width
    for (const reply of round) {
      if (reply.rows.length > 0) yield reply.rows
      last = reply
      if (!reply.more || reply.rows.length === 0) break
    }
  }
  return { pages: page, isCut: last.more && last.rows.length > 0 }
}
