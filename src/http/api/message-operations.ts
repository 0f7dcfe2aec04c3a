import { notFound } from '../../errors.ts'
import { ownDigestSchema, preferencesSchema, telegramInviteSchema } from '../api-schema.ts'
import type { Messages, Snapshots } from '../deps.ts'
import { type ApiContext, latestSnapshot } from './context.ts'
import { type PreferencesDeps, preferencesFor } from './preferences.ts'
import type { Operation } from './route.ts'

export type MessageOperationDeps = PreferencesDeps & { snapshots: Snapshots; messages: Messages }

/** The viewer's own message of today, and the chat that it may go to. */
export const messageOperations = (deps: MessageOperationDeps): Operation<ApiContext>[] => {
  const { snapshots, data, messages } = deps
  return [
    {
      method: 'get',
      path: '/api/v1/digest',
      summary: 'What the viewer should do today; null when there is nothing',
      answer: ownDigestSchema.nullable(),
      problems: ['no_snapshot_yet'],
      handle: async ({ context: { installation, viewer, identity } }) => {
        const { asOf } = await latestSnapshot(snapshots, installation.id)
        const { language } = await data.preferences(installation.id, viewer.userId)
        const digest = await messages.ownDigest({
          installationId: installation.id,
          userId: viewer.userId,
          isAdmin: viewer.role === 'admin',
          language: language ?? identity.language ?? installation.settings.language,
          asOf,
        })
        return digest && { asOf: asOf.toISOString(), role: digest.role, lines: digest.lines }
      },
    },
    {
      method: 'post',
      path: '/api/v1/preferences/telegram',
      summary: 'A link to the bot that links the chat of whoever opens it, once',
      answer: telegramInviteSchema,
      problems: ['telegram_off', 'telegram_unavailable'],
      handle: async ({ context: { installation, viewer } }) => {
        if (!messages.inviteToTelegram)
          throw notFound(
            'telegram_off',
            'This server has no Telegram bot; the operator sets TELEGRAM_BOT_TOKEN',
          )
        const { url, expiresAt } = await messages.inviteToTelegram(installation.id, viewer.userId)
        return { url, expiresAt: expiresAt.toISOString() }
      },
    },
    {
      method: 'post',
      path: '/api/v1/preferences/telegram/unlink',
      summary: 'Forgets the viewer’s chat',
      answer: preferencesSchema,
      handle: async ({ context }) => {
        await messages.unlinkTelegram(context.installation.id, context.viewer.userId)
        return preferencesFor(deps, context)
      },
    },
  ]
}
