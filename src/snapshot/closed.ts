import { placeAt } from '../metrics/stale-flag.ts'
import { WINDOW_DAYS } from '../metrics/window.ts'
import type { World } from '../metrics/world.ts'
import type { Dossier } from '../records/facts.ts'
import type { ClosedRow } from './document.ts'

const WINDOW_MS = WINDOW_DAYS * 86_400_000

/** @returns the deal's row when it was closed in the last 28 days, else null */
export const closedRow = (dossier: Dossier, world: World): ClosedRow | null => {
  const place = placeAt(dossier, world.asOf, world)
  if (place === null || place.outcome === 'open' || place.enteredAt < world.asOf - WINDOW_MS) return null
  const version = dossier.versions.at(-1)
  return {
    dealId: dossier.id,
    title: dossier.title,
    pipelineId: place.pipelineId,
    stageId: place.stageId,
    outcome: place.outcome,
    responsibleId: version?.responsibleId ?? null,
    amount: version?.amount ?? null,
    currency: version?.currency ?? null,
    closedAt: new Date(place.enteredAt).toISOString(),
  }
}
