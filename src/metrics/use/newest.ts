import type { DealMention } from '../../snapshot/document.ts'

/** Counts deals and keeps the newest few of them, in bounded memory. */
export class Newest {
  readonly #limit: number
  readonly #kept: { at: number; deal: DealMention }[] = []
  total = 0

  constructor(limit = 20) {
    this.#limit = limit
  }

  add(at: number, id: string, title: string): void {
    this.total++
    const kept = this.#kept
    const last = kept[this.#limit - 1]
    if (last !== undefined && (last.at > at || (last.at === at && last.deal.id < id))) return
    let place = kept.length
    while (
      place > 0 &&
      (kept[place - 1]!.at < at || (kept[place - 1]!.at === at && kept[place - 1]!.deal.id > id))
    )
      place--
    kept.splice(place, 0, { at, deal: { id, title } })
    if (kept.length > this.#limit) kept.length = this.#limit
  }

  /** The newest first. */
  deals(): DealMention[] {
    return this.#kept.map(({ deal }) => deal)
  }
}
