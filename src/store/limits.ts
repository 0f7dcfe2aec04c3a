import { type Kysely, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Database } from './schema.ts'

/**
 * What a portal allows to be asked, seen by every process. A bucket leaks `perSecond` and holds `burst`;
 * whoever fills it over the brim waits until his drop has leaked through.
 */
export const limitsOf = (db: Kysely<Database>, clock: Clock) => ({
  forInstallation: (installationId: string) => limitsFor(db, clock, installationId),
})

/** Buckets named `shared:…` are one for all installations: some vendors count by our own address. */
const SHARED = 'shared:'
const EVERYBODY = '*'

const limitsFor = (db: Kysely<Database>, clock: Clock, installationId: string) => {
  const ownerOf = (key: string): string => (key.startsWith(SHARED) ? EVERYBODY : installationId)
  return {
    /** @returns milliseconds to wait before sending the request just reserved; 0 = now */
    reserve: async (bucket: string, rule: { burst: number; perSecond: number }): Promise<number> => {
      const now = clock.now()
      // A process whose clock is behind finds nothing leaked: it waits longer, never too short.
      const { rows } = await sql<{ level: number }>`
        insert into limits (installation_id, bucket, level, updated_at) values (${ownerOf(bucket)}, ${bucket}, 1, ${now})
        on conflict (installation_id, bucket) do update set
          level = 1 + greatest(0, limits.level - ${rule.perSecond}::float8
            * greatest(0, date_part('epoch', excluded.updated_at - limits.updated_at))),
          updated_at = greatest(excluded.updated_at, limits.updated_at)
        returning level`.execute(db)
      const excess = (rows[0]?.level ?? 1) - rule.burst
      return excess <= 0 ? 0 : Math.ceil((excess / rule.perSecond) * 1000)
    },

    park: async (key: string, until: Date): Promise<void> => {
      await sql`
        insert into limits (installation_id, bucket, updated_at, parked_until)
        values (${ownerOf(key)}, ${`parked:${key}`}, ${clock.now()}, ${until})
        on conflict (installation_id, bucket) do update set
          parked_until = greatest(limits.parked_until, excluded.parked_until)`.execute(db)
    },

    /** @returns null when it may be called now */
    parkedUntil: async (key: string): Promise<Date | null> => {
      const row = await db
        .selectFrom('limits')
        .select('parked_until')
        .where('installation_id', '=', ownerOf(key))
        .where('bucket', '=', `parked:${key}`)
        .where('parked_until', '>', clock.now())
        .executeTakeFirst()
      return row?.parked_until ?? null
    },
  }
}
