import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Pool } from 'pg'
import { directoryOf } from './directory.ts'
import { dossiersOf } from './facts/dossiers.ts'
import { looseOf } from './facts/loose.ts'
import { movesOf } from './facts/moves.ts'
import type { Database } from './schema.ts'

export type { DossierOptions } from './facts/dossiers.ts'
export type { MoveRow } from './facts/moves.ts'

/** What snapshots and exports are made from. */
export const factsOf = (db: Kysely<Database>, pool: Pool) => {
  const listings = directoryOf(db)
  return {
    dossiers: dossiersOf(db, pool),
    loose: looseOf(db, pool),
    moves: movesOf(db, pool),

    /** Who and what there is, with what the CRM lists no more marked `isGone`. */
    directory: async (id: string) => {
      const [users, departments, pipelines, stages, fields, lossReasons] = await Promise.all([
        listings.users(id),
        listings.departments(id),
        listings.pipelines(id),
        listings.stages(id),
        listings.fields(id),
        listings.lossReasons(id),
      ])
      return { users, departments, pipelines, stages, fields, lossReasons }
    },

    /** The earliest history row of a deal that exists; null = no history at all. */
    historyStart: async (id: string): Promise<Date | null> => {
      const earliest = (rows: RawBuilder<unknown>) => sql`(
        select min(at) from ${rows} rows where deal_id in (
          select deal_id from deals where installation_id = ${id} and deleted_at is null))`
      const all = sql`(select deal_id, at from stage_moves where installation_id = ${id})`
      // Nearly always one of the first rows; only where they all belong to deals that are gone is every row joined.
      const { rows } = await sql<{ at: Date | null }>`
        select coalesce(${earliest(sql`(select * from ${all} every order by at limit 1000)`)}, ${earliest(all)}) as at`.execute(
        db,
      )
      return rows[0]?.at ?? null
    },

    /** The newest change in the CRM that we have read; null = nothing read yet. */
    dataUntil: async (id: string): Promise<Date | null> => {
      const { rows } = await sql<{ at: Date | null }>`
        select greatest(
          (select max(updated_at) from deals where installation_id = ${id}),
          (select max(at) from stage_moves where installation_id = ${id}),
          (select max(updated_at) from activities where installation_id = ${id}),
          (select max(changed_at) from tasks where installation_id = ${id}),
          (select max(updated_at) from invoices where installation_id = ${id})) as at`.execute(db)
      return rows[0]?.at ?? null
    },
  }
}
