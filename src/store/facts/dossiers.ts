import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Pool } from 'pg'
import type { DealVersion, Dossier, EditFact, MoveFact, TaskFact } from '../../records/facts.ts'
import type { ActorClass, Outcome } from '../../records/records.ts'
import { type MarkFacts, markFactsOf, readMarks } from '../deal-marks.ts'
import type { Database } from '../schema.ts'
import { editsOf } from './edits.ts'
import {
  ACTIVITY_COLUMNS,
  activityOf,
  countable,
  type DeadlineMoves,
  INVOICE_COLUMNS,
  invoiceOf,
  readDeadlineMoves,
  TASK_COLUMNS,
  taskOf,
} from './items.ts'
import { epoch, type PackedRows, packed, RowsByKey, readTogether } from './packed.ts'
import { type DatedChange, versionsWith } from './versions.ts'

/** Batches read before the caller asks for them: the database and its caller both stay busy. */
const BATCHES_AHEAD = 2
/** Dossiers made at a time: those that the caller does not keep are gone before the next ones are made. */
const AT_A_TIME = 250

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

/** The save by a person that a version tells of. */
const saveOf = (version: PackedRows): EditFact | null => {
  const by = version.text(9)
  return by === '' ? null : { at: version.instant(8), knownAt: version.instant(1), by }
}

/** The save by a person that a dated change tells of. */
const savedBy = (change: PackedRows): EditFact | null => {
  const by = change.text(5)
  if (by === '' || change.text(6) !== 'person') return null
  const at = change.instant(2)
  return { at, knownAt: at, by }
}

/** What hangs on the deals of a batch: rows by deal in the deals' own order, and tasks, of which one may hang on many. */
type Hanging = {
  moves: RowsByKey
  versions: RowsByKey
  changes: RowsByKey
  activities: RowsByKey
  invoices: RowsByKey
  tasks: ReadonlyMap<string, TaskFact[]>
  activityMoves: DeadlineMoves
  marks: ReadonlyMap<string, MarkFacts>
}

const dossierOf = (row: PackedRows, of: Hanging): Dossier => {
  const id = row.text(0)
  const createdAt = row.instant(1)
  const saves: EditFact[] = []
  const note = (save: EditFact | null): void => {
    if (save !== null) saves.push(save)
  }
  const versions = of.versions.take(id, version => {
    note(saveOf(version))
    return versionOf(version)
  })
  const changes = of.changes.take(id, change => {
    note(savedBy(change))
    return change.text(1) === 'fields' ? null : changeOf(change)
  })
  const edits = editsOf(saves)
  return {
    id,
    title: row.text(11),
    createdAt,
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
    moves: of.moves.take(id, moveOf),
    versions: versionsWith(versions, changes, createdAt),
    activities: of.activities.take(id, activity => activityOf(activity, of.activityMoves)),
    tasks: of.tasks.get(id) ?? [],
    invoices: of.invoices.take(id, invoiceOf),
    ...(edits.length > 0 && { edits }),
    ...of.marks.get(id),
  }
}

/**
 * Every deal with what hangs on it, deleted ones included, in order of id. A batch is a handful of ordered
 * range reads put together here; the next ones are read while the caller works.
 */
