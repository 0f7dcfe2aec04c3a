import { type Arc, LIFT, PILL_H, type Placed, placeArcs } from './arc-layout.ts'
import { fontFor, linesOf, type Measure, NODE_FONT_MIN } from './node-fit.ts'
import type { MapEdge, ProcessMap } from './process-map.ts'

/** All lengths in pixels of the drawing. */
const NODE_H = 74
/** Of a name; two lines are always there. */
const LINE_H = 15
const LINES_MAX = 3
const ROW_MAX = 8
/** Stages in a row, tried in this order until every word of their names fits. */
const WRAPS = [6, 5, 4, 3]
const NODE_MAX = 150
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
  /** Font of the nodes' names, in pixels, and how many lines of them are shown. */
  font: number
  lines: number
  /** One per open stage, and the last for won when there is one. */
  boxes: Box[]
  bands: { edge: MapEdge; x: number; y: number; width: number; height: number }[]
  /** Where the road leaves a row and where it goes on: the same number at both ends. */
  gates: { number: number; x: number; y: number }[]
  arcs: {
    edge: MapEdge
    path: string
    stroke: number
    labelX: number
    labelY: number
    isLabelled: boolean
    /** The label is the number alone. */
    isShort: boolean
  }[]
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

const grouped = <Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> => {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

/** Places of arcs along a node's edge: the longest nearest to its middle, so that arcs nest instead of crossing. */
const portsOf = (arcs: readonly MapEdge[], endOf: (edge: MapEdge) => number): Map<MapEdge, number> => {
  const ports = new Map<MapEdge, number>()
  for (const ends of grouped(arcs, endOf).values()) {
    const bySpan = ends.toSorted((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from))
    for (const [index, edge] of bySpan.entries())
      ports.set(edge, bySpan.length === 1 ? 0.22 : 0.08 + (0.28 * index) / (bySpan.length - 1))
  }
  return ports
}

/** How many stages stand in a row, and how wide: as many as let every word be read. */
const rowsOf = (
  names: readonly string[],
  count: number,
  width: number,
  measure: Measure,
): { perRow: number; margin: number; pitch: number; nodeWidth: number; font: number } => {
  const layout = (perRow: number) => {
    const margin = perRow < count ? GATE_ROOM : 0
    const pitch = (width - 2 * margin) / perRow
    const nodeWidth = Math.min(NODE_MAX, pitch - Math.max(26, Math.min(36, pitch * 0.19)))
    return { perRow, margin, pitch, nodeWidth, font: fontFor(names, nodeWidth, measure) }
  }
  const tries = [...(count <= ROW_MAX ? [Math.max(count, 1)] : []), ...WRAPS.filter(one => one < count)]
  for (const perRow of tries) {
    const { font, ...rest } = layout(perRow)
    if (font !== null) return { ...rest, font }
  }
  // A word longer than any node: it will end in an ellipsis, more rows would not help.
  return { ...layout(tries[0] ?? 1), font: NODE_FONT_MIN }
}

/**
 * Places stages on one line, or on rows joined by a numbered gate when words would not fit. Widths are proportional
 * to deals: the road to the widest road, arcs to the widest arc.
 */
export const drawMap = (
  map: ProcessMap,
  width: number,
  /** Width of an arc's label in pixels. */
  labelWidth: (edge: MapEdge) => number = () => 120,
  measure: Measure = (text, size) => (text.length * size) / 2,
  /** Name of the node that stands for won. */
  wonName = '',
  /** Width of the label that is the number alone. */
  shortWidth: (edge: MapEdge) => number = () => 0,
): Drawing => {
  const count = map.nodes.length + (map.won === null ? 0 : 1)
  const names = [...map.nodes.map(node => node.name), ...(map.won === null ? [] : [wonName])]
  const { perRow, margin, pitch, nodeWidth, font } = rowsOf(names, count, width, measure)
  const lines = Math.min(
    LINES_MAX,
    Math.max(2, ...names.map(name => linesOf(name, nodeWidth, font, measure))),
  )
  const nodeHeight = NODE_H + (lines - 2) * LINE_H
  const rows = Math.ceil(count / perRow)
  const rowOf = (index: number): number => Math.floor(index / perRow)
  const leftOf = (index: number): number => margin + (index % perRow) * pitch + (pitch - nodeWidth) / 2
  const widestArc = Math.max(1, ...map.arcs.map(edge => edge.deals))
  const strokeOf = (edge: MapEdge): number => Math.max(LINE_MIN, (ARC_MAX * edge.deals) / widestArc)
  const drawn = map.arcs.filter(edge => edge.to < count)
  const outs = portsOf(drawn, edge => edge.from * 2 + (edge.kind === 'short' ? 0 : 1))
  const ins = portsOf(drawn, edge => edge.to * 2 + (edge.kind === 'short' ? 0 : 1))
  const endsOf = (edge: MapEdge): { startX: number; endX: number } => {
    const way = edge.kind === 'short' ? 1 : -1
    return {
      startX: leftOf(edge.from) + nodeWidth * (0.5 + way * (outs.get(edge) ?? 0.22)),
      endX: leftOf(edge.to) + nodeWidth * (0.5 - way * (ins.get(edge) ?? 0.22)),
    }
  }

  const placed = new Map<MapEdge, Placed<MapEdge>>()
  const sides = grouped(
    drawn
      .map(
        (edge, index): Arc<MapEdge> => ({
          key: edge,
          ...endsOf(edge),
          stroke: strokeOf(edge),
          label: index < LABELLED ? labelWidth(edge) : 0,
          short: index < LABELLED ? shortWidth(edge) : 0,
        }),
      )
      .filter(({ key }) => rowOf(key.from) === rowOf(key.to)),
    ({ key }) => `${rowOf(key.from)} ${key.kind}`,
  )
  for (const arcs of sides.values()) for (const arc of placeArcs(arcs, width)) placed.set(arc.key, arc)
  const highest = (row: number, kind: MapEdge['kind']): number =>
    Math.max(
      0,
      ...[...placed.values()]
        .filter(({ key }) => key.kind === kind && rowOf(key.from) === row)
        .map(({ lift }) => lift + PILL_H / 2),
    )
  const hasFar = drawn.some(edge => rowOf(edge.from) !== rowOf(edge.to))
  const rowRooms = Array.from({ length: rows }, (_, row) => ({
    above: Math.max(14, hasFar ? LIFT : 0, highest(row, 'short') + 5),
    below: Math.max(BELOW_MIN, highest(row, 'back') - PILL_H / 2 + DRAIN_ROOM),
  }))
  const topOf = (row: number): number =>
    rowRooms.slice(0, row).reduce((sum, { above, below }) => sum + above + nodeHeight + below, 0) +
    (rowRooms[row]?.above ?? 0)

  const boxes = Array.from(
    { length: count },
    (_, index): Box => ({
      x: leftOf(index),
      y: topOf(rowOf(index)),
      width: nodeWidth,
      height: nodeHeight,
      row: rowOf(index),
    }),
  )
  const box = (index: number): Box => boxes[index] ?? { x: 0, y: 0, width: 0, height: 0, row: 0 }
  const widestRoad = Math.max(1, ...map.road.map(edge => edge.deals))

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
        y: from.y + nodeHeight / 2 - height / 2,
        width: isGate ? GATE_ROOM / 2 : to.x - x,
        height,
      }
    })

  const gates = Array.from({ length: rows - 1 }, (_, row) => {
    const [last, first] = [box((row + 1) * perRow - 1), box((row + 1) * perRow)]
    return [
      { number: row + 1, x: last.x + last.width + GATE_ROOM / 2 + 11, y: last.y + nodeHeight / 2 },
      { number: row + 1, x: first.x - GATE_ROOM / 2, y: first.y + nodeHeight / 2 },
    ]
  }).flat()

  const arcs = drawn.map(edge => {
    const { startX, endX } = endsOf(edge)
    const [from, to] = [box(edge.from), box(edge.to)]
    const stroke = strokeOf(edge)
    const own = placed.get(edge)
    if (own === undefined) {
      const startY = from.row < to.row ? from.y + nodeHeight : from.y
      const endY = from.row < to.row ? to.y - 5 : to.y + nodeHeight + 5
      const middle = (startY + endY) / 2
      const path = `M${startX},${startY} C${startX},${middle} ${endX},${middle} ${endX},${endY}`
      // From row to row the way is long and crosses much: what it is stands in its panel.
      return {
        edge,
        path,
        stroke,
        labelX: (startX + endX) / 2,
        labelY: middle,
        isLabelled: false,
        isShort: false,
      }
    }
    const way = edge.kind === 'short' ? -1 : 1
    const baseY = way < 0 ? from.y : from.y + nodeHeight
    // Control points at 4/3 of the lift put the top of the curve at the lift itself.
    const control = baseY + (way * own.lift * 4) / 3
    return {
      edge,
      path: `M${startX},${baseY} C${startX},${control} ${endX},${control} ${endX},${baseY + way * 6}`,
      stroke,
      labelX: own.labelX,
      labelY: baseY + way * own.labelLift,
      isLabelled: own.isLabelled,
      isShort: own.isShort,
    }
  })

  const widestDrain = Math.max(1, ...map.nodes.map(node => node.lost))
  const floorOf = (row: number): number => topOf(row) + nodeHeight + (rowRooms[row]?.below ?? 0) - 38
  const drains = map.nodes.map(node => {
    const { x, y, width: nodeW, row } = box(node.index)
    const drain = node.lost === 0 ? 0 : Math.max(2, (12 * node.lost) / widestDrain)
    return {
      index: node.index,
      x: x + nodeW / 2 - drain / 2,
      y: y + nodeHeight,
      width: drain,
      height: floorOf(row) - y - nodeHeight,
      labelY: floorOf(row) + 18,
      lost: node.lost,
    }
  })
  const floors = Array.from({ length: rows }, (_, row) => {
    const inRow = drains.filter(drain => box(drain.index).row === row)
    return { y: floorOf(row), from: (inRow[0]?.x ?? 0) - 40, to: (inRow.at(-1)?.x ?? 0) + 50 }
  }).filter((floor, row) => floor.to > 0 && drains.some(drain => box(drain.index).row === row))
  const height = topOf(rows - 1) + nodeHeight + (rowRooms.at(-1)?.below ?? 0) - 8
  return { width, height, font, lines, boxes, bands, gates, arcs, drains, floors }
}
