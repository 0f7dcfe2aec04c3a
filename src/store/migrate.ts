import { type Kysely, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import { up as foundation } from './migrations/0001-foundation.ts'
import { up as writeBack } from './migrations/0002-write-back.ts'
import { up as dealMarks } from './migrations/0003-deal-marks.ts'
import { up as telegramCodes } from './migrations/0004-telegram-codes.ts'
import { up as versionAuthors } from './migrations/0005-version-authors.ts'
import { up as taskClosings } from './migrations/0006-task-closings.ts'
import { up as incomingStages } from './migrations/0007-incoming-stages.ts'
import { up as versionEdits } from './migrations/0008-version-edits.ts'
import type { Database } from './schema.ts'

/** Every migration by name, in the order of the names; forward only. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-foundation': { up: foundation },
  '0002-write-back': { up: writeBack },
  '0003-deal-marks': { up: dealMarks },
  '0004-telegram-codes': { up: telegramCodes },
  '0005-version-authors': { up: versionAuthors },
  '0006-task-closings': { up: taskClosings },
  '0007-incoming-stages': { up: incomingStages },
  '0008-version-edits': { up: versionEdits },
}

const OLDEST_SERVER = 150_000

const appliedNames = async (db: Kysely<Database>): Promise<string[]> => {
  const found = await sql<{ present: boolean }>`
    select to_regclass('kysely_migration') is not null as present`.execute(db)
  if (!found.rows[0]?.present) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.map(row => row.name)
}

const refuseNewer = (applied: string[]): void => {
  const foreign = applied.filter(name => !(name in MIGRATIONS))
  if (foreign.length > 0)
    throw new Error(
      `The database was set up by a newer version of this program (it has ${foreign.join(', ')}). Start that version, or restore a backup made before the update`,
    )
}

/**
 * Brings the schema up to date. Several processes may do so at once: one works, the others wait.
 * @throws Error when the server is older than PostgreSQL 15 or the schema newer than this program
 */
export const migrate = async (db: Kysely<Database>): Promise<void> => {
  const { rows } = await sql<{ version: number }>`
    select current_setting('server_version_num')::int as version`.execute(db)
  if ((rows[0]?.version ?? 0) < OLDEST_SERVER) throw new Error('PostgreSQL 15 or newer is needed')
  refuseNewer(await appliedNames(db))
  const provider: MigrationProvider = { getMigrations: async () => MIGRATIONS }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error) {
    refuseNewer(await appliedNames(db))
    throw error
  }
}

/**
 * For a process that joins a database opened by another: looks, changes nothing.
 * @throws Error when the schema is not the one this program knows
 */
export const checkSchema = async (db: Kysely<Database>): Promise<void> => {
  const applied = await appliedNames(db)
  refuseNewer(applied)
  const pending = Object.keys(MIGRATIONS).filter(name => !applied.includes(name))
  if (pending.length > 0) throw new Error(`The database lacks ${pending.join(', ')}: restart the server`)
}
