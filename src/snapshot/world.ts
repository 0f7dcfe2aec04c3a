import { designsAt } from '../metrics/history/designed-graph.ts'
import { WorkingTime } from '../metrics/working-time.ts'
import { type Source, stageKey, type World } from '../metrics/world.ts'
import type { FactDirectory, Portal } from './source.ts'

/** Plain data, so that another thread may make the same worlds of it. */
export type WorldsInput = {
  directory: FactDirectory
  portal: Portal
  can: World['can']
  historyStart: number | null
  asOfs: readonly number[]
  /** Sources that have not been read to their end yet. */
  unread?: ReadonlySet<Source>
}

/**
 * What metrics may know besides dossiers, once for all instants of a build: they differ in `asOf` only and share
 * one table of working time.
 */
export const worldsAt = (of: WorldsInput): World[] => {
  const { directory, portal } = of
  const first = Math.min(of.historyStart ?? Number.POSITIVE_INFINITY, ...of.asOfs)
  const workingTime = new WorkingTime(portal.settings.calendar, first, Math.max(...of.asOfs))
  const { heads } = portal.settings
  const shared = {
    workingTime,
    installedAt: portal.installedAt.getTime(),
    currency: portal.currency,
    can: of.can,
    unread: of.unread ?? new Set<Source>(),
    people: new Map(
      directory.users.map(({ id, name, isActive, isGone, departmentIds }) => [
        id,
        { id, name, isActive: isActive && isGone !== true, departmentIds },
      ]),
    ),
    departments: new Map(
      directory.departments.map(({ id, name, parentId, headId }) => [
        id,
        { id, name, parentId, headId: heads[id] ?? headId },
      ]),
    ),
    pipelines: new Map(
      directory.pipelines.map(({ id, name, isGone }) => [id, { id, name, isListed: isGone !== true }]),
    ),
    stages: stageFacts(directory),
    ...(directory.lossReasons === undefined
      ? {}
      : { lossReasons: new Map(directory.lossReasons.map(({ id, name }) => [id, name])) }),
    fields: new Map(
      directory.fields
        .filter(({ isGone }) => isGone !== true)
        .map(({ id, title, type, isCustom, isRequired }) => [id, { id, title, type, isCustom, isRequired }]),
    ),
  }
  return of.asOfs.map(asOf => ({
    ...shared,
    asOf,
    // What was drawn later is not there yet.
    settings: { ...portal.settings, designs: designsAt(portal.settings.designs ?? {}, asOf) },
    // A history that begins later is not there yet.
    historyStart: of.historyStart !== null && of.historyStart <= asOf ? of.historyStart : null,
  }))
}

const OUTCOME_RANK = { open: 0, won: 1, lost: 2 }

/** Stages in their pipeline's own order: open by sort, won after them, lost last. */
const stageFacts = (directory: FactDirectory): World['stages'] => {
  const byPipeline = Map.groupBy(directory.stages, stage => stage.pipelineId)
  const stages = new Map()
  for (const [pipelineId, own] of byPipeline) {
    const ordered = own.toSorted(
      (a, b) =>
        OUTCOME_RANK[a.outcome] - OUTCOME_RANK[b.outcome] || a.sort - b.sort || (a.id < b.id ? -1 : 1),
    )
    ordered.forEach(({ id, name, outcome, isGone, isIncoming }, order) => {
      const isListed = isGone !== true && isIncoming !== true
      const fact = { pipelineId, stageId: id, name, order, outcome, isListed }
      stages.set(stageKey(pipelineId, id), fact)
    })
  }
  return stages
}
