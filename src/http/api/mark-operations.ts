import { DateTime } from 'luxon'
import type { z } from 'zod'
import type { Clock } from '../../clock.ts'
import { AppError, badRequest, conflict, forbidden, notFound } from '../../errors.ts'
import { MAX_PAUSE_DAYS, MAX_PAUSES } from '../../metrics/standstill.ts'
import { WorkingTime } from '../../metrics/working-time.ts'
import type { Calendar } from '../../records/settings.ts'
import type { DealRow } from '../../snapshot/document.ts'
import {
  type AmnestyOutcome,
  amnestyRequestSchema,
  amnestySchema,
  answerRequestSchema,
  flagQualitySchema,
  type Marked,
  markedSchema,
  objectionRequestSchema,
  pauseRequestSchema,
} from '../api-schema.ts'
import type { Marks, PortalData, Snapshots } from '../deps.ts'
import { type ApiContext, latestSnapshot, notVisible } from './context.ts'
import type { Operation } from './route.ts'
import { canSee, namesOf, totals } from './views.ts'

export type MarkDeps = { snapshots: Snapshots; data: PortalData; marks: Marks; clock: Clock }

const DAY = 86_400_000

/** What a person says about single deals: pauses, objections, answers, and the first two weeks' decisions. */
export const markOperations = (deps: MarkDeps): Operation<ApiContext>[] => {
  const { snapshots, data, marks, clock } = deps

  const openDeals = async (context: ApiContext): Promise<Map<string, DealRow>> => {
    const snapshot = await latestSnapshot(snapshots, context.installation.id)
    const deals = (await snapshots.part(context.installation.id, snapshot.asOf, 'deals')) ?? []
    return new Map(deals.map(deal => [deal.dealId, deal]))
  }

  /** Does something with each deal of a list. @throws the first refusal when nothing could be done */
  const withEach = async (
    dealIds: readonly string[],
    deals: ReadonlyMap<string, DealRow>,
    context: ApiContext,
    act: (deal: DealRow) => Promise<void>,
  ): Promise<Marked> => {
    const done: string[] = []
    const refused: Marked['refused'] = []
    let first: AppError | null = null
    for (const dealId of new Set(dealIds)) {
      try {
        const deal = deals.get(dealId)
        if (deal === undefined)
          throw notFound('deal_not_found', 'There is no such open deal in the latest snapshot')
        if (!canSee(context.sees, deal.responsibleId)) throw notVisible()
        await act(deal)
        done.push(dealId)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        first ??= error
        refused.push({ dealId, code: error.code })
      }
    }
    if (done.length === 0 && first !== null) throw first
    return { done, refused }
  }

  const pauseUntil = (until: string, calendar: Calendar): Date => {
    const now = clock.now()
    const end = DateTime.fromISO(until, { zone: calendar.timeZone }).endOf('day').toMillis()
    if (end <= now.getTime()) throw badRequest('pause_in_past', 'A pause ends on a day that is still to come')
    const workingTime = new WorkingTime(calendar, now.getTime(), Math.min(end, now.getTime() + 400 * DAY))
    if (end - now.getTime() > 400 * DAY || workingTime.days(now.getTime(), end) > MAX_PAUSE_DAYS)
      throw badRequest('pause_too_long', `A pause lasts ${MAX_PAUSE_DAYS} working days at most`)
    return new Date(end)
  }

  const pauseOne = async (context: ApiContext, deal: DealRow, until: Date, reason: string): Promise<void> => {
    if (!mayMark(context, deal)) throw forbidden('not_allowed', 'The owner and the head pause a deal')
    const made = await marks.pause(
      context.installation.id,
      { dealId: deal.dealId, until, reason, madeBy: context.viewer.userId },
      MAX_PAUSES,
    )
    if (made !== null) return
    const { pauses } = await marks.ofDeals(context.installation.id, [deal.dealId])
    throw pauses.length >= MAX_PAUSES
      ? conflict('no_pauses_left', `A deal is paused ${MAX_PAUSES} times at most`)
      : conflict('already_paused', 'This deal is paused already')
  }

  return [
    {
      method: 'post',
      path: '/api/v1/pauses',
      summary: 'Stops the clocks of deals until a day, for a reason on the customer’s side; owners and heads',
      body: pauseRequestSchema,
      answer: markedSchema,
      problems: [
        'no_snapshot_yet',
        'pause_in_past',
        'pause_too_long',
        'already_paused',
        'no_pauses_left',
        'not_allowed',
        'not_visible',
        'deal_not_found',
      ],
      handle: async ({ context, body }) => {
        const { dealIds, until, reason } = body as z.infer<typeof pauseRequestSchema>
        const end = pauseUntil(until, context.installation.settings.calendar)
        return withEach(dealIds, await openDeals(context), context, deal =>
          pauseOne(context, deal, end, reason),
        )
      },
    },
    {
      method: 'post',
      path: '/api/v1/pauses/:id/end',
      summary: 'Lets the clocks of a deal run again before the day',
      answer: markedSchema,
      problems: ['pause_not_found', 'not_allowed', 'not_visible'],
      handle: async ({ context, params }) => {
        const pause = await marks.findPause(context.installation.id, String(params.id))
        if (pause === null) throw notFound('pause_not_found', 'There is no such pause')
        const deal = (await openDeals(context)).get(pause.dealId)
        if (deal === undefined || !canSee(context.sees, deal.responsibleId)) throw notVisible()
        if (!mayMark(context, deal)) throw forbidden('not_allowed', 'The owner and the head end a pause')
        const ended = await marks.endPause(context.installation.id, pause.pauseId, context.viewer.userId)
        if (ended === null) throw notFound('pause_not_found', 'This pause is over already')
        return { done: [pause.dealId], refused: [] }
      },
    },
    {
      method: 'post',
      path: '/api/v1/objections',
      summary:
        'Objects to the flags of deals: until the head answers they do not count, five working days at most',
      body: objectionRequestSchema,
      answer: markedSchema,
      problems: [
        'no_snapshot_yet',
        'not_flagged',
        'already_objected',
        'not_allowed',
        'not_visible',
        'deal_not_found',
      ],
      handle: async ({ context, body }) => {
        const { dealIds } = body as z.infer<typeof objectionRequestSchema>
        return withEach(dealIds, await openDeals(context), context, async deal => {
          if (!mayMark(context, deal))
            throw forbidden('not_allowed', 'The owner and the head object to a flag')
          if (deal.level === 'none') throw conflict('not_flagged', 'This deal has no flag')
          const isOpened = await marks.object(context.installation.id, {
            dealId: deal.dealId,
            stayFrom: new Date(deal.enteredAt),
            openedBy: context.viewer.userId,
          })
          if (!isOpened)
            throw conflict('already_objected', 'The flag of this stay has been objected to before')
        })
      },
    },
    {
      method: 'post',
      path: '/api/v1/objections/answer',
      summary: 'The head’s word on flags: normal, or they stand',
      body: answerRequestSchema,
      answer: markedSchema,
      problems: ['no_snapshot_yet', 'not_allowed', 'already_answered', 'not_visible', 'deal_not_found'],
      handle: async ({ context, body }) => {
        const { dealIds, answer } = body as z.infer<typeof answerRequestSchema>
        return withEach(dealIds, await openDeals(context), context, async deal => {
          if (!mayAnswer(context, deal))
            throw forbidden('not_allowed', 'A head answers, and nobody for the own deals')
          const id = context.installation.id
          const stayFrom = new Date(deal.enteredAt)
          const { dealId } = deal
          if (
            await marks.answerObjection(id, { dealId, stayFrom, answeredBy: context.viewer.userId, answer })
          )
            return
          const isSaid = await marks.object(id, {
            dealId,
            stayFrom,
            openedBy: context.viewer.userId,
            answer,
          })
          if (!isSaid) throw conflict('already_answered', 'The flag of this stay has its answer')
        })
      },
    },
    {
      method: 'get',
      path: '/api/v1/amnesty',
      summary: 'The first two weeks: red deals to decide about, and what was decided',
      answer: amnestySchema,
      problems: ['no_snapshot_yet'],
      handle: async ({ context }) => {
        const { installation, sees } = context
        const snapshot = await latestSnapshot(snapshots, installation.id)
        const [summary, deals, outcomes, directory] = await Promise.all([
          snapshots.part(installation.id, snapshot.asOf, 'summary'),
          openDeals(context),
          marks.outcomes(installation.id),
          data.directory(installation.id),
        ])
        const names = namesOf(directory)
        const red = [...deals.values()].filter(
          ({ level, responsibleId }) => level === 'red' && canSee(sees, responsibleId),
        )
        const known = new Map(outcomes.map(outcome => [outcome.dealId, outcome]))
        return {
          isOn: summary?.isAmnesty === true,
          until: summary?.amnestyUntil ?? null,
          red: totals(red),
          decided: totals(red.filter(({ dealId }) => known.has(dealId))),
          outcomes: red.flatMap(({ dealId }) => {
            const outcome = known.get(dealId)
            return outcome === undefined
              ? []
              : [
                  {
                    dealId,
                    outcome: outcome.outcome as AmnestyOutcome,
                    by: outcome.chosenBy,
                    byName: names.user(outcome.chosenBy),
                    at: outcome.chosenAt.toISOString(),
                  },
                ]
          }),
        }
      },
    },
    {
      method: 'post',
      path: '/api/v1/amnesty/outcomes',
      summary: 'Decides about red deals in the first two weeks; "later" pauses them until a day',
      body: amnestyRequestSchema,
      answer: markedSchema,
      problems: [
        'no_snapshot_yet',
        'amnesty_over',
        'until_required',
        'pause_in_past',
        'pause_too_long',
        'already_paused',
        'no_pauses_left',
        'not_allowed',
        'not_visible',
        'deal_not_found',
      ],
      handle: async ({ context, body }) => {
        const { installation, viewer } = context
        const { dealIds, outcome, until, reason } = body as z.infer<typeof amnestyRequestSchema>
        const snapshot = await latestSnapshot(snapshots, installation.id)
        const summary = await snapshots.part(installation.id, snapshot.asOf, 'summary')
        if (summary?.isAmnesty !== true) throw conflict('amnesty_over', 'The first two weeks are over')
        const isLater = outcome === 'later'
        if (isLater && (until === undefined || reason === undefined))
          throw badRequest('until_required', 'Say until when, and the reason on the customer’s side')
        const end = isLater ? pauseUntil(until ?? '', installation.settings.calendar) : null
        return withEach(dealIds, await openDeals(context), context, async deal => {
          if (!mayMark(context, deal)) throw forbidden('not_allowed', 'The owner and the head decide')
          if (end !== null) await pauseOne(context, deal, end, reason ?? '')
          await marks.choose(installation.id, { dealIds: [deal.dealId], outcome, chosenBy: viewer.userId })
        })
      },
    },
    {
      method: 'get',
      path: '/api/v1/flag-quality',
      summary: 'How good flags and chances are here, measured on the portal’s own past',
      answer: flagQualitySchema,
      problems: ['no_snapshot_yet'],
      handle: async ({ context: { installation } }) => {
        const snapshot = await latestSnapshot(snapshots, installation.id)
        const [check, chances, directory] = await Promise.all([
          snapshots.part(installation.id, snapshot.asOf, 'flagcheck'),
          snapshots.part(installation.id, snapshot.asOf, 'backtest'),
          data.directory(installation.id),
        ])
        const names = namesOf(directory)
        return {
          asOf: snapshot.asOf.toISOString(),
          check: check
            ? {
                ...check,
                stages: check.stages.map(stage => ({
                  ...stage,
                  pipelineName: names.pipeline(stage.pipelineId),
                  stageName: names.stage(stage.pipelineId, stage.stageId),
                })),
              }
            : null,
          chances,
        }
      },
    },
  ]
}

/** The owner and whoever heads the owner may pause a deal and object to its flag. */
export const mayMark = (
  { viewer, sees }: ApiContext,
  { responsibleId }: Pick<DealRow, 'responsibleId'>,
): boolean => canSee(sees, responsibleId) && (viewer.role !== 'employee' || responsibleId === viewer.userId)

/** A head says what is normal, an administrator too; nobody for the own deals but an administrator. */
export const mayAnswer = (
  { viewer, sees }: ApiContext,
  { responsibleId }: Pick<DealRow, 'responsibleId'>,
): boolean =>
  canSee(sees, responsibleId) &&
  (viewer.role === 'admin' || (viewer.role === 'head' && responsibleId !== viewer.userId))
