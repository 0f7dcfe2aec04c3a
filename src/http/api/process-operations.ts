import { z } from 'zod'
import { badRequest, conflict, forbidden, notFound } from '../../errors.ts'
import { PERIOD_DAYS } from '../../metrics/history/process-cells.ts'
import type { ProcessGroup } from '../../snapshot/document.ts'
import {
  type ProcessView,
  processDealsSchema,
  processDesignedSchema,
  processDesignRequestSchema,
  processSchema,
} from '../api-schema.ts'
import type { Installations, PortalData, SnapshotInfo, Snapshots } from '../deps.ts'
import { bothSee, membersOf } from './branches.ts'
import { type ApiContext, latestSnapshot, notVisible } from './context.ts'
import { type Opened, openFigure } from './process-deals.ts'
import { designView, drawable, withVersion } from './process-design.ts'
import { companyPipelines, countedDesign, groupPipelines, type ProcessParts } from './process-view.ts'
import type { Operation } from './route.ts'
import { storedParts } from './stored-parts.ts'
import { canSee, type Names, namesOf, type Sees } from './views.ts'

const word = z.string().min(1).max(200)
const whose = {
  responsible: word.optional(),
  department: word.optional(),
  /** Days before `asOf` that deals were created in. */
  period: z.enum(PERIOD_DAYS.map(String) as [string, ...string[]]).optional(),
  outcome: z.enum(['won', 'lost', 'open']).optional(),
}
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
type Filter = ProcessView['filter']

/**
 * The process and the deals behind its figures. A person's deals are those that he answers for at `asOf`; a head sees
 * his branch, an employee the own deals, an administrator everything, deals without an owner included. A period holds
 * the deals that were created in it, whenever they moved: a cohort, whose share of wins is an honest one.
 */
