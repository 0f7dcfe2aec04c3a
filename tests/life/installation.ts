import { eventually, type Installation, pause, type RunningProduct } from './running-product.ts'

/** One installation of a running product, as its operator finds it, syncs it and measures it. */
export type Watched = {
  find(): Promise<Installation | null>
  /** @throws Error when there is none */
  get(): Promise<Installation>
  /** Waits until everything was read for the first time. */
  firstSync(): Promise<Installation>
  /** One run, waited for; however it ends. */
  syncNow(full: boolean): Promise<Installation>
  /** Measures it as it is now. @returns the instant, once the second that it falls into is over */
  snapshot(): Promise<string>
  /** An exported table of a snapshot; without one the newest. */
  table<Row>(name: string, asOf?: string): Promise<Row[]>
}

const PATIENCE_MS = 240_000

/** @param id asked each time: some files look at one installation after another */
export const installationOf = (product: () => RunningProduct, id: () => string): Watched => {
  const path = (rest: string): string => `/installations/${id()}${rest}`
  const find = async (): Promise<Installation | null> =>
    (await product().admin<Installation[]>('/installations')).find(row => row.id === id()) ?? null
  const get = async (): Promise<Installation> => {
    const row = await find()
    if (!row) throw new Error(`${id()} is not installed`)
    return row
  }
  return {
    find,
    get,
    firstSync: async () => {
      const row = await eventually(
        'the first sync',
        find,
        found => found !== null && found.sync.lastFinishedAt !== null && found.sync.phase === 'idle',
        PATIENCE_MS,
      )
      return row as Installation
    },
    syncNow: async full => {
      const { run } = await product().admin<{ run: string }>(path('/sync'), {
        method: 'POST',
        body: { full },
      })
      return eventually(
        'the end of the run',
        get,
        ({ sync }) => sync.run === run && sync.outcome !== undefined && sync.outcome !== 'running',
        PATIENCE_MS,
      )
    },
    snapshot: async () => {
      // CRMs count in whole seconds: the one that runs has to be over.
      await pause(1100)
      const asOf = new Date().toISOString()
      await product().admin(path('/snapshot'), { method: 'POST', body: { asOf } })
      return asOf
    },
    table: (name, asOf) =>
      product().admin(
        path(`/export/${name}.json${asOf === undefined ? '' : `?asOf=${encodeURIComponent(asOf)}`}`),
      ),
  }
}
