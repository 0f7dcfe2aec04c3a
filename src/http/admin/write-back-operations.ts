import { z } from 'zod'
import { choiceOf } from '../../deliver/write-back/wanted.ts'
import { conflict } from '../../errors.ts'
import type { Operation } from '../api/route.ts'
import {
  writeBackChoiceSchema,
  writeBackEntriesSchema,
  writeBackPreviewSchema,
  writeBackRunsSchema,
  writeBackUndoingSchema,
  writeBackUndoSchema,
} from '../api-schema.ts'
import type { Installation } from '../deps.ts'
import { createWriteBackDesk, type Desk, type WriteBackDeps } from '../write-back-desk.ts'

/** Whom the journal names when an operator acts. */
const OPERATOR = 'operator'
const NOT_READY = ['no_snapshot_yet', 'snapshot_too_old', 'deals_not_shown']

/**
 * Write-back as operators see it: they look, stop it and take it back. Only an administrator of the portal
 * switches it on, in the widget.
 */
export const adminWriteBackOperations = (
  deps: WriteBackDeps,
  load: (id: string | undefined) => Promise<Installation>,
): Operation<null>[] => {
  const desk = createWriteBackDesk(deps)

  /** @throws AppError 404 `installation_not_found`; 409 `vendor_off` */
  const at = async (id: string | undefined): Promise<Desk> => {
    const installation = await load(id)
    const vendor = deps.vendors.find(each => each.id === installation.vendor)
    if (!vendor) throw conflict('vendor_off', 'This CRM is switched off here: its keys are not set')
    return { installation, vendor }
  }
  const choiceAt = ({ installation, vendor }: Desk) => choiceOf(installation.settings, vendor.can.markDeals)

  return [
    {
      method: 'get',
      path: '/admin/v1/installations/:id/write-back',
      summary: 'What is written into this CRM, and whether',
      answer: writeBackChoiceSchema,
      problems: ['installation_not_found'],
      handle: async ({ params }) => choiceAt(await at(params.id)),
    },
    {
      method: 'post',
      path: '/admin/v1/installations/:id/write-back/preview',
      summary: 'Exactly what a run with the portal’s own choices would write now; writes nothing',
      body: z.strictObject({}),
      answer: writeBackPreviewSchema,
      problems: ['installation_not_found', ...NOT_READY],
      handle: async ({ params }) => desk.preview(await at(params.id), {}),
    },
    {
      method: 'post',
      path: '/admin/v1/installations/:id/write-back/off',
      summary: 'Switches write-back off at once; an administrator of the portal switches it on in the widget',
      body: z.strictObject({}),
      answer: writeBackChoiceSchema,
      problems: ['installation_not_found'],
      handle: async ({ params }) => {
        const here = await at(params.id)
        const off = { ...choiceAt(here), marks: false, tasks: false }
        await desk.switch(here, off, undefined, OPERATOR)
        return off
      },
    },
    {
      method: 'get',
      path: '/admin/v1/installations/:id/write-back/runs',
      summary: 'Runs of write-back, newest first',
      answer: writeBackRunsSchema,
      problems: ['installation_not_found'],
      handle: async ({ params }) => desk.runs(await at(params.id)),
    },
    {
      method: 'get',
      path: '/admin/v1/installations/:id/write-back/runs/:batch',
      summary: 'What one run wrote, deal by deal',
      answer: writeBackEntriesSchema,
      problems: ['installation_not_found', 'run_not_found'],
      handle: async ({ params }) => desk.entries(await at(params.id), String(params.batch)),
    },
    {
      method: 'post',
      path: '/admin/v1/installations/:id/write-back/runs/:batch/undo',
      summary: 'Takes a run, or one entry of it, back; what people changed since is left alone',
      body: writeBackUndoSchema,
      answer: writeBackUndoingSchema,
      status: 202,
      problems: [
        'installation_not_found',
        'run_not_found',
        'entry_not_found',
        'undo_expired',
        'nothing_to_undo',
      ],
      handle: async ({ params, body }) => {
        const { entryId } = writeBackUndoSchema.parse(body)
        return desk.undo(await at(params.id), { batchId: String(params.batch), entryId, by: OPERATOR })
      },
    },
  ]
}
