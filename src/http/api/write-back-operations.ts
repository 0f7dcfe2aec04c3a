import { UNDO_HOURS } from '../../deliver/write-back/undo.ts'
import { choiceOf } from '../../deliver/write-back/wanted.ts'
import { markOf } from '../../deliver/write-back/words.ts'
import { forbidden, notFound } from '../../errors.ts'
import {
  type WriteBack,
  writeBackChoiceSchema,
  writeBackDealsRunSchema,
  writeBackDealsSchema,
  writeBackEntriesSchema,
  writeBackPreviewSchema,
  writeBackRunBodySchema,
  writeBackRunsSchema,
  writeBackSchema,
  writeBackStartedSchema,
  writeBackSwitchSchema,
  writeBackUndoingSchema,
  writeBackUndoSchema,
} from '../api-schema.ts'
import { createWriteBackDesk, type WriteBackDeps } from '../write-back-desk.ts'
import { type ApiContext, latestSnapshot, notVisible } from './context.ts'
import type { Operation } from './route.ts'
import { canSee } from './views.ts'

const NOT_READY = ['no_snapshot_yet', 'snapshot_too_old', 'deals_not_shown']

const adminOnly = ({ viewer }: ApiContext): void => {
  if (viewer.role !== 'admin')
    throw forbidden('not_allowed', 'Only an administrator decides what is written into the CRM')
}
const headOnly = ({ viewer }: ApiContext): void => {
  if (viewer.role === 'employee')
    throw forbidden('not_allowed', 'Heads and administrators write about many deals')
}

