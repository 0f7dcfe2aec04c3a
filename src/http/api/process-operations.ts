import { z } from 'zod'
import { badRequest, conflict, notFound } from '../../errors.ts'
import type { PersonProcess } from '../../snapshot/document.ts'
import { type ProcessView, processDealsSchema, processSchema } from '../api-schema.ts'
import type { PortalData, SnapshotInfo, Snapshots } from '../deps.ts'
import { bothSee, membersOf } from './branches.ts'
import { type ApiContext, latestSnapshot, notVisible } from './context.ts'
import { type Opened, openFigure } from './process-deals.ts'
import { companyPipelines, peoplePipelines } from './process-view.ts'
import type { Operation } from './route.ts'
import { storedParts } from './stored-parts.ts'
import { canSee, namesOf, type Sees } from './views.ts'

const word = z.string().min(1).max(200)
const whose = { responsible: word.optional(), department: word.optional() }
const dealsQuery = z.object({
  ...whose,
  pipeline: word,
  of: z.enum(['edge', 'lost', 'stage', 'path', 'rest']),
  from: word.optional(),
  to: word.optional(),
  stage: word.optional(),
  key: z.string().min(1).max(2000).optional(),
})
type Query = Partial<Record<string, string>>
type Scope = ProcessView['scope']

/**
 * The process and the deals behind its figures. A person's deals are those that he answers for at `asOf`; a head sees
 * his branch, an employee the own deals, an administrator everything, deals without an owner included.
 */
export const processOperations = (deps: {
  snapshots: Snapshots
  data: PortalData
}): Operation<ApiContext>[] => {
  const { snapshots, data } = deps
  const { rowsOf } = storedParts(deps)

  const partsOf = async (installationId: string, snapshot: SnapshotInfo) => {
    const [stages, process, variants, people, directory] = await Promise.all([
      rowsOf(installationId, snapshot, 'stages'),
      rowsOf(installationId, snapshot, 'process'),
      rowsOf(installationId, snapshot, 'variants'),
      snapshots.part(installationId, snapshot.asOf, 'processPeople'),
      data.directory(installationId),
    ])
    return { parts: { stages, process, variants }, people: people ?? null, directory }
  }

  type Directory = Awaited<ReturnType<typeof partsOf>>['directory']
  /** @throws AppError 403 when nothing of what was asked for may be seen */
  const scopeOf = (
    { sees }: ApiContext,
    query: Query,
    directory: Directory,
  ): { scope: Scope; sees: Sees } => {
    const { responsible, department } = query
    if (responsible !== undefined) {
      if (!canSee(sees, responsible)) throw notVisible()
      const name = namesOf(directory).user(responsible)
      return { scope: { kind: 'person', id: responsible, name }, sees: new Set([responsible]) }
    }
    if (department !== undefined) {
      const seen = bothSee(sees, membersOf('team', department, directory))
      if (seen !== 'all' && seen.size === 0) throw notVisible()
      const name = directory.departments.find(({ id }) => id === department)?.name ?? null
      return { scope: { kind: 'department', id: department, name }, sees: seen }
    }
    return { scope: { kind: sees === 'all' ? 'company' : 'visible', id: null, name: null }, sees }
  }
  const seenBy = (sees: Sees, people: readonly PersonProcess[]): PersonProcess[] =>
    people.filter(({ responsibleId }) => canSee(sees, responsibleId))

  return [
    {
      method: 'get',
      path: '/api/v1/process',
      summary:
        'The real map of stage moves beside the designed funnel, of all visible deals or of some people’s',
      query: z.object(whose),
      answer: processSchema,
      problems: ['no_snapshot_yet', 'not_visible', 'process_not_by_person'],
      handle: async ({ context, query }): Promise<ProcessView> => {
        const snapshot = await latestSnapshot(snapshots, context.installation.id)
        const { parts, people, directory } = await partsOf(context.installation.id, snapshot)
        const { scope, sees } = scopeOf(context, query, directory)
        if (people === null && sees !== 'all') throw notByPerson()
        const names = namesOf(directory)
        return {
          asOf: snapshot.asOf.toISOString(),
          scope,
          people: seenBy(context.sees, people ?? []).flatMap(({ responsibleId }) =>
            responsibleId === null
              ? []
              : [{ id: responsibleId, name: names.user(responsibleId) ?? responsibleId }],
          ),
          pipelines:
            sees === 'all'
              ? companyPipelines(parts, people ?? [], names)
              : peoplePipelines(parts, seenBy(sees, people ?? []), names),
        }
      },
    },
    {
      method: 'get',
      path: '/api/v1/process/deals',
      summary: 'The deals behind a move, a dead end, a stage or a path of the process, the newest of them',
      query: dealsQuery,
      answer: processDealsSchema,
      problems: [
        'no_snapshot_yet',
        'not_visible',
        'process_not_by_person',
        'pipeline_not_found',
        'bad_request',
      ],
      handle: async ({ context, query }) => {
        const { installation, vendor } = context
        const snapshot = await latestSnapshot(snapshots, installation.id)
        const { parts, people, directory } = await partsOf(installation.id, snapshot)
        const { sees } = scopeOf(context, query, directory)
        if (people === null) throw notByPerson()
        const pipelineId = query.pipeline ?? ''
        const stages = parts.stages.filter(row => row.pipelineId === pipelineId)
        if (stages.length === 0)
          throw notFound('pipeline_not_found', 'There is no such pipeline in the snapshot')
        const opened = openedOf(query)
        const seen = seenBy(sees, people)
        const found = openFigure(opened, seen, pipelineId, stages)
        const titles = await data.dealTitles(
          installation.id,
          found.deals.map(({ id }) => id),
        )
        const names = namesOf(directory)
        return {
          asOf: snapshot.asOf.toISOString(),
          total: found.total,
          medianDays: found.medianDays,
          effect: effectFor(
            opened,
            sees === 'all' ? companyPipelines(parts, people, names) : peoplePipelines(parts, seen, names),
            pipelineId,
          ),
          items: found.deals.map(({ id, ownerId, state }) => ({
            id,
            title: titles.get(id)?.title ?? null,
            path: vendor.cardPath('deal', id),
            ownerId,
            ownerName: names.user(ownerId),
            amount: titles.get(id)?.amount ?? null,
            currency: titles.get(id)?.currency ?? null,
            state,
          })),
        }
      },
    },
  ]
}

const notByPerson = () =>
  conflict('process_not_by_person', 'The latest snapshot has no map by person yet; the next one will')

const openedOf = ({ of, from, to, stage, key }: Query): Opened => {
  if (of === 'edge' && from !== undefined && to !== undefined) return { of, from, to }
  if (of === 'lost' && from !== undefined) return { of, from }
  if (of === 'stage' && stage !== undefined) return { of, stage }
  if (of === 'path' && key !== undefined) return { of, key }
  if (of === 'rest') return { of }
  throw badRequest('bad_request', 'Say which figure: from and to, stage or key')
}

const effectFor = (opened: Opened, pipelines: ProcessView['pipelines'], pipelineId: string) => {
  const pipeline = pipelines.find(({ id }) => id === pipelineId)
  if (opened.of === 'edge')
    return (
      pipeline?.edges.find(edge => edge.fromStageId === opened.from && edge.toStageId === opened.to)
        ?.effect ?? null
    )
  return opened.of === 'path' ? (pipeline?.paths.find(({ key }) => key === opened.key)?.effect ?? null) : null
}
