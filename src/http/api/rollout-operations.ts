import { z } from 'zod'
import { forbidden, notFound } from '../../errors.ts'
import { curveRows } from '../../snapshot/curve-rows.ts'
import { rolloutDealsSchema, rolloutSchema } from '../api-schema.ts'
import type { PortalData, Snapshots } from '../deps.ts'
import { seesCompany } from './branches.ts'
import { type ApiContext, latestSnapshot } from './context.ts'
import { type DealsQuestion, PIPELINE_LISTS, rolloutDeals, rolloutView } from './rollout-view.ts'
import type { Operation } from './route.ts'
import { namesOf } from './views.ts'

const dealsQuery = z.object({
  list: z.enum([
    'filled',
    'blank',
    ...PIPELINE_LISTS,
    'entered',
    'ended',
    'needing',
    'runs',
    'thrown',
    'lint',
  ]),
  id: z.string().max(400),
  pipeline: z.string().max(200).default(''),
})

/** The use of the set-up: for administrators and whoever heads everybody. */
export const rolloutOperations = (deps: {
  snapshots: Snapshots
  data: PortalData
}): Operation<ApiContext>[] => {
  const { snapshots, data } = deps

  /** @throws AppError 403 `not_allowed`, 409 `no_snapshot_yet` */
  const open = async ({ installation, viewer, sees }: ApiContext) => {
    const directory = await data.directory(installation.id)
    if (!seesCompany(viewer.role, sees, directory.users))
      throw forbidden('not_allowed', 'The rollout is shown to administrators and to the head of the company')
    const snapshot = await latestSnapshot(snapshots, installation.id)
    const part = (await snapshots.part(installation.id, snapshot.asOf, 'rollout')) ?? null
    return { directory, snapshot, part }
  }

  return [
    {
      method: 'get',
      path: '/api/v1/rollout',
      summary:
        'How the set-up is used: adoption, pipelines, fields, stages, smallest working set, robots and faults',
      answer: rolloutSchema,
      problems: ['not_allowed', 'no_snapshot_yet'],
      handle: async ({ context }) => {
        const { installation, viewer } = context
        const { directory, snapshot, part } = await open(context)
        const { calendar, rolloutStartedOn, stageRules } = installation.settings
        const curves = (await snapshots.part(installation.id, snapshot.asOf, 'curves')) ?? []
        const adoption = curves.filter(({ kind }) => kind === 'adoption')
        return rolloutView({
          asOf: snapshot.asOf,
          part,
          curve: [...curveRows(adoption)],
          directory,
          names: namesOf(directory),
          workdaysPerWeek: calendar.workdays.length,
          isLaunchChosen: rolloutStartedOn !== null,
          canChangeRules: viewer.role === 'admin',
          areRulesChosen: (stageRules ?? null) !== null,
        })
      },
    },
    {
      method: 'get',
      path: '/api/v1/rollout/deals',
      summary: 'The newest deals behind one figure of the rollout',
      query: dealsQuery,
      answer: rolloutDealsSchema,
      problems: ['not_allowed', 'no_snapshot_yet', 'row_not_found'],
      handle: async ({ context, query }) => {
        const { part } = await open(context)
        const question = { pipeline: '', ...query } as DealsQuestion
        const found =
          part === null
            ? null
            : rolloutDeals(part, question, dealId => context.vendor.cardPath('deal', dealId))
        if (found === null) throw notFound('row_not_found', 'There is no such row in the latest snapshot')
        return found
      },
    },
  ]
}
