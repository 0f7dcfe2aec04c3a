import { forbidden } from '../../errors.ts'
import { settingsPatchSchema } from '../../records/settings.ts'
import {
  digestPreviewSchema,
  preferencesPatchSchema,
  preferencesSchema,
  settingsViewSchema,
} from '../api-schema.ts'
import type { DigestMessage, Installations } from '../deps.ts'
import { refuseBlindSwitch } from '../write-back-desk.ts'
import { type ApiContext, latestSnapshot } from './context.ts'
import { preferencesFor } from './preferences.ts'
import type { Operation } from './route.ts'
import { type SettingsDeps, settingsView } from './settings.ts'
import { canSee } from './views.ts'

export type SettingsOperationDeps = SettingsDeps & {
  installations: Installations
  /** The digest of everybody as it would go out now. */
  previewDigests(installationId: string): Promise<DigestMessage[]>
}

/** Settings of the portal, preferences of the person, and the digest before it goes out. */
export const settingsOperations = (deps: SettingsOperationDeps): Operation<ApiContext>[] => {
  const { snapshots, data } = deps
  return [
    {
      method: 'get',
      path: '/api/v1/settings',
      summary: 'The portal’s settings with what is needed to choose among them',
      answer: settingsViewSchema,
      handle: ({ context }) => settingsView(deps, context),
    },
    {
      method: 'patch',
      path: '/api/v1/settings',
      summary: 'Changes the portal’s settings; administrators only',
      body: settingsPatchSchema,
      answer: settingsViewSchema,
      problems: ['not_allowed', 'invalid_value', 'preview_required'],
      handle: async ({ context, body }) => {
        if (context.viewer.role !== 'admin')
          throw forbidden('not_allowed', 'Only an administrator changes the portal’s settings')
        const patch = settingsPatchSchema.parse(body)
        refuseBlindSwitch(context.installation.settings, patch)
        const settings = await deps.installations.patchSettings(
          context.installation.id,
          patch,
          context.viewer.userId,
        )
        return settingsView(deps, { ...context, installation: { ...context.installation, settings } })
      },
    },
    {
      method: 'get',
      path: '/api/v1/preferences',
      summary: 'The viewer’s own language, theme and channel',
      answer: preferencesSchema,
      handle: ({ context }) => preferencesFor(deps, context),
    },
    {
      method: 'patch',
      path: '/api/v1/preferences',
      summary: 'Changes the viewer’s own preferences',
      body: preferencesPatchSchema,
      answer: preferencesSchema,
      problems: ['invalid_value'],
      handle: async ({ context, body }) => {
        const patch = preferencesPatchSchema.parse(body)
        await data.savePreferences(context.installation.id, context.viewer.userId, patch)
        return preferencesFor(deps, context)
      },
    },
    {
      method: 'get',
      path: '/api/v1/digest/preview',
      summary: 'The digest as it would go out now, to the people the viewer may see',
      answer: digestPreviewSchema,
      problems: ['no_snapshot_yet'],
      handle: async ({ context }) => {
        await latestSnapshot(snapshots, context.installation.id)
        const messages = await deps.previewDigests(context.installation.id)
        return messages.filter(({ userId }) => canSee(context.sees, userId))
      },
    },
  ]
}
