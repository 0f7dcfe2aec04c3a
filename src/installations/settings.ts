import { z } from 'zod'
import { badRequest } from '../errors.ts'
import { patchSettings, type Settings, type SettingsPatch, settingsPatchSchema } from '../records/settings.ts'

/**
 * The settings after a change.
 * @throws AppError 400 `invalid_settings` naming the path and what is wrong
 */
export const changedSettings = (settings: Settings, patch: unknown, now: Date): Settings => {
  try {
    const change = settingsPatchSchema.parse(patch) as SettingsPatch
    refuseLaterDesigns(change, now)
    return patchSettings(settings, change)
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const lines = error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`)
    throw badRequest('invalid_settings', lines.join('; '))
  }
}

/** A design of tomorrow would be shown as the one that is set, and no snapshot would count by it. */
const refuseLaterDesigns = ({ designs }: SettingsPatch, now: Date): void => {
  for (const [pipelineId, versions] of Object.entries(designs ?? {}))
    if (versions.some(({ from }) => Date.parse(from) > now.getTime()))
      throw badRequest('invalid_settings', `designs.${pipelineId}: must not begin in the future`)
}
