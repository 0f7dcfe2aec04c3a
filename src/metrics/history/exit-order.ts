import type { WorkingTime } from '../working-time.ts'
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
  readonly open: { readonly deal: Int32Array; readonly stage: Int32Array; readonly age: Float64Array }
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
  readonly events = new Numbers()
  readonly censored = new Numbers()
  readonly late = new Numbers()
  fromBirth = 0

  clear(): void {
    for (const part of [this.events, this.censored, this.late]) part.clear()
    this.fromBirth = 0
  }

  sorted(): SortedExits {
    return {
      events: this.events.values,
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

  const { stage, enteredAt, leftAt, nextStage, entryRow, deal } = history.stay
  const packed = new Float64Array(history.stays)
  let size = 0
  const first = new Int32Array(pools + 1)
  for (let stay = 0; stay < history.stays; stay++) {
    if (!isOpen[stage[stay]!]) continue
    size++
    first[poolOf[stage[stay]!]! + 1]!++
    // Those that never left come last.
    packed[stay] =
      leftAt[stay] === NEVER
        ? NEVER
        : packExit(workingTime.elapsed(enteredAt[stay]!, leftAt[stay]!), targetOf[nextStage[stay]!]!, targets)
  }
  for (let pool = 0; pool < pools; pool++) first[pool + 1]! += first[pool]!
  const order = new Int32Array(size)
  const next = first.slice()
  for (let stay = 0; stay < history.stays; stay++)
    if (isOpen[stage[stay]!]) order[next[poolOf[stage[stay]!]!]!++] = stay
  for (let pool = 0; pool < pools; pool++)
    order.subarray(first[pool]!, first[pool + 1]!).sort((a, b) => {
      const [one, other] = [packed[a]!, packed[b]!]
      return one < other ? -1 : one > other ? 1 : a - b
    })

  const own = infos.map((_, number) => (isOpen[number] ? new Sample() : null))
  const whole = Array.from({ length: pools }, () => new Sample())
  const { deletedAt } = history.deal

  const at: ExitOrder['at'] = ({ asOf, from, historyStart }) => {
    for (const sample of [...own, ...whole]) sample?.clear()
    const deals: number[] = []
    const stages: number[] = []
    const ages: number[] = []
    for (let pool = 0; pool < pools; pool++) {
      const all = whole[pool]!
      for (let index = first[pool]!; index < first[pool + 1]!; index++) {
        const stay = order[index]!
        const begun = enteredAt[stay]!
        const left = leftAt[stay]!
        if (begun > asOf || deletedAt[deal[stay]!]! <= asOf) continue
        const hasLeft = left <= asOf
        if (hasLeft && left < from) continue
        const place = stage[stay]!
        let duration = -1
        if (!hasLeft) {
          duration = workingTime.elapsed(begun, asOf)
          deals.push(deal[stay]!)
          stages.push(place)
          ages.push(duration)
        }
        const mine = own[place]!
        const seen = entryRow[stay]! < 0 ? Math.max(from, historyStart) : from
        if (seen > begun) {
          const entry = workingTime.elapsed(begun, seen)
          if (!(entry < (hasLeft ? workingTime.elapsed(begun, left) : duration))) continue
          mine.late.push(entry)
          all.late.push(entry)
        } else {
          mine.fromBirth++
          all.fromBirth++
        }
        if (hasLeft) {
          mine.events.push(packed[stay]!)
          all.events.push(packed[stay]!)
        } else {
          mine.censored.push(duration)
          all.censored.push(duration)
        }
      }
    }
    return {
      own: own.map(sample => sample?.sorted() ?? null),
      pools: whole.map(sample => sample.sorted()),
      open: {
        deal: Int32Array.from(deals),
        stage: Int32Array.from(stages),
        age: Float64Array.from(ages),
      },
    }
  }
  return { poolOf, pools, targets, wonTarget, at }
}
