import type { MapEdge, ProcessMap } from './process-map.ts'

/** All lengths in pixels of the drawing. */
const NODE_H = 68
const ROW_MAX = 8
const WRAP_AT = 6
/** Lifts of arcs: the lowest, and the step to the next lane, as high as a label. */
const LIFT = 34
const LANE = 26
const BELOW_MIN = 118
/** From the lowest return to the line that drains end on, and the counts under it. */
const DRAIN_ROOM = 70
const ROAD_MAX = 36
/** Room for the numbered gates at both ends of a wrapped row. */
const GATE_ROOM = 40
const LINE_MIN = 1.5
const ARC_MAX = 7

export type Box = { x: number; y: number; width: number; height: number; row: number }

export type Drawing = {
  width: number
  height: number
  /** One per open stage, and the last for won when there is one. */
  boxes: Box[]
  bands: { edge: MapEdge; x: number; y: number; width: number; height: number }[]
  /** Where the road leaves a row and where it goes on: the same number at both ends. */
  gates: { number: number; x: number; y: number }[]
  arcs: { edge: MapEdge; path: string; stroke: number; labelX: number; labelY: number; isLabelled: boolean }[]
  drains: {
    index: number
    x: number
    y: number
    width: number
    height: number
    labelY: number
    lost: number
  }[]
  floors: { y: number; from: number; to: number }[]
}

const LABELLED = 3

/**
 * Lanes for arcs of one side: short spans low, long ones outside, and a label never on another label. An arc
 * without a label takes the lane of its span.
 */
const lanesOf = (
  arcs: readonly { edge: MapEdge; middle: number; row: number; label: number }[],
): Map<MapEdge, number> => {
  const lanes = new Map<MapEdge, number>()
  const taken: { lane: number; row: number; from: number; to: number }[] = []
  const bySpan = [...arcs].sort(
    (a, b) => Math.abs(a.edge.to - a.edge.from) - Math.abs(b.edge.to - b.edge.from) || a.middle - b.middle,
  )
  for (const { edge, middle, row, label } of bySpan) {
    const [from, to] = [middle - label / 2 - 4, middle + label / 2 + 4]
    let lane = 0
    while (
      label > 0 &&
      taken.some(one => one.lane === lane && one.row === row && one.from < to && one.to > from)
    )
      lane += 1
    lanes.set(edge, label > 0 ? lane : Math.min(1, Math.abs(edge.to - edge.from) - 1))
    if (label > 0) taken.push({ lane, row, from, to })
  }
  return lanes
}

/**
 * Places stages on one line, or on rows of six joined by a numbered gate when they would get too narrow.
 * Widths are proportional to deals: the road to the widest road, arcs to the widest arc.
 */
