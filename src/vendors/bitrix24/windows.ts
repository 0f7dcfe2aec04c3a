import { VendorError } from '../../errors.ts'
import { BATCH_SIZE, type Client, type Command, resultOf } from './client.ts'
import { spentOf } from './envelope.ts'

/**
 * Reads a list by windows of ids. A window of 50 ids can never hold more than a page of 50 rows, so windows
 * need no chaining, may run in any order and be read again. Where ids are sparse, windows grow; a full page
 * of a wide window says that more may follow, and the rest of that window is read again in narrower ones.
 * Rows come out in the order of their ids, so one number says how far everything is read.
 */

/** Ids above `lo` up to and including `hi`. */
export type IdRange = { lo: number; hi: number }

export type WindowList = {
  method: string
  command(range: IdRange): Command
  /** @returns null when the result is not the list */
  rows(result: unknown): unknown[] | null
  idOf(row: unknown): number | null
}

export const PAGE_ROWS = 50
/** Rows that a wide window should hold on average, so that few are full. */
const AIM_ROWS = 42
const MAX_WIDTH = 50_000_000
/** Batches under way at once. */
const PARALLEL = 3
/** Seconds that one batch should take; 60 is the portal's limit. */
const BATCH_SECONDS = 20

/** Ids per window for a share of used ids (0…1]. */
export const widthFor = (density: number): number => {
  if (density <= 0) return PAGE_ROWS * 8
  const width = Math.floor(AIM_ROWS / density)
  return width < PAGE_ROWS * 1.15 ? PAGE_ROWS : Math.min(width, MAX_WIDTH)
}

type Finished = { ranges: IdRange[]; rows: unknown[][]; secondsPerCommand: number | null }
type Outcome = { finished: Finished } | { error: unknown }
type Batch = { ranges: IdRange[]; outcome: Promise<Outcome> }

const cut = ({ lo, hi }: IdRange, width: number): IdRange[] => {
  const pieces: IdRange[] = []
  let from = lo
  while (from < hi && pieces.length < BATCH_SIZE - 1) {
    pieces.push({ lo: from, hi: Math.min(from + width, hi) })
    from += width
  }
  if (from < hi) pieces.push({ lo: from, hi })
  return pieces
}

export async function* readWindows(
  client: Client,
  list: WindowList,
  { lo, hi }: IdRange,
  density: number,
): AsyncGenerator<{ rows: unknown[]; upTo: number }> {
  let next = lo
  let mark = lo
  let width = widthFor(density)
  let batchSize = BATCH_SIZE
  const todo: IdRange[] = []
  const done = new Map<number, { hi: number; rows: unknown[] }>()
  /** Batches whose outcome has not been taken yet: one may well end while its reader is busy saving. */
  const running = new Set<Batch>()
  const misshapen = new Map<number, number>()

  const plan = (): IdRange[] => {
    const ranges = todo.splice(0, batchSize)
    while (ranges.length < batchSize && next < hi) {
      const end = Math.min(next + width, hi)
      ranges.push({ lo: next, hi: end })
      next = end
    }
    return ranges
  }

  const read = async (ranges: IdRange[]): Promise<Finished> => {
    const results = await client.batch(ranges.map(list.command), { skipCounts: true })
    const read: Finished = { ranges: [], rows: [], secondsPerCommand: null }
    let seconds = 0
    let timed = 0
    for (const [index, range] of ranges.entries()) {
      const envelope = resultOf(results[index], list.method)
      const { duration } = spentOf(envelope.time)
      if (duration !== null) {
        seconds += duration
        timed += 1
      }
      const rows = list.rows(envelope.result)
      if (rows === null) {
        const tries = (misshapen.get(range.lo) ?? 0) + 1
        misshapen.set(range.lo, tries)
        if (tries > 3)
          throw new VendorError('shape_changed', 'LIST_SHAPE', `${list.method} answers with no list`)
        todo.push(range)
        continue
      }
      read.ranges.push(range)
      read.rows.push(rows)
    }
    read.secondsPerCommand = timed > 0 ? seconds / timed : null
    return read
  }

  const start = (): void => {
    const ranges = plan()
    const outcome = read(ranges).then(
      (finished): Outcome => ({ finished }),
      (error: unknown): Outcome => ({ error }),
    )
    running.add({ ranges, outcome })
  }

  const settle = (range: IdRange, rows: unknown[]): void => {
    const isFull = rows.length >= PAGE_ROWS && range.hi - range.lo > PAGE_ROWS
    if (!isFull) {
      done.set(range.lo, { hi: range.hi, rows })
      return
    }
    const last = rows.reduce<number>((max, row) => Math.max(max, list.idOf(row) ?? 0), 0)
    if (last <= range.lo || last > range.hi) {
      // No row says where to go on: nothing of this page is kept, narrower windows read it again.
      todo.push(...cut(range, Math.max(PAGE_ROWS, Math.ceil((range.hi - range.lo) / 2))))
      return
    }
    done.set(range.lo, { hi: last, rows })
    if (last < range.hi)
      todo.push(...cut({ lo: last, hi: range.hi }, widthFor(rows.length / (last - range.lo))))
  }

  const learn = ({ ranges, rows, secondsPerCommand }: Finished): void => {
    const ids = ranges.reduce((sum, range) => sum + range.hi - range.lo, 0)
    const found = rows.reduce((sum, page) => sum + page.length, 0)
    if (ids > 0) {
      const wanted = found === 0 ? width * 8 : widthFor(found / ids)
      width = Math.max(PAGE_ROWS, Math.min(wanted, width * 8, MAX_WIDTH))
    }
    if (secondsPerCommand !== null && secondsPerCommand > 0)
      batchSize = Math.min(BATCH_SIZE, Math.max(1, Math.floor(BATCH_SECONDS / secondsPerCommand)))
  }

  try {
    while (mark < hi) {
      while (running.size < PARALLEL && (todo.length > 0 || next < hi)) start()
      // Waiting for nothing would be waiting forever.
      if (running.size === 0) throw new Error(`ids above ${mark} are neither read nor planned`)
      const { batch, outcome } = await Promise.race(
        [...running].map(async batch => ({ batch, outcome: await batch.outcome })),
      )
      running.delete(batch)
      if ('error' in outcome) {
        const isTooSlow = outcome.error instanceof VendorError && outcome.error.code === 'TIMEOUT'
        if (!isTooSlow || batchSize === 1) throw outcome.error
        batchSize = Math.max(1, Math.floor(batchSize / 4))
        todo.push(...batch.ranges)
      } else {
        const { finished } = outcome
        for (const [index, range] of finished.ranges.entries()) settle(range, finished.rows[index] ?? [])
        learn(finished)
      }
      todo.sort((a, b) => a.lo - b.lo)
      const rows: unknown[] = []
      const before = mark
      for (let part = done.get(mark); part; part = done.get(mark)) {
        done.delete(mark)
        rows.push(...part.rows)
        mark = part.hi
      }
      if (mark > before) yield { rows, upTo: mark }
    }
  } finally {
    await Promise.all([...running].map(batch => batch.outcome))
  }
}
