import { type Clock, HOUR, MINUTE, SECOND } from '../clock.ts'
import { isVendorError } from '../errors.ts'
import type { Page } from '../vendors/vendor.ts'

/** Told when a run has to wait, so that people see why nothing moves; null = it goes on. */
export type OnWait = (until: Date | null) => void

export type Patience = {
  /**
   * Waits as long as the error deserves.
   * @throws the error itself when repeating is useless or has been useless for minutes
   */
  afterFailure(error: unknown): Promise<void>
  /** Something was read: the count begins anew. */
  progressed(): void
}

/** Failures in a row after which a run gives up; its job comes back later. */
const MAX_FAILURES = 8
const LONGEST_PAUSE = MINUTE
/** How long a portal may keep asking us to slow down. */
const LONGEST_LIMITED = 12 * HOUR

/**
 * Limits are waited out; a portal that is down gets some minutes; everything else is final at once.
 */
export const createPatience = (deps: { clock: Clock; signal: AbortSignal; onWait: OnWait }): Patience => {
  const { clock, signal, onWait } = deps
  let failures = 0
  let limited = 0

  const wait = async (ms: number): Promise<void> => {
    onWait(new Date(clock.now().getTime() + ms))
    await clock.sleep(ms, signal)
    onWait(null)
  }

  return {
    progressed() {
      failures = 0
      limited = 0
    },
    async afterFailure(error) {
      signal.throwIfAborted()
      if (!isVendorError(error) || error.verdict) throw error
      if (error.kind === 'rate_limited') {
        const pause = Math.max(SECOND, error.retryAfterMs ?? 30 * SECOND)
        limited += pause
        if (limited > LONGEST_LIMITED) throw error
        return wait(pause)
      }
      if (error.kind !== 'unavailable') throw error
      failures += 1
      if (failures > MAX_FAILURES) throw error
      return wait(Math.min(LONGEST_PAUSE, SECOND * 2 ** failures))
    },
  }
}

/** Repeats a call that only reads, as long as patience lasts. */
export const patiently = async <T>(patience: Patience, call: () => Promise<T>): Promise<T> => {
  for (;;)
    try {
      const result = await call()
      patience.progressed()
      return result
    } catch (error) {
      await patience.afterFailure(error)
    }
}

/**
 * The pages of a feed; after a failure the feed is opened again where the last page ended.
 * @param open opens the feed at a place; null = its beginning
 */
export async function* patientPages(
  patience: Patience,
  open: (resume: string | null) => AsyncGenerator<Page, { cursor: string }>,
  resume: string | null,
): AsyncGenerator<Page, { cursor: string }> {
  let place = resume
  for (;;) {
    const pages = open(place)
    try {
      for (;;) {
        const next = await pages.next()
        if (next.done) return next.value
        patience.progressed()
        place = next.value.resume
        yield next.value
      }
    } catch (error) {
      await patience.afterFailure(error)
    } finally {
      await pages.return?.({ cursor: '' }).catch(() => {})
    }
  }
}
