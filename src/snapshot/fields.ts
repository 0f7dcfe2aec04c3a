import type { World } from '../metrics/world.ts'
import type { Dossier } from '../records/facts.ts'
import type { FieldRow } from './document.ts'

/** Counts how many deals of each pipeline carry each field, as observed at `asOf`. */
export const startCountingFields = (world: World): { add(dossier: Dossier): void; rows(): FieldRow[] } => {
  const pipelines = new Map<string, { total: number; filled: Map<string, number> }>()
  return {
    add: dossier => {
      const version = dossier.versions.at(-1)
      if (dossier.isTemplate || version === undefined) return
      const pipelineId = dossier.moves.at(-1)?.pipelineId ?? dossier.current.pipelineId
      let own = pipelines.get(pipelineId)
      if (own === undefined) {
        own = { total: 0, filled: new Map() }
        pipelines.set(pipelineId, own)
      }
      own.total++
      for (const field in version.fields) own.filled.set(field, (own.filled.get(field) ?? 0) + 1)
    },
    rows: () =>
      [...pipelines]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([pipelineId, { total, filled }]) =>
          [...world.fields.values()]
            .sort((a, b) => (a.id < b.id ? -1 : 1))
            .map(field => ({
              pipelineId,
              field: field.id,
              isCustom: field.isCustom,
              filled: filled.get(field.id) ?? 0,
              total,
              fillRate: (filled.get(field.id) ?? 0) / total,
            })),
        ),
  }
}
