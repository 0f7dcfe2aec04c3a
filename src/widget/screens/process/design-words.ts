import { useI18n } from 'vue-i18n'
import type { PipelineView } from '../../logic/process-map.ts'

/** Names of stages and moves of a pipeline; all won stages are one. */
export const useDesignWords = (
  pipeline: () => PipelineView,
): { stageName(stageId: string): string; moveName(from: string, to: string): string } => {
  const { t } = useI18n()
  const stageName = (stageId: string): string => {
    const stage = pipeline().stages.find(one => one.stageId === stageId)
    if (stage === undefined) return stageId
    return stage.outcome === 'won' ? t('process.won') : stage.name
  }
  return { stageName, moveName: (from, to) => `${stageName(from)} → ${stageName(to)}` }
}
