import { parentPort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type { PortalHistory } from '../metrics/portal-history.ts'
import { type BackgroundSource, backgroundOf } from './background.ts'
import type { WrittenDeals } from './kept-deals.ts'
import { type WorldsInput, worldsAt } from './world.ts'

/** A thread that judges deals by a portal's history and tells what else it says, while people are measured elsewhere. */
export type BackgroundThread = BackgroundSource & {
  /** @param kept the deals to judge; null where they were too many to keep */
  learn(history: PortalHistory, worlds: WorldsInput, kept: WrittenDeals | null): void
}

let source: BackgroundSource | null = null
const known = (): BackgroundSource => {
  if (source === null) throw new Error('Asked before anything was learnt')
  return source
}

const thread: BackgroundThread = {
  learn: (history, worlds, kept) => {
    source = backgroundOf(history, worldsAt(worlds), kept)
  },
  standing: index => known().standing(index),
  background: index => known().background(index),
}
if (parentPort !== null) expose(thread, nodeEndpoint(parentPort))
