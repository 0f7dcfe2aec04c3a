/** What one kind of deal needs, and how many deals are of that kind. */
export type Need = { elements: readonly number[]; deals: number }

export type WorkingSet = {
  /** Elements kept, ascending. */
  kept: number[]
  /** Deals that need nothing else. */
  covered: number
  /** False where the set is small but perhaps not the smallest. */
  isExact: boolean
}

/** Elements in question of which every subset is tried. */
const MAX_TRIED = 16

/**
 * The smallest set of elements by which at least `share` of the deals can be told: a deal is told when everything it
 * needs is in the set. Of the smallest sets the one that tells most deals is taken, of those the one that keeps
 * the earlier elements.
 *
 * An element needed by more deals than may be left out is in every such set, one that nobody needs in none. Of the
 * rest all subsets are tried (sums over subsets, n·2ⁿ); where they are too many, those needed by the fewest deals
 * are let go first until few enough are left, and the answer is marked.
 */
export const smallestWorkingSet = (needs: readonly Need[], share: number): WorkingSet => {
  const total = needs.reduce((sum, { deals }) => sum + deals, 0)
  const wanted = Math.ceil(total * share - 1e-9)
  if (total === 0) return { kept: [], covered: 0, isExact: true }
  const needed = new Map<number, number>()
  for (const { elements, deals } of needs)
    for (const element of new Set(elements)) needed.set(element, (needed.get(element) ?? 0) + deals)
  const isForced = (element: number): boolean => needed.get(element)! > total - wanted
  const forced = [...needed.keys()].filter(isForced)
  const optional = [...needed.keys()].filter(element => !isForced(element)).sort((a, b) => a - b)
  const dropped = letGo(needs, optional, total - wanted)
  const tried = optional.filter(element => !dropped.has(element))
  const { chosen, covered } = bestSubset(needs, tried, dropped, wanted)
  return {
    kept: [...forced, ...chosen].sort((a, b) => a - b),
    covered,
    isExact: dropped.size === 0,
  }
}

/** Lets elements go, the least missed first, until the rest can be tried out; never more than may be lost. */
const letGo = (needs: readonly Need[], optional: readonly number[], mayLose: number): Set<number> => {
  const dropped = new Set<number>()
  let left = needs
  let lost = 0
  while (optional.length - dropped.size > MAX_TRIED) {
    const missed = new Map(optional.filter(element => !dropped.has(element)).map(element => [element, 0]))
    for (const { elements, deals } of left)
      for (const element of new Set(elements)) {
        const sum = missed.get(element)
        if (sum !== undefined) missed.set(element, sum + deals)
      }
    const [element, deals] = [...missed].reduce((least, one) => (one[1] <= least[1] ? one : least))
    if (lost + deals > mayLose) break
    dropped.add(element)
    lost += deals
    left = left.filter(({ elements }) => !elements.includes(element))
  }
  return dropped
}

const bestSubset = (
  needs: readonly Need[],
  tried: readonly number[],
  dropped: ReadonlySet<number>,
  wanted: number,
): { chosen: number[]; covered: number } => {
  if (tried.length > MAX_TRIED) return { chosen: [...tried], covered: toldBy(needs, dropped) }
  const bit = new Map(tried.map((element, index) => [element, 1 << index]))
  const told = new Float64Array(1 << tried.length)
  for (const { elements, deals } of needs) {
    if (elements.some(element => dropped.has(element))) continue
    let mask = 0
    for (const element of elements) mask |= bit.get(element) ?? 0
    told[mask]! += deals
  }
  for (let index = 0; index < tried.length; index++)
    for (let mask = 0; mask < told.length; mask++)
      if ((mask & (1 << index)) !== 0) told[mask]! += told[mask ^ (1 << index)]!
  let best = told.length - 1
  for (let mask = 0; mask < told.length; mask++) {
    if (told[mask]! < wanted) continue
    const bySize = bitsOf(mask) - bitsOf(best)
    if (bySize < 0 || (bySize === 0 && told[mask]! > told[best]!)) best = mask
  }
  return { chosen: tried.filter((_, index) => (best & (1 << index)) !== 0), covered: told[best]! }
}

/** Deals that need none of the elements let go. */
const toldBy = (needs: readonly Need[], dropped: ReadonlySet<number>): number =>
  needs
    .filter(({ elements }) => !elements.some(element => dropped.has(element)))
    .reduce((sum, { deals }) => sum + deals, 0)

const bitsOf = (mask: number): number => {
  let bits = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits++
  return bits
}
