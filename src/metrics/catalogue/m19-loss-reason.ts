import { isProgram } from '../../records/records.ts'
import type { EvidenceItem } from '../../snapshot/document.ts'
import { amnestyEnd, beganWithAmnesty } from '../amnesty.ts'
import type { DealContext, Step } from '../deal-context.ts'
import { dealItem } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

/** A reason that one person gives this often says nothing any more; judged from this many losses on. */
const MAX_DOMINANT_SHARE = 0.6
const MIN_LOSSES = 5

type Loss = { index: number; reason: string | null; isTouched: boolean; at: number; item: EvidenceItem }

/** Do lost deals say why, and was the customer spoken to before? */
export const lossReason: Metric = {
  id: 'M19',
  pillar: 'truth',
  measures: [shareMeasure('M19', 'B', 0.8, 0.3)],
  version: '3',
  formula:
    'lost deals with a specific reason, not the person’s dominant one above 60 %, and a touch before / lost deals, without those of the amnesty',
  caveats: [
    'clearing the dead layer is left out',
    'the losing stage is the reason where no field is chosen',
    'deals lost in the first two weeks are left out where those are an amnesty, and wherever the window no longer reaches back to day one',
  ],
  needs: ['activities'],
  score: { weight: 0.4, over: 'week', isShare: true },
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const losses = new Map<string, Loss[]>()
    const reasons = new Set<string>()
    const losingStages = [...world.stages.values()].filter(
      stage => stage.outcome === 'lost' && stage.isListed,
    )
    const choosing = new Set(
      [...world.pipelines.keys()].filter(
        pipelineId => losingStages.filter(stage => stage.pipelineId === pipelineId).length > 1,
      ),
    )
    const field = world.settings.lossReasonField
    let isReasonGiven = false
    const reasonOf = (deal: DealContext, step: Step): string | null => {
      if (field !== null) return deal.versionAt(world.asOf).fields[field] ?? null
      if (deal.dossier.lossReasonId !== null) {
        isReasonGiven = true
        return deal.dossier.lossReasonId
      }
      return choosing.has(step.to.pipelineId) ? step.to.stageId : null
    }
    return {
      addDeal: deal => {
        const last = deal.steps.at(-1)
        // Another losing stage afterwards names the reason and is no second loss; a robot's loss is nobody's.
        const step = deal.steps.findLast(({ from, to }) => to.outcome === 'lost' && from?.outcome !== 'lost')
        if (step === undefined || last?.to.outcome !== 'lost' || !deal.isReal) return
        if (isProgram(step.actorClass)) return
        const index = window.indexOf(step.at)
        // Clearing a dead deal is honest work, whatever its reason.
        if (index < 0 || deal.isDeadAt(step.at - 1)) return
        const reason = reasonOf(deal, last)
        if (reason !== null) reasons.add(reason)
        const isTouched = deal.isTouchedBetween(0, step.at)
        const owner = deal.ownerAt(step.at)
        if (owner === null) return
        const item = dealItem(deal, false, reason === null ? 'no_reason' : 'reason', {
          reason,
          touched: isTouched ? 1 : 0,
        })
        const own = losses.get(owner)
        const loss = { index, reason, isTouched, at: step.at, item }
        if (own === undefined) losses.set(owner, [loss])
        else own.push(loss)
      },
      finish: earlier => {
        const stale = earlier.find(({ measure }) => measure.id === 'M13')?.numbers ?? null
        const isSpared = beganWithAmnesty(world, window, stale, context.exposure.people()) !== false
        const end = amnestyEnd(world.installedAt)
        const isInAmnesty = ({ at }: Loss): boolean => isSpared && at >= world.installedAt && at < end
        const tally = new Tally()
        const ledger = context.ledger()
        for (const [who, all] of losses) {
          const own = all.filter(loss => !isInAmnesty(loss))
          const dominant = dominantReason(own)
          for (const { index, reason, isTouched, at, item } of own) {
            const counts = reason !== null && reason !== dominant && isTouched
            tally.add(who, index, counts ? 1 : 0, 1)
            if (index >= window.sevenFrom) ledger.show(who, at, { ...item, counts })
          }
        }
        const isTold = field !== null || isReasonGiven || choosing.size > 0
        return [{ measure: 'M19', numbers: tally, evidence: ledger, offReason: isTold ? null : 'no_field' }]
      },
    }
  },
}

const dominantReason = (losses: readonly Loss[]): string | null => {
  if (losses.length < MIN_LOSSES) return null
  const counts = new Map<string, number>()
  for (const { reason } of losses) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  for (const [reason, count] of counts) if (count > losses.length * MAX_DOMINANT_SHARE) return reason
  return null
}
