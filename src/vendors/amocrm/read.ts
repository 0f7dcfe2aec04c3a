import { DAY, SECOND } from '../../clock.ts'
import { emptyRecordSet, type RecordSet, type Rejected } from '../../records/records.ts'
import type { Cursor, Feed, FeedName, Page } from '../vendor.ts'
import type { Client, Query } from './client.ts'
import type { Context } from './directory.ts'
import {
  activityOf,
  activityTypes,
  callOf,
  creationOf,
  deadlineMoveOf,
  dealOf,
  distinct,
  fieldSaveOf,
  invoiceOf,
  movesOf,
  orderKeysOf,
  parseRows,
  responsibleChangeOf,
  taskOf,
} from './map.ts'
import { pagesOf, rowsOf } from './pages.ts'
import {
  bounds,
  createOrderWatch,
  EVENT_OVERLAP,
  halved,
  MAX_PAGES,
  nextLength,
  RECORD_OVERLAP,
  type Window,
} from './windows.ts'
import * as wire from './wire.ts'

export const feeds: readonly Feed[] = [
  { name: 'leads', covers: 'deals' },
  { name: 'events', covers: 'history' },
  { name: 'tasks', covers: 'tasks' },
  { name: 'calls', covers: 'activities' },
  { name: 'invoices', covers: 'invoices' },
]

const RECORDS_PER_PAGE = 250
/** How often a second is read whose rows change places between pages. */
const PASSES = 5

/** Says when a task was completed, and by whom. */
const CLOSED = 'task_completed'
/** Say who saved a lead's fields, and when. */
const SAVED = ['sale_field_changed', 'custom_field_value_changed']
/**
 * Read as they happen only. A closed task's own last change dates its end well enough, and an event for each field that
 * was ever saved, in pages of 100, would make the first reading several times as long.
 */
const NOT_OF_THE_PAST: ReadonlySet<string> = new Set([CLOSED, ...SAVED])
/** Event types that we read; narrowed to those the account knows, since one unknown type refuses the whole request. */
export const wantedEvents = [
  'lead_added',
  'lead_status_changed',
  'lead_deleted',
  'lead_restored',
  'entity_responsible_changed',
  'task_deadline_changed',
  'task_deleted',
  CLOSED,
  ...SAVED,
  ...activityTypes,
]

type Rows = { records: RecordSet; rejected: Rejected[]; gone?: Page['gone'] }
/** One list inside a feed: where it is, which date its windows cut, how its rows map. */
type List = {
  path: string
  key: string
  limit: number
  dated: 'created_at' | 'updated_at'
  query: Query
  map(rows: unknown[]): Rows
}

const idOf = (row: unknown): unknown => (row as { id?: unknown } | null)?.id

/**
 * Follows rows that come on two pages. Where the list has no order of its own, rows of one second may change
 * places between two requests: one comes twice and another never. A page longer than asked for carries the
 * repeated row besides its own, and nothing is missing.
 */
const createRepeatWatch = ({ query, dated, limit }: List) => {
  const seen = new Set<unknown>()
  const doubtful = new Set<number>()
  return {
    /** @returns the rows that are new */
    see(rows: unknown[]): unknown[] {
      const fresh: unknown[] = []
      const here = new Set<unknown>()
      for (const row of rows) {
        const id = idOf(row)
        if (here.has(id)) continue
        here.add(id)
        if (!seen.has(id)) fresh.push(row)
        else if (query['order'] === undefined && rows.length <= limit) {
          const date = Number((row as Record<string, unknown>)[dated])
          if (Number.isFinite(date)) doubtful.add(date)
        }
      }
      for (const id of here) seen.add(id)
      return fresh
    },
    doubtful: (): number[] => [...doubtful],
  }
}

export type Reader = {
  backfill(feed: FeedName, resume: Cursor | null): AsyncGenerator<Page, { cursor: Cursor }>
  changes(feed: FeedName, cursor: Cursor): AsyncGenerator<Page, { cursor: Cursor }>
}

/**
 * Where a feed is: which list, what of it is cut out and still to be read (the next first), where the part
 * that nobody has looked at begins, how long a new window should be, and when the feed began.
 */
type Place = {
  list: number
  todo: Window[]
  next: number
  length: number
  started: number
  read: number
  origin: number
  /** The list was seen to come unsorted: a cut window is probed before it is read. */
  isUnsorted: boolean
}

