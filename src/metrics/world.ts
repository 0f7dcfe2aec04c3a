import type { Outcome } from '../records/records.ts'
import type { Settings } from '../records/settings.ts'
import type { WorkingTime } from './working-time.ts'

export type PersonFact = {
  id: string
  name: string
  isActive: boolean
  departmentIds: readonly string[]
}

export type StageFact = {
  pipelineId: string
  stageId: string
  name: string
  /** Position among the pipeline's stages, 0-based, by the pipeline's own order; lost stages come last. */
  order: number
  outcome: Outcome
  /** False for what is no step of the designed road: a stage that only history mentions, or one for requests that nobody has taken. */
  isListed: boolean
}

/** What a first reading of the CRM may not have come to yet; until then its absence says nothing. */
export type Source = 'activities' | 'tasks' | 'invoices'

/** Everything a metric may know besides dossiers. */
export type World = {
  asOf: number
  workingTime: WorkingTime
  /** From here on actors are recovered from events. */
  installedAt: number
  /** The portal's earliest history row; null = no history at all. */
  historyStart: number | null
  settings: Settings
  currency: string | null
  people: ReadonlyMap<string, PersonFact>
  departments: ReadonlyMap<
    string,
    { id: string; name: string; parentId: string | null; headId: string | null }
  >
  pipelines: ReadonlyMap<string, { id: string; name: string; isListed: boolean }>
  /** Stages by `stageKey(pipelineId, stageId)`. */
  stages: ReadonlyMap<string, StageFact>
  fields: ReadonlyMap<
    string,
    { id: string; title: string; type: string; isCustom: boolean; isRequired: boolean }
  >
  /** What the vendor can tell at all. */
  can: { pastActors: boolean; deadlineHistory: boolean; invoices: boolean; calls: boolean }
  /** Reasons of a loss that the CRM offers, id → name; absent = it has no such list. */
  lossReasons?: ReadonlyMap<string, string>
  /** Sources that have not been read to their end yet; absent = everything was read. */
  unread?: ReadonlySet<Source>
}

/** People who count: active, and not left out by settings. */
export const countedPeople = ({ people, settings }: Pick<World, 'people' | 'settings'>): Set<string> => {
  const excluded = new Set(settings.excludedUsers)
  return new Set(
    [...people.values()].flatMap(({ id, isActive }) => (isActive && !excluded.has(id) ? [id] : [])),
  )
}

/** One key for a stage everywhere: a stage id alone is not unique in every CRM. */
export const stageKey = (pipelineId: string, stageId: string): string => `${pipelineId}\u0000${stageId}`
