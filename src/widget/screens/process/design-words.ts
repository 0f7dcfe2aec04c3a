import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { designKey, targetStages } from '../../logic/design.ts'
import type { PipelineView } from '../../logic/process-map.ts'
import { useShell } from '../../shell.ts'

export type DesignWords = {
  stageName(stageId: string): string
  moveName(from: string, to: string): string
  /** Stages that a design has follow one, or that there are none. @param edges by `designKey` */
  nextNames(stageId: string, edges: ReadonlySet<string>): string
  /** Deals that made a move. */
  dealsOf(from: string, to: string): number
  dealsWord(deals: number): string
}

/** Names of stages and moves of a pipeline, and how often moves are made; all won stages are one. */
export const useDesignWords = (pipeline: () => PipelineView): DesignWords => {
  const { t } = useI18n()
  const { format } = useShell()
  const deals = computed(
    () => new Map(pipeline().edges.map(edge => [designKey(edge.fromStageId, edge.toStageId), edge.deals])),
  )
  const stageName = (stageId: string): string => {
    const stage = pipeline().stages.find(one => one.stageId === stageId)
    if (stage === undefined) return stageId
    return stage.outcome === 'won' ? t('process.won') : stage.name
  }
  return {
    stageName,
    moveName: (from, to) => `${stageName(from)} → ${stageName(to)}`,
    nextNames: (stageId, edges) => {
      const next = targetStages(pipeline()).filter(to => edges.has(designKey(stageId, to.stageId)))
      return next.map(to => stageName(to.stageId)).join(', ') || t('process.noStep')
    },
    dealsOf: (from, to) => deals.value.get(designKey(from, to)) ?? 0,
    dealsWord: count => t('common.deals', { n: format.value.number(count, 0) }, count),
  }
}
