import { setImmediate } from 'node:timers/promises'
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
import { type DealRows, startDealRows } from './deal-rows.ts'
import type { SnapshotParts } from './document.ts'
import { dealsAt, type WrittenDeals } from './kept-deals.ts'

/** What the history of a portal says about one instant, and the rows of deals judged by it. Plain data. */
export type Background = {
  backtest: SnapshotParts['backtest']
  parts: Pick<SnapshotParts, 'stages' | 'process' | 'variants' | 'designs'>
  packed: { [Name in LargePart]?: PackedPart }
  /** Rows of the deals that were kept, or the chances for whoever makes rows of deals that could not be kept. */
  deals: { rows: DealRows } | { chances: Chances }
}

type LargePart = 'curves' | 'processGroups' | 'processRoads'

export type BackgroundSource = {
  /** What flags are judged by at an instant. @param index of the instant's world */
  standing(index: number): Promise<Standing>
  /** The rest, once the standing of the same instant was asked for. */
  background(index: number): Promise<Background>
}

/**
 * Answers from a history, for instants in any order.
 * @param kept the deals to judge; null where they were too many to keep
 */
export const backgroundOf = (
  history: PortalHistory,
  worlds: readonly World[],
  kept: WrittenDeals | null,
): BackgroundSource => {
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
      const chances = chancesOf(history, world)
      const rows = kept === null ? null : await rowsOf(kept, standing, world, chances)
      // Screens show the latest map only.
      const byPerson = index === worlds.length - 1
      const { processGroups, processRoads, ...parts } = processOf(history, world, standing.thresholds, {
        byPerson,
      })
      const curves = stageCurves(history, world)
      return {
        backtest: chances.backTest,
        parts,
        packed: await packParts({ curves, processGroups, processRoads }),
        // A fitted model weighs tens of megabytes: it goes where it is asked for.
        deals: rows === null ? { chances } : { rows },
      }
    },
  }
}

const rowsOf = async (
  kept: WrittenDeals,
  standing: Standing,
  world: World,
  chances: Chances,
): Promise<DealRows> => {
  const rows = startDealRows(standing, world)
  for (const batch of dealsAt(kept, world.asOf)) {
    for (const dossier of batch) rows.add(dossier)
    await setImmediate()
  }
  return rows.finish(chances)
}
