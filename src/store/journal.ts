import type { Kysely, Selectable } from 'kysely'
import type { Clock } from '../clock.ts'
import { markOwnTask } from './own-items.ts'
import type { Database, WriteJournalTable } from './schema.ts'

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
  appliedAt: Date | null
  undoneAt: Date | null
  error: string | null
}

export type NewJournalEntry = Pick<JournalEntry, 'entryId' | 'batchId' | 'kind'> &
  Partial<Pick<JournalEntry, 'dealId' | 'externalId' | 'before' | 'after'>>

const fromRow = (row: Selectable<WriteJournalTable>): JournalEntry => ({
  entryId: row.entry_id,
  batchId: row.batch_id,
  kind: row.kind,
  dealId: row.deal_id,
  externalId: row.external_id,
  before: row.before,
  after: row.after,
  plannedAt: row.planned_at,
  appliedAt: row.applied_at,
  undoneAt: row.undone_at,
  error: row.error,
})

const json = (value: object | null | undefined): string | null => (value ? JSON.stringify(value) : null)

export const journalOf = (db: Kysely<Database>, clock: Clock) => {
  const entry = (id: string, entryId: string) =>
    db.updateTable('write_journal').where('installation_id', '=', id).where('entry_id', '=', entryId)
  return {
    plan: async (id: string, entries: readonly NewJournalEntry[]): Promise<void> => {
      if (entries.length === 0) return
      const plannedAt = clock.now()
      const rows = entries.map(planned => ({
        installation_id: id,
        entry_id: planned.entryId,
        batch_id: planned.batchId,
        kind: planned.kind,
        deal_id: planned.dealId ?? null,
        external_id: planned.externalId ?? null,
        before: json(planned.before),
        after: json(planned.after),
        planned_at: plannedAt,
      }))
      await db
        .insertInto('write_journal')
        .values(rows)
        .onConflict(conflict => conflict.doNothing())
        .execute()
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

    undone: async (id: string, entryId: string): Promise<void> => {
      await entry(id, entryId).set({ undone_at: clock.now(), error: null }).execute()
    },

    /** Newest first. */
    list: async (id: string, options: { batchId?: string; limit?: number } = {}): Promise<JournalEntry[]> => {
      const entries = db
        .selectFrom('write_journal')
        .selectAll()
        .where('installation_id', '=', id)
        .orderBy('planned_at', 'desc')
        .orderBy('entry_id')
        .limit(options.limit ?? 500)
      const rows = await (options.batchId === undefined
        ? entries
        : entries.where('batch_id', '=', options.batchId)
      ).execute()
      return rows.map(fromRow)
    },
  }
}
