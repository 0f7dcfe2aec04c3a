import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import { notFound } from '../../errors.ts'
import type { User } from '../../records/records.ts'
import {
  changedDealsSchema,
  employeeSchema,
  type Me,
  meSchema,
  overviewSchema,
  personSchema,
  syncSchema,
} from '../api-schema.ts'
import type { DirectoryView, Marks, MetricInfo, PortalData, Snapshots } from '../deps.ts'
import { allSeen, bothSee, membersOf, seesCompany, teamsOf } from './branches.ts'
import { type ApiContext, latestSnapshot, notVisible } from './context.ts'
import { liveMarksOf } from './deal-marks.ts'
import { employeeView } from './employee-view.ts'
import { changedDeals, overviewView } from './overview-view.ts'
import { peopleViews, personView } from './people-views.ts'
import type { Operation } from './route.ts'
import { storedParts, withoutSnapshot } from './stored-parts.ts'
import { withTargets } from './targets.ts'
import { canSee, namesOf, type Sees } from './views.ts'

const CHANGES = ['movedForward', 'won', 'cleared', 'newRed'] as const
const overviewQuery = z.object({ department: z.string().min(1).max(200).optional() })

/** `YYYY-MM-DD` of an instant in a zone. */
export const localDay = (at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(at)

const userOf = (users: readonly User[], id: string): User => {
  const user = users.find(one => one.id === id)
  if (!user) throw notFound('employee_not_found', 'There is no such person in this portal')
  return user
}

/** A branch is shown whole or not at all: its score tells of everybody in it. */
const isSeenWhole = ({ sees }: ApiContext, directory: DirectoryView, id: string): boolean =>
  allSeen(sees, membersOf('team', id, directory))

/**
 * Whom the viewer sees, of one department's branch if asked.
 * @throws AppError 404 `department_not_found`, 403 `not_visible`
 */
const seesIn = (context: ApiContext, directory: DirectoryView, asked: string | undefined): Sees => {
  if (asked === undefined) return context.sees
  if (!directory.departments.some(({ id }) => id === asked))
    throw notFound('department_not_found', 'There is no such department in this portal')
  if (context.viewer.role === 'employee' || !isSeenWhole(context, directory, asked)) throw notVisible()
  return bothSee(context.sees, membersOf('team', asked, directory))
}

/** Who asks, the team and its people. */
export const peopleOperations = (deps: {
  snapshots: Snapshots
  data: PortalData
  metrics: readonly MetricInfo[]
  marks: Marks
  clock: Clock
}): Operation<ApiContext>[] => {
  const { snapshots, data } = deps
  const { rowsOf, factsOf, offReasons } = storedParts(deps)
  const marksNow = liveMarksOf(deps)

  const me = async (context: ApiContext): Promise<Me> => {
    const { installation, viewer, identity } = context
    const [directory, preferences, snapshot] = await Promise.all([
      data.directory(installation.id),
      data.preferences(installation.id, viewer.userId),
      snapshots.latest(installation.id),
    ])
    const isOffered = (id: string): boolean => {
      const team = membersOf('team', id, directory)
      return (team === 'all' || team.size > 0) && allSeen(context.sees, team)
    }
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
      seesCompany: seesCompany(viewer.role, context.sees, directory.users),
      departments: directory.departments
        // Others would answer that they are not shown.
        .filter(
          ({ id }) => viewer.role === 'admin' || own.has(id) || (viewer.role === 'head' && isOffered(id)),
        )
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
      problems: ['no_snapshot_yet', 'not_visible', 'department_not_found'],
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
        const sees = seesIn(context, facts.directory, asked)
        return overviewView(
          facts,
          {
            sees,
            isHead,
            isBranch: asked !== undefined,
            teams:
              asked !== undefined
                ? [asked]
                : viewer.role === 'head'
                  ? teamsOf(viewer.userId, settings.heads, departments).filter(id =>
                      isSeenWhole(context, facts.directory, id),
                    )
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
      path: '/api/v1/overview/changes',
      summary: 'The deals behind one count of what changed',
      query: overviewQuery.extend({ of: z.enum(CHANGES) }),
      answer: changedDealsSchema,
      problems: ['no_snapshot_yet', 'not_visible', 'department_not_found'],
      handle: async ({ context, query }) => {
        const { installation, vendor } = context
        const snapshot = await latestSnapshot(snapshots, installation.id)
        const [directory, changes] = await Promise.all([
          data.directory(installation.id),
          snapshots.changes(installation.id, snapshot.asOf),
        ])
        return changedDeals(
          changes?.[query.of as (typeof CHANGES)[number]] ?? [],
          seesIn(context, directory, query.department),
          namesOf(directory),
          dealId => vendor.cardPath('deal', dealId),
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
        const [facts, metricRows, states, marks, rollout] = await Promise.all([
          factsOf(context, snapshot),
          rowsOf(context.installation.id, snapshot, 'metrics'),
          offReasons(context.installation.id, snapshot),
          marksNow(context.installation),
          snapshots.part(context.installation.id, snapshot.asOf, 'rollout'),
        ])
        const person = personView(userOf(facts.directory.users, id), facts)
        return employeeView(person, facts, {
          names: namesOf(facts.directory),
          cardPath: dealId => context.vendor.cardPath('deal', dealId),
          marks,
          metricRows,
          info: withTargets(deps.metrics, context.installation.settings.targets),
          off: new Map([...states].map(([metric, state]) => [metric, state.offReason])),
          adoption: rollout?.adoption ?? null,
          order: peopleViews(facts, context.sees).map(one => one.id),
        })
      },
    },
  ]
}
