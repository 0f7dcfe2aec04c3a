import { z } from 'zod'
import { forbidden, notFound } from '../../errors.ts'
import type { User } from '../../records/records.ts'
import { settingsPatchSchema } from '../../records/settings.ts'
import type { DealRow, Evidence, Score } from '../../snapshot/document.ts'
import {
  catalogueSchema,
  dealSchema,
  digestPreviewSchema,
  employeeSchema,
  evidenceSchema,
  type Me,
  meSchema,
  overviewSchema,
  personSchema,
  preferencesPatchSchema,
  preferencesSchema,
  processSchema,
  settingsViewSchema,
  syncSchema,
} from '../api-schema.ts'
import type {
  DigestMessage,
  Installations,
  MetricInfo,
  PortalData,
  SnapshotInfo,
  Snapshots,
} from '../deps.ts'
import { type ApiContext, latestSnapshot, notVisible } from './context.ts'
import { preferencesFor } from './preferences.ts'
import type { Operation } from './route.ts'
import { type SettingsDeps, settingsView } from './settings.ts'
import {
  byRisk,
  canSee,
  dealView,
  employeeView,
  evidenceView,
  type Facts,
  namesOf,
  overviewView,
  peopleViews,
  personView,
  processView,
  type Sees,
} from './views.ts'

export type ApiDeps = SettingsDeps & {
  installations: Installations
  snapshots: Snapshots
  data: PortalData
  metrics: readonly MetricInfo[]
  /** The digest of everybody as it would go out now. */
  previewDigests(installationId: string): Promise<DigestMessage[]>
}

const word = z.string().min(1).max(200)
const dealsQuery = z.object({
  flagged: z.enum(['true', 'false']).optional(),
  pipeline: word.optional(),
  stage: word.optional(),
  responsible: word.optional(),
  level: z.enum(['none', 'amber', 'red']).optional(),
  flag: z.enum(['age', 'silence', 'promise']).optional(),
})
const overviewQuery = z.object({ department: word.optional() })
const evidenceQuery = z.object({
  metric: z.string().regex(/^[A-Z]\d{2}(\.\w+)?$/, 'must be a metric such as M09'),
  scope: z.enum(['employee', 'team', 'company']),
  /** Person or department; nothing for the company. */
  id: z.string().max(200).default(''),
  asOf: z.iso.datetime().optional(),
})

/** Departments a person heads, the topmost first: their score is "the team" for this person. */
const teamsOf = (
  userId: string,
  heads: Readonly<Record<string, string>>,
  departments: readonly { id: string; parentId: string | null; headId: string | null }[],
): string[] => {
  const own = departments.filter(({ id, headId }) => (heads[id] ?? headId) === userId)
  const ids = new Set(own.map(({ id }) => id))
  return own
    .toSorted(
      (a, b) =>
        Number(a.parentId !== null && ids.has(a.parentId)) -
        Number(b.parentId !== null && ids.has(b.parentId)),
    )
    .map(({ id }) => id)
}

