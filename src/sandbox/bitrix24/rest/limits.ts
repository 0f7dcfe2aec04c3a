import { type Clock, MINUTE } from '../../../clock.ts'
import type { Portal } from '../state/portal.ts'
import { operationTimeLimit, tooManyRequests } from './rest-error.ts'

const PLANS = { standard: { burst: 50, perSecond: 2 }, enterprise: { burst: 250, perSecond: 5 } } as const

/** The leaky bucket: +1 for each HTTP request of a source address, emptied at a steady rate. */
export class RequestBucket {
  #buckets = new Map<string, { level: number; at: number }>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws RestError QUERY_LIMIT_EXCEEDED when the bucket is full */
  take(portal: Portal, source: string): void {
    if (portal.temper.rateLimit === 'off') return
    const { burst, perSecond } = PLANS[portal.temper.rateLimit]
    const now = this.#clock.now().getTime()
    const bucket = this.#buckets.get(source) ?? { level: 0, at: now }
    bucket.level = Math.max(0, bucket.level - (Math.max(0, now - bucket.at) / 1000) * perSecond)
    bucket.at = now
    this.#buckets.set(source, bucket)
    if (bucket.level + 1 > burst) throw tooManyRequests()
    bucket.level += 1
  }
}

const BASKETS = 10

/** Time spent in a method by an application over ten one-minute baskets. */
export class OperatingLedger {
  #baskets = new Map<string, Map<number, number>>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  #minute(): number {
    return Math.floor(this.#clock.now().getTime() / MINUTE)
  }

  #live(key: string): Map<number, number> {
    const baskets = this.#baskets.get(key) ?? new Map<number, number>()
    this.#baskets.set(key, baskets)
    const oldest = this.#minute() - BASKETS + 1
    for (const minute of baskets.keys()) if (minute < oldest) baskets.delete(minute)
    return baskets
  }

  used(clientId: string, method: string): number {
    let sum = 0
    for (const seconds of this.#live(`${clientId}/${method}`).values()) sum += seconds
    return sum
  }

  /** @throws RestError OPERATION_TIME_LIMIT when the method's allowance is gone */
  check(portal: Portal, clientId: string, method: string): void {
    if (portal.isOnPremise) return
    if (this.used(clientId, method) > portal.temper.operatingLimit) throw operationTimeLimit()
  }

  /** @returns what replies say: the sum so far and when its oldest minute falls out (unix seconds) */
  spend(clientId: string, method: string, seconds: number): { operating: number; resetAt: number } {
    const baskets = this.#live(`${clientId}/${method}`)
    const minute = this.#minute()
    baskets.set(minute, (baskets.get(minute) ?? 0) + seconds)
    const oldest = Math.min(...baskets.keys())
    return { operating: this.used(clientId, method), resetAt: (oldest + BASKETS) * 60 }
  }
}
