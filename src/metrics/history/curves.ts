import type { Curve } from '../../snapshot/document.ts'
import type { World } from '../world.ts'
import { EXITS } from './code.ts'
import { episodesOf, stageInfos, staysIn } from './episodes.ts'
import { cumulativeIncidence } from './incidence.ts'
import type { PortalHistory } from './stays.ts'

/**
 * Export `curves`, kind `stage`: cumulative incidence of every way out of every stage, before normalising, one row
 * per event time of that way (metrics 4.5, 1). `atRisk` counts all causes with entry < t ≤ duration.
 */
export const stageCurves = (history: PortalHistory, world: World): Curve[] => {
  const infos = stageInfos(history, world)
  const { dayMs } = world.workingTime
  const curves: Curve[] = []
  infos.forEach(({ pipelineId, stageId }, stage) => {
    const { times, atRisk, events, incidence } = cumulativeIncidence(
      episodesOf(history, staysIn(history, stage), infos, world),
      EXITS.length,
    )
    EXITS.forEach((exit, cause) => {
      const own = events[cause]!
      const reached = incidence[cause]!
      const curve: Curve = {
        kind: 'stage',
        pipelineId,
        stageId,
        exit,
        tDays: [],
        atRisk: [],
        events: [],
        value: [],
      }
      for (let row = 0; row < times.length; row++) {
        if (own[row] === 0) continue
        curve.tDays.push(times[row]! / dayMs)
        curve.atRisk.push(atRisk[row]!)
        curve.events.push(own[row]!)
        curve.value.push(reached[row]!)
      }
      if (curve.value.length > 0) curves.push(curve)
    })
  })
  return curves
}
