import { VendorError } from '../../errors.ts'
import type { Cursor, Page } from '../vendor.ts'
import { contextFor, HISTORY_OVERLAP_IDS, unique } from './backfill.ts'
import { BATCH_SIZE, type Client } from './client.ts'
import { type IdCursor, readCursor, type TimeCursor, writePosition } from './cursors.ts'
import { type FeedSpec, isAbsent, rowId, rowsOf } from './feeds.ts'
import { type KeysetList, readKeyset } from './keyset.ts'
import { sinceOf } from './portal-time.ts'
import type { Session } from './session.ts'

type Reading = { client: Client; session: Session; spec: FeedSpec }

const keysetOf = (spec: FeedSpec, select: readonly string[], filter: Record<string, string>): KeysetList => ({
  method: spec.method,
  command: after => spec.list({ ...filter, [`>${spec.key}`]: after }, { select }),
  lastIdPath: `${spec.holder === null ? '' : `[${spec.holder}]`}[49][${spec.rowKey}]`,
  rows: result => rowsOf(spec, result),
  idOf: row => rowId(spec, row),
})

/** Rows of a portal that has the object at all. */
async function* present(
  spec: FeedSpec,
  pages: AsyncGenerator<{ rows: unknown[]; last: number }>,
): AsyncGenerator<{ rows: unknown[]; last: number }> {
  try {
    yield* pages
  } catch (error) {
    if (
      !(error instanceof VendorError) ||
      !isAbsent(spec, { kind: error.kind, remedy: 'stop', code: error.code })
    )
      throw error
  }
}

/** Rows changed since an instant of the portal's clock; never of ours. */
async function* byTime(
  { client, session, spec }: Reading,
  cursor: TimeCursor,
): AsyncGenerator<Page, { cursor: Cursor }> {
  const context = await contextFor(spec, session)
  const next = cursor.next ?? sinceOf(await session.portalNow())
  const list = keysetOf(spec, spec.select(context.fields), { [`>=${spec.changed}`]: cursor.since })
  let read = 0
  for await (const { rows, last } of present(spec, readKeyset(client, list, cursor.after ?? 0))) {
    read += rows.length
    yield {
      ...spec.map(unique(spec, rows), context, () => false),
      resume: writePosition({ v: 1, since: cursor.since, after: last, next }),
      progress: { read, expected: null },
    }
  }
  return { cursor: writePosition({ v: 1, since: next }) }
}

/** Each deal's first history row: asked for deals that were closed just now. */
const firstRows = async (
  { client, spec }: Reading,
  dealIds: readonly string[],
): Promise<Map<string, number>> => {
  const first = new Map<string, number>()
  for (let from = 0; from < dealIds.length; from += BATCH_SIZE) {
    const part = dealIds.slice(from, from + BATCH_SIZE)
    const results = await client.batch(
      part.map(id => spec.list({ OWNER_ID: id }, { select: ['ID', 'OWNER_ID'] })),
    )
    for (const [index, result] of results.entries()) {
      const rows = result.ok ? (rowsOf(spec, result.envelope.result) ?? []) : []
      const ids = rows.map(row => rowId(spec, row)).filter(id => id !== null)
      const dealId = part[index]
      if (dealId !== undefined && ids.length > 0) first.set(dealId, Math.min(...ids))
    }
  }
  return first
}

const isFinalRow = (row: unknown): boolean =>
  typeof row === 'object' && row !== null && Number((row as { TYPE_ID?: unknown }).TYPE_ID) === 3

const dealOf = (row: unknown): string => String((row as { OWNER_ID?: unknown }).OWNER_ID ?? '')

/** History rows never change; new ones have larger ids. */
async function* byId(reading: Reading, cursor: IdCursor): AsyncGenerator<Page, { cursor: Cursor }> {
  const { client, session, spec } = reading
  const context = await contextFor(spec, session)
  const list = keysetOf(spec, spec.select(context.fields), {})
  const created = new Set(cursor.created)
  let { last } = cursor
  let read = 0
  for await (const page of readKeyset(client, list, Math.max(0, cursor.last - HISTORY_OVERLAP_IDS))) {
    read += page.rows.length
    const closed = page.rows.filter(row => isFinalRow(row) && (rowId(spec, row) ?? 0) > cursor.last)
    const first = await firstRows(
      reading,
      [...new Set(closed.map(dealOf))].filter(id => /^[1-9]\d*$/.test(id)),
    )
    for (const row of closed) {
      const id = rowId(spec, row)
      if (id !== null && first.get(dealOf(row)) === id) created.add(id)
    }
    last = Math.max(last, page.last)
    const recent = [...created].filter(id => id > last - HISTORY_OVERLAP_IDS)
    yield {
      ...spec.map(unique(spec, page.rows), context, moveId => created.has(Number(moveId))),
      resume: writePosition({ v: 1, last, created: recent }),
      progress: { read, expected: null },
    }
  }
  const recent = [...created].filter(id => id > last - HISTORY_OVERLAP_IDS)
  return { cursor: writePosition({ v: 1, last, created: recent }) }
}

export const changesOf = (reading: Reading, cursor: Cursor): AsyncGenerator<Page, { cursor: Cursor }> => {
  const position = readCursor(cursor)
  return 'last' in position ? byId(reading, position) : byTime(reading, position)
}
