import type { Portal } from './source.ts'

/** The day of the launch, `YYYY-MM-DD`: the one that was chosen, else the installation's. */
export const launchDayOf = ({ settings, installedAt }: Portal): string =>
  settings.rolloutStartedOn ?? installedAt.toISOString().slice(0, 10)
