import type { Preferences } from '../api-schema.ts'
import type { PortalData } from '../deps.ts'
import type { ApiContext } from './context.ts'

export type PreferencesDeps = {
  data: PortalData
  /** Channels that the server is set up for, besides the CRM's own. */
  outsideChannels: { email: boolean; telegram: boolean }
}

/** The viewer's own preferences and the channels that can work in this portal. */
export const preferencesFor = async (
  { data, outsideChannels }: PreferencesDeps,
  { installation, viewer, vendor }: ApiContext,
): Promise<Preferences> => {
  const stored = await data.preferences(installation.id, viewer.userId)
  const channels: Preferences['channels'] = []
  if (vendor.can.notifyInCrm) channels.push('crm')
  else if (installation.settings.digest.crmTasksAllowed) channels.push('task')
  if (outsideChannels.email) channels.push('email')
  if (outsideChannels.telegram && stored.telegramLinked) channels.push('telegram')
  return { ...stored, channels }
}
