import type { ProcessRow, VariantRow } from '../../snapshot/document.ts'
import { LOST, OPEN, WON } from './code.ts'
import { conformanceCost } from './conformance.ts'
import type { DesignedGraph } from './designed-graph.ts'
import type { StageInfo } from './episodes.ts'
import { medianOf } from './median.ts'
import { daysOf, type EdgeCell, type VariantCell } from './process-cells.ts'

/**
 * Export `process`: which stage directly follows which, over the whole history up to `asOf`. Every row of a deal
 * counts as a move, an immediate repeat too (stage → same stage). A move belongs to the pipeline that both of its
 * rows are in; a change of pipeline is an exit in `stages`, not an edge here. `medianDays` = working days
 * between the deal's directly preceding row and this one.
 */
export const processMap = (
  edges: readonly EdgeCell[],
  infos: readonly StageInfo[],
  designOf: (pipelineId: string) => DesignedGraph,
): ProcessRow[] => {
  const rows = grouped(edges, ({ from, to }) => from * infos.length + to).map(cells => {
    const from = infos[cells[0]!.from]!
    const to = infos[cells[0]!.to]!
    const moves = daysOf(cells)
    return {
      pipelineId: from.pipelineId,
      fromStageId: from.stageId,
      toStageId: to.stageId,
      deals: sumOf(cells, ({ deals }) => deals),
      moves: moves.length,
      medianDays: medianOf(moves),
      isDesigned: designOf(from.pipelineId).edges.get(from.key)?.has(to.key) === true,
      order: from.order * 1e4 + to.order,
    }
  })
  rows.sort((a, b) => a.pipelineId.localeCompare(b.pipelineId) || a.order - b.order)
  return rows.map(({ order: _, ...row }) => row)
}

/**
 * Export `variants`: the different roads that deals took, over the whole history up to `asOf`. A deal belongs to
 * the pipeline it is in at `asOf`, with its whole path, so each deal is counted once; visits to another pipeline
 * stay in the path and cost as foreign. Immediate repeats stay in the path. A deal without rows has no road.
 * `medianDays` = working days from the creation to the last move.
 */
export const variantsOf = (
  variants: readonly VariantCell[],
  infos: readonly StageInfo[],
  designOf: (pipelineId: string) => DesignedGraph,
): VariantRow[] => {
  const rows = grouped(variants, ({ path }) => path).map(cells => {
    const { path } = cells[0]!
    const { pipelineId } = infos[path.at(-1)!]!
    const deals = (outcome: number): number =>
      sumOf(cells, cell => (cell.outcome === outcome ? cell.deals : 0))
    const [open, won, lost] = [deals(OPEN), deals(WON), deals(LOST)]
    return {
      pipelineId,
      path: path.map(stage => infos[stage]!.stageId),
      deals: open + won + lost,
      won,
      lost,
      open,
      medianDays: medianOf(daysOf(cells)),
      conformanceCost: costOf(path, infos, designOf(pipelineId)),
    }
  })
  const roadOf = ({ path }: VariantRow): string => path.join('>')
  return rows.sort(
    (a, b) =>
      a.pipelineId.localeCompare(b.pipelineId) ||
      b.deals - a.deals ||
      // Equally usual roads in one order, however the store hands out deals.
      (roadOf(a) < roadOf(b) ? -1 : 1),
  )
}

/** Price of a road against its pipeline's design (M20). */
export const costOf = (path: readonly number[], infos: readonly StageInfo[], design: DesignedGraph): number =>
  conformanceCost(
    path.map(stage => infos[stage]!.key),
    design,
  )

const grouped = <Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Item[][] => [
  ...Map.groupBy(items, keyOf).values(),
]

const sumOf = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0)
