import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import { notFound } from '../../errors.ts'
import { PILLAR_WEIGHTS } from '../../metrics/pillars.ts'
import { LEAST } from '../../metrics/theatre.ts'
import type { DealRow, Evidence, Score } from '../../snapshot/document.ts'
import {
  catalogueSchema,
  dealCardSchema,
  dealSchema,
  evidenceSchema,
  theatreCheckSchema,
  theatreWeeksSchema,
} from '../api-schema.ts'
import type { Marks, MetricInfo, PortalData, Snapshots } from '../deps.ts'
import { allSeen, membersOf } from './branches.ts'
import { type ApiContext, latestSnapshot, notVisible } from './context.ts'
import { holdOf, journalOf, liveMarksOf } from './deal-marks.ts'
import { evidenceView, scoreEvidence } from './evidence-view.ts'
import { mayAnswer, mayMark } from './mark-operations.ts'
import type { Operation } from './route.ts'
import { storedParts } from './stored-parts.ts'
import { withTargets } from './targets.ts'
import { byRisk, canSee, dealView, namesOf } from './views.ts'

const word = z.string().min(1).max(200)
const dealsQuery = z.object({
  flagged: z.enum(['true', 'false']).optional(),
  pipeline: word.optional(),
  stage: word.optional(),
  responsible: word.optional(),
  level: z.enum(['none', 'amber', 'red']).optional(),
  flag: z.enum(['age', 'silence', 'promise']).optional(),
  /** Deals whose flag does not count just now; `any` = for whichever reason. */
  hold: z.enum(['paused', 'disputed', 'normal', 'any']).optional(),
})
const evidenceQuery = z.object({
  metric: z
    .string()
    .regex(/^(score|coverage|[A-Z]\d{2}(\.\w+)?)$/, 'must be score, coverage or a metric such as M09'),
  scope: z.enum(['employee', 'team', 'company']),
  /** Person or department; nothing for the company. */
  id: z.string().max(200).default(''),
  asOf: z.iso.datetime().optional(),
})

