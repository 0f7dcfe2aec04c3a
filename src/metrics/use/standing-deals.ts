import type { Dossier } from '../../records/facts.ts'
import { stageKey, type World } from '../world.ts'
import { Newest } from './newest.ts'
import { STAGE_DAYS } from './stage-use.ts'

const DAY = 86_400_000
/** Open deals that did not move for so long lie in a graveyard, whatever the stage is called. */
const STILL_MS = 365 * DAY

/** What the lint asks about single deals. */
export type StandingDeals = ReturnType<ReturnType<typeof collectStandingDeals>['finish']>

/** Open deals that something is wrong with, and how decided deals were closed, counted while deals stream by. */
export const collectStandingDeals = (world: World) => {
  const since = world.asOf - STAGE_DAYS * DAY
  const ownerless = new Newest()
  const dismissed = new Newest()
  const onGoneStage = new Newest()
  const still = new Map<string, Newest>()
  const openOn = new Map<string, number>()
  const enteredIn = new Map<string, number>()
  const lost = { all: 0, withReason: 0, blank: new Newest(), byReason: new Map<string, number>() }
  const won = { all: 0, withoutAmount: new Newest() }

  const addOpen = (
    dossier: Dossier,
    place: { pipelineId: string; stageId: string },
    movedAt: number,
  ): void => {
    const { id, title, createdAt } = dossier
    const owner = dossier.versions.at(-1)?.responsibleId ?? null
    const key = stageKey(place.pipelineId, place.stageId)
    openOn.set(key, (openOn.get(key) ?? 0) + 1)
    if (owner === null) ownerless.add(createdAt, id, title)
    else if (world.people.get(owner)?.isActive !== true) dismissed.add(createdAt, id, title)
    if (world.stages.get(key)?.isListed === false) onGoneStage.add(createdAt, id, title)
    if (movedAt > world.asOf - STILL_MS) return
    const own = still.get(key) ?? new Newest()
    still.set(key, own)
    own.add(movedAt, id, title)
  }
  const addDecided = (dossier: Dossier, outcome: 'won' | 'lost', at: number): void => {
    const { id, title, lossReasonId } = dossier
    if (outcome === 'won') {
      won.all++
      if ((dossier.versions.at(-1)?.amount ?? 0) <= 0) won.withoutAmount.add(at, id, title)
      return
    }
    lost.all++
    if (lossReasonId === null) lost.blank.add(at, id, title)
    else {
      lost.withReason++
      lost.byReason.set(lossReasonId, (lost.byReason.get(lossReasonId) ?? 0) + 1)
    }
  }
  return {
    add: (dossier: Dossier): void => {
      if (dossier.isTemplate) return
      const last = dossier.moves.at(-1)
      const place = last ?? dossier.current
      if (world.settings.parkedPipelines.includes(place.pipelineId)) return
      const movedAt = last?.at ?? dossier.current.movedAt ?? dossier.createdAt
      if (movedAt >= since) enteredIn.set(place.pipelineId, (enteredIn.get(place.pipelineId) ?? 0) + 1)
      const outcome = world.stages.get(stageKey(place.pipelineId, place.stageId))?.outcome ?? place.outcome
      if (outcome === 'open') addOpen(dossier, place, movedAt)
      else if (movedAt >= since) addDecided(dossier, outcome, movedAt)
    },
    finish: () => ({ ownerless, dismissed, onGoneStage, still, openOn, enteredIn, lost, won }),
  }
}
