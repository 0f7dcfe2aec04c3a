import { type Kysely, type Selectable, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Database, SyncRunsTable } from './schema.ts'

export type SyncKind = 'full' | 'incremental' | 'reconcile' | 'hints'

export type SyncRun = {
  runId: string
  kind: SyncKind
  phase: string
  startedAt: Date
  heartbeatAt: Date
  finishedAt: Date | null
  outcome: 'running' | 'done' | 'failed'
  errorCode: string | null
  error: string | null
  /** Set while the run waits for the portal's limits. */
  waitingUntil: Date | null
  requests: number
  rejected: number
}

export type SyncRunPatch = Partial<Pick<SyncRun, 'phase' | 'waitingUntil' | 'requests' | 'rejected'>>

const fromRow = (row: Selectable<SyncRunsTable>): SyncRun => ({
  runId: row.run_id,
  kind: row.kind as SyncKind,
  phase: row.phase,
  startedAt: row.started_at,
  heartbeatAt: row.heartbeat_at,
  finishedAt: row.finished_at,
  outcome: row.outcome as SyncRun['outcome'],
  errorCode: row.error_code,
  error: row.error,
  waitingUntil: row.waiting_until,
  requests: row.requests,
  rejected: row.rejected,
})

/** @param onFullRead called after a full read has ended well */
export const syncRunsOf = (db: Kysely<Database>, clock: Clock, onFullRead: () => Promise<void>) => {
  const runs = (id: string) =>
    db
      .selectFrom('sync_runs')
      .selectAll()
      .where('installation_id', '=', id)
      .orderBy('started_at', 'desc')
      .orderBy('run_id', 'desc')
      .limit(1)
  const first = async (query: ReturnType<typeof runs>): Promise<SyncRun | null> => {
    const row = await query.executeTakeFirst()
    return row ? fromRow(row) : null
  }
  const update = async (id: string, runId: string, patch: SyncRunPatch = {}): Promise<void> => {
    await db
      .updateTable('sync_runs')
      .set({
        heartbeat_at: clock.now(),
        phase: patch.phase,
        waiting_until: patch.waitingUntil,
        requests: patch.requests,
        rejected: patch.rejected,
      })
      .where('installation_id', '=', id)
      .where('run_id', '=', runId)
      .where('outcome', '=', 'running')
      .execute()
  }
  return {
    start: async (id: string, run: { runId: string; kind: SyncKind; phase: string }): Promise<void> => {
      const now = clock.now()
      await db
        .insertInto('sync_runs')
        .values({
          installation_id: id,
          run_id: run.runId,
          kind: run.kind,
          phase: run.phase,
          started_at: now,
          heartbeat_at: now,
          outcome: 'running',
        })
        // An interrupted run goes on under its own name.
        .onConflict(conflict =>
          conflict.columns(['installation_id', 'run_id']).doUpdateSet({
            heartbeat_at: now,
            phase: run.phase,
            outcome: 'running',
            finished_at: null,
            error: null,
            error_code: null,
          }),
        )
        .execute()
    },

    /** Says that the run is alive; what the patch leaves out stays. */
    heartbeat: update,
    update,

    finish: async (
      id: string,
      runId: string,
      result: {
        outcome: 'done' | 'failed'
        errorCode?: string | null
        error?: string | null
        requests?: number
        rejected?: number
      },
    ): Promise<void> => {
      const now = clock.now()
      const run = await db
        .updateTable('sync_runs')
        .set({
          heartbeat_at: now,
          finished_at: now,
          outcome: result.outcome,
          error_code: result.errorCode ?? null,
          error: result.error ?? null,
          waiting_until: null,
          requests: result.requests,
          rejected: result.rejected,
        })
        .where('installation_id', '=', id)
        .where('run_id', '=', runId)
        .returning('kind')
        .executeTakeFirst()
      if (run?.kind === 'full' && result.outcome === 'done') await onFullRead()
    },

    find: (id: string, runId: string): Promise<SyncRun | null> => first(runs(id).where('run_id', '=', runId)),

    /** @param kinds only runs of these kinds */
    latest: (id: string, kinds?: SyncKind[]): Promise<SyncRun | null> =>
      first(kinds ? runs(id).where('kind', 'in', kinds) : runs(id)),

    lastFailed: (id: string, kinds?: SyncKind[]): Promise<SyncRun | null> => {
      const failed = runs(id).where('outcome', '=', 'failed')
      return first(kinds ? failed.where('kind', 'in', kinds) : failed)
    },

    lastDone: (id: string, kinds?: SyncKind[]): Promise<SyncRun | null> => {
      const done = runs(id).where('outcome', '=', 'done')
      return first(kinds ? done.where('kind', 'in', kinds) : done)
    },

    /** Forgets runs that began before `before`, in every portal; the last good one of each kind stays. */
    prune: async (before: Date): Promise<void> => {
      await sql`
        delete from sync_runs run where started_at < ${before} and outcome <> 'running' and run_id not in (
          select distinct on (installation_id, kind) run_id from sync_runs
          where outcome = 'done' order by installation_id, kind, started_at desc)`.execute(db)
    },

    /**
     * Fails runs whose process has gone: no heartbeat since `before`.
     * @returns what was failed
     */
    failStale: async (before: Date): Promise<{ installationId: string; runId: string; kind: SyncKind }[]> => {
      const rows = await db
        .updateTable('sync_runs')
        .set({
          outcome: 'failed',
          finished_at: clock.now(),
          waiting_until: null,
          error_code: 'interrupted',
          error: 'The process that ran it stopped',
        })
        .where('outcome', '=', 'running')
        .where('heartbeat_at', '<', before)
        .returning(['installation_id', 'run_id', 'kind'])
        .execute()
      return rows.map(row => ({
        installationId: row.installation_id,
        runId: row.run_id,
        kind: row.kind as SyncKind,
      }))
    },
  }
}