export const apiOperations = (deps: ApiDeps): Operation<ApiContext>[] => {
  const { snapshots, data } = deps
  const info = new Map(deps.metrics.map(metric => [metric.metric, metric]))

  /** A stored part, or what stands for it when the snapshot was built without it. */
  const rowsOf = async <
    K extends 'deals' | 'scores' | 'metrics' | 'stages' | 'process' | 'variants' | 'catalogue',
  >(
    installationId: string,
    snapshot: SnapshotInfo,
    name: K,
  ) => (await snapshots.part(installationId, snapshot.asOf, name)) ?? []

  const factsOf = async ({ installation }: ApiContext, snapshot: SnapshotInfo): Promise<Facts> => {
    const [summary, scores, deals, weeks, directory] = await Promise.all([
      snapshots.part(installation.id, snapshot.asOf, 'summary'),
      rowsOf(installation.id, snapshot, 'scores'),
      rowsOf(installation.id, snapshot, 'deals'),
      snapshots.weeks(installation.id, snapshot.asOf),
      data.directory(installation.id),
    ])
    if (!summary) throw notFound('snapshot_not_found', 'This snapshot has no summary; build it again')
    const excluded = new Set(installation.settings.excludedUsers)
    return {
      snapshot,
      summary,
      scores: scores as Score[],
      deals: deals as DealRow[],
      weeks,
      directory,
      excluded,
    }
  }

  const cardPathOf =
    ({ vendor }: ApiContext) =>
    (dealId: string): string =>
      vendor.cardPath('deal', dealId)

  const offReasons = async (installationId: string, snapshot: SnapshotInfo) =>
    new Map((await rowsOf(installationId, snapshot, 'catalogue')).map(state => [state.metric, state]))

  const userOf = (users: readonly User[], id: string): User => {
    const user = users.find(one => one.id === id)
    if (!user) throw notFound('employee_not_found', 'There is no such person in this portal')
    return user
  }

  const me = async (context: ApiContext): Promise<Me> => {
    const { installation, viewer, identity } = context
    const [directory, preferences, snapshot] = await Promise.all([
      data.directory(installation.id),
      data.preferences(installation.id, viewer.userId),
      snapshots.latest(installation.id),
    ])
    const own = new Set(directory.users.find(({ id }) => id === viewer.userId)?.departmentIds)
    return {
      userId: viewer.userId,
      name: viewer.name,
      role: viewer.role,
      sees: viewer.sees,
      vendor: installation.vendor,
      portal: {
        host: installation.address.host,
        origin: new URL(installation.address.api).origin,
        currency: installation.currency,
        timeZone: installation.settings.calendar.timeZone,
      },
      language: preferences.language ?? identity.language ?? installation.settings.language,
      theme: preferences.theme ?? identity.theme ?? 'light',
      status: installation.status,
      adminName: directory.users.find(({ isAdmin, isActive }) => isAdmin && isActive)?.name ?? null,
      hasSnapshot: snapshot !== null,
      departments: directory.departments
        .filter(({ id }) => viewer.role !== 'employee' || own.has(id))
        .map(({ id, name, parentId }) => ({ id, name, parentId })),
      start: identity.start,
    }
  }

  return [
    {
      method: 'get',
      path: '/api/v1/me',
      summary: 'Who asks and what that person may see',
      answer: meSchema,
      handle: ({ context }) => me(context),
    },
    {
      method: 'get',
      path: '/api/v1/sync',
      summary: 'How far reading the CRM has come',
      answer: syncSchema,
      handle: ({ context }) => data.sync(context.installation.id),
    },
    {
      method: 'get',
      path: '/api/v1/overview',
      summary: 'The team, its people and what changed; of one department with its branch, if asked',
      query: overviewQuery,
      answer: overviewSchema,
      problems: ['no_snapshot_yet', 'not_visible'],
      handle: async ({ context, query }) => {
        const { installation, viewer } = context
        const snapshot = await latestSnapshot(snapshots, installation.id)
        const [facts, changes] = await Promise.all([
          factsOf(context, snapshot),
          snapshots.changes(installation.id, snapshot.asOf),
        ])
        const { settings } = installation
        const { departments } = facts.directory
        const asked = query.department
        const isHead = viewer.role !== 'employee'
        // A branch is shown whole or not at all: its score tells of everybody in it.
        const members = asked === undefined ? null : membersOf('team', asked, facts.directory)
        const sees = members === null ? context.sees : bothSee(context.sees, members)
        const isWhole = members === null || members === 'all' || allSeen(context.sees, members)
        if (members !== null && (!isHead || !isWhole)) throw notVisible()
        return overviewView(
          facts,
          {
            sees,
            isHead,
            teams:
              asked !== undefined
                ? [asked]
                : viewer.role === 'head'
                  ? teamsOf(viewer.userId, settings.heads, departments)
                  : [],
          },
          {
            rolloutStartedOn: settings.rolloutStartedOn,
            installedOn: localDay(installation.installedAt, settings.calendar.timeZone),
            changes,
          },
        )
      },
    },
    {
      method: 'get',
      path: '/api/v1/employees',
      summary: 'The people whose data the viewer may see',
      answer: z.array(personSchema),
      handle: async ({ context }) => {
        const snapshot = await snapshots.latest(context.installation.id)
        if (snapshot) return peopleViews(await factsOf(context, snapshot), context.sees, true)
        const directory = await data.directory(context.installation.id)
        return peopleViews(withoutSnapshot(context, directory), context.sees)
      },
    },
    {
      method: 'get',
      path: '/api/v1/employees/:id',
      summary: 'One person: the score taken apart, fixes and flagged deals',
      answer: employeeSchema,
      problems: ['no_snapshot_yet', 'not_visible', 'employee_not_found'],
      handle: async ({ context, params }) => {
        const id = String(params.id)
        if (!canSee(context.sees, id)) throw notVisible()
        const snapshot = await latestSnapshot(snapshots, context.installation.id)
        const [facts, metricRows, states] = await Promise.all([
          factsOf(context, snapshot),
          rowsOf(context.installation.id, snapshot, 'metrics'),
          offReasons(context.installation.id, snapshot),
        ])
        const person = personView(userOf(facts.directory.users, id), facts)
        return employeeView(person, facts, {
          names: namesOf(facts.directory),
          cardPath: cardPathOf(context),
          metricRows,
          info,
          off: new Map([...states].map(([metric, state]) => [metric, state.offReason])),
          order: peopleViews(facts, context.sees).map(one => one.id),
        })
      },
    },
    {
      method: 'get',
      path: '/api/v1/deals',
      summary: 'Open deals that the viewer may see, money at risk first',
      query: dealsQuery,
      answer: z.array(dealSchema),
      problems: ['no_snapshot_yet', 'not_visible'],
      handle: async ({ context, query }) => {
        if (query.responsible !== undefined && !canSee(context.sees, query.responsible)) throw notVisible()
        const snapshot = await latestSnapshot(snapshots, context.installation.id)
        const [deals, directory] = await Promise.all([
          rowsOf(context.installation.id, snapshot, 'deals'),
          data.directory(context.installation.id),
        ])
        const names = namesOf(directory)
        return deals
          .filter(deal => canSee(context.sees, deal.responsibleId))
          .filter(
            deal => query.flagged === undefined || (deal.level !== 'none') === (query.flagged === 'true'),
          )
          .filter(deal => query.pipeline === undefined || deal.pipelineId === query.pipeline)
          .filter(deal => query.stage === undefined || deal.stageId === query.stage)
          .filter(deal => query.responsible === undefined || deal.responsibleId === query.responsible)
          .filter(deal => query.level === undefined || deal.level === query.level)
          .filter(deal => query.flag === undefined || deal.clocks.flags.some(flag => flag === query.flag))
          .toSorted(byRisk)
          .map(deal => dealView(deal, names, cardPathOf(context)))
      },
    },
    {
      method: 'get',
      path: '/api/v1/deals/:id',
      summary: 'One open deal and why it is flagged',
      answer: dealSchema,
      problems: ['no_snapshot_yet', 'not_visible', 'deal_not_found'],
      handle: async ({ context, params }) => {
        const snapshot = await latestSnapshot(snapshots, context.installation.id)
        const deals = await rowsOf(context.installation.id, snapshot, 'deals')
        const deal = deals.find(({ dealId }) => dealId === params.id)
        if (!deal) throw notFound('deal_not_found', 'There is no such open deal in the latest snapshot')
        if (!canSee(context.sees, deal.responsibleId)) throw notVisible()
        return dealView(deal, namesOf(await data.directory(context.installation.id)), cardPathOf(context))
      },
    },
    {
      method: 'get',
      path: '/api/v1/evidence',
      summary: 'The items behind a number',
      query: evidenceQuery,
      answer: evidenceSchema,
      problems: ['no_snapshot_yet', 'snapshot_not_found', 'metric_not_found', 'not_visible'],
      handle: async ({ context, query }) => {
        const { installation, vendor, sees } = context
        const metric = String(query.metric)
        const scope = query.scope as Score['scope']
        const scopeId = query.id ?? ''
        const metricInfo = info.get(metric)
        if (!metricInfo) throw notFound('metric_not_found', 'There is no such metric')
        if (scope === 'employee' && !canSee(sees, scopeId)) throw notVisible()
        const snapshot =
          query.asOf === undefined
            ? await latestSnapshot(snapshots, installation.id)
            : await snapshots.at(installation.id, new Date(query.asOf))
        if (!snapshot) throw notFound('snapshot_not_found', 'No snapshot was built for this instant')
        const [directory, rows, states, deals, evidence] = await Promise.all([
          data.directory(installation.id),
          rowsOf(installation.id, snapshot, 'metrics'),
          offReasons(installation.id, snapshot),
          rowsOf(installation.id, snapshot, 'deals'),
          snapshots.part(installation.id, snapshot.asOf, `evidence:${metric}`),
        ])
        const members = membersOf(scope, scopeId, directory)
        if (members !== 'all' && !allSeen(sees, members)) throw notVisible()
        return evidenceView({
          metric,
          scope,
          scopeId,
          snapshot,
          row: rows.find(
            row =>
              row.metric === metric &&
              row.windowDays === 7 &&
              row.scope === scope &&
              (scope === 'company' || row.scopeId === scopeId),
          ),
          info: metricInfo,
          offReason: (states.get(metric) ?? states.get(metric.split('.')[0] ?? ''))?.offReason ?? null,
          lists: Object.entries((evidence ?? {}) as Evidence)
            .filter(([ownerId]) => canSee(sees, ownerId) && (members === 'all' || members.has(ownerId)))
            .map(([ownerId, { total, items }]) => ({ ownerId, total, items })),
          deals: new Map(deals.map(deal => [deal.dealId, deal])),
          names: namesOf(directory),
          cardPath: (kind, id, userId) => vendor.cardPath(kind, id, userId),
        })
      },
    },
    {
      method: 'get',
      path: '/api/v1/process',
      summary: 'The real map of stage moves beside the designed funnel',
      answer: processSchema,
      problems: ['no_snapshot_yet', 'not_visible'],
      handle: async ({ context }) => {
        const { installation, viewer } = context
        if (viewer.role === 'employee') throw notVisible()
        const snapshot = await latestSnapshot(snapshots, installation.id)
        const [stages, process, variants, directory] = await Promise.all([
          rowsOf(installation.id, snapshot, 'stages'),
          rowsOf(installation.id, snapshot, 'process'),
          rowsOf(installation.id, snapshot, 'variants'),
          data.directory(installation.id),
        ])
        return processView(snapshot.asOf, { stages, process, variants }, namesOf(directory))
      },
    },
    {
      method: 'get',
      path: '/api/v1/catalogue',
      summary: 'Every metric with its target and why it is off, if it is',
      answer: catalogueSchema,
      handle: async ({ context }) => {
        const snapshot = await snapshots.latest(context.installation.id)
        const states = snapshot ? await offReasons(context.installation.id, snapshot) : new Map()
        return deps.metrics.map(({ metric, pillar, unit, payClass, target, lessIsBetter, version }) => ({
          metric,
          pillar,
          unit,
          payClass,
          target,
          lessIsBetter,
          version,
          offReason: states.get(metric)?.offReason ?? null,
          coverage: states.get(metric)?.coverage ?? null,
        }))
      },
    },
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
      problems: ['not_allowed', 'invalid_value'],
      handle: async ({ context, body }) => {
        if (context.viewer.role !== 'admin')
          throw forbidden('not_allowed', 'Only an administrator changes the portal’s settings')
        const patch = settingsPatchSchema.parse(body)
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

const membersOf = (
  scope: Score['scope'],
  scopeId: string,
  directory: { users: readonly User[]; departments: readonly { id: string; parentId: string | null }[] },
): ReadonlySet<string> | 'all' => {
  if (scope === 'company') return 'all'
  if (scope === 'employee') return new Set([scopeId])
  const branch = new Set([scopeId])
  for (let size = 0; size !== branch.size; ) {
    size = branch.size
    for (const { id, parentId } of directory.departments)
      if (parentId !== null && branch.has(parentId)) branch.add(id)
  }
  return new Set(
    directory.users.filter(user => user.departmentIds.some(id => branch.has(id))).map(({ id }) => id),
  )
}

const allSeen = (sees: Sees, members: ReadonlySet<string>): boolean =>
  [...members].every(id => canSee(sees, id))

const bothSee = (sees: Sees, members: Sees): Sees =>
  members === 'all' ? sees : new Set([...members].filter(id => canSee(sees, id)))

/** `YYYY-MM-DD` of an instant in a zone. */
export const localDay = (at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(at)

const withoutSnapshot = (context: ApiContext, directory: Facts['directory']): Facts => ({
  snapshot: {
    asOf: new Date(0),
    builtAt: new Date(0),
    rulesVersion: '',
    coverage: null,
    isReconstructed: false,
  },
  summary: {
    openDeals: 0,
    openAmount: {},
    redDeals: 0,
    amberDeals: 0,
    redAmount: {},
    redShare: null,
    isAmnesty: false,
    historyStart: null,
    actorsKnownSince: context.installation.installedAt.toISOString(),
    weekFrom: '1970-01-01',
    weekTo: '1970-01-01',
    dataUntil: null,
  },
  scores: [],
  deals: [],
  weeks: [],
  directory,
  excluded: new Set(context.installation.settings.excludedUsers),
})
