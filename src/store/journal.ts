import { type Kysely, type Selectable, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import { markOwnTask } from './own-items.ts'
import type { Database, WriteJournalTable } from './schema.ts'

/** What became of an entry, beyond "written" and "undone": stable words, with what they say to an operator. */
export const JOURNAL_NOTES = {
  changed_by_person: 'somebody took our mark off, or wrote another; left alone',
  done_by_person: 'somebody completed the task; left alone',
  deleted_by_person: 'somebody deleted the task',
  taken_over: 'somebody gave the task another date, text or person: it is theirs now',
  deal_gone: 'the CRM does not show the deal any more',
  episode_over: 'the deal has recovered since; next time it may be marked again',
  refused: 'the CRM said no; its own code stands beside it',
  expired: 'not tried: hours late, or after five refusals in a row',
  switched_off: 'not tried: writing was switched off meanwhile',
} as const

export type JournalNote = keyof typeof JOURNAL_NOTES

/** A change of ours in the CRM: planned before it is made, so that it can be told and undone. */
export type JournalEntry = {
  entryId: string
  batchId: string
  /** `task` entries are our own tasks: what they become in the CRM never counts as work. */
  kind: string
  dealId: string | null
  externalId: string | null
  before: object | null
  after: object | null
  plannedAt: Date
  triedAt: Date | null
  appliedAt: Date | null
  undoneAt: Date | null
  error: string | null
  /** `schedule`, `manual` or `bulk`. */
  origin: string
  askedBy: string | null
  note: JournalNote | null
  undoAskedAt: Date | null
  undoAskedBy: string | null
}

export type NewJournalEntry = Pick<JournalEntry, 'entryId' | 'batchId' | 'kind'> &
  Partial<Pick<JournalEntry, 'dealId' | 'externalId' | 'before' | 'after' | 'origin' | 'askedBy'>>

const fromRow = (row: Selectable<WriteJournalTable>): JournalEntry => ({
  entryId: row.entry_id,
  batchId: row.batch_id,
  kind: row.kind,
  dealId: row.deal_id,
  externalId: row.external_id,
  before: row.before,
  after: row.after,
  plannedAt: row.planned_at,
  triedAt: row.tried_at,
  appliedAt: row.applied_at,
  undoneAt: row.undone_at,
  error: row.error,
  origin: row.origin,
  askedBy: row.asked_by,
  note: row.note as JournalNote | null,
  undoAskedAt: row.undo_asked_at,
  undoAskedBy: row.undo_asked_by,
})

const json = (value: object | null | undefined): string | null => (value ? JSON.stringify(value) : null)
/** Entries that never came to be say nothing about the CRM. */
const VOID_NOTES: readonly JournalNote[] = ['refused', 'expired', 'switched_off']

export const journalOf = (db: Kysely<Database>, clock: Clock) => {
  const entry = (id: string, entryId: string) =>
    db.updateTable('write_journal').where('installation_id', '=', id).where('entry_id', '=', entryId)
  const entries = (id: string) => db.selectFrom('write_journal').selectAll().where('installation_id', '=', id)
  return {
    plan: async (id: string, planned: readonly NewJournalEntry[]): Promise<void> => {
      if (planned.length === 0) return
      const plannedAt = clock.now()
      const rows = planned.map(each => ({
        installation_id: id,
        entry_id: each.entryId,
        batch_id: each.batchId,
        kind: each.kind,
        deal_id: each.dealId ?? null,
        external_id: each.externalId ?? null,
        before: json(each.before),
        after: json(each.after),
        planned_at: plannedAt,
        origin: each.origin ?? 'schedule',
        asked_by: each.askedBy ?? null,
      }))
      await db
        .insertInto('write_journal')
        .values(rows)
        .onConflict(conflict => conflict.doNothing())
        .execute()
    },

    /** Written down before anything is sent, undoing included: from now on an echo may come back. */
    tried: async (id: string, entryId: string): Promise<void> => {
      await entry(id, entryId).set({ tried_at: clock.now() }).execute()
    },

    /** @param externalId id of what was written, where the CRM gives one */
    applied: (id: string, entryId: string, externalId: string | null = null): Promise<void> =>
      db.transaction().execute(async trx => {
        const row = await trx
          .updateTable('write_journal')
          .set({ applied_at: clock.now(), error: null, ...(externalId ? { external_id: externalId } : {}) })
          .where('installation_id', '=', id)
          .where('entry_id', '=', entryId)
          .returning('kind')
          .executeTakeFirst()
        if (row?.kind === 'task' && externalId) await markOwnTask(trx, id, externalId)
      }),

    failed: async (id: string, entryId: string, error: string): Promise<void> => {
      await entry(id, entryId).set({ error }).execute()
    },

    note: async (
      id: string,
      entryId: string,
      note: JournalNote,
      error: string | null = null,
    ): Promise<void> => {
      await entry(id, entryId).set({ note, error }).execute()
    },

    undone: async (id: string, entryId: string): Promise<void> => {
      await entry(id, entryId).set({ undone_at: clock.now(), error: null }).execute()
    },

    /** It could not be taken back, and stands as before. */
    undoRefused: async (id: string, entryId: string, error: string): Promise<void> => {
      await entry(id, entryId).set({ error, undo_asked_at: null, undo_asked_by: null }).execute()
    },

    /**
     * Asks for entries to be taken back: those that were written since `since`, stand as written, and were
     * not asked for yet.
     * @returns how many entries that were
     */
    askUndo: async (
      id: string,
      given: { batchId: string; entryId?: string; since: Date; by: string },
    ): Promise<number> => {
      const rows = await db
        .updateTable('write_journal')
        .set({ undo_asked_at: clock.now(), undo_asked_by: given.by })
        .where('installation_id', '=', id)
        .where('batch_id', '=', given.batchId)
        .where('applied_at', '>=', given.since)
        .where('undone_at', 'is', null)
        .where('undo_asked_at', 'is', null)
        .where('note', 'is', null)
        .$if(given.entryId !== undefined, query => query.where('entry_id', '=', given.entryId ?? ''))
        .returning('entry_id')
        .execute()
      return rows.length
    },

    /** Entries planned and neither written nor given up, oldest first. */
    pending: async (id: string): Promise<JournalEntry[]> => {
      const rows = await entries(id)
        .where('applied_at', 'is', null)
        .where('note', 'is', null)
        .where('undone_at', 'is', null)
        .orderBy('planned_at')
        .orderBy('entry_id')
        .execute()
      return rows.map(fromRow)
    },

    /** Entries that are to be taken back and were not yet, newest first: the last write goes first. */
    toUndo: async (id: string): Promise<JournalEntry[]> => {
      const rows = await entries(id)
        .where('undo_asked_at', 'is not', null)
        .where('undone_at', 'is', null)
        .where('note', 'is', null)
        .orderBy('applied_at', 'desc')
        .orderBy('entry_id')
        .execute()
      return rows.map(fromRow)
    },

    /** The last word on each deal, for its mark and for its task: what stands of ours, or was taken off. */
    lastWords: async (id: string): Promise<JournalEntry[]> => {
      const { rows } = await sql<Selectable<WriteJournalTable>>`
        select distinct on (deal_id, kind = 'mark') * from write_journal
        where installation_id = ${id} and deal_id is not null and kind in ('mark', 'task', 'closeTask')
          and (note is null or note <> all(${sql.val([...VOID_NOTES])}::text[]))
        order by deal_id, kind = 'mark', planned_at desc, coalesce(applied_at, 'infinity') desc, entry_id desc`.execute(
        db,
      )
      return rows.map(fromRow)
    },

    /** Forgets entries planned before `before`, in every portal, save the last word on each deal. */
    prune: async (before: Date): Promise<void> => {
      await sql`
        delete from write_journal old
        where old.planned_at < ${before} and exists (select from write_journal later
          where later.installation_id = old.installation_id and later.deal_id = old.deal_id
            and (later.kind = 'mark') = (old.kind = 'mark') and later.planned_at > old.planned_at)`.execute(
        db,
      )
    },

    /** Newest first. */
    list: async (
      id: string,
      options: { batchId?: string; limit?: number; askedBy?: string } = {},
    ): Promise<JournalEntry[]> => {
      const rows = await entries(id)
        .$if(options.batchId !== undefined, query => query.where('batch_id', '=', options.batchId ?? ''))
        .$if(options.askedBy !== undefined, query => query.where('asked_by', '=', options.askedBy ?? ''))
        .orderBy('planned_at', 'desc')
        .orderBy('entry_id')
        .limit(options.limit ?? 500)
        .execute()
      return rows.map(fromRow)
    },

    /** Runs, newest first, each with its counts. */
    runs: async (id: string, options: { limit?: number; askedBy?: string } = {}): Promise<JournalRun[]> => {
      const mine = options.askedBy ?? null
      const { rows } = await sql<RunRow>`
        select batch_id, min(origin) as origin, min(asked_by) as asked_by, min(planned_at) as planned_at,
          max(applied_at) as applied_at, count(*)::int as planned,
          count(*) filter (where applied_at is not null)::int as applied,
          count(*) filter (where note = any(${sql.val([...VOID_NOTES])}::text[]))::int as refused,
          count(*) filter (where undone_at is not null)::int as undone,
          count(*) filter (where note is null and undone_at is null
            and (applied_at is null or undo_asked_at is not null))::int as waiting,
          count(*) filter (where note is null and undone_at is null
            and applied_at is not null and undo_asked_at is null)::int as undoable
        from write_journal
        where installation_id = ${id} and deal_id is not null
          and (${mine}::text is null or asked_by = ${mine}::text)
        group by batch_id order by min(planned_at) desc, batch_id limit ${options.limit ?? 50}`.execute(db)
      return rows.map(row => ({
        batchId: row.batch_id,
        origin: row.origin,
        askedBy: row.asked_by,
        plannedAt: row.planned_at,
        appliedAt: row.applied_at,
        planned: row.planned,
        applied: row.applied,
        refused: row.refused,
        undone: row.undone,
        waiting: row.waiting,
        undoable: row.undoable,
      }))
    },
  }
}

export type JournalRun = {
  batchId: string
  origin: string
  askedBy: string | null
  plannedAt: Date
  /** The last write of the run; null = none yet. */
  appliedAt: Date | null
  planned: number
  applied: number
  refused: number
  undone: number
  /** Neither written nor given up, or asked to be taken back and not done yet. */
  waiting: number
  /** Stand as written. */
  undoable: number
}

type RunRow = {
  batch_id: string
  origin: string
  asked_by: string | null
  planned_at: Date
  applied_at: Date | null
  planned: number
  applied: number
  refused: number
  undone: number
  waiting: number
  undoable: number
}
