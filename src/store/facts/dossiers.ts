import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Pool } from 'pg'
import type {
  ActivityFact,
  DealVersion,
  Dossier,
  EditFact,
  InvoiceFact,
  MoveFact,
  TaskFact,
} from '../../records/facts.ts'
import type { ActorClass, Outcome } from '../../records/records.ts'
import { markFactsOf, readMarks } from '../deal-marks.ts'
import type { Database } from '../schema.ts'
import { editsByDeal } from './edits.ts'
import {
  ACTIVITY_COLUMNS,
  activityOf,
  countable,
  INVOICE_COLUMNS,
  invoiceOf,
  readDeadlineMoves,
  TASK_COLUMNS,
  taskOf,
} from './items.ts'
import { epoch, type Packed, type PackedRows, packed, readPacked } from './packed.ts'
import { type DatedChange, versionsWith } from './versions.ts'

/** Batches read before the caller asks for them: the database and its caller both stay busy. */
const BATCHES_AHEAD = 2

export type DossierOptions = {
  /** Deals at a time. */
  batch?: number
  /** Only these; all when left out. */
  dealIds?: readonly string[]
}

const DEAL_COLUMNS = packed([
  'deal_id',
  epoch('created_at'),
  'created_by',
  'is_template',
  epoch('deleted_at'),
  'loss_reason_id',
  'pipeline_id',
  'stage_id',
  'outcome',
  epoch('moved_at'),
  epoch('closed_at'),
  'title',
])
const MOVE_COLUMNS = packed([
  'deal_id',
  epoch('at'),
  'pipeline_id',
  'stage_id',
  'outcome',
  `kind = 'created'`,
  'moved_by',
  'actor_class',
])
const VERSION_COLUMNS = packed([
  'deal_id',
  epoch('observed_at'),
  'responsible_id',
  'amount',
  'currency',
  'close_on',
  'fields',
  'changed_by',
  epoch('edited_at'),
  'edited_by',
])
const CHANGE_COLUMNS = packed(['deal_id', 'fact', epoch('at'), 'before', 'after', 'actor_id', 'actor_class'])

/** Ids above `after`, up to `last` or to the end. */
type Range = { after: string; last: string | null }

type Draft = Dossier & {
  moves: MoveFact[]
  versions: readonly DealVersion[]
  edits?: readonly EditFact[]
  activities: ActivityFact[]
  tasks: TaskFact[]
  invoices: InvoiceFact[]
}

const draftOf = (row: PackedRows): Draft => ({
  id: row.text(0),
  title: row.text(11),
  createdAt: row.instant(1),
  createdBy: row.nameOrNull(2),
  isTemplate: row.is(3),
  deletedAt: row.instantOrNull(4),
  lossReasonId: row.nameOrNull(5),
  current: {
    pipelineId: row.name(6),
    stageId: row.name(7),
    outcome: row.name(8) as Outcome,
    movedAt: row.instantOrNull(9),
    closedAt: row.instantOrNull(10),
  },
  moves: [],
  versions: [],
  activities: [],
  tasks: [],
  invoices: [],
})

const moveOf = (row: PackedRows): MoveFact => ({
  at: row.instant(1),
  pipelineId: row.name(2),
  stageId: row.name(3),
  outcome: row.name(4) as Outcome,
  isCreation: row.is(5),
  movedBy: row.nameOrNull(6),
  actorClass: row.name(7) as ActorClass,
})

const versionOf = (row: PackedRows): DealVersion => ({
  observedAt: row.instant(1),
  responsibleId: row.nameOrNull(2),
  amount: row.number(3),
  currency: row.nameOrNull(4),
  closeOn: row.orNull(5),
  fields: JSON.parse(row.text(6)) as Record<string, string>,
  ...authorOf(row.text(7)),
})

