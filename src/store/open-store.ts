import { Kysely, PostgresDialect, sql } from 'kysely'
import type { Pool } from 'pg'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { countsOf } from './counts.ts'
import { editCreditingOf } from './credit-edits.ts'
import { creditingOf } from './credit-moves.ts'
import { crmEventsOf } from './crm-events.ts'
import { dealMarksOf } from './deal-marks.ts'
import { dealTitlesOf } from './deal-titles.ts'
import { directoryOf } from './directory.ts'
import { type EmbeddedDatabase, startEmbedded } from './drivers/embedded.ts'
import { openPool, type PoolConfigLike } from './drivers/postgres.ts'
import { factsOf } from './facts.ts'
import { feedsOf } from './feeds.ts'
import { goneOf } from './gone.ts'
import { installationsOf } from './installations.ts'
import { journalOf } from './journal.ts'
import { limitsOf } from './limits.ts'
import { maintenanceOf, plannerNewsOf } from './maintenance.ts'
import { checkSchema, migrate } from './migrate.ts'
import { notificationsOf } from './notifications.ts'
import { pageSaverOf } from './pages.ts'
import { preferencesOf } from './preferences.ts'
import { rejectedOf } from './rejected.ts'
import { directorySaverOf } from './save-directory.ts'
import type { Database } from './schema.ts'
import { singleUseOf } from './single-use.ts'
import { snapshotsOf } from './snapshots.ts'
import { syncRunsOf } from './sync-runs.ts'
import { telegramCodesOf } from './telegram-codes.ts'
import { tokensOf } from './tokens.ts'

export type { PoolConfigLike }

export type OpenStoreOptions = {
  /** A PostgreSQL to use instead of the embedded database. */
  databaseUrl?: string | undefined
  /** Where the embedded database lives. */
  dataDir: string
  /** Joins a database that another process has opened: `connection` of its store. */
  connection?: PoolConfigLike | undefined
  log: Logger
  clock: Clock
}

/** Everything that is kept, by what it is about. Functions about a portal take its installation first. */
export type Store = ReturnType<typeof storeOver>

const storeOver = (
  pool: Pool,
  connection: PoolConfigLike,
  embedded: EmbeddedDatabase | null,
  { clock, log }: OpenStoreOptions,
) => {
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  const isEmbedded = embedded !== null || connection.connectionString === undefined
  const maintenance = maintenanceOf(db, isEmbedded, log)
  let closing: Promise<void> | null = null
  return {
    db,
    pool,
    /** Plain data with which another process can join: `openStore({ connection })`. */
    connection,
    /** Resolves when the database of this process has stopped by itself; a server elsewhere comes back by itself. */
    lost: embedded?.lost ?? new Promise<void>(() => {}),
    /** @throws Error when the database does not answer */
    ping: async (): Promise<void> => {
      await sql`select 1`.execute(db)
    },
    close: (): Promise<void> => {
      closing ??= pool.end().then(() => embedded?.close())
      return closing
    },
    installations: installationsOf(db, clock),
    tokens: tokensOf(db, clock),
    singleUse: singleUseOf(db, clock),
    limits: limitsOf(db, clock),
    syncRuns: syncRunsOf(db, clock, maintenance.maintain),
    feeds: feedsOf(db, clock),
    ...pageSaverOf(db, plannerNewsOf(db)),
    ...directorySaverOf(db, clock),
    ...goneOf(db),
    ...creditingOf(db),
    ...editCreditingOf(db),
    ...countsOf(db),
    dealTitles: dealTitlesOf(db),
    ...rejectedOf(db),
    ...maintenance,
    crmEvents: crmEventsOf(db, clock),
    directory: directoryOf(db),
    facts: factsOf(db, pool),
    snapshots: snapshotsOf(db),
    preferences: preferencesOf(db),
    telegramCodes: telegramCodesOf(db, clock),
    notifications: notificationsOf(db, clock),
    journal: journalOf(db, clock),
    dealMarks: dealMarksOf(db, clock),
  }
}

/**
 * Opens the database (embedded, or a PostgreSQL) and brings its schema up to date.
 * @throws Error saying what to do: the folder is in use, the database is newer or does not answer
 */
export const openStore = async (options: OpenStoreOptions): Promise<Store> => {
  const { databaseUrl, dataDir, connection, log } = options
  const joins = connection !== undefined
  const embedded = joins || databaseUrl !== undefined ? null : await startEmbedded(dataDir, log)
  const target = connection ?? embedded?.connection ?? { connectionString: databaseUrl, max: 10 }
  const store = storeOver(openPool(target, log), target, embedded, options)
  try {
    await (joins ? checkSchema(store.db) : migrate(store.db))
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
