import type { Dossier } from '../../records/facts.ts'
import type {
  DealMention,
  FieldClass,
  FieldUseRow,
  MvpElement,
  MvpScopeRow,
} from '../../snapshot/document.ts'
import { SKIP_MS } from '../history/episodes.ts'
import { stageKey, type World } from '../world.ts'
import { Newest } from './newest.ts'
import { STAGE_DAYS } from './stage-use.ts'
import { smallestWorkingSet } from './working-set.ts'

const DAY = 86_400_000
/** Share of the decided deals that the smallest set must be able to tell (4.7). */
export const MVP_SHARE = 0.8
/** Fewer decided deals do not say what a pipeline needs. */
const MIN_DECIDED = 20
/** Different kinds of deals kept per pipeline; later kinds are counted but not told apart. */
const KINDS_KEPT = 20_000

/** Fields whose content says nothing: no deal needs them. */
const EMPTY_CLASSES: ReadonlySet<FieldClass> = new Set(['never', 'decorative', 'robot_only', 'abandoned'])

type Kind = { stages: string; fields: string; deals: number; newest: Newest }
type Scope = { kinds: Map<string, Kind>; decided: number; beyond: number }

/**
 * Collects what the deals decided in the last half year stood on and had filled, kind by kind: stages kept for two
 * minutes or more, fields that carry a value. Letters of a text stand for stages and fields.
 */
export const collectMvpScope = (world: World) => {
  const since = world.asOf - STAGE_DAYS * DAY
  const fieldIds = [...world.fields.keys()].sort()
  const fieldLetter = new Map(fieldIds.map((id, index) => [id, String.fromCharCode(index + 1)]))
  const stageKeys = [...world.stages.keys()]
  const stageLetter = new Map(stageKeys.map((key, index) => [key, String.fromCharCode(index + 1)]))
  const scopes = new Map<string, Scope>()

  return {
    add: (dossier: Dossier): void => {
      const last = dossier.moves.at(-1)
      if (last === undefined || last.at < since || dossier.isTemplate) return
      const end = world.stages.get(stageKey(last.pipelineId, last.stageId))
      if ((end?.outcome ?? last.outcome) === 'open') return
      const version = dossier.versions.at(-1)
      const stages = stagesOf(dossier, last.pipelineId, world)
        .map(key => stageLetter.get(key) ?? '')
        .sort()
        .join('')
      let fields = ''
      for (const id of fieldIds) if (version?.fields[id] !== undefined) fields += fieldLetter.get(id)!
      const scope = scopes.get(last.pipelineId) ?? { kinds: new Map(), decided: 0, beyond: 0 }
      scopes.set(last.pipelineId, scope)
      scope.decided++
      const key = `${stages}\u0000${fields}`
      let kind = scope.kinds.get(key)
      if (kind === undefined) {
        if (scope.kinds.size >= KINDS_KEPT) {
          scope.beyond++
          return
        }
        kind = { stages, fields, deals: 0, newest: new Newest(5) }
        scope.kinds.set(key, kind)
      }
      kind.deals++
      kind.newest.add(last.at, dossier.id, dossier.title)
    },
    finish: (fieldRows: readonly FieldUseRow[]): MvpScopeRow[] => {
      const empty = new Set(fieldRows.filter(row => EMPTY_CLASSES.has(row.class)).map(({ field }) => field))
      return [...world.pipelines.values()]
        .filter(({ id, isListed }) => isListed && !world.settings.parkedPipelines.includes(id))
        .map(({ id }) => scopeRow(id, scopes.get(id), { world, fieldIds, stageKeys, empty }))
    },
  }
}

/** Open stages of the pipeline on which the deal stayed, as keys. */
const stagesOf = (dossier: Dossier, pipelineId: string, world: World): string[] => {
  const found = new Set<string>()
  dossier.moves.forEach((move, index) => {
    const next = dossier.moves[index + 1]
    const key = stageKey(move.pipelineId, move.stageId)
    const stage = world.stages.get(key)
    if (move.pipelineId !== pipelineId || (stage?.outcome ?? move.outcome) !== 'open') return
    if (next !== undefined && next.at - move.at < SKIP_MS) return
    if (stage?.isListed === true) found.add(key)
  })
  return [...found]
}

type Around = {
  world: World
  fieldIds: readonly string[]
  stageKeys: readonly string[]
  empty: ReadonlySet<string>
}

const scopeRow = (pipelineId: string, scope: Scope | undefined, around: Around): MvpScopeRow => {
  const { world, fieldIds, stageKeys, empty } = around
  const own = stageKeys.filter(key => {
    const stage = world.stages.get(key)!
    return stage.pipelineId === pipelineId && stage.outcome === 'open' && stage.isListed
  })
  const candidates = [
    ...own.map(key => ({ kind: 'stage' as const, id: world.stages.get(key)!.stageId, key })),
    ...fieldIds.map(id => ({ kind: 'field' as const, id, key: id })),
  ]
  const decided = scope?.decided ?? 0
  if (scope === undefined || decided < MIN_DECIDED)
    return { pipelineId, basis: 'preset', decided, covered: null, isExact: false, kept: [], left: [] }

  const place = new Map(candidates.map(({ kind, key }, index) => [`${kind}${key}`, index]))
  const needs = [...scope.kinds.values()].map(kind => ({
    deals: kind.deals,
    newest: kind.newest,
    elements: [
      ...[...kind.stages].map(letter => place.get(`stage${stageKeys[letter.charCodeAt(0) - 1]!}`)),
      ...[...kind.fields]
        .map(letter => fieldIds[letter.charCodeAt(0) - 1]!)
        .filter(id => !empty.has(id))
        .map(id => place.get(`field${id}`)),
    ].filter(element => element !== undefined),
  }))
  const { kept, covered, isExact } = smallestWorkingSet(merge(needs), MVP_SHARE)
  const isKept = new Set(kept)
  const elementOf = (index: number): MvpElement => {
    const needing = needs.filter(({ elements }) => elements.includes(index))
    return {
      kind: candidates[index]!.kind,
      id: candidates[index]!.id,
      deals: needing.reduce((sum, { deals }) => sum + deals, 0),
      needing: newestOf(needing.map(({ newest }) => newest)),
    }
  }
  return {
    pipelineId,
    basis: 'own',
    decided,
    covered: covered / (decided - scope.beyond),
    isExact: isExact && scope.beyond === 0,
    kept: kept.map(elementOf),
    left: candidates
      .map((_, index) => index)
      .filter(index => !isKept.has(index))
      .map(elementOf),
  }
}

/** Kinds that need the same are one. */
const merge = (needs: readonly { elements: number[]; deals: number }[]) => {
  const merged = new Map<string, { elements: number[]; deals: number }>()
  for (const { elements, deals } of needs) {
    const key = elements.toSorted((a, b) => a - b).join()
    const known = merged.get(key)
    if (known === undefined) merged.set(key, { elements, deals })
    else known.deals += deals
  }
  return [...merged.values()]
}

const SHOWN = 20

const newestOf = (lists: readonly Newest[]): DealMention[] =>
  lists.flatMap(list => list.deals()).slice(0, SHOWN)
