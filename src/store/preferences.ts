import type { Kysely, Selectable } from 'kysely'
import type { Database, PreferencesTable } from './schema.ts'

/** How a person wants to be reached and shown things. */
export type StoredPreferences = {
  digest: boolean
  channel: string
  email: string | null
  telegramChatId: string | null
  language: string | null
  theme: string | null
}

const DEFAULTS: StoredPreferences = {
  digest: true,
  channel: 'crm',
  email: null,
  telegramChatId: null,
  language: null,
  theme: null,
}

const fromRow = (row: Selectable<PreferencesTable>): StoredPreferences => ({
  digest: row.digest,
  channel: row.channel,
  email: row.email,
  telegramChatId: row.telegram_chat_id,
  language: row.language,
  theme: row.theme,
})

export const preferencesOf = (db: Kysely<Database>) => ({
  /** By user id; people without a row have the defaults. */
  all: async (id: string): Promise<Map<string, StoredPreferences>> => {
    const rows = await db.selectFrom('preferences').selectAll().where('installation_id', '=', id).execute()
    return new Map(rows.map(row => [row.user_id, fromRow(row)]))
  },

  load: async (id: string, userId: string): Promise<StoredPreferences> => {
    const row = await db
      .selectFrom('preferences')
      .selectAll()
      .where('installation_id', '=', id)
      .where('user_id', '=', userId)
      .executeTakeFirst()
    return row ? fromRow(row) : DEFAULTS
  },

  /** What the patch leaves out stays. */
  save: async (id: string, userId: string, patch: Partial<StoredPreferences>): Promise<void> => {
    const columns = {
      digest: patch.digest,
      channel: patch.channel,
      email: patch.email,
      telegram_chat_id: patch.telegramChatId,
      language: patch.language,
      theme: patch.theme,
    }
    await db
      .insertInto('preferences')
      .values({ installation_id: id, user_id: userId, ...columns })
      .onConflict(conflict =>
        // An empty patch still needs something to set.
        conflict.columns(['installation_id', 'user_id']).doUpdateSet({ user_id: userId, ...columns }),
      )
      .execute()
  },
})
