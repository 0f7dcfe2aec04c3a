import { hash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Database } from './schema.ts'

/** Codes, states and tickets that open something once. Only their SHA-256 is kept. */
export const singleUseOf = (db: Kysely<Database>, clock: Clock) => ({
  /** @returns false when the key was used before */
  spend: async (installationId: string, purpose: string, key: string, expiresAt: Date): Promise<boolean> => {
    const row = await db
      .insertInto('single_use')
      .values({
        installation_id: installationId,
        purpose,
        key_hash: hash('sha256', key, 'hex'),
        used_at: clock.now(),
        expires_at: expiresAt,
      })
      .onConflict(conflict => conflict.doNothing())
      .returning('key_hash')
      .executeTakeFirst()
    return row !== undefined
  },

  /** Takes a use back that came to nothing: the same key may be spent again. */
  release: async (installationId: string, purpose: string, key: string): Promise<void> => {
    await db
      .deleteFrom('single_use')
      .where('installation_id', '=', installationId)
      .where('purpose', '=', purpose)
      .where('key_hash', '=', hash('sha256', key, 'hex'))
      .execute()
  },

  /** Forgets keys that nobody could use any more. */
  forget: async (now: Date): Promise<void> => {
    await db.deleteFrom('single_use').where('expires_at', '<', now).execute()
  },
})