export const createReader = (client: Client, context: () => Promise<Context>): Reader => {
  const leads = ({ currency }: Context, dated: List['dated']): List => ({
    path: 'leads',
    key: 'leads',
    limit: RECORDS_PER_PAGE,
    dated,
    query: { order: { id: 'asc' } },
    map: rows => {
      const rejected: Rejected[] = []
      const parsed = distinct(parseRows(wire.lead, 'deal', rows, rejected))
      const live = parsed.filter(lead => !lead.is_deleted)
      const gone = parsed.filter(lead => lead.is_deleted).map(lead => lead.id)
      return {
        records: {
          ...emptyRecordSet(),
          deals: live.map(lead => dealOf(lead, currency)),
          stageMoves: live.map(creationOf),
        },
        rejected,
        ...(gone.length > 0 ? { gone: [{ kind: 'deal' as const, ids: gone }] } : {}),
      }
    },
  })
  /** The recycle bin: its rows carry an id and little else. */
  const deletedLeads: List = {
    path: 'leads',
    key: 'leads',
    limit: RECORDS_PER_PAGE,
    dated: 'updated_at',
    query: { with: 'only_deleted' },
    map: rows => {
      const ids = rows
        .map(row => (row as { id?: unknown } | null)?.id)
        .filter(id => typeof id === 'number' || typeof id === 'string')
      return { records: emptyRecordSet(), rejected: [], gone: [{ kind: 'deal', ids: ids.map(String) }] }
    },
  }
  /** Events of the given types. */
  const events = (types: readonly string[], { eventsPerPage }: Context): List => ({
    path: 'events',
    key: 'events',
    limit: eventsPerPage,
    dated: 'created_at',
    query: { filter: { type: types.join(',') } },
    map: mapEvents,
  })
  const tasks: List = {
    path: 'tasks',
    key: 'tasks',
    limit: RECORDS_PER_PAGE,
    dated: 'updated_at',
    query: { order: { id: 'asc' } },
    map: rows => {
      const rejected: Rejected[] = []
      const parsed = distinct(parseRows(wire.task, 'task', rows, rejected))
      return { records: { ...emptyRecordSet(), tasks: parsed.map(taskOf) }, rejected }
    },
  }
  const calls = (entity: 'leads' | 'contacts' | 'companies'): List => ({
    path: `${entity}/notes`,
    key: 'notes',
    limit: RECORDS_PER_PAGE,
    dated: 'updated_at',
    query: { filter: { note_type: ['call_in', 'call_out'] }, order: { id: 'asc' } },
    map: rows => {
      const rejected: Rejected[] = []
      const parsed = distinct(parseRows(wire.note, 'activity', rows, rejected))
      return {
        records: { ...emptyRecordSet(), activities: parsed.map(note => callOf(note, entity)) },
        rejected,
      }
    },
  })
  const invoices = ({ invoicesCatalog, currency }: Context): List[] =>
    invoicesCatalog === null
      ? []
      : [
          {
            path: `catalogs/${invoicesCatalog}/elements`,
            key: 'elements',
            limit: RECORDS_PER_PAGE,
            dated: 'updated_at',
            query: {},
            map: rows => {
              const rejected: Rejected[] = []
              const parsed = distinct(parseRows(wire.element, 'invoice', rows, rejected)).filter(
                ({ is_deleted }) => !is_deleted,
              )
              return {
                records: { ...emptyRecordSet(), invoices: parsed.map(row => invoiceOf(row, currency)) },
                rejected,
              }
            },
          },
        ]

  const listsOf = (feed: FeedName, about: Context, isBackfill: boolean): List[] => {
    if (feed === 'leads')
      return isBackfill
        ? [leads(about, 'created_at'), deletedLeads]
        : [leads(about, 'updated_at'), deletedLeads]
    if (feed === 'events') {
      const types = isBackfill
        ? about.eventTypes.filter(type => !NOT_OF_THE_PAST.has(type))
        : about.eventTypes
      return types.length > 0 ? [events(types, about)] : []
    }
    if (feed === 'tasks') return [tasks]
    if (feed === 'calls') return [calls('leads'), calls('contacts'), calls('companies')]
    return feed === 'invoices' ? invoices(about) : []
  }

  const queryOf = (list: List, window: Window): Query => ({
    ...list.query,
    filter: { ...((list.query['filter'] as Query | undefined) ?? {}), [list.dated]: bounds(window) },
  })

  /** True when the list is deeper than a window may be: asked only when its rows come unsorted. */
  const isTooDeep = async (list: List, query: Query): Promise<boolean> =>
    rowsOf(await client.get(list.path, { ...query, limit: list.limit, page: MAX_PAGES }), list.key).length > 0

  /** Reads one window. Returns how many pages it had and the windows that are left of it, if it was too full. */
  async function* readWindow(
    list: List,
    window: Window,
    place: Place,
  ): AsyncGenerator<Page, { pages: number; left: Window[]; read: number; isUnsorted: boolean }> {
    // A row that changes while we read must not leave the list: the rows behind it would move up unseen.
    const isLast = list.dated === 'updated_at' && window.to >= place.started
    const query = queryOf(list, isLast ? { from: window.from, to: place.started + DAY } : window)
    const halves = halved(window)
    const watch = createOrderWatch()
    const repeats = createRepeatWatch(list)
    let { read } = place
    let pages = 0
    if (place.isUnsorted && place.todo.length > 0 && halves.length > 0 && (await isTooDeep(list, query)))
      return { pages: MAX_PAGES, left: halves, read, isUnsorted: true }
    const stream = pagesOf(
      client,
      list.path,
      list.key,
      query,
      list.limit,
      halves.length > 0 ? MAX_PAGES : Number.POSITIVE_INFINITY,
    )
    let step = await stream.next()
    for (; !step.done; step = await stream.next()) {
      pages += 1
      read += step.value.length
      watch.see(repeats.see(step.value), list.dated)
      // Until the window is whole, a restart reads it again.
      yield { ...list.map(step.value), resume: JSON.stringify(place), progress: { read, expected: null } }
      // Another order for each page: what came twice stands where something else was.
      if (repeats.doubtful().length > 0 && !watch.isSorted() && halves.length > 0)
        return { pages: MAX_PAGES, left: halves, read: place.read, isUnsorted: true }
      if (pages === 3 && halves.length > 0 && !watch.isSorted() && (await isTooDeep(list, query)))
        return { pages: MAX_PAGES, left: halves, read: place.read, isUnsorted: true }
    }
    for (const second of repeats.doubtful())
      yield* readSecond(list, second, { resume: JSON.stringify(place), progress: { read, expected: null } })
    const { isUnsorted } = place
    if (!step.value.isCut) return { pages, left: [], read, isUnsorted }
    const rest = watch.rest(window)
    return rest
      ? { pages, left: [rest], read, isUnsorted }
      : { pages, left: halves, read: place.read, isUnsorted: true }
  }

  /** Rows of one second, read until nothing new can be missing from them. */
  async function* readSecond(
    list: List,
    second: number,
    at: Pick<Page, 'resume' | 'progress'>,
  ): AsyncGenerator<Page, void> {
    const query = queryOf(list, { from: second * SECOND, to: second * SECOND })
    const known = new Set<unknown>()
    for (let pass = 0; pass < PASSES; pass += 1) {
      let held = 0
      for await (const rows of pagesOf(client, list.path, list.key, query, list.limit)) {
        const ids = new Set(rows.map(idOf))
        held += ids.size
        for (const id of ids) known.add(id)
        yield { ...list.map(rows), ...at }
      }
      if (known.size >= held) return
    }
  }

  /** Walks one list from its oldest rows to the feed's beginning. */
  async function* walk(list: List, start: Place): AsyncGenerator<Page, Place> {
    let place = start
    while (place.todo.length > 0 || place.next <= place.started) {
      const [cut, ...others] = place.todo
      const window = cut ?? { from: place.next, to: Math.min(place.next + place.length, place.started) }
      const { pages, left, read, isUnsorted } = yield* readWindow(list, window, place)
      const held = left[0] ? left[0].to - left[0].from : window.to - window.from
      place = {
        ...place,
        todo: [...left, ...others],
        next: cut ? place.next : window.to + 1000,
        length: nextLength(held, left.length > 0 ? MAX_PAGES : pages),
        read,
        isUnsorted,
      }
    }
    return place
  }

  async function* readAll(
    feed: FeedName,
    start: Place,
    isBackfill: boolean,
  ): AsyncGenerator<Page, { cursor: Cursor }> {
    const lists = listsOf(feed, await context(), isBackfill)
    let place = start
    while (place.list < lists.length) {
      const list = lists[place.list]
      if (!list) break
      place = yield* walk(list, place)
      place = {
        ...place,
        list: place.list + 1,
        next: place.origin,
        length: place.started - place.origin,
        isUnsorted: false,
      }
    }
    return { cursor: JSON.stringify({ from: place.started }) }
  }

  /** The present second of the vendor: rows dated within it may still be coming. */
  const present = (): number => Math.floor(client.now().getTime() / 1000) * 1000
  const from = (origin: number): Place => {
    const started = present()
    return {
      list: 0,
      todo: [],
      next: origin,
      length: Math.max(1000, started - origin),
      started,
      read: 0,
      origin,
      isUnsorted: false,
    }
  }

  return {
    async *backfill(feed, resume) {
      const { since } = await context()
      const pages = readAll(feed, resume === null ? from(since) : (JSON.parse(resume) as Place), true)
      if (feed !== 'events') return yield* pages
      // Which leads exist is told by their own list, read beside; an old deletion may have been undone since.
      for (let step = await pages.next(); ; step = await pages.next()) {
        if (step.done) return step.value
        const { gone: _old, ...page } = step.value
        yield page
      }
    },
    async *changes(feed, cursor) {
      const last = JSON.parse(cursor) as { from: number }
      const overlap = feed === 'events' ? EVENT_OVERLAP : RECORD_OVERLAP
      const pages = readAll(feed, from(last.from - overlap), false)
      if (feed !== 'events') return yield* pages
      return yield* withoutRestored(client, pages)
    },
  }
}

