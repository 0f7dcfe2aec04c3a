import { isDeepStrictEqual } from 'node:util'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import type { PortalAddress } from '../records/portal.ts'
import { completeSettings, type Settings } from '../records/settings.ts'
import { forgetPeople, purgeInstallation } from './purge.ts'
import type { Database, InstallationsTable } from './schema.ts'

export type InstallationStatus = 'active' | 'reauth_required' | 'suspended' | 'uninstalled'

export type InstallationRow = {
  id: string
  vendor: string
  portalKey: string
  address: PortalAddress
  status: InstallationStatus
  statusReason: string | null
  eventSecretHash: string | null
  eventSecretSealed: string | null
  appCode: string | null
  appVersion: string | null
  scopes: string[]
  licence: string | null
  isOnPremise: boolean
  language: string
  currency: string | null
  settings: Settings
  installedAt: Date
  updatedAt: Date
  uninstalledAt: Date | null
  purgeAfter: Date | null
}

/** What an installation begins with; the rest is learned later. */
export type NewInstallation = Pick<
  InstallationRow,
  'id' | 'vendor' | 'portalKey' | 'address' | 'settings' | 'language'
> &
  Partial<InstallationRow>

export type InstallationPatch = Partial<Omit<InstallationRow, 'id' | 'vendor' | 'portalKey' | 'settings'>>

export type SettingsChange = { at: Date; changedBy: string; change: unknown }

const fromRow = (row: Selectable<InstallationsTable>): InstallationRow => ({
  id: row.installation_id,
  vendor: row.vendor,
  portalKey: row.portal_key,
  address: row.address,
  status: row.status as InstallationStatus,
  statusReason: row.status_reason,
  eventSecretHash: row.event_secret_hash,
  eventSecretSealed: row.event_secret_sealed,
  appCode: row.app_code,
  appVersion: row.app_version,
  scopes: row.scopes,
  licence: row.licence,
  isOnPremise: row.is_on_premise,
  language: row.language,
  currency: row.currency,
  settings: completeSettings(row.settings),
  installedAt: row.installed_at,
  updatedAt: row.updated_at,
  uninstalledAt: row.uninstalled_at,
  purgeAfter: row.purge_after,
})

/** Columns of a patch; `undefined` leaves a column alone. */
const toColumns = (patch: InstallationPatch) => ({
  address: patch.address && JSON.stringify(patch.address),
  status: patch.status,
  status_reason: patch.statusReason,
  event_secret_hash: patch.eventSecretHash,
  event_secret_sealed: patch.eventSecretSealed,
  app_code: patch.appCode,
  app_version: patch.appVersion,
  scopes: patch.scopes,
  licence: patch.licence,
  is_on_premise: patch.isOnPremise,
  language: patch.language,
  currency: patch.currency,
  installed_at: patch.installedAt,
  uninstalled_at: patch.uninstalledAt,
  purge_after: patch.purgeAfter,
})

const changeBetween = (before: Settings, after: Settings): Record<string, unknown> => {
  const change: Record<string, unknown> = {}
  // Not as text: the database keeps keys in an order of its own.
  for (const key of Object.keys(after) as (keyof Settings)[])
    if (!isDeepStrictEqual(before[key], after[key]))
      change[key] =
        key === 'designs'
          ? designChange(before.designs ?? {}, after.designs)
          : { before: before[key] ?? null, after: after[key] }
  return change
}

/** Of the designs only those in force that changed: with every version of all of them the journal would outgrow its data. */
const designChange = (before: Settings['designs'], after: Settings['designs']) => {
  const ids = Object.keys({ ...before, ...after }).filter(id => !isDeepStrictEqual(before[id], after[id]))
  const newest = (designs: Settings['designs']) =>
    Object.fromEntries(ids.map(id => [id, (Object.hasOwn(designs, id) && designs[id]?.at(-1)) || null]))
  return { before: newest(before), after: newest(after) }
}

