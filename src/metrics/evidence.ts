import type { EvidenceItem } from '../snapshot/document.ts'

type Kept = { at: number; item: EvidenceItem }

const newestFirst = (a: Kept, b: Kept): number =>
  b.at - a.at || (a.item.id < b.item.id ? -1 : a.item.id > b.item.id ? 1 : 0)

/** Items behind one measure, per person: all are counted, the newest `limit` are kept. */
export class Ledger {
  readonly #limit: number
  readonly #people = new Map<string, { total: number; kept: Kept[] }>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** @param at instant that orders the items, newest first */
  show(who: string | null, at: number, item: EvidenceItem): void {
    if (who === null) return
    let person = this.#people.get(who)
    if (person === undefined) {
      person = { total: 0, kept: [] }
      this.#people.set(who, person)
    }
    person.total++
    person.kept.push({ at, item })
    // Twice the limit before tidying: sorting stays rare, memory bounded.
    if (person.kept.length >= this.#limit * 2) {
      person.kept.sort(newestFirst)
      person.kept.length = this.#limit
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

/** Deals that a person could put right today, the most valuable first. */
export class FixList {
  readonly #people = new Map<string, { dealId: string; amount: number }[]>()

  add(who: string | null, dealId: string, amount: number | null): void {
    if (who === null) return
    const deals = this.#people.get(who)
    const entry = { dealId, amount: amount ?? 0 }
    if (deals === undefined) this.#people.set(who, [entry])
    else deals.push(entry)
  }

  count(who: string): number {
    return this.#people.get(who)?.length ?? 0
  }

  dealIds(who: string, limit: number): string[] {
    return (this.#people.get(who) ?? [])
      .toSorted((a, b) => b.amount - a.amount || (a.dealId < b.dealId ? -1 : 1))
      .slice(0, limit)
      .map(({ dealId }) => dealId)
  }
}
