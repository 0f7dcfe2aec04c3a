import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'

export type LogEvent = { activity: string; at: number; resource: string; amount: number | null }
export type LogCase = { id: string; events: LogEvent[] }

const COLUMNS = {
  case: ['case_id', 'case', 'caseid', 'case:concept:name', 'case_concept_name'],
  seq: ['seq', 'sequence', 'event_id'],
  activity: ['activity', 'concept:name', 'event', 'task', 'stage'],
  time: ['timestamp', 'time:timestamp', 'time', 'complete_timestamp', 'date'],
  resource: ['resource', 'org:resource', 'user', 'employee'],
  amount: ['amount', 'case:amount', 'opportunity', 'value'],
} as const

const columnOf = (header: readonly string[], names: readonly string[]): string | null =>
  header.find(name => names.includes(name.trim().toLowerCase())) ?? null

/** An instant; a log without zones means UTC. */
const instantOf = (text: string): number => {
  const trimmed = text.trim().replace(' ', 'T')
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(trimmed) ? trimmed : `${trimmed}Z`)
}

/**
 * Reads an event log from CSV text: one row per event, cases in the order of their first row, events in the
 * order of `seq` where there is one. Repeats and equal timestamps are kept as they are.
 * @throws Error naming the missing column or the line that cannot be read
 */
export const parseEventLog = (text: string): LogCase[] => {
  const rows = parse(text, {
    columns: true,
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true,
    delimiter: [',', ';', '\t'],
  }) as Record<string, string>[]
  const header = Object.keys(rows[0] ?? {})
  const caseColumn = columnOf(header, COLUMNS.case)
  const activityColumn = columnOf(header, COLUMNS.activity)
  const timeColumn = columnOf(header, COLUMNS.time)
  if (!caseColumn || !activityColumn || !timeColumn)
    throw new Error(
      `The log needs the columns case_id, activity and timestamp; it has: ${header.join(', ') || 'none'}.`,
    )
  const seqColumn = columnOf(header, COLUMNS.seq)
  const resourceColumn = columnOf(header, COLUMNS.resource)
  const amountColumn = columnOf(header, COLUMNS.amount)
  const cases = new Map<string, { seq: number; event: LogEvent }[]>()
  for (const [index, row] of rows.entries()) {
    const at = instantOf(row[timeColumn] ?? '')
    const activity = (row[activityColumn] ?? '').trim()
    if (Number.isNaN(at) || activity === '')
      throw new Error(`Line ${index + 2} has no readable ${activity === '' ? 'activity' : 'timestamp'}.`)
    const id = row[caseColumn] ?? ''
    const events = cases.get(id) ?? []
    cases.set(id, events)
    const amount = amountColumn ? Number.parseFloat(row[amountColumn] ?? '') : Number.NaN
    events.push({
      seq: seqColumn ? Number(row[seqColumn]) : events.length,
      event: {
        activity,
        at,
        resource: resourceColumn ? (row[resourceColumn] ?? '').trim() : '',
        amount: Number.isFinite(amount) ? amount : null,
      },
    })
  }
  return [...cases].map(([id, events]) => ({
    id,
    events: events.sort((a, b) => a.seq - b.seq).map(({ event }) => event),
  }))
}

/** Reads `log.csv` or `log.csv.gz`. */
export const readEventLog = (path: string): LogCase[] => {
  const bytes = readFileSync(path)
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  return parseEventLog((isGzip ? gunzipSync(bytes) : bytes).toString('utf8'))
}
