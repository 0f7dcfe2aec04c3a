import type { FlagCheck, Level } from '../../snapshot/document.ts'
import type { World } from '../world.ts'
import { FORWARD } from './code.ts'
import { exitKind, type StageInfo, stageInfos } from './episodes.ts'
import type { PortalHistory } from './stays.ts'

/** Flags are looked at again after so many days (metrics 4.5, 7). */
export const CHECK_DAYS = 60
/** Red deals that move on at more than this share of the unflagged rate were not stuck. */
const MISJUDGED_RATIO = 0.7
/** Deals of each kind that a stage must have had for its own verdict. */
const STAGE_MIN = 10

type Flagged = { dealId: string; pipelineId: string; stageId: string; level: Level }
type Tally = { red: number; redMoved: number; plain: number; plainMoved: number }

/**
 * What became of the deals of a flag day: the share that left its stage forward within 60 days, red deals against
 * unflagged deals of the same stage. `ratio` compares the red deals with what the unflagged rates of their stages
 * would have given; stages without unflagged deals say nothing.
 * @param deals all open deals of the flag day with the level they had
 * @param isNormal the head called the flag "normal" since
 */
export const checkFlags = (
  history: PortalHistory,
  world: World,
  of: {
    flaggedAt: number
    deals: readonly Flagged[]
    isNormal(dealId: string): boolean
    isReconstructed: boolean
  },
): FlagCheck => {
  const infos = stageInfos(history, world)
  const numberOf = new Map(history.deal.id.map((id, number) => [id, number]))
  const until = of.flaggedAt + CHECK_DAYS * 86_400_000
  const stages = new Map<string, Tally & { pipelineId: string; stageId: string }>()
  let normal = 0
  for (const { dealId, pipelineId, stageId, level } of of.deals) {
    const deal = numberOf.get(dealId)
    if (deal === undefined || level === 'amber') continue
    const key = `${pipelineId}\u0000${stageId}`
    const tally = stages.get(key) ?? { pipelineId, stageId, red: 0, redMoved: 0, plain: 0, plainMoved: 0 }
    stages.set(key, tally)
    const hasMoved = leftForward(history, infos, deal, of.flaggedAt, until)
    if (level === 'red') {
      tally.red++
      if (hasMoved) tally.redMoved++
      if (of.isNormal(dealId)) normal++
    } else {
      tally.plain++
      if (hasMoved) tally.plainMoved++
    }
  }
  const rows = [...stages.values()].toSorted((a, b) =>
    a.pipelineId === b.pipelineId ? (a.stageId < b.stageId ? -1 : 1) : a.pipelineId < b.pipelineId ? -1 : 1,
  )
  const compared = rows.filter(({ red, plain }) => red > 0 && plain > 0)
  const sum = (list: readonly Tally[], count: (tally: Tally) => number): number =>
    list.reduce((total, tally) => total + count(tally), 0)
  const expected = sum(compared, ({ red, plain, plainMoved }) => (red * plainMoved) / plain)
  return {
    flaggedAt: new Date(of.flaggedAt).toISOString(),
    days: CHECK_DAYS,
    isReconstructed: of.isReconstructed,
    red: { deals: sum(rows, ({ red }) => red), moved: sum(rows, ({ redMoved }) => redMoved) },
    unflagged: { deals: sum(rows, ({ plain }) => plain), moved: sum(rows, ({ plainMoved }) => plainMoved) },
    ratio: expected > 0 ? sum(compared, ({ redMoved }) => redMoved) / expected : null,
    normal,
    stages: rows.map(({ pipelineId, stageId, red, redMoved, plain, plainMoved }) => {
      const isTold = red >= STAGE_MIN && plain >= STAGE_MIN && plainMoved > 0
      const ratio = isTold ? redMoved / red / (plainMoved / plain) : null
      return {
        pipelineId,
        stageId,
        red: { deals: red, moved: redMoved },
        unflagged: { deals: plain, moved: plainMoved },
        ratio,
        isMisjudged: ratio !== null && ratio > MISJUDGED_RATIO,
      }
    }),
  }
}

/** Whether the stay in which a deal was at `at` ended forward by `until`; the very next stage entered decides. */
const leftForward = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  deal: number,
  at: number,
  until: number,
): boolean => {
  const { enteredAt, leftAt, stage, nextStage } = history.stay
  const { firstStay } = history.deal
  let stay = firstStay[deal + 1]! - 1
  while (stay >= firstStay[deal]! && enteredAt[stay]! > at) stay--
  if (stay < firstStay[deal]! || leftAt[stay]! > until) return false
  return exitKind(infos[stage[stay]!]!, infos[nextStage[stay]!]!) === FORWARD
}
