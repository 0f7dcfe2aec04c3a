import {
  type Chances,
  chancesOf,
  type PortalHistory,
  processOf,
  type Standing,
  stageCurves,
  standingOf,
} from '../metrics/portal-history.ts'
import type { World } from '../metrics/world.ts'
import { type PackedPart, packParts } from '../store/packed-part.ts'
import type { SnapshotParts } from './document.ts'

/** What the history of a portal says about one instant, apart from what its flags stand on. Plain data. */
export type Background = {
  chances: Chances
  parts: Pick<SnapshotParts, 'stages' | 'process' | 'variants' | 'designs'>
  packed: { [Name in LargePart]?: PackedPart }
}

type LargePart = 'curves' | 'processGroups' | 'processRoads'

export type BackgroundSource = {
  /** What flags are judged by at an instant. @param index of the instant's world */
  standing(index: number): Promise<Standing>
  /** The rest, once the standing of the same instant was asked for. */
  background(index: number): Promise<Background>
}

/** Answers from a history, for instants in any order. Nothing here looks at a single deal again. */
export const backgroundOf = (history: PortalHistory, worlds: readonly World[]): BackgroundSource => {
  const standings = new Map<number, Standing>()
  return {
    standing: async index => {
      const standing = standingOf(history, worlds[index]!)
      standings.set(index, standing)
      return standing
    },
    background: async index => {
      const world = worlds[index]!
      const standing = standings.get(index) ?? standingOf(history, world)
      standings.delete(index)
      // Screens show the latest map only.
      const byPerson = index === worlds.length - 1
      const { processGroups, processRoads, ...parts } = processOf(history, world, standing.thresholds, {
        byPerson,
      })
      const curves = stageCurves(history, world)
      return {
        chances: chancesOf(history, world),
        parts,
        packed: await packParts({ curves, processGroups, processRoads }),
      }
    },
  }
}
