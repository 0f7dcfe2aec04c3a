import { DAY } from '../clock.ts'
import { readDirectory, readStanding, stageWatch } from './directory.ts'
import { readChanges } from './full.ts'
import type { Run } from './run.ts'

export type IncrementalOptions = {
  /** Also reads people, pipelines and our standing: nobody sends events about them. */
  withDirectory: boolean
  onRightsLost(installationId: string): Promise<void>
  /** The app was updated and nobody told us: its events have to be bound again. */
  onUpdated(installationId: string): Promise<void>
}

/** Moves older than this have had their chance to be credited, if they have not come just now. */
const CREDIT_WINDOW = 3 * DAY

/** What changed since last time, feed by feed; deals first. */
export const runIncremental = async (run: Run, options: IncrementalOptions): Promise<void> => {
  const { store, vendor, installation, clock } = run
  if (options.withDirectory) {
    await run.enter('directory')
    const info = await readStanding(run, options.onRightsLost)
    if (info.appVersion !== null && info.appVersion !== installation.appVersion)
      await options.onUpdated(installation.id)
    await readDirectory(run)
  }
  await run.enter('changes')
  const stages = await stageWatch(run)
  // After a longer break moves of weeks come at once.
  let since = clock.now().getTime() - CREDIT_WINDOW
  for (const { name } of vendor.feeds)
    await readChanges(run, name, ({ records }) => {
      stages.look(records)
      for (const { at } of records.stageMoves) since = Math.min(since, at.getTime())
    })
  if (stages.sawUnknown() && !options.withDirectory) await readDirectory(run)
  await run.enter('credits')
  await store.creditMoves(installation.id, new Date(since))
}