/** Writing into the CRM: preview, switch, runs, and taking back. */
export const writeBackOperations = (deps: WriteBackDeps): Operation<ApiContext>[] => {
  const desk = createWriteBackDesk(deps)

  const view = ({ installation, vendor, viewer }: ApiContext): WriteBack => {
    const by = vendor.can.markDeals
    const { language } = installation.settings
    return {
      ...choiceOf(installation.settings, by),
      by,
      words: { red: markOf('red', language), amber: markOf('amber', language) },
      canSwitch: viewer.role === 'admin',
      canWrite: viewer.role !== 'employee',
      undoHours: UNDO_HOURS,
    }
  }

  /** @throws AppError 403 `not_allowed`, `not_visible`; 404 `deal_not_found` */
  const checkDeals = async (context: ApiContext, dealIds: readonly string[]): Promise<void> => {
    headOnly(context)
    const { id } = context.installation
    const snapshot = await latestSnapshot(deps.snapshots, id)
    const rows = (await deps.snapshots.part(id, snapshot.asOf, 'deals')) ?? []
    const deals = new Map(rows.map(deal => [deal.dealId, deal]))
    for (const dealId of dealIds) {
      const deal = deals.get(dealId)
      if (!deal) throw notFound('deal_not_found', 'There is no such open deal in the latest snapshot')
      if (!canSee(context.sees, deal.responsibleId)) throw notVisible()
    }
  }

  /** An administrator sees every run, a head the own ones. */
  const checkRun = async (context: ApiContext, batchId: string): Promise<void> => {
    headOnly(context)
    if (context.viewer.role === 'admin') return
    if ((await desk.askedBy(context, batchId)) !== context.viewer.userId)
      throw forbidden('not_allowed', 'This run was started by somebody else')
  }

  const byHandOf = (body: unknown) => {
    const { action, dealIds, title } = writeBackDealsSchema.parse(body)
    return { action, dealIds, title: title ?? null }
  }

  return [
    {
      method: 'get',
      path: '/api/v1/write-back',
      summary: 'What is written into the CRM, and whether',
      answer: writeBackSchema,
      handle: async ({ context }) => view(context),
    },
    {
      method: 'post',
      path: '/api/v1/write-back/preview',
      summary: 'Exactly what a run with these choices would write now; writes nothing. Administrators only',
      body: writeBackChoiceSchema,
      answer: writeBackPreviewSchema,
      problems: ['not_allowed', ...NOT_READY],
      handle: async ({ context, body }) => {
        adminOnly(context)
        return desk.preview(context, { choice: writeBackChoiceSchema.parse(body) })
      },
    },
    {
      method: 'patch',
      path: '/api/v1/write-back',
      summary:
        'Switches write-back on, given the hash of a preview of the same choices, or off. Administrators only',
      body: writeBackSwitchSchema,
      answer: writeBackSchema,
      problems: ['not_allowed', 'preview_required', 'plan_changed', ...NOT_READY],
      handle: async ({ context, body }) => {
        adminOnly(context)
        const { hash, ...choice } = writeBackSwitchSchema.parse(body)
        await desk.switch(context, choice, hash, context.viewer.userId)
        return { ...view(context), ...choice }
      },
    },
    {
      method: 'post',
      path: '/api/v1/write-back/runs',
      summary: 'Writes now what the preview shows. Administrators only',
      body: writeBackRunBodySchema,
      answer: writeBackStartedSchema,
      status: 202,
      problems: ['not_allowed', 'write_back_off', 'plan_changed', ...NOT_READY],
      handle: async ({ context, body }) => {
        adminOnly(context)
        const { hash } = writeBackRunBodySchema.parse(body)
        return desk.start(context, { hash, by: context.viewer.userId })
      },
    },
    {
      method: 'get',
      path: '/api/v1/write-back/runs',
      summary: 'Runs, newest first: every one for an administrator, the own ones for a head',
      answer: writeBackRunsSchema,
      problems: ['not_allowed'],
      handle: async ({ context }) => {
        headOnly(context)
        return desk.runs(context, context.viewer.role === 'admin' ? {} : { askedBy: context.viewer.userId })
      },
    },
    {
      method: 'get',
      path: '/api/v1/write-back/runs/:batch',
      summary: 'What one run wrote, deal by deal',
      answer: writeBackEntriesSchema,
      problems: ['not_allowed', 'run_not_found'],
      handle: async ({ context, params }) => {
        await checkRun(context, String(params.batch))
        return desk.entries(context, String(params.batch))
      },
    },
    {
      method: 'post',
      path: '/api/v1/write-back/runs/:batch/undo',
      summary: 'Takes a run, or one entry of it, back; what people changed since is left alone',
      body: writeBackUndoSchema,
      answer: writeBackUndoingSchema,
      status: 202,
      problems: ['not_allowed', 'run_not_found', 'entry_not_found', 'undo_expired', 'nothing_to_undo'],
      handle: async ({ context, params, body }) => {
        const batchId = String(params.batch)
        await checkRun(context, batchId)
        const { entryId } = writeBackUndoSchema.parse(body)
        return desk.undo(context, { batchId, entryId, by: context.viewer.userId })
      },
    },
    {
      method: 'post',
      path: '/api/v1/write-back/deals/preview',
      summary:
        'What marking these deals, or a task on each, would write; writes nothing. Heads and administrators',
      body: writeBackDealsSchema,
      answer: writeBackPreviewSchema,
      problems: ['not_allowed', 'not_visible', 'deal_not_found', ...NOT_READY],
      handle: async ({ context, body }) => {
        const byHand = byHandOf(body)
        await checkDeals(context, byHand.dealIds)
        return desk.preview(context, { byHand })
      },
    },
    {
      method: 'post',
      path: '/api/v1/write-back/deals',
      summary: 'Marks these deals, or puts a task on each, as the preview shows. Heads and administrators',
      body: writeBackDealsRunSchema,
      answer: writeBackStartedSchema,
      status: 202,
      problems: [
        'not_allowed',
        'not_visible',
        'deal_not_found',
        'write_back_off',
        'plan_changed',
        ...NOT_READY,
      ],
      handle: async ({ context, body }) => {
        const { hash, ...rest } = writeBackDealsRunSchema.parse(body)
        const byHand = byHandOf(rest)
        await checkDeals(context, byHand.dealIds)
        return desk.start(context, { byHand, hash, by: context.viewer.userId })
      },
    },
  ]
}
