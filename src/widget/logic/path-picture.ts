/** A road drawn small: one dot for each stage of the design, hops over what it passed, dips where it went back. */
export type PathPicture = {
  dots: { x: number; isVisited: boolean }[]
  hops: { path: string; kind: 'road' | 'short' | 'back' }[]
  /** Where it ends: the last stage, or the mark of won or lost after it. */
  end: { x: number; state: 'won' | 'lost' | 'open' }
}

export const PICTURE_H = 26
const MIDDLE = 13
const EDGE = 7

/** @param road open stages in their order; others of the path are won, lost or of another pipeline */
export const drawPath = (
  path: readonly string[],
  road: readonly string[],
  outcomeOf: (stageId: string) => 'open' | 'won' | 'lost' | undefined,
  width: number,
): PathPicture => {
  const step = (width - 2 * EDGE) / Math.max(1, road.length)
  const xOf = (place: number): number => EDGE + place * step
  const places = path.flatMap(stageId => {
    const place = road.indexOf(stageId)
    if (place >= 0) return [place]
    return outcomeOf(stageId) === 'won' ? [road.length] : []
  })
  const visited = new Set(places)
  const hops = places.slice(1).flatMap((to, index): PathPicture['hops'] => {
    const from = places[index]!
    if (from === to) return []
    const [a, b] = [xOf(from), xOf(to)]
    if (to === from + 1) return [{ kind: 'road', path: `M${a},${MIDDLE} L${b},${MIDDLE}` }]
    const lift = Math.min(11, 5 + Math.abs(to - from) * 1.5) * (to > from ? -1 : 1)
    const control = MIDDLE + (lift * 4) / 3
    return [
      {
        kind: to > from ? 'short' : 'back',
        path: `M${a},${MIDDLE} C${a},${control} ${b},${control} ${b},${MIDDLE}`,
      },
    ]
  })
  const last = places.at(-1) ?? 0
  const state = outcomeOf(path.at(-1) ?? '') ?? 'open'
  return {
    dots: road.map((_, place) => ({ x: xOf(place), isVisited: visited.has(place) })),
    hops,
    end: {
      x: state === 'lost' ? Math.min(width - EDGE, xOf(last) + Math.min(14, step / 2)) : xOf(last),
      state,
    },
  }
}