/** Deals, the items behind a number and the catalogue. */
export const dealOperations = (deps: {
  snapshots: Snapshots
  data: PortalData
  metrics: readonly MetricInfo[]
  marks: Marks
  clock: Clock
}): Operation<ApiContext>[] => {
  const { snapshots, data } = deps
  const { rowsOf, offReasons } = storedParts(deps)
  const marksNow = liveMarksOf(deps)

  return [
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
        const [deals, directory, marks] = await Promise.all([
          rowsOf(context.installation.id, snapshot, 'deals'),
          data.directory(context.installation.id),
          marksNow(context.installation),
        ])
        // A deal paused since the snapshot, or called normal, is on the list no more.
        const isFlagged = (deal: DealRow): boolean =>
          deal.level !== 'none' && !['paused', 'normal'].includes(holdOf(deal, marks) ?? '')
        const names = namesOf(directory)
        return deals
          .filter(deal => canSee(context.sees, deal.responsibleId))
          .filter(deal => query.flagged === undefined || isFlagged(deal) === (query.flagged === 'true'))
          .filter(deal => {
            if (query.hold === undefined) return true
            const hold = holdOf(deal, marks)
            return query.hold === 'any' ? hold !== null : hold === query.hold
          })
          .filter(deal => query.pipeline === undefined || deal.pipelineId === query.pipeline)
          .filter(deal => query.stage === undefined || deal.stageId === query.stage)
          .filter(deal => query.responsible === undefined || deal.responsibleId === query.responsible)
          .filter(deal => query.level === undefined || deal.level === query.level)
          .filter(deal => query.flag === undefined || deal.clocks.flags.some(flag => flag === query.flag))
          .toSorted(byRisk)
          .map(deal => dealView(deal, names, dealId => context.vendor.cardPath('deal', dealId), marks))
      },
    },
    {
      method: 'get',
      path: '/api/v1/deals/:id',
      summary: 'One open deal and why it is flagged',
      answer: dealCardSchema,
      problems: ['no_snapshot_yet', 'not_visible', 'deal_not_found'],
      handle: async ({ context, params }) => {
        const snapshot = await latestSnapshot(snapshots, context.installation.id)
        const deals = await rowsOf(context.installation.id, snapshot, 'deals')
        const deal = deals.find(({ dealId }) => dealId === params.id)
        if (!deal) throw notFound('deal_not_found', 'There is no such open deal in the latest snapshot')
        if (!canSee(context.sees, deal.responsibleId)) throw notVisible()
        const [directory, marks] = await Promise.all([
          data.directory(context.installation.id),
          marksNow(context.installation, [deal.dealId]),
        ])
        const names = namesOf(directory)
        return {
          ...dealView(deal, names, dealId => context.vendor.cardPath('deal', dealId), marks),
          canMark: mayMark(context, deal),
          canAnswer: mayAnswer(context, deal),
          journal: journalOf(deal.dealId, names, marks),
        }
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
        const isComposite = metric === 'score' || metric === 'coverage'
        const metricInfo = withTargets(deps.metrics, installation.settings.targets).get(metric)
        if (!metricInfo && !isComposite) throw notFound('metric_not_found', 'There is no such metric')
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
        if (isComposite) {
          const isTeamSeen = scope !== 'employee' && allSeen(sees, members)
          if (scope === 'team' && !isTeamSeen) throw notVisible()
          return scoreEvidence({
            metric,
            scope,
            scopeId,
            snapshot,
            scores: await rowsOf(installation.id, snapshot, 'scores'),
            deals: new Map(deals.map(deal => [deal.dealId, deal])),
            names: namesOf(directory),
            cardPath: dealId => vendor.cardPath('deal', dealId),
          })
        }
        if (!allSeen(sees, members)) throw notVisible()
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
      path: '/api/v1/catalogue',
      summary: 'Every metric with its target and why it is off, if it is',
      answer: catalogueSchema,
      handle: async ({ context }) => {
        const snapshot = await snapshots.latest(context.installation.id)
        const states = snapshot ? await offReasons(context.installation.id, snapshot) : new Map()
        const metrics = withTargets(deps.metrics, context.installation.settings.targets).values()
        return [...metrics].map(({ metric, pillar, unit, payClass, target, lessIsBetter, version }) => ({
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
      path: '/api/v1/theatre-check',
      summary: 'Whether weeks with a higher score bring better results, and weights that would follow them',
      answer: theatreCheckSchema,
      handle: async ({ context }) => {
        const { id } = context.installation
        const snapshot = await snapshots.latest(id)
        const theatre = snapshot === null ? null : await snapshots.part(id, snapshot.asOf, 'theatre')
        if (!theatre) return { weights: PILLAR_WEIGHTS, least: LEAST, check: null }
        const { cases: _, ...check } = theatre
        return { weights: PILLAR_WEIGHTS, least: LEAST, check }
      },
    },
    {
      method: 'get',
      path: '/api/v1/theatre-check/weeks',
      summary: 'The weeks behind the last theatre check, of people whom the viewer sees',
      answer: theatreWeeksSchema,
      problems: ['no_snapshot_yet'],
      handle: async ({ context }) => {
        const { id } = context.installation
        const snapshot = await latestSnapshot(snapshots, id)
        const [theatre, directory] = await Promise.all([
          snapshots.part(id, snapshot.asOf, 'theatre'),
          data.directory(id),
        ])
        const cases = theatre?.cases ?? []
        const names = namesOf(directory)
        const weeks = cases
          .filter(({ personId }) => canSee(context.sees, personId))
          .map(one => ({ ...one, personName: names.user(one.personId) ?? one.personId }))
        return { weeks, hidden: cases.length - weeks.length }
      },
    },
  ]
}