/** `-` stands for a change by nobody the CRM could name; an empty text for one whose author was not noted. */
const authorOf = (changedBy: string): Pick<DealVersion, 'changedBy' | 'changeClass'> =>
  changedBy === '-'
    ? { changedBy: null, changeClass: 'robot' }
    : { changedBy: changedBy || null, changeClass: changedBy === '' ? null : 'person' }

const changeOf = (row: PackedRows): DatedChange => ({
  fact: row.text(1) as DatedChange['fact'],
  at: row.instant(2),
  before: row.orNull(3),
  after: row.orNull(4),
})

/** Saves by people that versions and dated changes tell of. */
const editsOf = (versions: PackedRows, changes: PackedRows): Map<string, readonly EditFact[]> => {
  const saves: (EditFact & { dealId: string })[] = []
  while (versions.next()) {
    const by = versions.text(9)
    if (by === '') continue
    saves.push({ dealId: versions.text(0), at: versions.instant(8), knownAt: versions.instant(1), by })
  }
  while (changes.next()) {
    const [by, at] = [changes.text(5), changes.instant(2)]
    if (by !== '' && changes.text(6) === 'person')
      saves.push({ dealId: changes.text(0), at, knownAt: at, by })
  }
  return editsByDeal(saves)
}

/**
 * Every deal with what hangs on it, deleted ones included, in order of id. A batch is a handful of ordered
 * range reads put together here; the next ones are read while the caller works.
 */
