import { isProgram } from '../../records/records.ts'
import type { Step } from '../deal-context.ts'
import type { Metric } from '../metric.ts'
import { companyNumbers, median } from '../tally.ts'
import { stageKey } from '../world.ts'

const MIN_SHARE = 0.03
const MIN_DWELL_MS = 2 * 60_000
/** Dwell times kept per stage: enough for a median, bounded in memory. */
const MAX_DWELLS = 2000
const MIN_DEALS = 20

/** Share of stages that carry deals and time. */
export const stageUse: Metric = {
  id: 'M31',
  pillar: null,
  measures: [{ id: 'M31', unit: 'share', payClass: 'C', target: 1, floor: 0.4, lessIsBetter: false }],
  version: '3',
  formula:
    'open stages that people brought at least 3 % of the pipeline’s moved deals to, kept for 2 minutes or more (median) / open stages that are not young, over 28 days',
  caveats: [
    'creating a deal on a stage brings it there, whoever did it; a move by a robot or an integration does not, one by an unknown author does',
    'pipelines with fewer than 20 moved deals are left out',
    'young: first entered within 30 days although history reaches back 60; too early to judge, as in the table of stages',
    'for weeks before the installation young stages are not told from others',
  ],
  needs: ['history'],
  score: null,
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { world, window } = context
    const deals = new Map<string, number>()
    const entered = new Map<string, number>()
    const dwells = new Map<string, number[]>()
    return {
      addDeal: deal => {
        const pipelines = new Set<string>()
        const stages = new Set<string>()
        for (const [place, stay] of deal.stays.entries()) {
          const key = stageKey(stay.pipelineId, stay.stageId)
          if (window.indexOf(stay.from) >= 0) {
            pipelines.add(stay.pipelineId)
            if (!isMovedByProgram(deal.steps[place])) stages.add(key)
          }
          if (stay.until === null || window.indexOf(stay.until) < 0) continue
          const own = dwells.get(key)
          if (own === undefined) dwells.set(key, [stay.until - stay.from])
          else if (own.length < MAX_DWELLS) own.push(stay.until - stay.from)
        }
        for (const pipelineId of pipelines) deals.set(pipelineId, (deals.get(pipelineId) ?? 0) + 1)
        for (const key of stages) entered.set(key, (entered.get(key) ?? 0) + 1)
      },
      finish: () => {
        const early = new Set(
          (context.portal?.stages ?? [])
            .filter(({ advice }) => advice === 'early')
            .map(({ pipelineId, stageId }) => stageKey(pipelineId, stageId)),
        )
        let used = 0
        let all = 0
        for (const [key, stage] of world.stages) {
          const moved = deals.get(stage.pipelineId) ?? 0
          if (stage.outcome !== 'open' || !stage.isListed || moved < MIN_DEALS) continue
          if (early.has(key)) continue
          all++
          const dwell = median(dwells.get(key) ?? [])
          if ((entered.get(key) ?? 0) >= moved * MIN_SHARE && (dwell === null || dwell >= MIN_DWELL_MS))
            used++
        }
        return [{ measure: 'M31', numbers: companyNumbers(used, all) }]
      },
    }
  },
}

/** A deal without rows has no step to its place: nobody knows who brought it there. */
const isMovedByProgram = (step: Step | undefined): boolean =>
  step !== undefined && step.kind !== 'created' && isProgram(step.actorClass)
