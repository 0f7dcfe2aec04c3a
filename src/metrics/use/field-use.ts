import type { DealVersion, Dossier } from '../../records/facts.ts'
import type { FieldClass, FieldUseRow } from '../../snapshot/document.ts'
import { MAX_MODE_SHARE, ModeCounter } from '../one-valued.ts'
import { placeholdersOf } from '../placeholders.ts'
import type { World } from '../world.ts'
import { ValueCounts } from './entropy.ts'
import { Newest } from './newest.ts'
import { medianGapSeconds } from './session-gaps.ts'

const DAY = 86_400_000
/** Use is judged over so many days (metrics 4.7). */
export const USE_DAYS = 90
const FRESH_MS = 30 * DAY
/** What was used before is looked for in the year before. */
const BEFORE_MS = 365 * DAY
/** Fewer deals say nothing about a field. */
const MIN_DUE = 20
const MIN_PIPELINE_DUE = 10
/** Fewer observed writes do not tell whose hand it is. */
const MIN_WRITES = 20
/** Observed for so long, writes are counted; until then each filled deal stands for one. */
const OBSERVED_DAYS = 28
const WRITES_KEPT = 50_000

/** Seconds that a field costs to fill where no session tells (the middle of 5…90 s by order of size). */
export const PRESET_ENTRY_SECONDS = 20
const ENTRY_LIMITS = { least: 5, most: 90 } as const

const USED = { fill: 0.6, junk: 0.1, writers: 0.5 }
const NEVER_FILL = 0.02
const DECORATIVE = { variety: 0.1, junk: 0.3 }
const ROBOT_SHARE = 0.9

const TICKS = /^(bool|checkbox|flag)/i
type Owned = { mode: ModeCounter; placeholders: number }

/** What is counted of one field. */
class FieldCount {
  filled = 0
  readonly pipelines = new Map<string, number>()
  readonly values = new ValueCounts()
  readonly owners = new Map<string | null, Owned>()
  readonly writers = new Set<string>()
  readonly deals = new Newest()
  readonly blanks = new Newest()
  personWrites = 0
  robotWrites = 0
  lastWriteAt: number | null = null
  newestFilledAt: number | null = null
  /** When a deal that carries it last moved. */
  newestMoveAt: number | null = null
  oldestFilledAt: number | null = null
  /** Among deals that came to rest in the year before the ninety days. */
  filledBefore = 0
}

/**
 * Counts the use of fields while deals stream by: over deals that went beyond their first stage in the last ninety
 * days, whatever else is known. Values are fingerprints; nobody reads them here either.
 */
