import { type Kysely, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Database } from './schema.ts'

export type StoredTokens = {
  userId: string
  sealedAccess: string
  sealedRefresh: string
  /** The pair before this one, for when the vendor forgot that it issued the new one. */
  sealedPreviousRefresh: string | null
  expiresAt: Date
  rotatedAt: Date
  version: number
}

export type NewTokens = Pick<StoredTokens, 'userId' | 'sealedAccess' | 'sealedRefresh' | 'expiresAt'>

/** Tokens are sealed before they come here; one holder of the lease refreshes them at a time. */
export const tokensOf = (db: Kysely<Database>, clock: Clock) => ({
  load: async (id: string): Promise<StoredTokens | null> => {
    const row = await db.selectFrom('tokens').selectAll().where('installation_id', '=', id).executeTakeFirst()
    if (!row) return null
    return {
      userId: row.user_id,
      sealedAccess: row.sealed_access,
      sealedRefresh: row.sealed_refresh,
      sealedPreviousRefresh: row.sealed_previous_refresh,
      expiresAt: row.expires_at,
      rotatedAt: row.rotated_at,
      version: row.version,
    }
  },

  /** @param keepPrevious keep the refresh token that this pair replaces */
  save: async (id: string, tokens: NewTokens, keepPrevious: boolean): Promise<void> => {
    const now = clock.now()
    await sql`
      insert into tokens (installation_id, user_id, sealed_access, sealed_refresh, expires_at, rotated_at)
      values (${id}, ${tokens.userId}, ${tokens.sealedAccess}, ${tokens.sealedRefresh}, ${tokens.expiresAt}, ${now})
      on conflict (installation_id) do update set
        user_id = excluded.user_id,
        sealed_access = excluded.sealed_access,
        sealed_refresh = excluded.sealed_refresh,
        sealed_previous_refresh = case when ${keepPrevious}::boolean then tokens.sealed_refresh end,
        expires_at = excluded.expires_at,
        rotated_at = excluded.rotated_at,
        version = tokens.version + 1`.execute(db)
  },

  /**
   * Puts a renewed pair in the place of the one of that version; the refresh token it replaces is kept.
   * @returns false when another pair came in between, and then nothing is stored
   */
  rotate: async (
    id: string,
    version: number,
    tokens: Pick<NewTokens, 'sealedAccess' | 'sealedRefresh' | 'expiresAt'>,
  ): Promise<boolean> => {
    const { numUpdatedRows } = await db
      .updateTable('tokens')
      .set(eb => ({
        sealed_access: tokens.sealedAccess,
        sealed_previous_refresh: eb.ref('sealed_refresh'),
        sealed_refresh: tokens.sealedRefresh,
        expires_at: tokens.expiresAt,
        rotated_at: clock.now(),
        version: version + 1,
      }))
      .where('installation_id', '=', id)
      .where('version', '=', version)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  },

  /**
   * Takes the right to refresh this installation's tokens until `until`.
   * @param by unique to the attempt
   * @returns false when somebody holds it, or there are no tokens
   */
  takeLease: async (id: string, by: string, until: Date, now: Date): Promise<boolean> => {
    const { numUpdatedRows } = await db
      .updateTable('tokens')
      .set({ lease_by: by, lease_until: until })
      .where('installation_id', '=', id)
      .where(eb => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)]))
      .executeTakeFirst()
    return numUpdatedRows > 0n
  },

  /** Gives the lease back; somebody else's is left alone. */
  releaseLease: async (id: string, by: string): Promise<void> => {
    await db
      .updateTable('tokens')
      .set({ lease_by: null, lease_until: null })
      .where('installation_id', '=', id)
      .where('lease_by', '=', by)
      .execute()
  },

  drop: async (id: string): Promise<void> => {
    await db.deleteFrom('tokens').where('installation_id', '=', id).execute()
  },

  /** Active installations whose tokens were last rotated before `date`: refresh them before they lapse. */
  idleSince: async (date: Date): Promise<string[]> => {
    const rows = await db
      .selectFrom('tokens')
      .innerJoin('installations', 'installations.installation_id', 'tokens.installation_id')
      .select('tokens.installation_id')
      .where('installations.status', '=', 'active')
      .where('tokens.rotated_at', '<', date)
      .execute()
    return rows.map(row => row.installation_id)
  },
})
