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
  const [stored, { users }] = await Promise.all([
    data.preferences(installation.id, viewer.userId),
    data.directory(installation.id),
  ])
  const channels: Preferences['channels'] = []
  if (vendor.can.notifyInCrm) channels.push('crm')
  else if (installation.settings.digest.crmTasksAllowed) channels.push('task')
  if (outsideChannels.email) channels.push('email')
  if (outsideChannels.telegram && stored.telegramLinked) channels.push('telegram')
  channels.push('widget')
  const wanted = stored.channel === 'crm' && !vendor.can.notifyInCrm ? 'task' : stored.channel
  return {
    ...stored,
    // What was chosen may not work here any more; then it is told what works instead.
    channel: channels.includes(wanted) ? wanted : (channels[0] ?? 'widget'),
    crmEmail: users.find(({ id }) => id === viewer.userId)?.email ?? null,
    telegramAvailable: outsideChannels.telegram,
    channels,
  }
}
