import type { Clock } from '../../../clock.ts'
import type { Account } from '../account/account.ts'

const PER_SECOND = 7
const MINUTE = 60_000

type Caller = { times: number[]; refusals: number[]; blockedUntil: number }

/**
 * Seven requests in any one second, counted by integration and account, or by the caller's address; whoever
 * does not stop is shut out of everything for a while.
 */
export class RequestLimit {
  #callers = new Map<string, Caller>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns what stands in the way, if anything */
  take(account: Account, key: string): 'limited' | 'blocked' | null {
    const { temper } = account
    if (temper.rateLimit === 'off') return null
    const now = this.#clock.now().getTime()
    const caller = this.#callers.get(key) ?? { times: [], refusals: [], blockedUntil: 0 }
    this.#callers.set(key, caller)
    if (caller.blockedUntil > now) return 'blocked'
    while (caller.times.length > 0 && caller.times[0]! <= now - 1000) caller.times.shift()
    if (caller.times.length < PER_SECOND) {
      caller.times.push(now)
      return null
    }
    caller.refusals = caller.refusals.filter(at => at > now - MINUTE)
    caller.refusals.push(now)
    if (caller.refusals.length >= temper.refusalsToBlock) {
      caller.blockedUntil = now + temper.blockSeconds * 1000
      return 'blocked'
    }
    return 'limited'
  }

  forgive(): void {
    this.#callers.clear()
  }
}

/** Most requests that any one second of a log holds, given their instants in ascending order (ms). */
export const busiestSecond = (times: readonly number[]): number => {
  let most = 0
  let start = 0
  for (let end = 0; end < times.length; end++) {
    while (times[start]! <= times[end]! - 1000) start++
    most = Math.max(most, end - start + 1)
  }
  return most
}