/**
 * A deletion's event may be older than a restoration: what events call deleted is looked up among the leads,
 * and only what is not there is gone.
 */
async function* withoutRestored(
  client: Client,
  pages: AsyncGenerator<Page, { cursor: Cursor }>,
): AsyncGenerator<Page, { cursor: Cursor }> {
  const deleted = new Set<string>()
  let last: Page | null = null
  for (;;) {
    const step = await pages.next()
    if (step.done) {
      const gone: string[] = []
      const ids = [...deleted]
      for (let start = 0; start < ids.length; start += RECORDS_PER_PAGE) {
        const part = ids.slice(start, start + RECORDS_PER_PAGE)
        const living = new Set<string>()
        for await (const rows of pagesOf(
          client,
          'leads',
          'leads',
          { filter: { id: part } },
          RECORDS_PER_PAGE,
        ))
          for (const row of rows) living.add(String((row as { id?: unknown }).id))
        gone.push(...part.filter(id => !living.has(id)))
      }
      if (last && gone.length > 0)
        yield { ...last, records: emptyRecordSet(), rejected: [], gone: [{ kind: 'deal', ids: gone }] }
      return step.value
    }
    const { gone = [], ...page } = step.value
    for (const { kind, ids } of gone) if (kind === 'deal') for (const id of ids) deleted.add(id)
    const others = gone.filter(({ kind }) => kind !== 'deal')
    last = page
    yield others.length > 0 ? { ...page, gone: others } : page
  }
}

