import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export type Counts = {
  users: number
  pipelines: number
  deals: number
  stageMoves: number
  tasks: number
  activities: number
  invoices: number
}

export const countsOf = (db: Kysely<Database>) => ({
  /** Rows that still exist in the CRM: users with the dismissed, moves of existing deals. */
  counts: async (id: string): Promise<Counts> => {
    const { rows } = await sql<Counts>`
      select
        (select count(*) from users where installation_id = ${id} and not is_gone) as users,
        (select count(*) from pipelines where installation_id = ${id} and not is_gone) as pipelines,
        (select count(*) from deals where installation_id = ${id} and deleted_at is null) as deals,
        (select count(*) from stage_moves where installation_id = ${id} and deal_id in (
          select deal_id from deals where installation_id = ${id} and deleted_at is null)) as "stageMoves",
        (select count(*) from tasks where installation_id = ${id} and deleted_at is null) as tasks,
        (select count(*) from activities where installation_id = ${id} and deleted_at is null) as activities,
        (select count(*) from invoices where installation_id = ${id} and deleted_at is null) as invoices
    `.execute(db)
    return rows[0]!
  },

  /** All rows kept about a portal, deleted records and history included, by what they are. */
  storedRows: async (id: string): Promise<Record<string, number>> => {
    const tables = {
      users: 'users',
      deals: 'deals',
      dealVersions: 'deal_versions',
      stageMoves: 'stage_moves',
      activities: 'activities',
      tasks: 'tasks',
      invoices: 'invoices',
      deadlineMoves: 'deadline_moves',
      crmEvents: 'crm_events',
      snapshots: 'snapshots',
      notifications: 'notifications',
      rejected: 'rejected_records',
    } as const
    const columns = Object.entries(tables).map(
      ([name, table]) =>
        sql`(select count(*) from ${sql.table(table)} where installation_id = ${id}) as ${sql.ref(name)}`,
    )
    const { rows } = await sql<Record<string, number>>`select ${sql.join(columns)}`.execute(db)
    return rows[0]!
  },
})
