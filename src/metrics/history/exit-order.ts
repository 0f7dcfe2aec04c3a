import type { WorkingTime } from '../working-time.ts'
import { ascendingOrder } from './ascending.ts'
import { LOST, NEVER, OPEN, WON } from './code.ts'
import type { StageInfo } from './episodes.ts'
import { packExit, type SortedExits } from './exit-model.ts'
import type { PortalHistory } from './stays.ts'

/**
 * Stays of open stages by pipeline, in order of how long they took. Chances are fitted again for every past
 * instant of a back-test; how long a finished stay took is the same each time, so it is worked out and sorted once,
 * and a fit is one pass.
 */
export type ExitOrder = {
  /** Number of each stage's pipeline. */
  readonly poolOf: readonly number[]
  readonly pools: number
  /** Stage numbers, then won, then lost. */
  readonly targets: number
  readonly wonTarget: number
  /** What was known at an instant; buffers are used again by the next call. */
  at(of: { asOf: number; from: number; historyStart: number }): KnownExits
}

export type KnownExits = {
  /** By stage number; null for a stage on which nothing is won or lost any more. */
  readonly own: readonly (SortedExits | null)[]
  readonly pools: readonly SortedExits[]
  /** Stays that were running then: deal, stage and age. */
  readonly open: { readonly deal: Float64Array; readonly stage: Float64Array; readonly age: Float64Array }
}

/** Numbers in a buffer that grows and is used again. */
class Numbers {
  #values = new Float64Array(64)
  #size = 0

  clear(): void {
    this.#size = 0
  }

