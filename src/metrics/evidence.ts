import type { EvidenceItem } from '../snapshot/document.ts'

type Kept = { at: number; item: EvidenceItem }

const newestFirst = (a: Kept, b: Kept): number =>
  b.at - a.at || (a.item.id < b.item.id ? -1 : a.item.id > b.item.id ? 1 : 0)

/** Items behind one measure, per person: all are counted, the newest `limit` are kept. */
export class Ledger {
  readonly #limit: number
  /** `floor`: what does not come before it cannot be among the newest any more. */
  readonly #people = new Map<string, { total: number; floor: Kept | null; kept: Kept[] }>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** @param at instant that orders the items, newest first */
  show(who: string | null, at: number, item: EvidenceItem): void {
    if (who === null) return
    let person = this.#people.get(who)
    if (person === undefined) {
      person = { total: 0, floor: null, kept: [] }
      this.#people.set(who, person)
    }
    person.total++
    const { floor } = person
    if (floor !== null && (at < floor.at || (at === floor.at && item.id > floor.item.id))) return
    person.kept.push({ at, item })
    // Twice the limit before tidying: sorting stays rare, memory bounded.
    if (person.kept.length >= this.#limit * 2) {
      person.kept.sort(newestFirst)
      person.kept.length = this.#limit
      person.floor = person.kept.at(-1) ?? null
    }
  }

  /** Takes over what another ledger was shown. */
  merge(other: Ledger): void {
    for (const [who, { total, kept }] of other.#people) {
      for (const { at, item } of kept) this.show(who, at, item)
      // What the other has forgotten already still counts.
      const own = this.#people.get(who)
      if (own !== undefined) own.total += total - kept.length
    }
  }

  items(): Record<string, { total: number; items: EvidenceItem[] }> {
    const result: Record<string, { total: number; items: EvidenceItem[] }> = {}
    for (const who of [...this.#people.keys()].sort()) {
      const { total, kept } = this.#people.get(who)!
      kept.sort(newestFirst)
      result[who] = { total, items: kept.slice(0, this.#limit).map(({ item }) => item) }
    }
    return result
  }
}

/** What a day's numerator and denominator would gain were the deal in order. */
export type FixDay = { index: number; numerator: number; denominator: number }

/** A deal that a person could put right today, with what that changes on each day of the last week. */
export type Fix = { dealId: string; amount: number; days: readonly FixDay[] }

/** Deals named per person and measure; all of them are counted. */
const MAX_FIX_DEALS = 20

const weightOf = (days: readonly FixDay[]): number =>
  days.reduce((sum, { numerator, denominator }) => sum + Math.abs(numerator) + Math.abs(denominator), 0)

type Weighed = { weight: number; fix: Fix }

const weightiestFirst = (a: Weighed, b: Weighed): number =>
  b.weight - a.weight || b.fix.amount - a.fix.amount || (a.fix.dealId < b.fix.dealId ? -1 : 1)

/** Deals that a person could put right today, those that weigh most first. */
export class FixList {
  readonly #isWanted: boolean
  /** `floor`: what weighs less cannot be among the weightiest any more. */
  readonly #people = new Map<string, { count: number; floor: number; kept: Weighed[] }>()

  /** @param isWanted false for a past that was over before anybody could put anything right */
  constructor(isWanted = true) {
    this.#isWanted = isWanted
  }

  /** @param daysOf changes on the working days of the last week on which this person owned the deal */
  add(who: string | null, dealId: string, amount: number | null, daysOf: () => readonly FixDay[]): void {
    if (who === null || !this.#isWanted) return
    const days = daysOf()
    let own = this.#people.get(who)
    if (own === undefined) {
      own = { count: 0, floor: 0, kept: [] }
      this.#people.set(who, own)
    }
    own.count++
    const weight = weightOf(days)
    if (weight < own.floor) return
    own.kept.push({ weight, fix: { dealId, amount: amount ?? 0, days } })
    if (own.kept.length < MAX_FIX_DEALS * 4) return
    own.kept.sort(weightiestFirst)
    own.kept.length = MAX_FIX_DEALS
    own.floor = own.kept.at(-1)?.weight ?? 0
  }

  count(who: string): number {
    return this.#people.get(who)?.count ?? 0
  }

  /** The weightiest of them, at most twenty. */
  top(who: string): Fix[] {
    return (this.#people.get(who)?.kept ?? [])
      .toSorted(weightiestFirst)
      .slice(0, MAX_FIX_DEALS)
      .map(({ fix }) => fix)
  }
}
