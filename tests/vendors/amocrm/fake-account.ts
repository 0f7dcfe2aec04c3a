import type { Client, Query } from '../../../src/vendors/amocrm/client.ts'

type Row = { id: number | string; created_at: number; updated_at?: number; [key: string]: unknown }
export type Quirks = {
  /** How the vendor orders a list of this path, whatever was asked. */
  order: 'rising' | 'falling' | 'shuffled'
  /** Rows that a page really carries, whatever was asked. */
  pageSize?: number
  /** Repeats the last row of a page at the head of the next one. */
  repeats?: boolean
  /** Rows of one second come in another order for each request. */
  tiesMove?: boolean
  /** Never names a next page past this one, though there are rows. */
  passCap?: number
}

/** A list server in memory: filters by dates and ids, pages, and behaves as badly as told. */
export const fakeAccount = (lists: Record<string, Row[]>, quirks: Quirks) => {
  let requests = 0
  let deepest = 0
  /** Sorted once: a list of an account is asked for hundreds of times. */
  const sorted = new Map<string, Row[]>()
  const ordered = (path: string): Row[] => {
    const kept = sorted.get(path) ?? inOrder(lists[path] ?? [])
    sorted.set(path, kept)
    return kept
  }
  const inOrder = (rows: Row[]): Row[] => {
    if (quirks.order === 'shuffled') {
      const places = new Map(rows.map(row => [row, hash(String(row.id))]))
      return rows.toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0))
    }
    const sign = quirks.order === 'rising' ? 1 : -1
    return rows.toSorted((a, b) => sign * (a.created_at - b.created_at))
  }
  const get = async (path: string, query: Query = {}): Promise<unknown> => {
    requests += 1
    if (path === 'account') return { id: 1, name: 'A', subdomain: 'a', current_user_id: 7, currency: 'RUB' }
    if (path === 'events/types')
      return { _embedded: { events_types: [{ key: 'lead_status_changed' }, { key: 'lead_added' }] } }
    const filter = (query['filter'] ?? {}) as Record<string, { from: number; to: number } | undefined>
    const inside = (row: Row) =>
      (['created_at', 'updated_at'] as const).every(key => {
        const range = filter[key]
        const value = row[key] as number
        return !range || (value >= range.from && value <= range.to)
      })
    const cutOut = ordered(path).filter(inside)
    const rows = quirks.tiesMove
      ? cutOut.toSorted(
          (a, b) => b.created_at - a.created_at || hash(`${requests} ${a.id}`) - hash(`${requests} ${b.id}`),
        )
      : cutOut
    const size = Math.min(Number(query['limit']), quirks.pageSize ?? Number.POSITIVE_INFINITY)
    const page = Number(query['page'])
    deepest = Math.max(deepest, page)
    const from = (page - 1) * size
    const cut = rows.slice(quirks.repeats && page > 1 ? from - 1 : from, from + size)
    if (cut.length === 0) return null
    const more = from + size < rows.length && page < (quirks.passCap ?? Number.POSITIVE_INFINITY)
    const key = path.split('/').at(-1) ?? path
    return { _embedded: { [key]: cut }, _links: more ? { next: { href: '…' } } : {} }
  }
  const client: Client = {
    get,
    send: async () => null,
    now: () => new Date('2026-11-24T12:00:00Z'),
    requests: () => requests,
  }
  return { client, requests: () => requests, deepest: () => deepest }
}

const hash = (text: string): number => {
  let value = 7
  for (const letter of text) value = (Math.imul(value, 31) + letter.charCodeAt(0)) >>> 0
  return Math.imul(value, 2654435761) >>> 0
}
