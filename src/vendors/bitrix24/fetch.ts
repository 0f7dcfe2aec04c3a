import { emptyRecordSet, type RecordKind, type RecordSet, type Rejected } from '../../records/records.ts'
import { contextFor, unique } from './backfill.ts'
import { BATCH_SIZE, type Client, type Command, type CommandResult, resultOf } from './client.ts'
import { type FeedRecords, type FeedSpec, feedOf, isAbsent, rowId, rowsOf } from './feeds.ts'
import type { MapContext } from './map.ts'
import type { Session } from './session.ts'
import { PAGE_ROWS } from './windows.ts'

export type Fetched = { records: RecordSet; rejected: Rejected[]; missing: string[] }

/** Results of any number of commands, 50 to a request. */
export const runAll = async (client: Client, commands: readonly Command[]): Promise<CommandResult[]> => {
  const results: CommandResult[] = []
  for (let from = 0; from < commands.length; from += BATCH_SIZE)
    results.push(...(await client.batch(commands.slice(from, from + BATCH_SIZE))))
  return results
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )

/** One window for each id: understood by every version, unlike a list of ids in a filter. */
const readOneByOne = async (
  client: Client,
  spec: FeedSpec,
  ids: readonly number[],
  select: readonly string[],
): Promise<unknown[]> => {
  const results = await runAll(
    client,
    ids.map(id => spec.list({ [`>${spec.key}`]: id - 1, [`<=${spec.key}`]: id }, { select })),
  )
  return results.flatMap(result => rowsOf(spec, resultOf(result, spec.method).result) ?? [])
}

/** Rows of the given ids; absent ones are simply not among them. */
const readRows = async (
  client: Client,
  spec: FeedSpec,
  ids: readonly number[],
  select: readonly string[],
  beside: readonly Command[],
): Promise<{ rows: unknown[]; others: CommandResult[] }> => {
  const lists = chunks(ids, PAGE_ROWS).map(part => spec.list({ [spec.idFilter]: part }, { select }))
  const results = await runAll(client, [...lists, ...beside])
  const others = results.slice(lists.length)
  const wanted = new Set(ids)
  const rows: unknown[] = []
  for (const result of results.slice(0, lists.length)) {
    if (!result.ok && isAbsent(spec, result.refusal)) continue
    const page = rowsOf(spec, resultOf(result, spec.method).result) ?? []
    // A row nobody asked for: the portal did not understand the filter, and silence would look like deletion.
    if (page.some(row => !wanted.has(rowId(spec, row) ?? 0)))
      return { rows: await readOneByOne(client, spec, ids, select), others }
    rows.push(...page)
  }
  return { rows, others }
}

/**
 * Which of the ids the portal no longer shows. Told twice, by a list of ids and by single windows, because
 * a reply that is short for another reason must not delete anything.
 */
export const absentIds = async (
  client: Client,
  spec: FeedSpec,
  ids: readonly string[],
): Promise<string[]> => {
  const lacking = (asked: readonly string[], rows: readonly unknown[]): string[] => {
    const shown = new Set(rows.map(row => String(rowId(spec, row) ?? '')))
    return asked.filter(id => !shown.has(id))
  }
  const select = [spec.key]
  const { rows } = await readRows(client, spec, ids.map(Number), select, [])
  const absent = lacking(ids, rows)
  return lacking(absent, await readOneByOne(client, spec, absent.map(Number), select))
}

/** The whole history of single deals, in ascending order. */
const readHistory = async (
  client: Client,
  spec: FeedSpec,
  dealIds: readonly number[],
  firstPages: readonly CommandResult[],
  context: MapContext,
): Promise<FeedRecords[]> => {
  const select = spec.select([])
  const histories: FeedRecords[] = []
  for (const [index, dealId] of dealIds.entries()) {
    const rows = [...(rowsOf(spec, resultOf(firstPages[index], spec.method).result) ?? [])]
    for (let page = rows; page.length >= PAGE_ROWS; ) {
      const last = Math.max(...page.map(row => rowId(spec, row) ?? 0))
      const reply = await client.batch([spec.list({ OWNER_ID: dealId, '>ID': last }, { select })])
      page = rowsOf(spec, resultOf(reply[0], spec.method).result) ?? []
      if (!page.some(row => (rowId(spec, row) ?? 0) > last)) break
      rows.push(...page)
    }
    const own = rows.filter(row => Number((row as { OWNER_ID?: unknown } | null)?.OWNER_ID) === dealId)
    const first = Math.min(...own.map(row => rowId(spec, row) ?? Number.POSITIVE_INFINITY))
    histories.push(spec.map(unique(spec, own), context, moveId => Number(moveId) === first))
  }
  return histories
}

/**
 * Reads records again by id. Deals bring their stage history with them, because an event says no more
 * than "look at this deal".
 */
export const fetchRecords = async (
  client: Client,
  session: Session,
  kind: RecordKind,
  ids: readonly string[],
): Promise<Fetched> => {
  const withHistory = kind === 'deal'
  const spec = feedOf(kind)
  const history = feedOf('stageMove')
  const asked = [...new Set(ids)]
  const numbers = asked.map(Number).filter(id => Number.isSafeInteger(id) && id > 0)
  const records = emptyRecordSet()
  const rejected: Rejected[] = []
  if (numbers.length === 0) return { records, rejected, missing: asked }
  const context = await contextFor(spec, session)
  const select = spec.select(context.fields)
  const beside = withHistory
    ? numbers.map(id => history.list({ OWNER_ID: id }, { select: history.select([]) }))
    : []
  const { rows, others } = await readRows(client, spec, numbers, select, beside)
  const parts = [spec.map(unique(spec, rows), context, () => false)]
  if (withHistory) parts.push(...(await readHistory(client, history, numbers, others, context)))
  for (const part of parts) {
    for (const key of Object.keys(records) as (keyof RecordSet)[])
      (records[key] as unknown[]).push(...part.records[key])
    rejected.push(...part.rejected)
  }
  const found = new Set(rows.map(row => String(rowId(spec, row) ?? '')))
  return { records, rejected, missing: asked.filter(id => !found.has(id)) }
}
