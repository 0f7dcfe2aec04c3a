import type { DealVersion, Dossier, MoveFact } from '../records/facts.ts'
import type { ActorClass } from '../records/records.ts'
import type { Level } from '../snapshot/document.ts'
import type { IsAbsent } from './absence.ts'
import { levelsOver } from './level-days.ts'
import { type NextStep, nextStepAt } from './next-step.ts'
import { type Touch, touchesOf } from './touch.ts'
import type { Window, WorkDay } from './window.ts'
import { type StageFact, stageKey, type World } from './world.ts'

/** One stay of a deal on a stage; `until` null = still there. An immediate repeat of a stage is one stay. */
export type Stay = {
  pipelineId: string
  stageId: string
  stage: StageFact | null
  outcome: StageFact['outcome']
  from: number
  until: number | null
}

export type MoveKind = 'created' | 'forward' | 'back' | 'lost' | 'other'

/** A change of stage with what it came from. */
export type Step = {
  at: number
  kind: MoveKind
  from: Stay | null
  to: Stay
  movedBy: string | null
  actorClass: ActorClass
}

/** A working day on which the deal was open and somebody counted owned it. */
export type DealDay = WorkDay & {
  owner: string
  stay: Stay
  version: DealVersion
  /** No movement and no touch for more than a year: reported apart, and in nobody's way elsewhere. */
  isDead: boolean
}

/** The stale flag's word on a deal at an instant (4.5). */
export type Verdict = { level: Level; silenceDays: number | null; s80Days: number | null }

export type Judge = ((dossier: Dossier, at: number) => Verdict) & {
  /** Working days by which half of the deals have left the stage that this one was on; null where nobody knows. */
  usualStay?(dossier: Dossier, at: number): number | null
}

const YEAR = 365 * 86_400_000

/**
 * What many metrics ask about one deal, worked out once and only when asked. The dossier is already cut at
 * `asOf`: nothing here can look ahead.
 */
export class DealContext {
  readonly dossier: Dossier
  readonly world: World
  readonly window: Window
  readonly #judge: Judge
  readonly #isCounted: (userId: string | null) => userId is string
  readonly #isAbsent: IsAbsent
  /** Made by an import: its creation was nobody's work. */
  readonly isImported: boolean
  #stays: readonly Stay[] | null = null
  #steps: readonly Step[] | null = null
  #touches: readonly Touch[] | null = null
  #revisions: readonly number[] | null = null
  #days: readonly DealDay[] | null = null
  #eligible: readonly DealDay[] | null = null
  #levels: ReadonlyMap<number, Level> | null = null
  readonly #nextSteps = new Map<number, NextStep>()

  constructor(of: {
    dossier: Dossier
    world: World
    window: Window
    judge: Judge
    isCounted: (userId: string | null) => userId is string
    isAbsent?: IsAbsent
    isImported?: boolean
  }) {
    this.dossier = of.dossier
    this.world = of.world
    this.window = of.window
    this.#judge = of.judge
    this.#isCounted = of.isCounted
    this.#isAbsent = of.isAbsent ?? (() => false)
    this.isImported = of.isImported ?? false
  }

  get id(): string {
    return this.dossier.id
  }

  /** Where it stands now is measured: neither a template nor in a parked pipeline. */
  get isReal(): boolean {
    const pipelineId = this.stays.at(-1)?.pipelineId ?? this.dossier.current.pipelineId
    return !this.dossier.isTemplate && !this.#isParked(pipelineId)
  }

