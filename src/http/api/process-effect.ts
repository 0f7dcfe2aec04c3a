import type { DesignedGraph } from '../../metrics/history/designed-graph.ts'
import { stepOf } from '../../metrics/history/process-cells.ts'
import { shareDifference } from '../../metrics/history/share-difference.ts'
import { stageKey } from '../../metrics/world.ts'
import type { StageRow } from '../../snapshot/document.ts'
import type { ProcessView } from '../api-schema.ts'

type Effect = NonNullable<ProcessView['pipelines'][number]['edges'][number]['effect']>
type Decided = { won: number; lost: number }
type Pair = readonly [won: number, lost: number]

/** With fewer decided deals on either side an interval says nothing but "we do not know". */
const ENOUGH = 5

export const effectOf = (own: Decided, main: Decided): Effect | null => {
  const [decided, mainDecided] = [own.won + own.lost, main.won + main.lost]
  if (decided < ENOUGH || mainDecided < ENOUGH) return null
  const found = shareDifference({ won: own.won, decided }, { won: main.won, decided: mainDecided })
  if (found === null) return null
  const verdict = found.low > 0 ? 'more' : found.high < 0 ? 'less' : 'same'
  return { won: own.won, decided, mainWon: main.won, mainDecided, ...found, verdict }
}

/**
 * Does a move off the road help or hurt: the deals that made it against those that stood on the same stage. A
 * shortcut is compared with deals that took the road from there and never the shortcut; a return, with deals that
 * came there and never went back from it. What ends in won is won by definition and is not compared; nor is a shortcut
 * past a stage that the design does not lead to.
 */
export const edgeEffects = (
  stages: readonly Pick<StageRow, 'stageId' | 'outcome' | 'isListed'>[],
  cells: {
    edges: readonly (Decided & { fromStageId: string; toStageId: string; alsoRoad: Pair })[]
    stages: readonly (Decided & { stageId: string; turnedBack: Pair })[]
  },
  design: DesignedGraph,
): ((fromStageId: string, toStageId: string) => Effect | null) => {
  const road = stages.filter(({ outcome, isListed }) => outcome === 'open' && isListed !== false)
  const places = new Map(
    stages.map(({ stageId, outcome }) => [stageId, outcome === 'won' ? road.length : -1]),
  )
  for (const [place, { stageId }] of road.entries()) places.set(stageId, place)
  const placeOf = (stageId: string): number => places.get(stageId) ?? -1
  const visited = new Map(cells.stages.map(stage => [stage.stageId, stage]))
  return (fromStageId, toStageId) => {
    const own = cells.edges.find(edge => edge.fromStageId === fromStageId && edge.toStageId === toStageId)
    const [from, to] = [placeOf(fromStageId), placeOf(toStageId)]
    const step = stepOf(from, to)
    if (own === undefined || to === road.length || from === road.length) return null
    if (step === 'skip') {
      const key = (stageId: string): string => stageKey(design.pipelineId, stageId)
      if (design.edges.get(key(fromStageId))?.has(key(road[from + 1]!.stageId)) !== true) return null
      const next = cells.edges.filter(
        edge => edge.fromStageId === fromStageId && placeOf(edge.toStageId) === from + 1,
      )
      const [alsoWon, alsoLost] = own.alsoRoad
      return effectOf(own, {
        won: next.reduce((sum, edge) => sum + edge.won, 0) - alsoWon,
        lost: next.reduce((sum, edge) => sum + edge.lost, 0) - alsoLost,
      })
    }
    const stage = visited.get(fromStageId)
    if (step !== 'back' || stage === undefined) return null
    const [backWon, backLost] = stage.turnedBack
    return effectOf(own, { won: stage.won - backWon, lost: stage.lost - backLost })
  }
}
