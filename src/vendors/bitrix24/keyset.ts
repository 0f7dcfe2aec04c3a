import { VendorError } from '../../errors.ts'
import { BATCH_SIZE, type Client, type Command, resultOf } from './client.ts'
import { PAGE_ROWS } from './windows.ts'

/**
 * Reads a filtered list page by page, each page starting after the last id of the one before. Pages are
 * chained inside a batch by reference to the previous result. The portal resolves a reference into a short
 * page as the whole page, so everything after the first page that is short, out of order or refused is
 * thrown away, and the next batch starts from the last id that is certain.
 */
export type KeysetList = {
  method: string
  /** @param after an id, or a reference to one */
  command(after: number | string): Command
  /** Path of a row's id inside the result, e.g. `[items][49][id]`. */
  lastIdPath: string
  rows(result: unknown): unknown[] | null
  idOf(row: unknown): number | null
}

const MAX_TRIES = 7
const GROWTH = 5

/** Ids ascending from above `after`; null where a row has none. @returns the last id, or null when out of order */
const lastOf = (ids: readonly (number | null)[], after: number, strict: boolean): number | null => {
  let last = after
  for (const id of ids) {
    if (id === null) continue
    if (id <= last) {
      if (strict) return null
      continue
    }
    last = id
  }
  return last
}

/** @param depth pages in the first batch */
export async function* readKeyset(
  client: Client,
  list: KeysetList,
  from: number,
  depth = 1,
): AsyncGenerator<{ rows: unknown[]; last: number }> {
  let last = from
  let pages = depth
  let tries = 0
  for (;;) {
    const commands = Array.from({ length: pages }, (_, index) =>
      list.command(index === 0 ? last : `$result[p${index - 1}]${list.lastIdPath}`),
    )
    // A batch of one is an ordinary list: the client repeats what failed by chance.
    const results = await client.batch(commands, { isChained: pages > 1 })
    const found: unknown[] = []
    let isEnd = false
    let read = 0
    for (const [index, result] of results.entries()) {
      if (!result.ok) {
        if (index > 0) break
        if (pages === 1 || result.refusal.remedy === 'stop') resultOf(result, list.method)
        break
      }
      const rows = list.rows(result.envelope.result)
      if (rows === null) break
      const ids = rows.map(list.idOf)
      const reached = lastOf(ids, last, index > 0)
      if (reached === null) break
      found.push(...rows)
      read += 1
      if (rows.length < PAGE_ROWS) {
        last = reached
        isEnd = true
        break
      }
      if (reached === last)
        throw new VendorError('shape_changed', 'LIST_WITHOUT_IDS', `${list.method} gives rows without ids`)
      last = reached
      // The chain hangs on the very last row: without an id there, the next page is not what it seems.
      if (ids.at(-1) !== reached) break
    }
    if (found.length > 0) yield { rows: found, last }
    if (isEnd) return
    if (read === 0) {
      tries += 1
      if (tries >= MAX_TRIES)
        throw new VendorError('shape_changed', 'LIST_SHAPE', `${list.method} answers with no list`)
      pages = 1
    } else {
      tries = 0
      pages = read === pages ? Math.min(BATCH_SIZE, pages * GROWTH) : 1
    }
  }
}
