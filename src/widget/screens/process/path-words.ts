import { useI18n } from 'vue-i18n'
import type { PipelineView } from '../../logic/process-map.ts'

export type PathView = PipelineView['paths'][number]

/** Names of paths against the design, in the viewer's language. */
export const usePathWords = (
  pipeline: () => PipelineView,
): { pathName(path: Pick<PathView, 'kind' | 'stageIds'>): string; stageName(stageId: string): string } => {
  const { t } = useI18n()
  const stageName = (stageId: string): string =>
    pipeline().stages.find(stage => stage.stageId === stageId)?.name ?? stageId
  return {
    stageName,
    pathName: ({ kind, stageIds }) => {
      const stages = stageIds.map(stageName).join(t('process.between'))
      if (kind === 'asDesigned') return t('process.asDesigned')
      if (kind === 'foreign') return t('process.foreign')
      if (kind === 'strayed') return t('process.strayed', { stages })
      return t(kind === 'skipped' ? 'process.skipped' : 'process.looped', { stages })
    },
  }
}
