import { cutDossier } from '../metrics/cut.ts'
import { indexes, instants } from '../metrics/history/column.ts'
import { WINDOW_DAYS } from '../metrics/window.ts'
import type { Dossier } from '../records/facts.ts'

/** Deals between which the event loop gets in. */
const BATCH = 250

/** Deals written down outside of the heap, column by column. Plain data, whose bytes threads share. */
export type WrittenDeals = {
  readonly blocks: readonly SharedArrayBuffer[]
  /** Where each deal is written: block, first byte and the one behind the last. */
  readonly block: Int32Array
  readonly from: Int32Array
  readonly to: Int32Array
  readonly createdAt: Float64Array
  readonly latest: Float64Array
  readonly quietSince: Float64Array
}

/**
 * What happened before this instant says nothing about people at `asOf`. A day more than the window: its first day may
 * begin a little earlier in the portal's zone.
 */
export const measuredSince = (asOf: number): number => asOf - (WINDOW_DAYS + 2) * 86_400_000

/** A UTF-16 unit takes at most three bytes of UTF-8. */
const MOST_BYTES = 3
const BLOCK_BYTES = 1_000_000

/**
 * Keeps deals between the two passes by writing them down: a million small objects kept for seconds would be walked by
 * every collection, and another thread could not look at them.
 */
export class KeptDeals {
  readonly #blocks: SharedArrayBuffer[] = []
  #last: Buffer<ArrayBufferLike> = Buffer.alloc(0)
  #written = 0
  #bytes = 0
  readonly #block = indexes()
  readonly #from = indexes()
  readonly #to = indexes()
  readonly #createdAt = instants()
  readonly #latest = instants()
  readonly #quietSince = instants()

  /** Written so far. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * @param latest the newest dated fact of the dossier
   * @param quietSince when the last thing happened on a deal that is closed; infinite while it is open
   */
  add(dossier: Dossier, latest: number, quietSince: number): void {
    const json = JSON.stringify(dossier)
    const most = json.length * MOST_BYTES
    if (this.#last.length - this.#written < most) {
      const block = new SharedArrayBuffer(Math.max(BLOCK_BYTES, most))
      this.#blocks.push(block)
      this.#last = Buffer.from(block)
      this.#written = 0
    }
    this.#block.push(this.#blocks.length - 1)
    this.#from.push(this.#written)
    const bytes = this.#last.write(json, this.#written)
    this.#written += bytes
    this.#bytes += bytes
    this.#to.push(this.#written)
    this.#createdAt.push(dossier.createdAt)
    this.#latest.push(latest)
    this.#quietSince.push(quietSince)
  }

  written(): WrittenDeals {
    return {
      blocks: this.#blocks,
      block: this.#block.trimmed(),
      from: this.#from.trimmed(),
      to: this.#to.trimmed(),
      createdAt: this.#createdAt.trimmed(),
      latest: this.#latest.trimmed(),
      quietSince: this.#quietSince.trimmed(),
    }
  }
}

/**
 * Deals that existed at an instant and were open or in motion not long before, as they were known then and in the order
 * they were kept.
 */
export function* dealsAt(deals: WrittenDeals, asOf: number): Generator<Dossier[]> {
  const since = measuredSince(asOf)
  const blocks = deals.blocks.map(block => Buffer.from(block))
  let batch: Dossier[] = []
  for (const [deal, latest] of deals.latest.entries()) {
    if (deals.createdAt[deal]! > asOf || deals.quietSince[deal]! < since) continue
    const json = blocks[deals.block[deal]!]!.toString('utf8', deals.from[deal], deals.to[deal])
    const cut = cutDossier(JSON.parse(json) as Dossier, asOf, latest)
    if (cut === null || batch.push(cut) < BATCH) continue
    yield batch
    batch = []
  }
  yield batch
}