export const collectFieldUse = (world: World) => {
  const since = world.asOf - USE_DAYS * DAY
  const observedFrom = Math.max(since, world.installedAt)
  const fields = new Map([...world.fields.keys()].map(id => [id, new FieldCount()]))
  const isPlaceholder = placeholdersOf(world)
  const due = new Map<string, number>()
  const team = new Set<string>()
  const parked = new Set(world.settings.parkedPipelines)
  const writes = new Map<string, number[]>()
  let before = 0
  let total = 0
  let kept = 0
  // Rows of earlier versions of the program do not say who wrote them.
  let notedFrom = world.asOf

  const countWrites = (dossier: Dossier): void => {
    const { versions } = dossier
    for (let index = 0; index < versions.length; index++) {
      const version = versions[index]!
      if (version.observedAt < observedFrom) continue
      const earlier = index === 0 ? null : versions[index - 1]!
      // What was there when a deal was first seen was written when it was made, if that was just before.
      if (earlier === null && version.observedAt - dossier.createdAt > DAY) continue
      countDifference(earlier, version)
    }
  }
  const countDifference = (earlier: DealVersion | null, version: DealVersion): void => {
    if (earlier !== null && earlier.fields === version.fields) return
    const changedBy = version.changedBy ?? null
    const changeClass = version.changeClass ?? null
    if (changeClass !== null) notedFrom = Math.min(notedFrom, version.observedAt)
    let wrote = 0
    for (const [id, field] of fields) {
      const value = version.fields[id]
      if (value === undefined || value === earlier?.fields[id]) continue
      wrote++
      field.lastWriteAt = Math.max(field.lastWriteAt ?? 0, version.observedAt)
      if (changeClass === 'robot') field.robotWrites++
      if (changeClass !== 'person') continue
      field.personWrites++
      if (changedBy !== null) field.writers.add(changedBy)
    }
    if (wrote === 0 || changeClass !== 'person' || changedBy === null || kept >= WRITES_KEPT) return
    const own = writes.get(changedBy)
    if (own === undefined) writes.set(changedBy, [version.observedAt])
    else own.push(version.observedAt)
    kept++
  }

  return {
    add: (dossier: Dossier): void => {
      if (dossier.isTemplate) return
      const version = dossier.versions.at(-1)
      const last = dossier.moves.at(-1)
      // Long closed and seen once: neither used lately nor written.
      if (last !== undefined && last.at < since - BEFORE_MS && dossier.versions.length === 1) return
      const pipelineId = last?.pipelineId ?? dossier.current.pipelineId
      if (version === undefined || parked.has(pipelineId)) return
      if (dossier.versions.length > 1 || dossier.createdAt >= observedFrom) countWrites(dossier)
      const movedAt = last?.at ?? dossier.current.movedAt ?? dossier.createdAt
      const hasMoved =
        last === undefined ? dossier.current.movedAt !== null : !last.isCreation || last.outcome !== 'open'
      if (!hasMoved) return
      const { createdAt, id, title } = dossier
      if (movedAt < since) {
        if (movedAt < since - BEFORE_MS) return
        before++
        for (const field in version.fields) {
          const count = fields.get(field)
          if (count === undefined) continue
          count.filledBefore++
          count.oldestFilledAt = Math.min(count.oldestFilledAt ?? createdAt, createdAt)
        }
        return
      }
      total++
      due.set(pipelineId, (due.get(pipelineId) ?? 0) + 1)
      const owner = version.responsibleId
      if (owner !== null) team.add(owner)
      for (const [field, count] of fields) {
        const value = version.fields[field]
        if (value === undefined) {
          count.blanks.add(createdAt, id, title)
          continue
        }
        count.filled++
        count.pipelines.set(pipelineId, (count.pipelines.get(pipelineId) ?? 0) + 1)
        count.values.add(value)
        let own = count.owners.get(owner)
        if (own === undefined) {
          own = { mode: new ModeCounter(), placeholders: 0 }
          count.owners.set(owner, own)
        }
        own.mode.add(value)
        if (isPlaceholder(field, value)) own.placeholders++
        count.deals.add(createdAt, id, title)
        count.newestFilledAt = Math.max(count.newestFilledAt ?? 0, createdAt)
        count.oldestFilledAt = Math.min(count.oldestFilledAt ?? createdAt, createdAt)
        count.newestMoveAt = Math.max(count.newestMoveAt ?? 0, movedAt)
      }
    },
    finish: (): FieldUseRow[] => {
      const observedDays = (world.asOf - Math.max(observedFrom, notedFrom)) / DAY
      const measuredGap = medianGapSeconds(writes.values())
      const seconds =
        measuredGap === null
          ? PRESET_ENTRY_SECONDS
          : Math.min(ENTRY_LIMITS.most, Math.max(ENTRY_LIMITS.least, measuredGap))
      return [...world.fields.values()]
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map(field =>
          rowOf(field, fields.get(field.id)!, {
            world,
            due,
            total,
            before,
            team,
            observedDays,
            seconds,
            isAssumed: measuredGap === null,
          }),
        )
    },
  }
}

type Around = {
  world: World
  due: ReadonlyMap<string, number>
  total: number
  before: number
  team: ReadonlySet<string>
  observedDays: number
  seconds: number
  isAssumed: boolean
}

type FieldFact = World['fields'] extends ReadonlyMap<string, infer Fact> ? Fact : never

