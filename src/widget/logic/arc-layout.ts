/** Arcs of one side of one row, in heights above (or depths below) the nodes' edge. All lengths in pixels. */

export const PILL_H = 22
/** The lowest arc, and the step to the next lane, as high as a label. */
export const LIFT = 34
const LANE = 26
const LANES = 9
/** Between a label and anything else. */
const GAP = 3
const SAMPLES = 48
/** Where on its arc a label may sit: the top first, then down both legs. */
const SPOTS = [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73]

export type Arc<Key> = {
  key: Key
  startX: number
  endX: number
  stroke: number
  /** Width of its label; 0 = none. Earlier arcs matter more: their labels are kept. */
  label: number
  /** Width of a shorter label for where the whole one has no place; 0 = none. */
  short?: number
}
export type Placed<Key> = Arc<Key> & {
  lift: number
  labelX: number
  labelLift: number
  isLabelled: boolean
  isShort: boolean
}

/** A point of the curve that rises from one x, tops at `lift` and comes down at the other. */
export const pointAt = (
  arc: { startX: number; endX: number; lift: number },
  t: number,
): { x: number; height: number } => ({
  x: arc.startX + (arc.endX - arc.startX) * t * t * (3 - 2 * t),
  height: 4 * arc.lift * t * (1 - t),
})

type Rect = { left: number; right: number; low: number; high: number }
type Spot = { lift: number; t: number }
type State<Key> = {
  arc: Arc<Key>
  lift: number
  points: { x: number; height: number }[]
  pill: Rect | null
  t: number
}

/**
 * Gives each arc a height and its label a place on it, so that no label lies on another, on a node or on another
 * arc; short arcs low and long ones outside where that is possible. A label that finds no free place gets shorter,
 * then is left to the pointer; the first one's never.
 */
export const placeArcs = <Key>(arcs: readonly Arc<Key>[], width: number): Placed<Key>[] => {
  const bySpan = arcs.toSorted((a, b) => spanOf(a) - spanOf(b))
  const states = arcs.map(arc =>
    stateOf(arc, { lift: liftOf(Math.min(bySpan.indexOf(arc), 2)), t: 0.5 }, width),
  )
  // Each in turn takes the best place beside the others, until nobody would move.
  for (let round = 0; round < 4; round++) {
    let isMoved = false
    for (const [index, state] of states.entries()) {
      const others = states.filter(one => one !== state)
      let best = { state, cost: costOf(state, others) }
      for (let lane = 0; lane < LANES; lane++)
        for (const t of state.arc.label > 0 ? SPOTS : [0.5]) {
          const tried = stateOf(state.arc, { lift: liftOf(lane), t }, width)
          const cost = costOf(tried, others)
          if (cost < best.cost - 1e-9) best = { state: tried, cost }
        }
      isMoved ||= best.state !== state
      states[index] = best.state
    }
    if (!isMoved) break
  }
  raiseFirst(states, width)
  return keepFree(states, width)
}

const spanOf = (arc: { startX: number; endX: number }): number => Math.abs(arc.endX - arc.startX)
const liftOf = (lane: number): number => LIFT + LANE * lane

const stateOf = <Key>(arc: Arc<Key>, { lift, t }: Spot, width: number): State<Key> => {
  const curve = { ...arc, lift }
  const points = Array.from({ length: SAMPLES + 1 }, (_, index) => pointAt(curve, index / SAMPLES))
  if (arc.label === 0) return { arc, lift, points, pill: null, t }
  const at = pointAt(curve, t)
  const half = arc.label / 2
  const x = Math.max(half + 2, Math.min(width - half - 2, at.x))
  const pill = {
    left: x - half,
    right: x + half,
    low: at.height - PILL_H / 2,
    high: at.height + PILL_H / 2,
  }
  return { arc, lift, points, pill, t }
}

const overlaps = (a: Rect, b: Rect): boolean =>
  a.left < b.right + GAP && b.left < a.right + GAP && a.low < b.high + GAP && b.low < a.high + GAP

const runsThrough = (state: State<unknown>, pill: Rect): boolean => {
  const room = state.arc.stroke / 2 + GAP
  return state.points.some(
    ({ x, height }) =>
      x > pill.left - room && x < pill.right + room && height > pill.low - room && height < pill.high + room,
  )
}

/** Times that two curves pass from one side of each other to the other, roughly. */
const crossings = (a: State<unknown>, b: State<unknown>): number => {
  const [left, right] = [Math.min(a.arc.startX, a.arc.endX), Math.max(a.arc.startX, a.arc.endX)]
  const [from, to] = [Math.min(b.arc.startX, b.arc.endX), Math.max(b.arc.startX, b.arc.endX)]
  if (right <= from || to <= left) return 0
  const isNested = (left <= from && to <= right) || (from <= left && right <= to)
  if (!isNested) return 1
  const outerIsA = right - left >= to - from
  return (outerIsA ? a.lift > b.lift : b.lift > a.lift) ? 0 : 2
}

const isTooLow = (pill: Rect): boolean => pill.low < GAP + 2

const costOf = <Key>(state: State<Key>, others: readonly State<Key>[]): number => {
  let cost = (state.lift - LIFT) / LANE + 8 * Math.abs(state.t - 0.5)
  if (state.pill !== null && isTooLow(state.pill)) cost += 2000
  for (const other of others) {
    cost += 3 * crossings(state, other)
    if (other.pill !== null && runsThrough(state, other.pill)) cost += 200
    if (state.pill === null) continue
    if (runsThrough(other, state.pill)) cost += 200
    if (other.pill !== null && overlaps(state.pill, other.pill)) cost += 1000
  }
  return cost
}

const isBlocked = <Key>(state: State<Key>, others: readonly State<Key>[], pills: readonly Rect[]): boolean =>
  state.pill !== null &&
  (isTooLow(state.pill) ||
    others.some(other => runsThrough(other, state.pill!)) ||
    pills.some(pill => overlaps(state.pill!, pill)))

/** The first arc's label always has a place: above everything. */
const raiseFirst = <Key>(states: State<Key>[], width: number): void => {
  const [first, ...others] = states
  if (first === undefined || !isBlocked(first, others, [])) return
  const top = Math.max(...others.map(({ lift }) => lift))
  states[0] = stateOf(first.arc, { lift: top + LANE + PILL_H, t: 0.5 }, width)
}

const keepFree = <Key>(states: readonly State<Key>[], width: number): Placed<Key>[] => {
  const kept: Rect[] = []
  return states.map(state => {
    const others = states.filter(one => one !== state)
    const { arc, lift } = state
    const isFree = (tried: State<Key>): boolean => tried.pill !== null && !isBlocked(tried, others, kept)
    const shorter = SPOTS.map(t => stateOf({ ...arc, label: arc.short ?? 0 }, { lift, t }, width))
    const found = isFree(state) ? state : shorter.find(isFree)
    if (found?.pill != null) kept.push(found.pill)
    const shown = found ?? state
    const at = pointAt({ ...arc, lift }, shown.t)
    return {
      ...arc,
      lift,
      labelX: shown.pill === null ? at.x : (shown.pill.left + shown.pill.right) / 2,
      labelLift: at.height,
      isLabelled: found !== undefined,
      isShort: found !== undefined && found !== state,
    }
  })
}
