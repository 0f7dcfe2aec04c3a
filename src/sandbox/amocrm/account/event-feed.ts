import type { EventRow, EventValue } from './rows.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

const digits = (value: number, length: number): string => {
  let text = ''
  let rest = value
  for (let n = 0; n < length; n++) {
    text = ALPHABET[rest % 32]! + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** 26 characters that sort by time: ten of it, sixteen that keep the order of arrival within it. */
export const eventId = ({ createdAt, seq }: Pick<EventRow, 'createdAt' | 'seq'>): string =>
  digits(createdAt * 1000, 10) + digits(seq, 8) + digits((seq * 2_654_435_761) % 2 ** 40, 8)

export const NOTHING: EventValue = Object.freeze([])

/** Half a million events mention the same few stages: each value is kept once. */
const statusValues = new Map<string, EventValue>()
export const statusValue = (pipelineId: number, statusId: number): EventValue => {
  const key = `${pipelineId}/${statusId}`
  const known = statusValues.get(key)
  if (known) return known
  const value = Object.freeze([Object.freeze({ lead_status: { id: statusId, pipeline_id: pipelineId } })])
  statusValues.set(key, value)
  return value
}

export type NewEvent = Pick<EventRow, 'type' | 'entityId' | 'entityType' | 'createdBy' | 'createdAt'> &
  Partial<Pick<EventRow, 'before' | 'after' | 'clientUuid' | 'linkedContactId'>>

/** The account's event feed, oldest first; some of it not visible yet. */
export class EventFeed {
  version = 0
  readonly disguises = new Map<string, Record<string, unknown>>()
  #rows: EventRow[] = []
  #hidden: { row: EventRow; visibleAt: number }[] = []
  #isSorted = true
  #seq = 0

  /** @param visibleAt when the listing begins to show it, in seconds */
  add(event: NewEvent, visibleAt = 0): EventRow {
    const seq = ++this.#seq
    const row: EventRow = {
      before: NOTHING,
      after: NOTHING,
      clientUuid: null,
      linkedContactId: null,
      ...event,
      seq,
    }
    if (visibleAt > 0) this.#hidden.push({ row, visibleAt })
    else this.#show(row)
    return row
  }

  #show(row: EventRow): void {
    const last = this.#rows.at(-1)
    if (last && (last.createdAt > row.createdAt || (last.createdAt === row.createdAt && last.seq > row.seq)))
      this.#isSorted = false
    this.#rows.push(row)
    this.version++
  }

  /** Visible events, oldest first. */
  rows(now: number): readonly EventRow[] {
    if (this.#hidden.some(({ visibleAt }) => visibleAt <= now)) {
      for (const { row, visibleAt } of this.#hidden) if (visibleAt <= now) this.#show(row)
      this.#hidden = this.#hidden.filter(({ visibleAt }) => visibleAt > now)
    }
    if (!this.#isSorted) {
      this.#rows.sort((a, b) => a.createdAt - b.createdAt || a.seq - b.seq)
      this.#isSorted = true
    }
    return this.#rows
  }

  /** Every event, hidden ones too. */
  all(): readonly EventRow[] {
    return this.#hidden.length === 0 ? this.#rows : [...this.#rows, ...this.#hidden.map(({ row }) => row)]
  }

  /** Visible events of an instant range, both ends included; found by halving. */
  between(now: number, from: number, to: number): readonly EventRow[] {
    const rows = this.rows(now)
    const bound = (at: number): number => {
      let low = 0
      let high = rows.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (rows[middle]!.createdAt < at) low = middle + 1
        else high = middle
      }
      return low
    }
    const start = bound(from)
    const end = to === Number.POSITIVE_INFINITY ? rows.length : bound(to + 1)
    return start === 0 && end === rows.length ? rows : rows.slice(start, end)
  }
}
