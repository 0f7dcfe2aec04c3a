import type { CurveRow } from '../../snapshot/document.ts'
import type { World } from '../world.ts'
import { EXITS } from './code.ts'
import { episodesOf, stageInfos, staysIn } from './episodes.ts'
import { cumulativeIncidence } from './incidence.ts'
import type { PortalHistory } from './stays.ts'

/**
 * Export `curves`, kind `stage`: cumulative incidence of every way out of every stage, before normalising, one row
 * per event time of that way (metrics 4.5, 1). `atRisk` counts all causes with entry < t ≤ duration.
 */
export const stageCurves = (history: PortalHistory, world: World): CurveRow[] => {
  const infos = stageInfos(history, world)
  const { dayMs } = world.workingTime
  const rows: CurveRow[] = []
  infos.forEach(({ pipelineId, stageId }, stage) => {
    const curve = cumulativeIncidence(
      episodesOf(history, staysIn(history, stage), infos, world),
      EXITS.length,
    )
    EXITS.forEach((exit, cause) => {
      const events = curve.events[cause]!
      for (let row = 0; row < curve.times.length; row++) {
        if (events[row] === 0) continue
        rows.push({
          kind: 'stage',
          pipelineId,
          stageId,
          exit,
          tDays: curve.times[row]! / dayMs,
          atRisk: curve.atRisk[row]!,
          events: events[row]!,
          value: curve.incidence[cause]![row]!,
        })
      }
    })
  })
  return rows
}
