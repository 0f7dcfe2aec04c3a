import type { Curve, CurveRow } from './document.ts'

/** Curves row by row, as the export has them. Snapshots of earlier versions were stored that way. */
export function* curveRows(curves: readonly (Curve | CurveRow)[]): Generator<CurveRow> {
  for (const curve of curves) {
    if (!isInColumns(curve)) {
      yield curve
      continue
    }
    const { kind, pipelineId, stageId, exit, tDays, atRisk, events, value } = curve
    for (let row = 0; row < value.length; row++)
      yield {
        kind,
        pipelineId,
        stageId,
        exit,
        tDays: tDays[row]!,
        atRisk: atRisk[row]!,
        events: events[row]!,
        value: value[row]!,
      }
  }
}

const isInColumns = (curve: Curve | CurveRow): curve is Curve => Array.isArray(curve.value)

/** Rows of one curve in columns; nothing of no rows. */
export const curveOf = (rows: readonly CurveRow[]): Curve[] => {
  const [first] = rows
  if (first === undefined) return []
  const { kind, pipelineId, stageId, exit } = first
  return [
    {
      kind,
      pipelineId,
      stageId,
      exit,
      tDays: rows.map(row => row.tDays),
      atRisk: rows.map(row => row.atRisk),
      events: rows.map(row => row.events),
      value: rows.map(row => row.value),
    },
  ]
}
