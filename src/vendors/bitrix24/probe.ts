import type { Clock } from '../../clock.ts'
import type { FeedName } from '../vendor.ts'
import { type Client, type Command, type CommandResult, resultOf } from './client.ts'
import { FEEDS, type FeedSpec, isAbsent, rowId, rowsOf } from './feeds.ts'
import { portalInstant, sinceOf } from './portal-time.ts'
import type { IdRange } from './windows.ts'

/** Size of the portal before a full read: two requests for all feeds together. */
export type FeedSize = {
  /** Ids above `min` up to `max` are to be read; equal when the feed is empty. */
  min: number
  max: number
  density: number
  expected: number | null
}
export type Probe = { since: string; feeds: ReadonlyMap<FeedName, FeedSize> }

/** Counting costs the portal time in proportion to the block, so blocks are small and few. */
const BLOCK_IDS = 10_000
const BLOCKS_PER_FEED = 9

const edge = (spec: FeedSpec, order: 'ASC' | 'DESC'): Command => spec.list({}, { select: [spec.key], order })

const edgeId = (spec: FeedSpec, result: CommandResult | undefined): number | null => {
  if (result && !result.ok && isAbsent(spec, result.refusal)) return null
  const rows = rowsOf(spec, resultOf(result, spec.method).result) ?? []
  return rows.map(row => rowId(spec, row)).find(id => id !== null) ?? null
}

/** All of a small range, or blocks spread evenly over a large one. */
const blocksOf = ({ lo, hi }: IdRange): IdRange[] => {
  const count = Math.min(BLOCKS_PER_FEED, Math.ceil((hi - lo) / BLOCK_IDS))
  const step = (hi - lo) / Math.max(1, count)
  return Array.from({ length: count }, (_, index) => {
    const from = lo + Math.floor(index * step)
    const end = index === count - 1 ? hi : lo + Math.floor((index + 1) * step)
    return { lo: from, hi: Math.min(end, from + BLOCK_IDS) }
  })
}

/** Counts rows by asking for a page with its total. */
export const countCommand = (spec: FeedSpec, { lo, hi }: IdRange): Command =>
  spec.list({ [`>${spec.key}`]: lo, [`<=${spec.key}`]: hi }, { select: [spec.key], start: 0 })

/** @returns null when the portal gives no total */
export const countOf = (spec: FeedSpec, result: CommandResult | undefined): number | null => {
  const { total, next, result: rows } = resultOf(result, spec.method)
  if (total !== null) return total
  return next === null ? (rowsOf(spec, rows)?.length ?? null) : null
}

export const probePortal = async (client: Client, clock: Clock): Promise<Probe> => {
  const edges = FEEDS.flatMap(spec => [edge(spec, 'DESC'), edge(spec, 'ASC')])
  const [time, ...found] = await client.batch([{ method: 'server.time', params: {} }, ...edges])
  const now = portalInstant(time?.ok ? time.envelope.result : null, clock.now())
  const ranges = FEEDS.map((spec, index) => {
    const max = edgeId(spec, found[index * 2]) ?? 0
    const first = edgeId(spec, found[index * 2 + 1]) ?? 0
    return { spec, lo: Math.max(0, Math.min(first, max) - 1), hi: max }
  })
  const blocks = ranges.flatMap(range =>
    range.hi > range.lo ? blocksOf(range).map(block => ({ ...range, block })) : [],
  )
  const counted = await client.batch(blocks.map(({ spec, block }) => countCommand(spec, block)))
  const feeds = new Map<FeedName, FeedSize>()
  for (const { spec, lo, hi } of ranges) {
    let ids = 0
    let rows = 0
    for (const [index, part] of blocks.entries()) {
      if (part.spec !== spec) continue
      const count = countOf(spec, counted[index])
      if (count === null) continue
      ids += part.block.hi - part.block.lo
      rows += count
    }
    const density = ids > 0 ? Math.min(1, rows / ids) : 1
    const expected = hi === lo ? 0 : ids > 0 ? Math.round(density * (hi - lo)) : null
    feeds.set(spec.name, { min: lo, max: hi, density, expected })
  }
  return { since: sinceOf(now), feeds }
}
