import { instants } from '../metrics/history/column.ts'
import type { Dossier } from '../records/facts.ts'

/** Deals between which the event loop gets in. */
const BATCH = 250

/** A deal with its newest dated fact. */
type Kept = { dossier: Dossier; latest: number }

/**
 * Deals kept between the two passes. For one instant they stay as they are. For several they are written down outside
 * of the heap: a million small objects kept for minutes would be walked by every collection.
 */
export class KeptDeals {
  readonly #isWritten: boolean
  readonly #deals: (Dossier | Buffer)[] = []
  readonly #createdAt = instants()
  readonly #latest = instants()
  readonly #quietSince = instants()

  /** @param instants how often the deals will be asked for */
  constructor(instants: number) {
    this.#isWritten = instants > 1
  }

  get size(): number {
    return this.#deals.length
  }

  /**
   * @param latest the newest dated fact of the dossier
   * @param quietSince when the last thing happened on a deal that is closed; infinite while it is open
   */
  add(dossier: Dossier, latest: number, quietSince: number): void {
    this.#deals.push(this.#isWritten ? Buffer.from(JSON.stringify(dossier)) : dossier)
    this.#createdAt.push(dossier.createdAt)
    this.#latest.push(latest)
    this.#quietSince.push(quietSince)
  }

  /** Deals that existed at `until` and were open or in motion after `since`, in the order they came in. */
  *batches(since: number, until: number): Generator<Kept[]> {
    const [createdAt, latest, quietSince] = [this.#createdAt, this.#latest, this.#quietSince].map(column =>
      column.trimmed(),
    ) as [Float64Array, Float64Array, Float64Array]
    let batch: Kept[] = []
    for (const [number, kept] of this.#deals.entries()) {
      if (createdAt[number]! > until || quietSince[number]! < since) continue
      const dossier = Buffer.isBuffer(kept) ? (JSON.parse(kept.toString()) as Dossier) : kept
      batch.push({ dossier, latest: latest[number]! })
      if (batch.length < BATCH) continue
      yield batch
      batch = []
    }
    yield batch
  }
}
