import type { Dossier } from '../../records/facts.ts'
import type { DealMention, PipelineClass, PipelineUseRow } from '../../snapshot/document.ts'
import { wilsonInterval } from '../history/share-difference.ts'
import { stageKey, type World } from '../world.ts'
import { USE_DAYS } from './field-use.ts'
import { Newest } from './newest.ts'

const DAY = 86_400_000
const YOUNG_MS = 30 * DAY
/** So many deals in ninety days are work of its own, however small a share of a large portal they are. */
const ENOUGH_DEALS = 20
/** Fewer than one a month. */
const FEW_DEALS = 3
const FEW_SHARE = 0.03

class PipelineCount {
  firstAt = Number.POSITIVE_INFINITY
  last: { at: number; deal: DealMention } | null = null
  won = 0
  readonly entered = new Newest()
  readonly worked = new Newest()
  readonly open = new Newest()
  readonly decided = new Newest()
  readonly owners = new Set<string>()
}

/**
 * Counts the use of pipelines while deals stream by: who enters them, moves in them, stands there and is decided in the
 * last ninety days. A deal enters a pipeline when it is made there or comes from another one.
 */
export const collectPipelineUse = (world: World) => {
  const since = world.asOf - USE_DAYS * DAY
  const counts = new Map(
    [...world.pipelines.values()]
      .filter(({ isListed }) => isListed)
      .map(({ id }) => [id, new PipelineCount()]),
  )

  /** Pipelines of one deal, kept for all of them. */
  const entered = new Set<string>()
  const worked = new Set<string>()

  const addMoves = ({ id, title, createdAt, moves, current, versions }: Dossier): void => {
    const places = moves.length > 0 ? moves : [{ pipelineId: current.pipelineId, at: createdAt }]
    entered.clear()
    worked.clear()
    let previous: string | null = null
    for (const { pipelineId, at } of places) {
      const count = counts.get(pipelineId)
      const isEntry = pipelineId !== previous
      previous = pipelineId
      if (count === undefined) continue
      if (isEntry) {
        count.firstAt = Math.min(count.firstAt, at)
        if (at > (count.last?.at ?? 0)) count.last = { at, deal: { id, title } }
      }
      if (at < since) continue
      if (isEntry && !entered.has(pipelineId)) count.entered.add(at, id, title)
      if (isEntry) entered.add(pipelineId)
      if (worked.has(pipelineId)) continue
      worked.add(pipelineId)
      count.worked.add(at, id, title)
      const owner = versions.at(-1)?.responsibleId ?? null
      if (owner !== null) count.owners.add(owner)
    }
  }

  return {
    add: (dossier: Dossier): void => {
      if (dossier.isTemplate) return
      addMoves(dossier)
      const { id, title, createdAt, current } = dossier
      const last = dossier.moves.at(-1)
      const place = last ?? current
      const count = counts.get(place.pipelineId)
      if (count === undefined) return
      const at = last?.at ?? current.movedAt ?? createdAt
      const outcome = world.stages.get(stageKey(place.pipelineId, place.stageId))?.outcome ?? place.outcome
      if (outcome === 'open') count.open.add(at, id, title)
      else if (at >= since) {
        count.decided.add(at, id, title)
        if (outcome === 'won') count.won++
      }
    },
    /** One row per pipeline that the CRM lists, in its order. */
    finish: (): PipelineUseRow[] => {
      const all = [...counts.values()].reduce((sum, { entered }) => sum + entered.total, 0)
      return [...counts].map(([pipelineId, count]) => rowOf(pipelineId, count, all, world))
    },
  }
}

const rowOf = (pipelineId: string, count: PipelineCount, all: number, world: World): PipelineUseRow => {
  const { entered, worked, open, decided, won } = count
  const share = all === 0 ? null : entered.total / all
  return {
    pipelineId,
    class: pipelineClass({
      ageMs: count.last === null ? null : world.asOf - count.firstAt,
      historyMs: world.historyStart === null ? 0 : world.asOf - world.historyStart,
      entered: entered.total,
      worked: worked.total,
      share,
    }),
    isParked: world.settings.parkedPipelines.includes(pipelineId),
    entered: entered.total,
    share,
    openNow: open.total,
    decided: decided.total,
    win:
      decided.total === 0
        ? null
        : { value: won / decided.total, ...wilsonInterval({ won, decided: decided.total }) },
    worked: worked.total,
    people: count.owners.size,
    lastAt: count.last === null ? null : new Date(count.last.at).toISOString(),
    enteredDeals: entered.deals(),
    openDeals: open.deals(),
    decidedDeals: decided.deals(),
    workedDeals: worked.deals(),
    lastDeal: count.last?.deal ?? null,
  }
}

export type PipelineFacts = {
  /** Since the first deal that entered it; null = none ever did. */
  ageMs: number | null
  /** How far back the portal's history reaches. */
  historyMs: number
  /** Deals of the last ninety days that entered it, and those that entered it or moved in it. */
  entered: number
  worked: number
  /** Of all entries. */
  share: number | null
}

/** The use class of a pipeline; too early for one younger than thirty days, and where history is. */
export const pipelineClass = (of: PipelineFacts): PipelineClass => {
  if ((of.ageMs ?? of.historyMs) < YOUNG_MS) return 'early'
  if (of.ageMs === null) return 'never'
  if (of.worked === 0) return 'asleep'
  const isRare = of.entered < FEW_DEALS || (of.share ?? 0) < FEW_SHARE
  return of.entered < ENOUGH_DEALS && isRare ? 'rare' : 'used'
}
