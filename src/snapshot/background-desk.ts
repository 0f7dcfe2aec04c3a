import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type { PortalHistory } from '../metrics/portal-history.ts'
import type { World } from '../metrics/world.ts'
import { PackedPart } from '../store/packed-part.ts'
import { type Background, type BackgroundSource, backgroundOf } from './background.ts'
import type { BackgroundThread } from './background-thread.ts'
import type { WrittenDeals } from './kept-deals.ts'
import type { WorldsInput } from './world.ts'

/** Deals from which a second thread is worth starting. */
const MANY_DEALS = 20_000

/**
 * Where the second pass asks for what the history says and how it judges the deals: worked out here, or in a thread of
 * its own for many deals.
 */
export type BackgroundDesk = BackgroundSource & {
  /** Tells how many deals were read so far, so that a thread is up by the time it is needed. */
  expect(deals: number): void
  /** @param kept the deals to judge; null where they were too many to keep */
  learn(history: PortalHistory, kept: WrittenDeals | null): void
  /** Has the thread, if there is one, begin on an instant that will be asked for next. */
  prepare(index: number): void
  close(): Promise<void>
}

/** @param manyDeals from how many deals on a thread is used */
export const openBackgroundDesk = (
  worlds: readonly World[],
  input: WorldsInput,
  manyDeals = MANY_DEALS,
): BackgroundDesk => {
  let thread: ReturnType<typeof startThread> | null = null
  let source: BackgroundSource | null = null
  const known = (): BackgroundSource => {
    if (source === null) throw new Error('Asked before anything was learnt')
    return source
  }
  return {
    expect: deals => {
      if (thread === null && deals >= manyDeals && availableParallelism() > 1) thread = startThread()
    },
    learn: (history, kept) => {
      thread?.learn(history, input, kept)
      source = thread ?? backgroundOf(history, worlds, kept)
    },
    prepare: index => {
      if (index < worlds.length) thread?.prepare(index)
    },
    standing: index => known().standing(index),
    background: index => known().background(index),
    close: async () => void (await thread?.end()),
  }
}

const startThread = () => {
  const worker = new Worker(new URL('./background-thread.ts', import.meta.url), {
    execArgv: [],
    name: 'snapshot-background',
  })
  const remote = wrap<BackgroundThread>(nodeEndpoint(worker))
  // A thread that has died answers nobody. A race against its death would hold every answer until then.
  const waiting = new Set<(error: Error) => void>()
  let failure: Error | null = null
  worker.once('error', (error: Error) => {
    failure = error
    for (const reject of waiting) reject(error)
  })
  const alive = <Told>(answer: Promise<Told>): Promise<Told> => {
    const { promise, resolve, reject } = Promise.withResolvers<Told>()
    if (failure !== null) reject(failure)
    waiting.add(reject)
    answer.then(resolve, reject).finally(() => waiting.delete(reject))
    // Looked at when its turn comes.
    promise.catch(() => {})
    return promise
  }
  const ask = (index: number) => ({
    standing: alive(remote.standing(index)),
    background: alive(remote.background(index)),
  })
  let learnt: Promise<void> = Promise.resolve()
  const asked = new Map<number, ReturnType<typeof ask>>()
  const prepare = (index: number): ReturnType<typeof ask> => {
    const answers = asked.get(index) ?? ask(index)
    asked.set(index, answers)
    return answers
  }
  return {
    // Questions are answered in their order: only a failure has to be waited for.
    learn: (history: PortalHistory, input: WorldsInput, kept: WrittenDeals | null): void => {
      learnt = alive(remote.learn(history, input, kept))
    },
    prepare,
    standing: async (index: number) => {
      const { standing } = prepare(index)
      await learnt
      return standing
    },
    background: async (index: number): Promise<Background> => {
      const told = await prepare(index).background
      // Told once: kept longer, twelve instants would be most of the memory.
      asked.delete(index)
      const deals =
        'rows' in told.deals
          ? { rows: { ...told.deals.rows, packed: received(told.deals.rows.packed) } }
          : told.deals
      return { ...told, packed: received(told.packed), deals }
    },
    end: (): Promise<number> => worker.terminate(),
  }
}

/** Parts that another thread has packed. */
const received = <Name extends string>(packed: { [N in Name]?: PackedPart }): { [N in Name]?: PackedPart } =>
  Object.fromEntries(
    Object.entries<PackedPart | undefined>(packed).flatMap(([name, part]) =>
      part === undefined ? [] : [[name, PackedPart.received(part)]],
    ),
  ) as { [N in Name]?: PackedPart }
