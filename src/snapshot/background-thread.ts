import { parentPort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type { PortalHistory } from '../metrics/portal-history.ts'
import { type BackgroundSource, backgroundOf } from './background.ts'
import { type WorldsInput, worldsAt } from './world.ts'

/** A thread that answers from a portal's history while deals are measured elsewhere. */
export type BackgroundThread = BackgroundSource & { learn(history: PortalHistory, worlds: WorldsInput): void }

let source: BackgroundSource | null = null
const known = (): BackgroundSource => {
  if (source === null) throw new Error('Asked before anything was learnt')
  return source
}

const thread: BackgroundThread = {
  learn: (history, worlds) => {
    source = backgroundOf(history, worldsAt(worlds))
  },
  standing: index => known().standing(index),
  background: index => known().background(index),
}
if (parentPort !== null) expose(thread, nodeEndpoint(parentPort))