export const installationsOf = (db: Kysely<Database>, clock: Clock) => {
  const select = () => db.selectFrom('installations').selectAll()
  return {
    /**
     * Installs a portal, or installs it again: then its id, settings and (unless it was uninstalled) the day
     * of the first installation stay, and what the new row leaves out is kept.
     * @returns the row as stored
     */
    upsert: async (row: NewInstallation): Promise<InstallationRow> => {
      const now = clock.now()
      const stored = await db
        .insertInto('installations')
        .values({
          ...toColumns(row),
          installation_id: row.id,
          vendor: row.vendor,
          portal_key: row.portalKey,
          address: JSON.stringify(row.address),
          status: row.status ?? 'active',
          settings: JSON.stringify(row.settings),
          installed_at: row.installedAt ?? now,
          updated_at: now,
        })
        .onConflict(conflict =>
          conflict.columns(['vendor', 'portal_key']).doUpdateSet(eb => ({
            address: eb.ref('excluded.address'),
            status: eb.ref('excluded.status'),
            status_reason: eb.ref('excluded.status_reason'),
            event_secret_hash: sql<string>`coalesce(excluded.event_secret_hash, installations.event_secret_hash)`,
            event_secret_sealed: sql<string>`coalesce(excluded.event_secret_sealed, installations.event_secret_sealed)`,
            app_code: sql<string>`coalesce(excluded.app_code, installations.app_code)`,
            app_version: sql<string>`coalesce(excluded.app_version, installations.app_version)`,
            scopes: eb.ref('excluded.scopes'),
            licence: sql<string>`coalesce(excluded.licence, installations.licence)`,
            is_on_premise: eb.ref('excluded.is_on_premise'),
            currency: sql<string>`coalesce(excluded.currency, installations.currency)`,
            installed_at: sql<Date>`case when installations.status = 'uninstalled'
              then excluded.installed_at else installations.installed_at end`,
            updated_at: now,
            uninstalled_at: null,
            purge_after: null,
          })),
        )
        .returningAll()
        .executeTakeFirstOrThrow()
      return fromRow(stored)
    },

    find: async (id: string): Promise<InstallationRow | null> => {
      const row = await select().where('installation_id', '=', id).executeTakeFirst()
      return row ? fromRow(row) : null
    },

    findByPortal: async (vendor: string, portalKey: string): Promise<InstallationRow | null> => {
      const row = await select()
        .where('vendor', '=', vendor)
        .where('portal_key', '=', portalKey)
        .executeTakeFirst()
      return row ? fromRow(row) : null
    },

    findByEventSecret: async (vendor: string, secretHash: string): Promise<InstallationRow | null> => {
      const row = await select()
        .where('event_secret_hash', '=', secretHash)
        .where('vendor', '=', vendor)
        .executeTakeFirst()
      return row ? fromRow(row) : null
    },

    /** In the order of installation. */
    list: async (): Promise<InstallationRow[]> => {
      const rows = await select().orderBy('installed_at').orderBy('installation_id').execute()
      return rows.map(fromRow)
    },

    update: async (id: string, patch: InstallationPatch): Promise<void> => {
      await db
        .updateTable('installations')
        .set({ ...toColumns(patch), updated_at: clock.now() })
        .where('installation_id', '=', id)
        .execute()
    },

    /** Stores the settings as a whole and writes down which of them changed, by whom. */
    /**
     * Changes the settings as they are at that moment: whoever changes something else meanwhile is not undone.
     * @returns the new ones; null = there is no such installation
     */
    changeSettings: (
      id: string,
      change: (settings: Settings) => Settings,
      changedBy: string,
    ): Promise<Settings | null> =>
      db.transaction().execute(async trx => {
        const row = await trx
          .selectFrom('installations')
          .select('settings')
          .where('installation_id', '=', id)
          .forNoKeyUpdate()
          .executeTakeFirst()
        if (!row) return null
        const settings = change(completeSettings(row.settings))
        const changes = changeBetween(row.settings, settings)
        if (Object.keys(changes).length === 0) return settings
        const now = clock.now()
        await trx
          .updateTable('installations')
          .set({ settings: JSON.stringify(settings), updated_at: now })
          .where('installation_id', '=', id)
          .execute()
        await trx
          .insertInto('settings_log')
          .values({ installation_id: id, at: now, changed_by: changedBy, change: JSON.stringify(changes) })
          .onConflict(conflict =>
            conflict.columns(['installation_id', 'at', 'changed_by']).doUpdateSet({
              change: sql<string>`settings_log.change || excluded.change`,
            }),
          )
          .execute()
        return settings
      }),

    /** Newest first. */
    settingsLog: async (id: string, limit = 100): Promise<SettingsChange[]> => {
      const rows = await db
        .selectFrom('settings_log')
        .select(['at', 'changed_by', 'change'])
        .where('installation_id', '=', id)
        .orderBy('at', 'desc')
        .limit(limit)
        .execute()
      return rows.map(row => ({ at: row.at, changedBy: row.changed_by, change: row.change }))
    },

    /** Names, positions and addresses of the portal's people go; their ids stay. */
    forgetPeople: (id: string): Promise<void> => forgetPeople(db, id),

    /** Deletes everything that belongs to the installation, step by step. */
    purge: (id: string): Promise<void> => purgeInstallation(db, id),

    /** Ids of installations whose time to be forgotten has come. */
    duePurge: async (now: Date): Promise<string[]> => {
      const rows = await db
        .selectFrom('installations')
        .select('installation_id')
        .where('purge_after', '<=', now)
        .where('status', '=', 'uninstalled')
        .execute()
      return rows.map(row => row.installation_id)
    },
  }
}