  #isParked(pipelineId: string): boolean {
    return this.world.settings.parkedPipelines.includes(pipelineId)
  }

  get stays(): readonly Stay[] {
    this.#stays ??= staysOf(this.dossier, this.world)
    return this.#stays
  }

  /** Every change of stage, the deal's creation first, ascending. */
  get steps(): readonly Step[] {
    this.#steps ??= stepsOf(this.dossier, this.stays)
    return this.#steps
  }

  /** Substantive touches, ascending. */
  get touches(): readonly Touch[] {
    this.#touches ??= touchesOf(this.dossier, this.world.workingTime, this.world.asOf)
    return this.#touches
  }

  stayAt(at: number): Stay | null {
    const stays = this.stays
    for (let index = stays.length - 1; index >= 0; index--) if (stays[index]!.from <= at) return stays[index]!
    return null
  }

  /** Undated facts as observed at an instant; before the first observation, as first observed. */
  versionAt(at: number): DealVersion {
    const { versions } = this.dossier
    for (let index = versions.length - 1; index > 0; index--)
      if (versions[index]!.observedAt <= at) return versions[index]!
    return versions[0]!
  }

  /** Whoever was responsible at an instant, if that person is counted. */
  ownerAt(at: number): string | null {
    const { responsibleId } = this.versionAt(at)
    return this.#isCounted(responsibleId) ? responsibleId : null
  }

  isCounted(userId: string | null): userId is string {
    return this.#isCounted(userId)
  }

  /** Working days of the window on which the deal was open, older than a working day and owned. */
  get days(): readonly DealDay[] {
    this.#days ??= this.#openDays()
    return this.#days
  }

  /** Days that count (4.2): without the dead layer, so that closing a dead deal changes no other figure. */
  get eligibleDays(): readonly DealDay[] {
    this.#eligible ??= this.days.some(day => day.isDead) ? this.days.filter(day => !day.isDead) : this.days
    return this.#eligible
  }

  /** The last working day of the window, if the deal was open then. */
  get today(): DealDay | null {
    const last = this.window.workdays.at(-1)
    const day = this.days.at(-1)
    return last !== undefined && day !== undefined && day.index === last.index ? day : null
  }

  /** How long deals usually stay where this one was at an instant, working days. */
  usualStayAt(at: number): number | null {
    return this.#judge.usualStay?.(this.dossier, at) ?? null
  }

  /** The stale flag's verdict at the end of a day (4.5). */
  verdictOn(day: DealDay): Verdict {
    return this.#judge(this.dossier, day.end)
  }

  /** The level of that verdict. */
  levelOn(day: DealDay): Level {
    this.#levels ??= levelsOver(this.dossier, this.days, at => this.#judge(this.dossier, at).level)
    return this.#levels.get(day.index) ?? this.verdictOn(day).level
  }

  /** The promise at the end of a day: is there a step in time, made by a person? */
  nextStepOn(day: DealDay): NextStep {
    let step = this.#nextSteps.get(day.index)
    if (step === undefined) {
      step = nextStepAt(this.dossier, day.end)
      this.#nextSteps.set(day.index, step)
    }
    return step
  }

  /** True when a person touched the deal between two instants, both included. */
  isTouchedBetween(from: number, to: number): boolean {
    return this.touches.some(touch => touch.at >= from && touch.at <= to)
  }

  #openDays(): DealDay[] {
    const { window, world, dossier } = this
    if (dossier.isTemplate) return []
    const days: DealDay[] = []
    for (const mark of window.workdays) {
      if (mark.end < dossier.createdAt) continue
      const stay = this.stayAt(mark.end)
      if (stay === null || stay.outcome !== 'open' || this.#isParked(stay.pipelineId)) continue
      if (world.workingTime.days(dossier.createdAt, mark.end) < 1) continue
      const version = this.versionAt(mark.end)
      const owner = version.responsibleId
      if (!this.#isCounted(owner) || this.#isAbsent(owner, mark.day)) continue
      days.push({ ...mark, owner, stay, version, isDead: this.isDeadAt(mark.end) })
    }
    return days
  }

  /** Instants at which the amount or the close date was seen to have changed, ascending. */
  get #revised(): readonly number[] {
    const { versions } = this.dossier
    this.#revisions ??= versions.flatMap(({ observedAt, amount, closeOn }, index) => {
      const before = versions[index - 1]
      return before === undefined || (before.amount === amount && before.closeOn === closeOn)
        ? []
        : [observedAt]
    })
    return this.#revisions
  }

  /** Movements (metrics 4.2): forward steps, and changes of the amount or the close date; in no order. */
  get movements(): readonly number[] {
    return [...this.steps.flatMap(({ kind, at }) => (kind === 'forward' ? [at] : [])), ...this.#revised]
  }

  /** No movement (forward, amount, close date) and no touch for more than a year before an instant. */
  isDeadAt(at: number): boolean {
    const since = at - YEAR
    const { createdAt, moves, current } = this.dossier
    if (createdAt > since) return false
    const isRecent = (instant: number): boolean => instant > since && instant <= at
    for (const step of this.steps) if (isRecent(step.at) && step.kind !== 'back') return false
    // Without rows the CRM still tells when it last moved.
    if (moves.length === 0 && current.movedAt !== null && isRecent(current.movedAt)) return false
    return !this.#revised.some(isRecent) && !this.isTouchedBetween(since + 1, at)
  }
}

const staysOf = (dossier: Dossier, world: World): Stay[] => {
  const stays: Stay[] = []
  for (const move of dossier.moves) {
    const last = stays.at(-1)
    if (last !== undefined && last.pipelineId === move.pipelineId && last.stageId === move.stageId) continue
    if (last !== undefined) last.until = move.at
    stays.push(stayOf(world, move.pipelineId, move.stageId, move.outcome, move.at))
  }
  if (stays.length > 0) return stays
  // No rows: the deal is older than history and has stayed where it is since its last known move.
  const { pipelineId, stageId, outcome, movedAt, closedAt } = dossier.current
  const from = movedAt ?? (outcome === 'open' ? null : closedAt) ?? dossier.createdAt
  return [stayOf(world, pipelineId, stageId, outcome, from)]
}

const stayOf = (
  world: World,
  pipelineId: string,
  stageId: string,
  outcome: StageFact['outcome'],
  from: number,
): Stay => {
  const stage = world.stages.get(stageKey(pipelineId, stageId)) ?? null
  return { pipelineId, stageId, stage, outcome: stage?.outcome ?? outcome, from, until: null }
}

const stepsOf = (dossier: Dossier, stays: readonly Stay[]): Step[] => {
  if (dossier.moves.length === 0) return []
  const byInstant = new Map<number, MoveFact[]>()
  for (const move of dossier.moves) {
    const same = byInstant.get(move.at)
    if (same === undefined) byInstant.set(move.at, [move])
    else same.push(move)
  }
  return stays.map((to, index) => {
    const from = stays[index - 1] ?? null
    const move = byInstant
      .get(to.from)
      ?.find(candidate => candidate.pipelineId === to.pipelineId && candidate.stageId === to.stageId)
    return {
      at: to.from,
      kind: kindOf(from, to),
      from,
      to,
      movedBy: move?.movedBy ?? null,
      actorClass: move?.actorClass ?? 'unknown',
    }
  })
}

const kindOf = (from: Stay | null, to: Stay): MoveKind => {
  if (from === null) return 'created'
  if (from.pipelineId !== to.pipelineId) return 'other'
  if (to.outcome === 'lost') return 'lost'
  if (to.outcome === 'won') return 'forward'
  if (from.outcome !== 'open') return 'back'
  return (to.stage?.order ?? 0) > (from.stage?.order ?? 0) ? 'forward' : 'back'
}
