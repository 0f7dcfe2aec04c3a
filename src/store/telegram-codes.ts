import type { Kysely } from 'kysely'
import type { Clock } from '../clock.ts'
import type { Database } from './schema.ts'

export type TelegramLink = { installationId: string; userId: string }

/** Invitations to link a chat, and the chats that were linked. Only hashes of codes are kept. */
export const telegramCodesOf = (db: Kysely<Database>, clock: Clock) => ({
  /** A person's newest invitation takes the place of all before it. */
  invite: async (id: string, userId: string, codeHash: string, expiresAt: Date): Promise<void> => {
    await db
      .insertInto('telegram_codes')
      .values({ installation_id: id, user_id: userId, code_hash: codeHash, expires_at: expiresAt })
      .onConflict(conflict =>
        conflict
          .columns(['installation_id', 'user_id'])
          .doUpdateSet({ code_hash: codeHash, expires_at: expiresAt }),
      )
      .execute()
  },

  /** Spends an invitation and links the chat. @returns null when the code is unknown, used or expired */
  redeem: (codeHash: string, chatId: string): Promise<TelegramLink | null> =>
    db.transaction().execute(async trx => {
      const row = await trx
        .deleteFrom('telegram_codes')
        .where('code_hash', '=', codeHash)
        .returning(['installation_id', 'user_id', 'expires_at'])
        .executeTakeFirst()
      if (!row || row.expires_at <= clock.now()) return null
      const linked = { telegram_chat_id: chatId, channel: 'telegram' }
      await trx
        .insertInto('preferences')
        .values({ installation_id: row.installation_id, user_id: row.user_id, ...linked })
        .onConflict(conflict => conflict.columns(['installation_id', 'user_id']).doUpdateSet(linked))
        .execute()
      return { installationId: row.installation_id, userId: row.user_id }
    }),

  /** Forgets a chat wherever it is linked. @returns how many people it belonged to */
  unlinkChat: async (chatId: string): Promise<number> => {
    const { numUpdatedRows } = await db
      .updateTable('preferences')
      .set({ telegram_chat_id: null, channel: 'crm' })
      .where('telegram_chat_id', '=', chatId)
      .executeTakeFirst()
    return Number(numUpdatedRows)
  },

  forgetExpired: async (): Promise<void> => {
    await db.deleteFrom('telegram_codes').where('expires_at', '<', clock.now()).execute()
  },
})
