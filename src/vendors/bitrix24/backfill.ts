import type { Cursor, Page } from '../vendor.ts'
import type { Client } from './client.ts'
import { type Resume, readResume, writePosition } from './cursors.ts'
import { type FeedSpec, rowId, rowsOf } from './feeds.ts'
import type { Session } from './session.ts'
import { readWindows, type WindowList } from './windows.ts'

const startOf = async (spec: FeedSpec, session: Session): Promise<Resume> => {
  const { since, feeds } = await session.probeFor(spec.name)
  const size = feeds.get(spec.name) ?? { min: 0, max: 0, density: 1, expected: null }
  return {
    v: 1,
    mark: size.min,
    max: size.max,
    density: size.density,
    expected: size.expected,
    read: 0,
    since,
  }
}

/** Whether the context of a feed needs the portal's dictionaries. */
const needsCatalogue = (spec: FeedSpec): boolean => spec.holder === 'items'

export const contextFor = async (spec: FeedSpec, session: Session) =>
  needsCatalogue(spec) ? await session.catalogue() : { fields: [], outcomes: new Map() }

/** Every row of one list, in the order of ids, up to the largest id known when the reading began. */
export async function* backfillFeed(
  client: Client,
  session: Session,
  spec: FeedSpec,
  resume: Cursor | null,
): AsyncGenerator<Page, { cursor: Cursor }> {
  const state = resume === null ? await startOf(spec, session) : readResume(resume)
  const context = await contextFor(spec, session)
  const select = spec.select(context.fields)
  const list: WindowList = {
    method: spec.method,
    command: ({ lo, hi }) => spec.list({ [`>${spec.key}`]: lo, [`<=${spec.key}`]: hi }, { select }),
    rows: result => rowsOf(spec, result),
    idOf: row => rowId(spec, row),
  }
  // Rows come in the order of ids: a deal's first row is the first one seen, if the reading began at the beginning.
  const seenDeals = resume === null ? new Set<string>() : null
  const created: number[] = []
  const isFirst = (moveId: string, dealId: string): boolean => {
    if (seenDeals === null || seenDeals.has(dealId)) return false
    seenDeals.add(dealId)
    created.push(Number(moveId))
    return true
  }
  let { mark, read } = state
  for await (const { rows, upTo } of readWindows(client, list, { lo: mark, hi: state.max }, state.density)) {
    mark = upTo
    read += rows.length
    const position: Resume = { ...state, mark, read }
    yield {
      ...spec.map(unique(spec, rows), context, isFirst),
      resume: writePosition(position),
      progress: { read, expected: state.expected },
    }
  }
  const cursor =
    spec.changed === null
      ? {
          v: 1 as const,
          last: state.max,
          created: created.filter(id => id > state.max - HISTORY_OVERLAP_IDS),
        }
      : { v: 1 as const, since: state.since }
  return { cursor: writePosition(cursor) }
}

/** History rows may be committed out of order: the latest ids are read again every time. */
export const HISTORY_OVERLAP_IDS = 200

/** One row for each id, the later one; rows without an id are kept, to be rejected with their reason. */
export const unique = (spec: FeedSpec, rows: readonly unknown[]): unknown[] => {
  const byId = new Map<number, unknown>()
  const nameless: unknown[] = []
  for (const row of rows) {
    const id = rowId(spec, row)
    if (id === null) nameless.push(row)
    else byId.set(id, row)
  }
  return [...byId.values(), ...nameless]
}