  push(value: number): void {
    if (this.#size === this.#values.length) {
      const grown = new Float64Array(this.#size * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#size++] = value
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#size)
  }
}

/** A sample being put together, its exits in order already. */
class Sample {
  readonly events: Float64Array
  exits = 0
  readonly censored = new Numbers()
  readonly late = new Numbers()
  fromBirth = 0

  /** @param most exits that there can be */
  constructor(most: number) {
    this.events = new Float64Array(most)
  }

  clear(): void {
    this.exits = 0
    this.censored.clear()
    this.late.clear()
    this.fromBirth = 0
  }

  sorted(): SortedExits {
    return {
      events: this.events.subarray(0, this.exits),
      censored: this.censored.values.sort(),
      late: this.late.values.sort(),
      fromBirth: this.fromBirth,
    }
  }
}

const made = new WeakMap<PortalHistory, { workingTime: WorkingTime; codes: string; order: ExitOrder }>()

/** The order of a history, made when first asked for: snapshots of one build share it. */
export const exitOrderOf = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  workingTime: WorkingTime,
): ExitOrder => {
  const codes = infos.map(({ code, pipelineId }) => `${code} ${pipelineId}`).join('\n')
  const known = made.get(history)
  if (known !== undefined && known.workingTime === workingTime && known.codes === codes) return known.order
  const order = orderExits(history, infos, workingTime)
  made.set(history, { workingTime, codes, order })
  return order
}

const orderExits = (
  history: PortalHistory,
  infos: readonly StageInfo[],
  workingTime: WorkingTime,
): ExitOrder => {
  const wonTarget = infos.length
  const targets = infos.length + 2
  const targetOf = infos.map(({ code }, stage) =>
    code === WON ? wonTarget : code === LOST ? wonTarget + 1 : stage,
  )
  const pipelines = new Map<string, number>()
  const poolOf = infos.map(({ pipelineId }) => {
    const known = pipelines.get(pipelineId) ?? pipelines.size
    pipelines.set(pipelineId, known)
    return known
  })
  const isOpen = infos.map(({ code }) => code === OPEN)
  const pools = pipelines.size

  const ordered = orderStays(history, { isOpen, poolOf, targetOf, targets, pools, workingTime })
  const { first } = ordered
  const own = infos.map((_, number) => (isOpen[number] ? new Sample(ordered.perStage[number]!) : null))
  const whole = Array.from({ length: pools }, (_, pool) => new Sample(first[pool + 1]! - first[pool]!))

  const at: ExitOrder['at'] = ({ asOf, from, historyStart }) => {
    for (const sample of [...own, ...whole]) sample?.clear()
    const open = { deal: new Numbers(), stage: new Numbers(), age: new Numbers() }
    const { begun, left, deletedAt, packed, place, deal, isBare } = ordered
    for (let pool = 0; pool < pools; pool++) {
      const all = whole[pool]!
      for (let index = first[pool]!; index < first[pool + 1]!; index++) {
        const enteredAt = begun[index]!
        if (enteredAt > asOf || deletedAt[index]! <= asOf) continue
        const leftAt = left[index]!
        const hasLeft = leftAt <= asOf
        if (hasLeft && leftAt < from) continue
        const mine = own[place[index]!]!
        let duration = -1
        if (!hasLeft) {
          duration = workingTime.elapsed(enteredAt, asOf)
          open.deal.push(deal[index]!)
          open.stage.push(place[index]!)
          open.age.push(duration)
        }
        const seen = isBare[index] === 1 ? Math.max(from, historyStart) : from
        if (seen > enteredAt) {
          const entry = workingTime.elapsed(enteredAt, seen)
          if (!(entry < (hasLeft ? workingTime.elapsed(enteredAt, leftAt) : duration))) continue
          mine.late.push(entry)
          all.late.push(entry)
        } else {
          mine.fromBirth++
          all.fromBirth++
        }
        if (hasLeft) {
          mine.events[mine.exits++] = packed[index]!
          all.events[all.exits++] = packed[index]!
        } else {
          mine.censored.push(duration)
          all.censored.push(duration)
        }
      }
    }
    return {
      own: own.map(sample => sample?.sorted() ?? null),
      pools: whole.map(sample => sample.sorted()),
      open: { deal: open.deal.values, stage: open.stage.values, age: open.age.values },
    }
  }
  return { poolOf, pools, targets, wonTarget, at }
}

/** Columns of the stays on open stages, by pipeline, those that took shortest first, those without end last. */
const orderStays = (
  history: PortalHistory,
  of: {
    isOpen: readonly boolean[]
    poolOf: readonly number[]
    targetOf: readonly number[]
    targets: number
    pools: number
    workingTime: WorkingTime
  },
) => {
  const { isOpen, poolOf, targetOf, workingTime } = of
  const { stage, enteredAt, leftAt, nextStage, entryRow, deal } = history.stay
  const first = new Int32Array(of.pools + 1)
  const perStage = new Int32Array(isOpen.length)
  for (let stay = 0; stay < history.stays; stay++) {
    const place = stage[stay]!
    if (!isOpen[place]) continue
    perStage[place]!++
    first[poolOf[place]! + 1]!++
  }
  for (let pool = 0; pool < of.pools; pool++) first[pool + 1]! += first[pool]!
  const size = first[of.pools]!
  const stays = new Int32Array(size)
  const keys = new Float64Array(size)
  const next = first.slice()
  for (let stay = 0; stay < history.stays; stay++) {
    const place = stage[stay]!
    if (!isOpen[place]) continue
    const index = next[poolOf[place]!]!++
    stays[index] = stay
    if (leftAt[stay] === NEVER) keys[index] = NEVER
    else {
      const duration = workingTime.elapsed(enteredAt[stay]!, leftAt[stay]!)
      keys[index] = packExit(duration, targetOf[nextStage[stay]!]!, of.targets)
    }
  }
  const columns = {
    first,
    perStage,
    begun: new Float64Array(size),
    left: new Float64Array(size),
    deletedAt: new Float64Array(size),
    packed: new Float64Array(size),
    place: new Int32Array(size),
    deal: new Int32Array(size),
    /** The place of a deal without rows: watched from the beginning of history only. */
    isBare: new Uint8Array(size),
  }
  for (let pool = 0; pool < of.pools; pool++) {
    const from = first[pool]!
    const order = ascendingOrder(keys.subarray(from, first[pool + 1]!))
    for (let place = 0; place < order.length; place++) {
      const index = from + place
      const stay = stays[from + order[place]!]!
      columns.begun[index] = enteredAt[stay]!
      columns.left[index] = leftAt[stay]!
      columns.deletedAt[index] = history.deal.deletedAt[deal[stay]!]!
      columns.packed[index] = keys[from + order[place]!]!
      columns.place[index] = stage[stay]!
      columns.deal[index] = deal[stay]!
      columns.isBare[index] = entryRow[stay]! < 0 ? 1 : 0
    }
  }
  return columns
}
