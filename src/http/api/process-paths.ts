import type { StageRow, VariantRow } from '../../snapshot/document.ts'
import type { ProcessView } from '../api-schema.ts'
import { effectOf } from './process-effect.ts'

type Path = ProcessView['pipelines'][number]['paths'][number]
export type PathKind = Pick<Path, 'kind' | 'stageIds'>

/** A road with what is told of it; `PersonVariant` adds up to these. */
export type Road = Pick<
  VariantRow,
  'path' | 'deals' | 'won' | 'lost' | 'open' | 'medianDays' | 'conformanceCost'
>

type Stages = readonly Pick<StageRow, 'stageId' | 'outcome' | 'isListed'>[]

/** The road as designed: listed open stages in their order. */
export const roadOf = (stages: Stages): string[] =>
  stages
    .filter(({ outcome, isListed }) => outcome === 'open' && isListed !== false)
    .map(({ stageId }) => stageId)

/**
 * Names a road against the design: through another pipeline, back to a stage (or on after it was closed), past a
 * stage, or as designed, however far it has come. `stageIds` = where it turned back to, or what it passed over. It is
 * as designed exactly where its conformance costs nothing.
 */
export const pathKind = (path: readonly string[], stages: Stages): PathKind => {
  const road = roadOf(stages)
  const outcomes = new Map(stages.map(stage => [stage.stageId, stage.outcome]))
  if (path.some(stageId => !outcomes.has(stageId))) return { kind: 'foreign', stageIds: [] }
  // A stage that is listed no more is neither on the road nor off it.
  const seen = path.filter(stageId => road.includes(stageId) || outcomes.get(stageId) !== 'open')
  const turned = seen.flatMap((stageId, index) => {
    const before = seen[index - 1]
    if (before === undefined || before === stageId) return []
    const isBack = outcomes.get(stageId) === 'open' && road.indexOf(stageId) < road.indexOf(before)
    return isBack || outcomes.get(before) !== 'open' ? [stageId] : []
  })
  if (turned.length > 0) return { kind: 'looped', stageIds: [...new Set(turned)] }
  const last = outcomes.get(seen.at(-1) ?? '')
  const furthest = Math.max(-1, ...seen.map(stageId => road.indexOf(stageId)))
  // Who was lost at once passed over the beginning.
  const reach = last === 'won' ? road.length : last === 'lost' ? Math.max(1, furthest + 1) : furthest + 1
  const skipped = road.slice(0, reach).filter(stageId => !seen.includes(stageId))
  return skipped.length > 0 ? { kind: 'skipped', stageIds: skipped } : { kind: 'asDesigned', stageIds: [] }
}

export const pathKey = ({ kind, stageIds }: PathKind): string => [kind, ...stageIds].join('>')

/**
 * Roads that deviate alike, most deals first. A deviation is compared with the designed road from as far as it is
 * known to have come: past a stage (the last, of several), with deals on the road that did visit it; back from a
 * stage (the furthest), with deals on the road that came there too.
 */
export const pathsOf = (
  roads: readonly Road[],
  stages: Stages,
  medianOf: (roads: readonly Road[]) => number | null,
): Path[] => {
  const straight = roads.filter(({ conformanceCost }) => conformanceCost === 0)
  const road = roadOf(stages)
  const groups = Map.groupBy(roads, ({ path }) => pathKey(pathKind(path, stages)))
  return [...groups]
    .map(([key, members]): Path => {
      const { kind, stageIds } = pathKind(members[0]!.path, stages)
      // The designed road is drawn to its end where anybody came so far.
      const ended = kind === 'asDesigned' ? members.filter(({ won }) => won > 0) : []
      const usual = (ended.length > 0 ? ended : members).reduce((most, one) =>
        one.deals > most.deals ? one : most,
      )
      const all = sumOf(members)
      const place = startOf(kind, stageIds, usual.path, road)
      return {
        key,
        kind,
        stageIds,
        ...all,
        roads: members.length,
        sample: usual.path,
        medianDays: medianOf(members),
        effect:
          place === null
            ? null
            : effectOf(
                all,
                sumOf(place === '' ? straight : straight.filter(({ path }) => path.includes(place))),
              ),
      }
    })
    .toSorted((a, b) => b.deals - a.deals)
}

/** The stage that a comparable deal on the road has seen; '' = any of them, null = there is nothing to compare. */
const startOf = (
  kind: Path['kind'],
  stageIds: readonly string[],
  path: readonly string[],
  road: readonly string[],
): string | null => {
  if (kind === 'foreign') return ''
  // Passing over the last stage is known of won deals only: winning is how one sees it.
  if (kind === 'skipped') return stageIds.includes(road.at(-1) ?? '') ? null : (stageIds.at(-1) ?? null)
  if (kind !== 'looped') return null
  const steps = path.map(stageId => road.indexOf(stageId)).filter(step => step >= 0)
  const from = Math.max(...steps.filter((step, index) => (steps[index + 1] ?? step) < step))
  // Opened again after it was closed: nothing on the road is like it.
  return road[from] ?? null
}

export const sumOf = (
  parts: readonly { deals: number; won: number; lost: number }[],
): { deals: number; won: number; lost: number; open: number } => {
  const sum = { deals: 0, won: 0, lost: 0, open: 0 }
  for (const { deals, won, lost } of parts) {
    sum.deals += deals
    sum.won += won
    sum.lost += lost
    sum.open += deals - won - lost
  }
  return sum
}