export const dossiersOf = (db: Kysely<Database>, pool: Pool) => {
  const read = (columns: Packed, from: RawBuilder<unknown>) => readPacked(db, pool, columns, from)

  /** Ids of items that have deadline moves at all: most have none and need not be asked for. */
  const postponed = async (id: string): Promise<Record<'task' | 'activity', ReadonlySet<string>>> => {
    const { rows } = await sql<{ item_kind: string; item_id: string }>`
      select distinct item_kind, item_id from deadline_moves where installation_id = ${id}`.execute(db)
    const of = (kind: string) => new Set(rows.filter(row => row.item_kind === kind).map(row => row.item_id))
    return { activity: of('activity'), task: of('task') }
  }

  const fill = async (
    id: string,
    drafts: Draft[],
    within: (column: string) => RawBuilder<unknown>,
    hasMoves: { activity: ReadonlySet<string>; task: ReadonlySet<string> } | null,
  ): Promise<void> => {
    const mine = () => sql`installation_id = ${id} and ${within('deal_id')}`
    const [moves, versions, changes, activities, tasks, invoices] = await Promise.all([
      read(MOVE_COLUMNS, sql`from stage_moves where ${mine()} order by deal_id, at, order_key`),
      read(VERSION_COLUMNS, sql`from deal_versions where ${mine()} order by deal_id, observed_at`),
      read(CHANGE_COLUMNS, sql`from fact_changes where ${mine()} order by deal_id, at`),
      read(
        ACTIVITY_COLUMNS,
        sql`from activities item
        where ${countable(id, 'activity')} and ${within('item.deal_id')}
        order by item.deal_id, item.created_at, item.activity_id`,
      ),
      // By id, because a join would make the planner read all tasks for every batch.
      read(
        TASK_COLUMNS,
        sql`from tasks item
        where ${countable(id, 'task')} and item.task_id = any(array(
          select task_id from task_deals where ${mine()}))
        order by item.created_at, item.task_id`,
      ),
      read(
        INVOICE_COLUMNS,
        sql`from invoices item
        where ${countable(id, 'invoice')} and ${within('item.deal_id')}
        order by item.deal_id, item.created_at, item.invoice_id`,
      ),
    ])
    const withMoves = (kind: 'task' | 'activity', rows: PackedRows) => {
      const ids = rows.map(row => row.text(1))
      return readDeadlineMoves(
        db,
        pool,
        id,
        kind,
        hasMoves ? ids.filter(item => hasMoves[kind].has(item)) : ids,
      )
    }
    const [activityMoves, taskMoves] = await Promise.all([
      withMoves('activity', activities),
      withMoves('task', tasks),
    ])
    const movesBy = moves.grouped(moveOf)
    const versionsBy = versions.grouped(versionOf)
    const changesBy = changes.grouped(row => (row.text(1) === 'fields' ? null : changeOf(row)))
    const editsBy = editsOf(versions, changes)
    const activitiesBy = activities.grouped(row => activityOf(row, activityMoves))
    const draftsBy = new Map(drafts.map(draft => [draft.id, draft]))
    while (tasks.next()) {
      const task = taskOf(tasks, taskMoves)
      for (const dealId of task.dealIds) draftsBy.get(dealId)?.tasks.push(task)
    }
    const invoicesBy = invoices.grouped(invoiceOf)
    for (const draft of drafts) {
      draft.moves = movesBy.get(draft.id) ?? draft.moves
      draft.versions = versionsWith(
        versionsBy.get(draft.id) ?? [],
        changesBy.get(draft.id) ?? [],
        draft.createdAt,
      )
      const edits = editsBy.get(draft.id)
      if (edits !== undefined) draft.edits = edits
      draft.activities = activitiesBy.get(draft.id) ?? draft.activities
      draft.invoices = invoicesBy.get(draft.id) ?? draft.invoices
    }
  }

  /** Deals in batches by their ids; the last one takes whatever comes behind. */
  const ranges = async (id: string, batch: number, chosen: RawBuilder<unknown>): Promise<Range[]> => {
    const { rows } = await sql<{ deal_id: string }>`
      select deal_id from (
        select deal_id, row_number() over (order by deal_id) as number from deals
        where installation_id = ${id} ${chosen}) numbered
      where number % ${batch} = 0 order by deal_id`.execute(db)
    const ends = rows.map(row => row.deal_id)
    return [...ends, null].map((last, index) => ({ after: ends[index - 1] ?? '', last }))
  }

  return async function* dossiers(id: string, options: DossierOptions = {}): AsyncGenerator<Dossier[]> {
    const { batch = 2000, dealIds } = options
    const chosen = dealIds ? sql`and deal_id = any(${dealIds}::text[])` : sql``
    const [marks, hasMoves, waiting] = await Promise.all([
      readMarks(db, id, dealIds).then(markFactsOf),
      dealIds ? null : postponed(id),
      ranges(id, batch, chosen),
    ])

    const load = async ({ after, last }: Range): Promise<Draft[]> => {
      const between = (column: string) =>
        last === null
          ? sql`${sql.ref(column)} > ${after}`
          : sql`${sql.ref(column)} > ${after} and ${sql.ref(column)} <= ${last}`
      const rows = await read(
        DEAL_COLUMNS,
        sql`from deals
        where installation_id = ${id} and ${between('deal_id')} ${chosen} order by deal_id`,
      )
      const drafts = rows.map(draftOf)
      const within = dealIds
        ? (column: string) => sql`${sql.ref(column)} = any(${drafts.map(draft => draft.id)}::text[])`
        : between
      await fill(id, drafts, within, hasMoves)
      if (marks.size === 0) return drafts
      return drafts.map(draft => {
        const own = marks.get(draft.id)
        return own === undefined ? draft : { ...draft, ...own }
      })
    }

    const loading: Promise<Draft[]>[] = []
    const loadNext = (): void => {
      const range = waiting.shift()
      if (range === undefined) return
      const drafts = load(range)
      // Looked at when its turn comes; a caller who stops early never looks.
      drafts.catch(() => {})
      loading.push(drafts)
    }
    for (let ahead = 0; ahead < BATCHES_AHEAD; ahead++) loadNext()
    try {
      for (let next = loading.shift(); next !== undefined; next = loading.shift()) {
        const drafts = await next
        loadNext()
        if (drafts.length > 0) yield drafts
      }
    } finally {
      await Promise.allSettled(loading)
    }
  }
}
