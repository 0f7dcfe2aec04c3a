import type { PortalHistory } from '../metrics/history/stays.ts'
import { collectPortalUse, type PortalUse, type PortalUseCollector } from '../metrics/use/portal-use.ts'
import type { World } from '../metrics/world.ts'
import type { Dossier } from '../records/facts.ts'
import type { FieldRow } from './document.ts'

/** What the first pass counts over every deal, living or closed long ago, for one instant. */
export type Counting = {
  /** @param latest the newest dated fact of the dossier, which is cut already */
  add(dossier: Dossier, latest: number): void
  /** How many deals of each pipeline carry each field. */
  rows(): FieldRow[]
  /** The newest dated fact of all; null of nothing. */
  newest(): number | null
  /**
   * How the set-up is used, once everything was added; null before the installation, when nobody could watch fields
   * change. What was counted for it is let go.
   */
  use(history: PortalHistory): PortalUse | null
}

export const startCounting = (world: World): Counting => {
  let newest: number | null = null
  let collector: PortalUseCollector | null = world.asOf < world.installedAt ? null : collectPortalUse(world)
  const pipelines = new Map<string, { total: number; filled: Map<string, number> }>()
  return {
    newest: () => newest,
    use: history => {
      const use = collector?.finish(history) ?? null
      collector = null
      return use
    },
    add: (dossier, latest) => {
      newest = Math.max(newest ?? 0, latest)
      collector?.add(dossier)
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
