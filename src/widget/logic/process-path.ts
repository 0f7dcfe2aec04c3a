import type { PipelineView } from './process-map.ts'

export type PathWord =
  | { kind: 'asDesigned' }
  | { kind: 'skipped'; stages: string[] }
  | { kind: 'looped'; stages: string[] }
  | { kind: 'stopped'; stages: string[] }

/** Names a path against the design: what it skips, where it turns back, or how far it has come. */
export const namePath = (path: readonly string[], pipeline: Pick<PipelineView, 'stages'>): PathWord => {
  const open = pipeline.stages.filter(stage => stage.outcome === 'open')
  const order = new Map(open.map((stage, index) => [stage.stageId, index]))
  const nameOf = new Map(pipeline.stages.map(stage => [stage.stageId, stage.name]))
  const steps = path.flatMap(stageId => {
    const index = order.get(stageId)
    return index === undefined ? [] : [index]
  })
  const turned = steps.flatMap((step, index) => {
    const next = steps[index + 1]
    return next !== undefined && next < step ? [open[next]?.name ?? ''] : []
  })
  if (turned.length > 0) return { kind: 'looped', stages: [...new Set(turned)] }
  const last = path.at(-1)
  const isWon = pipeline.stages.some(stage => stage.stageId === last && stage.outcome === 'won')
  const reach = isWon ? open.length : Math.max(0, ...steps) + 1
  const skipped = open.slice(0, reach).filter((_, index) => !steps.includes(index))
  if (skipped.length > 0) return { kind: 'skipped', stages: skipped.map(stage => stage.name) }
  if (isWon) return { kind: 'asDesigned' }
  const lastOpen = steps.at(-1)
  return {
    kind: 'stopped',
    stages: [lastOpen === undefined ? (nameOf.get(last ?? '') ?? '') : (open[lastOpen]?.name ?? '')],
  }
}
