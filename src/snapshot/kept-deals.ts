import { instants } from '../metrics/history/column.ts'
import type { Dossier } from '../records/facts.ts'

/** Deals that are written down together, and between which the event loop gets in. */
const BATCH = 250

/**
 * Deals kept between the two passes. For one instant they stay as they are. For several they are written down outside
 * of the heap: a million small objects kept for minutes would be walked by every collection.
 */
export class KeptDeals {
  readonly #isWritten: boolean
  readonly #batches: (Dossier[] | Buffer)[] = []
  readonly #latest = instants()
  #open: Dossier[] = []
  #size = 0

  constructor(passes: number) {
    this.#isWritten = passes > 1
  }

  get size(): number {
    return this.#size
  }

  /** @param latest the newest dated fact of the dossier */
  add(dossier: Dossier, latest: number): void {
    this.#open.push(dossier)
    this.#latest.push(latest)
    this.#size++
    if (this.#open.length === BATCH) this.#close()
  }

  /** The deals in the order they came in, each with its newest dated fact. */
  *batches(): Generator<{ dossier: Dossier; latest: number }[]> {
    if (this.#open.length > 0) this.#close()
    const latest = this.#latest.trimmed()
    let number = 0
    for (const batch of this.#batches) {
      const dossiers = Array.isArray(batch) ? batch : (JSON.parse(batch.toString()) as Dossier[])
      yield dossiers.map(dossier => ({ dossier, latest: latest[number++]! }))
    }
  }

  #close(): void {
    this.#batches.push(this.#isWritten ? Buffer.from(JSON.stringify(this.#open)) : this.#open)
    this.#open = []
  }
}
