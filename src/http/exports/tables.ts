import { curveRows } from '../../snapshot/curve-rows.ts'
import type { SnapshotParts } from '../../snapshot/document.ts'

/** The tables of the operator's exports: the contract's columns in the contract's order. */

export type Cell = string | number | boolean | Date | null
export type Row = readonly Cell[]

/** A column that a person typed into holds `text`; the rest are ids, numbers and machine words. */
export type Column = { name: string; kind: 'id' | 'number' | 'instant' | 'flag' | 'text' }

export type Table = {
  columns: readonly Column[]
  /** Rows of a stored part. */
  part: Exclude<keyof SnapshotParts, `evidence:${string}`>
  rows(part: never, asOf: Date): Iterable<Row>
}

const columns = (kind: Column['kind'], names: string): Column[] =>
  names.split(' ').map(name => ({ name, kind }))
const ids = (names: string): Column[] => columns('id', names)
const numbers = (names: string): Column[] => columns('number', names)
const instants = (names: string): Column[] => columns('instant', names)

const table = <K extends Table['part']>(
  part: K,
  head: Column[],
  rows: (content: SnapshotParts[K], asOf: Date) => Iterable<Row>,
): Table => ({ part, columns: head, rows: rows as Table['rows'] })

const instant = (iso: string): Date => new Date(iso)

export const PART_TABLES = {
  metrics: table(
    'metrics',
    [
      ...instants('as_of'),
      ...ids('scope scope_id metric'),
      ...numbers('window_days value numerator denominator'),
      ...ids('unit'),
    ],
    (rows, asOf) =>
      rows.map(row => [
        asOf,
        row.scope,
        row.scopeId,
        row.metric,
        row.windowDays,
        row.value,
        row.numerator,
        row.denominator,
        row.unit,
      ]),
  ),
  flags: table(
    'flags',
    [
      ...instants('as_of'),
      ...ids('deal_id pipeline_id stage_id responsible_id flag level'),
      ...instants('since'),
      ...numbers('age_days threshold_days win_chance'),
      ...columns('text', 'reason'),
    ],
    (rows, asOf) =>
      rows.map(row => [
        asOf,
        row.dealId,
        row.pipelineId,
        row.stageId,
        row.responsibleId,
        row.flag,
        row.level,
        instant(row.since),
        row.ageDays,
        row.thresholdDays,
        row.winChance,
        row.reason,
      ]),
  ),
  deals: table(
    'deals',
    [
      ...instants('as_of'),
      ...ids('deal_id pipeline_id stage_id responsible_id'),
      ...numbers('amount'),
      ...ids('currency'),
      ...instants('entered_at'),
      ...numbers('age_days silence_days'),
      ...ids('level'),
      ...numbers('win_chance'),
      ...ids('win_chance_basis'),
    ],
    (rows, asOf) =>
      rows.map(row => [
        asOf,
        row.dealId,
        row.pipelineId,
        row.stageId,
        row.responsibleId,
        row.amount,
        row.currency,
        instant(row.enteredAt),
        row.ageDays,
        row.silenceDays,
        row.level,
        row.winChance,
        row.winChanceBasis,
      ]),
  ),
  stages: table(
    'stages',
    [
      ...ids('pipeline_id stage_id'),
      ...columns('text', 'name'),
      ...ids('outcome'),
      ...numbers(
        'visits forward_exits back_exits lost_exits other_exits open_now median_days t80_own_days t80_days t95_days',
      ),
      ...ids('source'),
    ],
    rows =>
      rows.map(row => [
        row.pipelineId,
        row.stageId,
        row.name,
        row.outcome,
        row.visits,
        row.forwardExits,
        row.backExits,
        row.lostExits,
        row.otherExits,
        row.openNow,
        row.medianDays,
        row.t80OwnDays,
        row.t80Days,
        row.t95Days,
        row.source,
      ]),
  ),
  process: table(
    'process',
    [
      ...ids('pipeline_id from_stage_id to_stage_id'),
      ...numbers('deals moves median_days'),
      ...columns('flag', 'is_designed'),
    ],
    rows =>
      rows.map(row => [
        row.pipelineId,
        row.fromStageId,
        row.toStageId,
        row.deals,
        row.moves,
        row.medianDays,
        row.isDesigned,
      ]),
  ),
  variants: table(
    'variants',
    [...ids('pipeline_id path'), ...numbers('deals won lost open median_days conformance_cost')],
    rows =>
      rows.map(row => [
        row.pipelineId,
        row.path.join('>'),
        row.deals,
        row.won,
        row.lost,
        row.open,
        row.medianDays,
        row.conformanceCost,
      ]),
  ),
  curves: table(
    'curves',
    [...ids('kind pipeline_id stage_id exit'), ...numbers('t_days at_risk events value')],
    function* (curves) {
      for (const row of curveRows(curves))
        yield [row.kind, row.pipelineId, row.stageId, row.exit, row.tDays, row.atRisk, row.events, row.value]
    },
  ),
  fields: table(
    'fields',
    [...ids('pipeline_id field'), ...columns('flag', 'is_custom'), ...numbers('filled total fill_rate')],
    rows => rows.map(row => [row.pipelineId, row.field, row.isCustom, row.filled, row.total, row.fillRate]),
  ),
} as const satisfies Record<string, Table>

export type PartTableName = keyof typeof PART_TABLES

/** Moves are facts, not a part of the snapshot: they are streamed up to `asOf`. */
export const MOVES_COLUMNS: readonly Column[] = [
  ...ids('deal_id from_pipeline_id from_stage_id to_pipeline_id to_stage_id'),
  ...instants('at'),
  ...ids('responsible_id moved_by'),
]

/** In the contract, filled by rooms that do not exist yet. */
export const ABSENT_TABLES: readonly string[] = ['kpi', 'decisions']

export const TABLE_NAMES: readonly string[] = [...Object.keys(PART_TABLES), 'moves']

export const isPartTable = (name: string): name is PartTableName => Object.hasOwn(PART_TABLES, name)
