import { conflict } from '../errors.ts'
import type { Page, PortalInfo } from '../vendors/vendor.ts'
import { patiently } from './patience.ts'
import type { Run } from './run.ts'

/** People, pipelines, stages and fields, read whole: they are few. */
export const readDirectory = async (run: Run): Promise<void> => {
  const directory = await patiently(run.patience(), () => run.portal.directory())
  await run.store.saveDirectory(run.installation.id, directory, run.runId)
  run.rejected(directory.rejected.length)
}

/**
 * What the portal says of itself before a long reading begins.
 * @throws AppError 409 `admin_lost` when our token belongs to somebody who no longer sees everything: empty
 * lists would look like deleted deals
 */
export const readStanding = async (
  run: Run,
  onRightsLost: (installationId: string) => Promise<void>,
): Promise<PortalInfo> => {
  const info = await patiently(run.patience(), () => run.portal.info())
  if (!info.isAdmin) {
    await onRightsLost(run.installation.id)
    throw conflict(
      'admin_lost',
      'The person who gave us access is no longer an administrator; another one has to open the app',
    )
  }
  if (info.licence !== run.installation.licence)
    await run.store.installations.update(run.installation.id, { licence: info.licence })
  return info
}

/** Notices stages that the stored directory does not have; nobody tells us when one is made. */
export const stageWatch = async (
  run: Run,
): Promise<{ look(records: Page['records']): void; sawUnknown(): boolean }> => {
  const stages = await run.store.directory.stages(run.installation.id)
  const known = new Set(stages.map(({ pipelineId, id }) => `${pipelineId} ${id}`))
  // A deal may stand in a stage that was deleted long ago: it is asked for once, not in every run.
  let isUnknown = false
  const note = (pipelineId: string, stageId: string): void => {
    if (!known.has(`${pipelineId} ${stageId}`)) isUnknown = true
  }
  return {
    look({ deals, stageMoves }) {
      for (const { pipelineId, stageId } of deals) note(pipelineId, stageId)
      for (const { pipelineId, stageId } of stageMoves) note(pipelineId, stageId)
    },
    sawUnknown: () => isUnknown,
  }
}
