import type { SettingsView } from '../../../http/api-schema.ts'

/** The part of a portal's settings that this screen shows; the server holds and checks the whole. */
export type PortalSettings = {
  calendar: { timeZone: string; workdays: number[]; hours: [string, string]; holidays: string[] }
  language: 'ru' | 'en'
  stale: { dropBulk: boolean; loosened: Record<string, number> }
  criticalFields: string[] | null
  lossReasonField: string | null
  parkedPipelines: string[]
  excludedUsers: string[]
  heads: Record<string, string>
  absences: { userId: string; from: string; to: string }[]
  targets: Record<string, number>
  rolloutStartedOn: string | null
  digest: { heads: boolean; employees: boolean; crmTasksAllowed: boolean }
}

export type SettingsChange = {
  [K in keyof PortalSettings]?: PortalSettings[K] extends unknown[] | null
    ? PortalSettings[K]
    : PortalSettings[K] extends Record<string, unknown>
      ? Partial<PortalSettings[K]>
      : PortalSettings[K]
}

export const portalSettings = (view: SettingsView): PortalSettings => view.settings as PortalSettings

export type SectionProps = {
  view: SettingsView
  settings: PortalSettings
  save: (change: SettingsChange) => Promise<void>
}
