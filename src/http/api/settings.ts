import { proposedHeads } from '../../installations/proposed-heads.ts'
import type { Settings } from '../../records/settings.ts'
import type { SettingsView } from '../api-schema.ts'
import type { MetricInfo, Snapshots } from '../deps.ts'
import type { ApiContext } from './context.ts'
import { type PreferencesDeps, preferencesFor } from './preferences.ts'
import { stageView } from './process-view.ts'
import { targetViews } from './targets.ts'
import { canSee, namesOf, type Sees } from './views.ts'

export type SettingsDeps = PreferencesDeps & { snapshots: Snapshots; metrics: readonly MetricInfo[] }

const isListed = ({ isGone }: { isGone?: boolean }): boolean => isGone !== true

const PROPOSED_FIELDS = 6

/**
 * Fields most often filled, custom ones first: a decision already reads them. Proposed, never set.
 */
const proposedFields = (
  rows: readonly { field: string; isCustom: boolean; filled: number; total: number }[],
): string[] => {
  const sums = new Map<string, { filled: number; total: number; isCustom: boolean }>()
  for (const { field, isCustom, filled, total } of rows) {
    const sum = sums.get(field) ?? { filled: 0, total: 0, isCustom }
    sums.set(field, { filled: sum.filled + filled, total: sum.total + total, isCustom })
  }
  return [...sums]
    .filter(([, { filled, total }]) => total > 0 && filled / total >= 0.2 && filled < total)
    .toSorted(
      ([a, x], [b, y]) =>
        Number(y.isCustom) - Number(x.isCustom) ||
        y.filled / y.total - x.filled / x.total ||
        a.localeCompare(b),
    )
    .slice(0, PROPOSED_FIELDS)
    .map(([field]) => field)
}

/** Who was away, and who is not counted, is for those who may see that person. */
const settingsSeen = (settings: Settings, sees: Sees): Settings => ({
  ...settings,
  absences: settings.absences.filter(({ userId }) => canSee(sees, userId)),
  excludedUsers: settings.excludedUsers.filter(userId => canSee(sees, userId)),
})

/** Settings with everything a choice needs; a person without the right to change them sees no journal. */
export const settingsView = async (deps: SettingsDeps, context: ApiContext): Promise<SettingsView> => {
  const { installation, viewer, sees } = context
  const canChange = viewer.role === 'admin'
  const snapshot = await deps.snapshots.latest(installation.id)
  const [directory, preferences, stages, fields, rows, log, metricRows] = await Promise.all([
    deps.data.directory(installation.id),
    preferencesFor(deps, context),
    snapshot ? deps.snapshots.part(installation.id, snapshot.asOf, 'stages') : null,
    snapshot ? deps.snapshots.part(installation.id, snapshot.asOf, 'fields') : null,
    deps.data.storedRows(installation.id),
    canChange ? deps.data.settingsLog(installation.id) : [],
    snapshot && canChange ? deps.snapshots.part(installation.id, snapshot.asOf, 'metrics') : null,
  ])
  const names = namesOf(directory)
  return {
    settings: canChange ? installation.settings : settingsSeen(installation.settings, sees),
    canChange,
    people: directory.users
      .filter(({ id }) => canSee(sees, id))
      .map(({ id, name, departmentIds, isActive, isAdmin }) => ({
        id,
        name,
        departmentIds,
        isActive,
        isAdmin: isAdmin === true,
      })),
    departments: directory.departments.map(({ id, name, parentId, headId }) => ({
      id,
      name,
      parentId,
      headId,
    })),
    hasHierarchy: context.vendor.can.hierarchy,
    proposedHeads:
      canChange && !context.vendor.can.hierarchy
        ? proposedHeads(directory.users.filter(isListed), directory.departments, installation.settings.heads)
        : [],
    pipelines: directory.pipelines.filter(isListed).map(({ id, name }) => ({ id, name })),
    fields: directory.fields.filter(isListed).map(({ id, title, type, isCustom, isRequired }) => ({
      id,
      title,
      type,
      isCustom,
      isRequired,
    })),
    targets: targetViews({
      metrics: deps.metrics,
      targets: installation.settings.targets,
      rows: metricRows ?? [],
      asOf: snapshot?.asOf ?? null,
      installedAt: installation.installedAt,
    }),
    proposedCriticalFields: proposedFields(fields ?? []),
    stages: (stages ?? []).map(row => stageView(row, names)),
    stored: { rows },
    log: log.map(({ at, changedBy, change }) => ({ at: at.toISOString(), changedBy, change })),
    preferences,
  }
}
