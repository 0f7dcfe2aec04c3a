import type { DesignedGraph } from '../../metrics/history/designed-graph.ts'
import { stageKey } from '../../metrics/world.ts'
import type { StageRow, VariantRow } from '../../snapshot/document.ts'
import type { ProcessView } from '../api-schema.ts'
import { effectOf } from './process-effect.ts'

type Path = ProcessView['pipelines'][number]['paths'][number]
export type PathKind = Pick<Path, 'kind' | 'stageIds'>

/** A road with what is told of it; `GroupRoad`s add up to these. */
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

/** A step that the design does not know: what it passes over, null = there is no designed way at all. */
type Deviation = { from: string | null; to: string; passed: readonly string[] | null }

/** Finds a road's steps off the design; each step is looked up once, however many roads take it. */
const deviationsFrom = ({
  pipelineId,
  nodes,
  passed,
}: DesignedGraph): ((path: readonly string[]) => Deviation[]) => {
  const keyOf = (stageId: string): string => stageKey(pipelineId, stageId)
  const idOf = (key: string): string => key.slice(keyOf('').length)
  const listed = new Set([...nodes].map(idOf))
  const steps = new Map<string | null, Map<string, Deviation | null>>()
  const stepOf = (from: string | null, to: string): Deviation | null => {
    const known = steps.get(from) ?? new Map<string, Deviation | null>()
    steps.set(from, known)
    let step = known.get(to)
    if (step === undefined) {
      const way = passed(from === null ? null : keyOf(from), keyOf(to))
      step = way?.length === 0 ? null : { from, to, passed: way?.map(idOf) ?? null }
      known.set(to, step)
    }
    return step
  }
  return path => {
    const found: Deviation[] = []
    let from: string | null = null
    for (const to of path) {
      // A stage that is listed no more is neither on the road nor off it.
      if (to === from || !listed.has(to)) continue
      const step = stepOf(from, to)
      if (step !== null) found.push(step)
      from = to
    }
    return found
  }
}

/**
 * Names roads against the design: through another pipeline, back to a stage (or on after it was closed), to a stage
 * that no designed way leads to, past a stage, or as designed, however far it has come. `stageIds` = where it turned
 * back or strayed to, or what it passed over. It is as designed exactly where its conformance costs nothing.
 */
export const pathNamer = (
  stages: Stages,
  design: DesignedGraph,
  deviationsOf = deviationsFrom(design),
): ((path: readonly string[]) => PathKind) => {
  const places = new Map(stages.map(({ stageId, outcome }, place) => [stageId, { place, outcome }]))
  const isBack = ({ from, to }: Deviation): boolean => {
    const [before, after] = [places.get(from ?? ''), places.get(to)!]
    if (before === undefined) return false
    return before.outcome !== 'open' || (after.outcome === 'open' && after.place < before.place)
  }
  const named = (kind: PathKind['kind'], stageIds: readonly string[]): PathKind => ({
    kind,
    stageIds: [...new Set(stageIds)],
  })
  const ends = (steps: readonly Deviation[]): string[] => steps.map(({ to }) => to)
  return path => {
    if (path.some(stageId => !places.has(stageId))) return named('foreign', [])
    const deviations = deviationsOf(path)
    const turned = deviations.filter(isBack)
    if (turned.length > 0) return named('looped', ends(turned))
    const strayed = deviations.filter(({ passed }) => passed === null)
    if (strayed.length > 0) return named('strayed', ends(strayed))
    const skipped = deviations.flatMap(({ passed }) => passed ?? [])
    return named(skipped.length > 0 ? 'skipped' : 'asDesigned', skipped)
  }
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
  design: DesignedGraph,
  medianOf: (roads: readonly Road[]) => number | null,
): Path[] => {
  const straight = roads.filter(({ conformanceCost }) => conformanceCost === 0)
  const road = roadOf(stages)
  const won = new Set(stages.filter(({ outcome }) => outcome === 'won').map(({ stageId }) => stageId))
  const deviationsOf = deviationsFrom(design)
  const isWinSkipped = (path: readonly string[]): boolean => deviationsOf(path).some(({ to }) => won.has(to))
  const nameOf = pathNamer(stages, design, deviationsOf)
  const groups = Map.groupBy(roads, ({ path }) => pathKey(nameOf(path)))
  return [...groups]
    .map(([key, members]): Path => {
      const { kind, stageIds } = nameOf(members[0]!.path)
      // The designed road is drawn to its end where anybody came so far.
      const ended = kind === 'asDesigned' ? members.filter(({ won }) => won > 0) : []
      const usual = (ended.length > 0 ? ended : members).reduce((most, one) =>
        one.deals > most.deals ? one : most,
      )
      const all = sumOf(members)
      const place = startOf({ kind, stageIds }, usual.path, road, isWinSkipped(usual.path))
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
  { kind, stageIds }: PathKind,
  path: readonly string[],
  road: readonly string[],
  isWinSkipped: boolean,
): string | null => {
  if (kind === 'foreign') return ''
  // Passing over what comes before won is known of won deals only: winning is how one sees it.
  if (kind === 'skipped') return isWinSkipped ? null : (stageIds.at(-1) ?? null)
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
