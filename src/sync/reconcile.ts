import type { RecordKind } from '../records/records.ts'
import { readStanding } from './directory.ts'
import { BELIEVABLE_LOSS } from './full.ts'
import { patiently } from './patience.ts'
import type { Run } from './run.ts'

const KINDS: readonly Exclude<RecordKind, 'stageMove'>[] = ['deal', 'task', 'activity', 'invoice']

/**
 * Finds what vanished from the CRM without an event. When more than 5 % of a kind seem gone, our rights are
 * looked at once more before that is believed; everything is kept, only marked.
 */
export const runReconcile = async (
  run: Run,
  onRightsLost: (installationId: string) => Promise<void>,
): Promise<void> => {
  const { store, portal, installation, clock, log } = run
  const id = installation.id
  await run.enter('standing')
  await readStanding(run, onRightsLost)
  for (const kind of KINDS) {
    await run.enter(`missing ${kind}`)
    const known = store.knownIds(id, kind)
    const held = await known.count(0, Number.MAX_SAFE_INTEGER)
    if (held === 0) continue
    const missing = await patiently(run.patience(), () => portal.missing(kind, known))
    if (missing.length === 0) continue
    if (missing.length > BELIEVABLE_LOSS * held) await readStanding(run, onRightsLost)
    await store.markDeleted(id, kind, missing, clock.now())
    log.info({ kind, missing: missing.length, held }, 'vanished records marked')
  }
}
