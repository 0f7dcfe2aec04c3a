import { z } from 'zod'
import { badRequest } from '../errors.ts'
import { patchSettings, type Settings, type SettingsPatch, settingsPatchSchema } from '../records/settings.ts'

/**
 * The settings after a change.
 * @throws AppError 400 `invalid_settings` naming the path and what is wrong
 */
export const changedSettings = (settings: Settings, patch: unknown): Settings => {
  try {
    return patchSettings(settings, settingsPatchSchema.parse(patch) as SettingsPatch)
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const lines = error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`)
    throw badRequest('invalid_settings', lines.join('; '))
  }
}