export const drawMap = (
  map: ProcessMap,
  width: number,
  /** Width of an arc's label in pixels. */
  labelWidth: (edge: MapEdge) => number = () => 120,
): Drawing => {
  const count = map.nodes.length + (map.won === null ? 0 : 1)
  const perRow = count <= ROW_MAX ? Math.max(count, 1) : WRAP_AT
  const rows = Math.ceil(count / perRow)
  const margin = rows > 1 ? GATE_ROOM : 0
  const pitch = (width - 2 * margin) / perRow
  const nodeWidth = Math.min(150, pitch - Math.max(26, Math.min(36, pitch * 0.19)))
  const middleOf = (index: number): number => margin + ((index % perRow) + 0.5) * pitch
  const rowOf = (index: number): number => Math.floor(index / perRow)
  const sideOf = (kind: MapEdge['kind']): Map<MapEdge, number> =>
    lanesOf(
      map.arcs
        .map((edge, index) => ({
          edge,
          middle: (middleOf(edge.from) + middleOf(edge.to)) / 2,
          row: rowOf(edge.from),
          label: index < LABELLED ? labelWidth(edge) : 0,
        }))
        .filter(({ edge }) => edge.kind === kind && rowOf(edge.from) === rowOf(edge.to)),
    )
  const above = sideOf('short')
  const below = sideOf('back')
  const arcRoom =
    above.size === 0
      ? map.arcs.some(edge => edge.kind === 'short')
        ? LIFT
        : 14
      : LIFT + LANE * Math.max(...above.values()) + 16
  const belowRoom = Math.max(BELOW_MIN, LIFT + LANE * Math.max(0, ...below.values()) + DRAIN_ROOM)
  const rowHeight = arcRoom + NODE_H + belowRoom
  const boxes = Array.from({ length: count }, (_, index): Box => {
    const row = Math.floor(index / perRow)
    return {
      x: margin + (index % perRow) * pitch + (pitch - nodeWidth) / 2,
      y: row * rowHeight + arcRoom,
      width: nodeWidth,
      height: NODE_H,
      row,
    }
  })
  const box = (index: number): Box => boxes[index] ?? { x: 0, y: 0, width: 0, height: 0, row: 0 }
  const widestRoad = Math.max(1, ...map.road.map(edge => edge.deals))
  const widestArc = Math.max(1, ...map.arcs.map(edge => edge.deals))

  const bands = map.road
    .filter(edge => edge.to < count)
    .map(edge => {
      const [from, to] = [box(edge.from), box(edge.to)]
      const height = Math.max(2, (ROAD_MAX * edge.deals) / widestRoad)
      const isGate = from.row !== to.row
      const x = from.x + from.width
      return {
        edge,
        x,
        y: from.y + NODE_H / 2 - height / 2,
        width: isGate ? GATE_ROOM / 2 : to.x - x,
        height,
      }
    })

  const gates = Array.from({ length: rows - 1 }, (_, row) => {
    const [last, first] = [box((row + 1) * perRow - 1), box((row + 1) * perRow)]
    return [
      { number: row + 1, x: last.x + last.width + GATE_ROOM / 2 + 11, y: last.y + NODE_H / 2 },
      { number: row + 1, x: first.x - GATE_ROOM / 2, y: first.y + NODE_H / 2 },
    ]
  }).flat()

  const arcs = map.arcs
    .filter(edge => edge.to < count)
    .map((edge, index) => {
      const [from, to] = [box(edge.from), box(edge.to)]
      const stroke = Math.max(LINE_MIN, (ARC_MAX * edge.deals) / widestArc)
      const isAbove = edge.kind === 'short'
      const startX = from.x + from.width * (isAbove ? 0.72 : 0.3)
      const endX = to.x + to.width * (isAbove ? 0.28 : 0.7)
      const isLabelled = index < LABELLED
      if (from.row !== to.row) {
        const startY = from.row < to.row ? from.y + NODE_H : from.y
        const endY = from.row < to.row ? to.y - 5 : to.y + NODE_H + 5
        const middle = (startY + endY) / 2
        return {
          edge,
          path: `M${startX},${startY} C${startX},${middle} ${endX},${middle} ${endX},${endY}`,
          stroke,
          labelX: (startX + endX) / 2,
          labelY: middle,
          isLabelled,
        }
      }
      const lift = isAbove ? LIFT + LANE * (above.get(edge) ?? 0) : LIFT - 6 + LANE * (below.get(edge) ?? 0)
      const startY = isAbove ? from.y : from.y + NODE_H
      const endY = isAbove ? to.y - 6 : to.y + NODE_H + 6
      const peak = isAbove ? startY - lift : startY + lift
      // Control points at 4/3 of the lift put the top of the curve at the lift itself.
      const control = startY + ((peak - startY) * 4) / 3
      return {
        edge,
        path: `M${startX},${startY} C${startX},${control} ${endX},${control} ${endX},${endY}`,
        stroke,
        labelX: (startX + endX) / 2,
        labelY: peak,
        isLabelled,
      }
    })

  const widestDrain = Math.max(1, ...map.nodes.map(node => node.lost))
  const floorOf = (row: number): number => row * rowHeight + arcRoom + NODE_H + belowRoom - 38
  const drains = map.nodes.map(node => {
    const { x, y, width: nodeW, row } = box(node.index)
    const drain = node.lost === 0 ? 0 : Math.max(2, (12 * node.lost) / widestDrain)
    return {
      index: node.index,
      x: x + nodeW / 2 - drain / 2,
      y: y + NODE_H,
      width: drain,
      height: floorOf(row) - y - NODE_H,
      labelY: floorOf(row) + 18,
      lost: node.lost,
    }
  })
  const floors = Array.from({ length: rows }, (_, row) => {
    const inRow = drains.filter(drain => box(drain.index).row === row)
    return { y: floorOf(row), from: (inRow[0]?.x ?? 0) - 40, to: (inRow.at(-1)?.x ?? 0) + 50 }
  }).filter((floor, row) => floor.to > 0 && drains.some(drain => box(drain.index).row === row))
  return { width, height: rows * rowHeight - 8, boxes, bands, gates, arcs, drains, floors }
}
