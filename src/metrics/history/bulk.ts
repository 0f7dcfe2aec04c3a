import { NEVER, OPEN } from './code.ts'
import type { PortalHistory } from './stays.ts'

/** So many deals closed or created within so long by one actor are a clean-up or an import (metrics 4.5). */
export const BULK_DEALS = 30
export const BULK_MS = 10 * 60_000

type Rows = {
  readonly at: Float64Array
  readonly stage: Int32Array
  readonly outcome: Uint8Array
  readonly isCreation: Uint8Array
  readonly actor: Int32Array
  readonly deal: Int32Array
}

/**
 * Finds bulk clean-ups: 30 or more distinct deals created, or 30 or more closed, within any 10 minutes by one
 * actor, or in one pipeline where the actor is unknown.
 * @returns for each row the instant at which the thirtieth deal made it known, or NEVER: a cut at an earlier
 * `asOf` cannot know of the clean-up yet
 */
export const bulkKnownAt = (rows: Rows, stages: readonly { pipelineId: string }[]): Float64Array => {
  const knownAt = new Float64Array(rows.at.length).fill(NEVER)
  const pipelines = new Map<string, number>()
  const pipelineOf = Int32Array.from(stages, ({ pipelineId }) => {
    const known = pipelines.get(pipelineId) ?? pipelines.size
    pipelines.set(pipelineId, known)
    return known
  })
  const closings = new Map<number, number[]>()
  const creations = new Map<number, number[]>()
  const note = (groups: Map<number, number[]>, who: number, row: number): void => {
    const group = groups.get(who)
    if (group === undefined) groups.set(who, [row])
    else group.push(row)
  }
  for (let row = 0; row < rows.at.length; row++) {
    const isClosing =
      rows.outcome[row] !== OPEN &&
      (rows.isCreation[row] === 1 || rows.deal[row - 1] !== rows.deal[row] || rows.outcome[row - 1] === OPEN)
    if (!isClosing && rows.isCreation[row] !== 1) continue
    const actor = rows.actor[row]!
    // Pipelines stand below zero, where no actor is.
    const who = actor >= 0 ? actor : -1 - pipelineOf[rows.stage[row]!]!
    if (isClosing) note(closings, who, row)
    if (rows.isCreation[row] === 1) note(creations, who, row)
  }
  for (const groups of [closings, creations])
    for (const group of groups.values()) if (group.length >= BULK_DEALS) markBulk(rows, group, knownAt)
  return knownAt
}

/** Deals that a bulk creation known by `asOf` has made (metrics 4.5). */
export const importedDeals = (
  { deal, row }: Pick<PortalHistory, 'deal' | 'row'>,
  asOf: number,
): ReadonlySet<string> => {
  const imported = new Set<string>()
  deal.id.forEach((id, number) => {
    for (let at = deal.firstRow[number]!; at < deal.firstRow[number + 1]!; at++)
      if (row.isCreation[at] === 1 && row.bulkKnownAt[at]! <= asOf) imported.add(id)
  })
  return imported
}

const markBulk = (rows: Rows, group: number[], knownAt: Float64Array): void => {
  group.sort((a, b) => rows.at[a]! - rows.at[b]!)
  // Thirty deals take thirty rows: where those never stand so close, nothing needs to be counted.
  const isDense = group.some(
    (row, index) =>
      index + 1 >= BULK_DEALS && rows.at[row]! - rows.at[group[index + 1 - BULK_DEALS]!]! <= BULK_MS,
  )
  if (!isDense) return
  const times = new Map<number, number>()
  let oldest = 0
  let marked = 0
  for (let newest = 0; newest < group.length; newest++) {
    const at = rows.at[group[newest]!]!
    const deal = rows.deal[group[newest]!]!
    times.set(deal, (times.get(deal) ?? 0) + 1)
    while (at - rows.at[group[oldest]!]! > BULK_MS) {
      const gone = rows.deal[group[oldest++]!]!
      const left = (times.get(gone) ?? 1) - 1
      if (left === 0) times.delete(gone)
      else times.set(gone, left)
    }
    if (times.size < BULK_DEALS) continue
    for (let index = Math.max(oldest, marked); index <= newest; index++)
      knownAt[group[index]!] = Math.min(knownAt[group[index]!]!, at)
    marked = newest + 1
  }
}