const rowOf = (field: FieldFact, count: FieldCount, around: Around): FieldUseRow => {
  const { world, total, before, team, observedDays } = around
  const isTick = TICKS.test(field.type)
  const isWriterObserved = observedDays >= USE_DAYS - 1
  // Until ninety days were watched, whoever answers for a filled deal stands for its writer.
  const writers = new Set(
    isWriterObserved
      ? count.writers
      : [...count.writers, ...[...count.owners.keys()].filter(owner => owner !== null)],
  )
  const lastWriteAt = latest(count.lastWriteAt, count.newestFilledAt)
  const people = count.personWrites
  const robots = count.robotWrites
  const writesAWeek =
    observedDays >= OBSERVED_DAYS ? (people / observedDays) * 7 : (count.filled / USE_DAYS) * 7
  const facts: FieldFacts = {
    due: total,
    fill: total === 0 ? null : count.filled / total,
    fillBefore: before < MIN_DUE ? null : count.filledBefore / before,
    junk: count.filled === 0 ? null : junkOf(count) / count.filled,
    variety: count.filled === 0 ? null : count.values.variety(isTick ? total - count.filled : 0),
    writersShare: team.size === 0 ? null : writers.size / team.size,
    // Until writes were watched for a month, a deal that moved with the field filled stands for one.
    isFresh:
      ((observedDays * DAY >= FRESH_MS ? lastWriteAt : latest(lastWriteAt, count.newestMoveAt)) ?? 0) >=
      world.asOf - FRESH_MS,
    isYoung:
      count.oldestFilledAt !== null &&
      count.oldestFilledAt >= world.asOf - FRESH_MS &&
      world.historyStart !== null &&
      world.historyStart < world.asOf - 2 * FRESH_MS,
    robotShare: people + robots < MIN_WRITES ? null : robots / (people + robots),
    isReadKnown: readersOf(field, world).length > 0,
    homeShare: homeOf(count, around.due)?.share ?? null,
    isSilent: observedDays >= USE_DAYS - 1 && people + robots === 0,
  }
  return {
    field: field.id,
    title: field.title,
    type: field.type,
    isCustom: field.isCustom,
    isRequired: field.isRequired,
    class: classOf(facts),
    due: total,
    filled: count.filled,
    fill: facts.fill,
    junk: facts.junk,
    variety: facts.variety,
    writers: writers.size,
    team: team.size,
    isWriterObserved,
    personWrites: people,
    robotWrites: robots,
    lastWriteAt: lastWriteAt === null ? null : new Date(lastWriteAt).toISOString(),
    readers: readersOf(field, world),
    home:
      facts.fill !== null && facts.fill < USED.fill ? (homeOf(count, around.due)?.pipelineId ?? null) : null,
    minutesAWeek: (writesAWeek * around.seconds) / 60,
    isCostAssumed: around.isAssumed,
    deals: count.deals.deals(),
    blanks: count.blanks.deals(),
  }
}

export type FieldFacts = {
  due: number
  fill: number | null
  fillBefore: number | null
  junk: number | null
  variety: number | null
  writersShare: number | null
  /** Written in the last thirty days. */
  isFresh: boolean
  /** Filled in nothing older than thirty days, in a portal that is older. */
  isYoung: boolean
  robotShare: number | null
  /** Something is known to read it. */
  isReadKnown: boolean
  /** Fill in the pipeline where it is filled most. */
  homeShare: number | null
  /** Watched for ninety days without a write. */
  isSilent: boolean
}

/** The class of a field (metrics 4.7), the first that fits; `unclear` where no rule of the table does. */
export const classOf = (of: FieldFacts): FieldClass => {
  if (of.due < MIN_DUE || of.isYoung) return 'early'
  const fill = of.fill ?? 0
  if (fill < NEVER_FILL) return (of.fillBefore ?? 0) >= USED.fill ? 'abandoned' : 'never'
  if (of.isSilent) return 'abandoned'
  if (of.robotShare !== null && of.robotShare >= ROBOT_SHARE) return 'robot_only'
  const junk = of.junk ?? 0
  if (!of.isReadKnown && ((of.variety ?? 1) < DECORATIVE.variety || junk > DECORATIVE.junk))
    return 'decorative'
  if (fill >= USED.fill)
    return junk <= USED.junk && of.isFresh && (of.writersShare ?? 0) >= USED.writers ? 'used' : 'unclear'
  return (of.homeShare ?? 0) >= USED.fill ? 'niche' : 'unclear'
}

/** Readers that the API shows; everything else that may read a field is unknown to us. */
const readersOf = (field: FieldFact, { settings }: World): FieldUseRow['readers'] => [
  ...(field.isRequired ? (['required'] as const) : []),
  ...(settings.criticalFields?.includes(field.id) === true ? (['critical'] as const) : []),
  ...(settings.lossReasonField === field.id ? (['loss_reason'] as const) : []),
]

/** Values that are one person's habit where the team has none, and placeholders. */
const junkOf = (count: FieldCount): number => {
  const isTeamOneValued = count.values.most > count.filled * MAX_MODE_SHARE
  let junk = 0
  for (const { mode, placeholders } of count.owners.values())
    junk += mode.isOneValued && !isTeamOneValued ? mode.total : placeholders
  return junk
}

const homeOf = (
  count: FieldCount,
  due: ReadonlyMap<string, number>,
): { pipelineId: string; share: number } | null => {
  let best: { pipelineId: string; share: number } | null = null
  for (const [pipelineId, filled] of count.pipelines) {
    const of = due.get(pipelineId) ?? 0
    const share = filled / of
    if (of >= MIN_PIPELINE_DUE && share >= USED.fill && (best === null || share > best.share))
      best = { pipelineId, share }
  }
  return best
}

const latest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b)