export const dossiersOf = (db: Kysely<Database>, pool: Pool) => {
  /** Ids of items that have deadline moves at all: most have none and need not be asked for. */
  const postponed = async (id: string): Promise<Record<'task' | 'activity', ReadonlySet<string>>> => {
    const { rows } = await sql<{ item_kind: string; item_id: string }>`
      select distinct item_kind, item_id from deadline_moves where installation_id = ${id}`.execute(db)
    const of = (kind: string) => new Set(rows.filter(row => row.item_kind === kind).map(row => row.item_id))
    return { activity: of('activity'), task: of('task') }
  }

  /** @param within a range of ids, or some of them, for a column that holds them */
  const readBatch = async (
    id: string,
    within: (column: string) => RawBuilder<unknown>,
    hasMoves: Record<'activity' | 'task', ReadonlySet<string>> | null,
  ): Promise<{ deals: PackedRows; hanging: Omit<Hanging, 'marks'> }> => {
    const mine = sql`installation_id = ${id} and ${within('deal_id')}`
    const [deals, moves, versions, changes, activities, tasks, invoices] = await readTogether(db, pool, [
      { columns: DEAL_COLUMNS, from: sql`from deals where ${mine} order by deal_id` },
      { columns: MOVE_COLUMNS, from: sql`from stage_moves where ${mine} order by deal_id, at, order_key` },
      { columns: VERSION_COLUMNS, from: sql`from deal_versions where ${mine} order by deal_id, observed_at` },
      { columns: CHANGE_COLUMNS, from: sql`from fact_changes where ${mine} order by deal_id, at` },
      {
        columns: ACTIVITY_COLUMNS,
        from: sql`from activities item
          where ${countable(id, 'activity')} and ${within('item.deal_id')}
          order by item.deal_id, item.created_at, item.activity_id`,
      },
      {
        columns: TASK_COLUMNS,
        // By id, because a join would make the planner read all tasks for every batch.
        from: sql`from tasks item
          where ${countable(id, 'task')} and item.task_id = any(array(
            select task_id from task_deals where ${mine}))
          order by item.created_at, item.task_id`,
      },
      {
        columns: INVOICE_COLUMNS,
        from: sql`from invoices item
          where ${countable(id, 'invoice')} and ${within('item.deal_id')}
          order by item.deal_id, item.created_at, item.invoice_id`,
      },
    ])
    const withMoves = (kind: 'task' | 'activity', rows: PackedRows) => {
      if (hasMoves?.[kind].size === 0) return new Map()
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
    const tasksBy = new Map<string, TaskFact[]>()
    while (tasks.next()) {
      const task = taskOf(tasks, taskMoves)
      for (const dealId of task.dealIds) {
        const own = tasksBy.get(dealId)
        if (own === undefined) tasksBy.set(dealId, [task])
        else own.push(task)
      }
    }
    const ids = new Set(deals.map(row => row.text(0)))
    const byDeal = (rows: PackedRows) => new RowsByKey(rows, ids)
    return {
      deals,
      hanging: {
        moves: byDeal(moves),
        versions: byDeal(versions),
        changes: byDeal(changes),
        activities: byDeal(activities),
        invoices: byDeal(invoices),
        tasks: tasksBy,
        activityMoves,
      },
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

    const load = async ({ after, last }: Range): Promise<{ deals: PackedRows; hanging: Hanging }> => {
      const within = (column: string) => {
        const from = last === null ? sql`> ${after}` : sql`> ${after} and ${sql.ref(column)} <= ${last}`
        const some = dealIds ? sql`and ${sql.ref(column)} = any(${dealIds}::text[])` : sql``
        return sql`${sql.ref(column)} ${from} ${some}`
      }
      const { deals, hanging } = await readBatch(id, within, hasMoves)
      return { deals, hanging: { marks, ...hanging } }
    }

    const loading: ReturnType<typeof load>[] = []
    const loadNext = (): void => {
      const range = waiting.shift()
      if (range === undefined) return
      const read = load(range)
      // Looked at when its turn comes; a caller who stops early never looks.
      read.catch(() => {})
      loading.push(read)
    }
    for (let ahead = 0; ahead < BATCHES_AHEAD; ahead++) loadNext()
    try {
      for (let next = loading.shift(); next !== undefined; next = loading.shift()) {
        const { deals, hanging } = await next
        loadNext()
        let dossiers: Dossier[] = []
        while (deals.next()) {
          dossiers.push(dossierOf(deals, hanging))
          if (dossiers.length < AT_A_TIME) continue
          yield dossiers
          dossiers = []
        }
        if (dossiers.length > 0) yield dossiers
      }
    } finally {
      await Promise.allSettled(loading)
    }
  }
}
