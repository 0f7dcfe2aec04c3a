import { VendorError } from '../../errors.ts'
import type { RecordKind } from '../../records/records.ts'
import type { KnownIds } from '../vendor.ts'
import { type Client, resultOf } from './client.ts'
import { type FeedSpec, feedOf, isAbsent } from './feeds.ts'
import { absentIds, runAll } from './fetch.ts'
import { countCommand, countOf } from './probe.ts'
import type { IdRange } from './windows.ts'

/**
 * Finds what we hold and the portal no longer shows. Small portals are read id by id; in large ones blocks
 * of ids are counted first and only those that disagree are read.
 */

/** Up to so many rows, reading all ids costs about as little as counting. */
const READ_ALL = 25_000
const BLOCK_ROWS = 10_000
/** A disagreeing block is counted again in parts of this many ids. */
const PART_IDS = 500
/** Above this share, vanishing is suspected to be a loss of rights. */
const SUSPICIOUS_SHARE = 0.05

/** Ranges (lo, hi] that hold at most `BLOCK_ROWS` of our rows; ranges without any are left out. */
const blocksOf = async (known: KnownIds, { lo, hi }: IdRange): Promise<(IdRange & { count: number })[]> => {
  const count = await known.count(lo + 1, hi + 1)
  if (count === 0) return []
  if (count <= BLOCK_ROWS || hi - lo <= BLOCK_ROWS) return [{ lo, hi, count }]
  const middle = lo + Math.floor((hi - lo) / 2)
  return [...(await blocksOf(known, { lo, hi: middle })), ...(await blocksOf(known, { lo: middle, hi }))]
}

/** Blocks whose number of rows differs from ours. @returns null when the portal has no such list */
const disagreeing = async (
  client: Client,
  spec: FeedSpec,
  blocks: readonly (IdRange & { count: number })[],
): Promise<IdRange[] | null> => {
  const counted = await runAll(
    client,
    blocks.map(block => countCommand(spec, block)),
  )
  const wrong: IdRange[] = []
  for (const [index, block] of blocks.entries()) {
    const result = counted[index]
    if (result && !result.ok && isAbsent(spec, result.refusal)) return null
    const count = countOf(spec, result)
    if (count === null || count !== block.count) wrong.push(block)
  }
  return wrong
}

const partsOf = async (known: KnownIds, { lo, hi }: IdRange): Promise<(IdRange & { count: number })[]> => {
  const width = Math.max(PART_IDS, Math.ceil((hi - lo) / 40))
  const parts: (IdRange & { count: number })[] = []
  for (let from = lo; from < hi; from += width) {
    const end = Math.min(from + width, hi)
    const count = await known.count(from + 1, end + 1)
    if (count > 0) parts.push({ lo: from, hi: end, count })
  }
  return parts
}

/** @throws VendorError `rejected` when the token is not an administrator's: empty lists prove nothing then */
const requireAdmin = async (client: Client): Promise<void> => {
  const { result } = await client.call('user.admin', {})
  if (result !== true && result !== 'Y' && result !== 1)
    throw new VendorError(
      'rejected',
      'RIGHTS_LOST',
      'the token is not an administrator’s: what vanished is not believed',
    )
}

export const vanishedIds = async (client: Client, kind: RecordKind, known: KnownIds): Promise<string[]> => {
  // History rows vanish by themselves (a move to another pipeline erases them on some versions): ours stay.
  if (kind === 'stageMove') return []
  const spec = feedOf(kind)
  const top = await known.max()
  if (top <= 0) return []
  await requireAdmin(client)
  const all = { lo: 0, hi: top }
  const total = await known.count(1, top + 1)
  if (total === 0) return []
  let ranges: IdRange[] = [all]
  if (total > READ_ALL) {
    const blocks = await disagreeing(client, spec, await blocksOf(known, all))
    if (blocks === null) return []
    const parts = await Promise.all(blocks.map(block => partsOf(known, block)))
    ranges = (await disagreeing(client, spec, parts.flat())) ?? []
  } else {
    const [probe] = await client.batch([spec.list({}, { select: [spec.key], order: 'DESC' })])
    if (probe && !probe.ok && isAbsent(spec, probe.refusal)) return []
    resultOf(probe, spec.method)
  }
  const held = await Promise.all(ranges.map(({ lo, hi }) => known.ids(lo + 1, hi + 1)))
  const gone = await absentIds(client, spec, held.flat())
  if (gone.length > SUSPICIOUS_SHARE * total) await requireAdmin(client)
  return gone
}