/** One page of events, sorted into what they say. */
export const mapEvents = (rows: unknown[]): Rows => {
  const rejected: Rejected[] = []
  const records = emptyRecordSet()
  const gone: string[] = []
  const goneTasks: string[] = []
  const events = distinct(parseRows(wire.event, 'stageMove', rows, rejected))
  const orderKeys = orderKeysOf(events)
  for (const event of events) {
    const isLead = event.entity_type === 'lead'
    if (event.type === 'lead_status_changed') {
      const moves = movesOf(event, orderKeys.get(event.id))
      if (moves) records.stageMoves.push(...moves)
      else rejected.push({ kind: 'stageMove', id: event.id, reason: 'value_after: no status' })
    } else if (event.type === 'entity_responsible_changed' && isLead)
      records.factChanges.push(responsibleChangeOf(event))
    else if (event.type === 'task_deadline_changed') records.deadlineMoves.push(deadlineMoveOf(event))
    else if (event.type === CLOSED) {
      if (event.entity_type === 'task')
        records.taskClosings.push({
          taskId: event.entity_id,
          at: new Date(event.created_at * 1000),
          actorId: event.created_by,
        })
    } else if (event.type === 'lead_deleted') gone.push(event.entity_id)
    // Some feeds name what the task was about; only a task's own id can be gone.
    else if (event.type === 'task_deleted') {
      if (event.entity_type === 'task') goneTasks.push(event.entity_id)
    } else {
      const save = fieldSaveOf(event)
      if (save) records.factChanges.push(save)
      const activity = activityOf(event)
      if (activity) records.activities.push(activity)
    }
  }
  const told: Page['gone'] = []
  if (gone.length > 0) told.push({ kind: 'deal', ids: gone })
  if (goneTasks.length > 0) told.push({ kind: 'task', ids: goneTasks })
  return { records, rejected, ...(told.length > 0 ? { gone: told } : {}) }
}