export const processOperations = (deps: {
  snapshots: Snapshots
  data: PortalData
  installations: Pick<Installations, 'changeSettings'>
  clock: { now(): Date }
}): Operation<ApiContext>[] => {
  const { snapshots, data } = deps
  const { rowsOf } = storedParts(deps)

  const partsOf = async ({ installation }: ApiContext, snapshot: SnapshotInfo) => {
    const { id, settings } = installation
    const part = <Name extends 'processGroups' | 'processRoads' | 'designs'>(name: Name) =>
      snapshots.part(id, snapshot.asOf, name)
    const [stages, process, variants, groups, roads, counted, directory] = await Promise.all([
      rowsOf(id, snapshot, 'stages'),
      rowsOf(id, snapshot, 'process'),
      rowsOf(id, snapshot, 'variants'),
      part('processGroups'),
      part('processRoads'),
      part('designs'),
      data.directory(id),
    ])
    const parts: ProcessParts = {
      stages,
      process,
      variants,
      roads: roads ?? [],
      counted: counted ?? [],
      designs: settings.designs,
    }
    return { parts, groups: groups ?? null, directory }
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
  const seenBy = (sees: Sees, groups: readonly ProcessGroup[]): ProcessGroup[] =>
    groups.filter(({ responsibleId }) => canSee(sees, responsibleId))

  /** The map of what was asked for: the exports' own rows where that is everything. */
  const pipelinesOf = (
    parts: ProcessParts,
    groups: readonly ProcessGroup[],
    { sees, filter, names }: { sees: Sees; filter: Filter; names: Names },
  ): ProcessView['pipelines'] => {
    if (sees === 'all' && isWhole(filter)) return companyPipelines(parts, groups, names)
    const pipelines = groupPipelines(parts, filtered(seenBy(sees, groups), filter), names)
    return filter.outcome === null ? pipelines : pipelines.map(withoutEffects)
  }

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
        const { parts, groups, directory } = await partsOf(context, snapshot)
        const { scope, sees } = scopeOf(context, query, directory)
        const filter = filterOf(query)
        if (groups === null && !(sees === 'all' && isWhole(filter))) throw notByPerson()
        const names = namesOf(directory)
        const people = new Set(seenBy(context.sees, groups ?? []).map(({ responsibleId }) => responsibleId))
        return {
          asOf: snapshot.asOf.toISOString(),
          scope,
          filter,
          canDraw: mayDraw(context),
          people: [...people].flatMap(id => (id === null ? [] : [{ id, name: names.user(id) ?? id }])),
          pipelines: pipelinesOf(parts, groups ?? [], { sees, filter, names }),
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
        const filter = filterOf(query)
        const snapshot = await latestSnapshot(snapshots, installation.id)
        const { parts, groups, directory } = await partsOf(context, snapshot)
        const { sees } = scopeOf(context, query, directory)
        if (groups === null) throw notByPerson()
        const pipelineId = query.pipeline ?? ''
        if (!parts.stages.some(row => row.pipelineId === pipelineId)) throw noPipeline()
        const opened = openedOf(query)
        const found = openFigure(opened, filtered(seenBy(sees, groups), filter), pipelineId, parts)
        const titles = await data.dealTitles(
          installation.id,
          found.deals.map(({ id }) => id),
        )
        const names = namesOf(directory)
        return {
          asOf: snapshot.asOf.toISOString(),
          total: found.total,
          medianDays: found.medianDays,
          effect: effectFor(opened, pipelinesOf(parts, groups, { sees, filter, names }), pipelineId),
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
    {
      method: 'post',
      path: '/api/v1/process/design',
      summary:
        'Draws how deals of a pipeline are meant to go; in force from now on, heads and administrators',
      body: processDesignRequestSchema,
      answer: processDesignedSchema,
      problems: ['no_snapshot_yet', 'not_allowed', 'pipeline_not_found', 'design_empty'],
      handle: async ({ context, body }) => {
        if (!mayDraw(context)) throw forbidden('not_allowed', 'Heads and administrators draw the design')
        const { pipeline, edges } = processDesignRequestSchema.parse(body)
        const { installation, viewer } = context
        const snapshot = await latestSnapshot(snapshots, installation.id)
        const [stages, counted] = await Promise.all([
          rowsOf(installation.id, snapshot, 'stages'),
          snapshots.part(installation.id, snapshot.asOf, 'designs'),
        ])
        const rows = stages.filter(({ pipelineId }) => pipelineId === pipeline)
        if (rows.length === 0) throw noPipeline()
        const drawn = edges === null ? null : drawable(edges, rows)
        if (drawn?.length === 0)
          throw badRequest('design_empty', 'Not one of these edges joins two stages of the pipeline')
        const { designs } = await deps.installations.changeSettings(
          installation.id,
          now => ({ designs: { [pipeline]: withVersion(now.designs[pipeline], drawn, deps.clock.now()) } }),
          viewer.userId,
        )
        const design = countedDesign({ counted: counted ?? [] }, pipeline, rows)
        return { pipeline, design: designView({ pipelineId: pipeline, rows, counted: design, designs }) }
      },
    },
  ]
}

const mayDraw = ({ viewer }: ApiContext): boolean => viewer.role !== 'employee'

const filterOf = ({ period, outcome }: Query): Filter => ({
  periodDays: period === undefined ? null : Number(period),
  outcome: (outcome as Filter['outcome']) ?? null,
})

const isWhole = ({ periodDays, outcome }: Filter): boolean => periodDays === null && outcome === null

const filtered = (groups: ProcessGroup[], { periodDays, outcome }: Filter): ProcessGroup[] =>
  groups.filter(
    group =>
      (outcome === null || group.outcome === outcome) &&
      (periodDays === null || (PERIOD_DAYS[group.cohort] ?? Number.POSITIVE_INFINITY) <= periodDays),
  )

/** Deals chosen by how they ended say nothing of how often such deals are won. */
const withoutEffects = (pipeline: ProcessView['pipelines'][number]) => ({
  ...pipeline,
  edges: pipeline.edges.map(edge => ({ ...edge, effect: null })),
  paths: pipeline.paths.map(path => ({ ...path, effect: null })),
})

const noPipeline = () => notFound('pipeline_not_found', 'There is no such pipeline in the snapshot')

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
