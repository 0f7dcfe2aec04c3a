import { type Clock, MINUTE, SECOND } from '../../clock.ts'
import { VendorError } from '../../errors.ts'
import type { LimitLedger } from '../vendor.ts'

/**
 * Two limits of the cloud. Requests: a leaky bucket per portal and source address (50 and 2/s, Enterprise
 * 250 and 5/s). Time: about 480 s of execution per method and ten minutes, after which that method alone
 * is refused. Bulk reading leaves a few requests of the bucket to people who wait for an answer.
 */
export type Urgency = 'bulk' | 'person'

type BucketRule = { burst: number; perSecond: number }
const STANDARD: Record<Urgency, BucketRule> = {
  bulk: { burst: 40, perSecond: 1.9 },
  person: { burst: 46, perSecond: 1.9 },
}
const ENTERPRISE: Record<Urgency, BucketRule> = {
  bulk: { burst: 225, perSecond: 4.8 },
  person: { burst: 240, perSecond: 4.8 },
}
/** Longest that somebody's click waits for a resting method. */
const PERSON_WAITS = 20 * SECOND
export const REQUEST_BUCKET = 'rest'

/** Seconds of execution a method may use in ten minutes, and the share at which we rest. */
export const OPERATING_BUDGET = 480
const REST_AT = 0.85 * OPERATING_BUDGET

/** `LICENSE` looks like `ru_ent250`; on-premise portals say `ru_selfhosted`. */
export const isEnterprise = (licence: string | null): boolean => licence !== null && /(^|_)ent/i.test(licence)

/** Times of one executed method as the portal states them. */
export type Spent = {
  operating: number | null
  /** The portal's own clock at the end of the call, in seconds. */
  finish: number | null
  resetAt: number | null
  duration: number | null
}

export type Limits = {
  /** Waits until one more request may be sent and none of its methods rests. */
  takeTurn(methods: readonly string[], urgency: Urgency): Promise<void>
  /** Remembers what a method has used; lets it rest when little is left. */
  record(method: string, spent: Spent): Promise<void>
  /** The portal refused the method for its time budget. */
  rest(method: string, spent: Spent | null): Promise<void>
  setLicence(licence: string | null): void
}

export const createLimits = (deps: {
  ledger: LimitLedger
  /** As it was known before this connection asks for it. */
  licence: string | null
  clock: Clock
  signal: AbortSignal | undefined
}): Limits => {
  const { ledger, clock, signal } = deps
  const rulesOf = (licence: string | null) => (isEnterprise(licence) ? ENTERPRISE : STANDARD)
  let rules = rulesOf(deps.licence)
  const keyOf = (method: string): string => `method:${method}`

  const restUntil = (spent: Spent | null): Date => {
    const wait =
      spent?.resetAt && spent.finish
        ? (spent.resetAt - spent.finish) * SECOND
        : spent?.resetAt
          ? MINUTE
          : 30 * SECOND
    return new Date(clock.now().getTime() + Math.min(Math.max(wait, SECOND), 11 * MINUTE))
  }

  return {
    async takeTurn(methods, urgency) {
      for (;;) {
        const parked = await Promise.all(methods.map(method => ledger.parkedUntil(keyOf(method))))
        const until = Math.max(0, ...parked.map(date => date?.getTime() ?? 0))
        const wait = until - clock.now().getTime()
        if (wait <= 0) break
        if (urgency === 'person' && wait > PERSON_WAITS)
          throw new VendorError(
            'rate_limited',
            'OPERATION_TIME_LIMIT',
            'the method rests for its time budget',
            {
              retryAfterMs: wait,
            },
          )
        await clock.sleep(wait, signal)
      }
      const wait = await ledger.reserve(REQUEST_BUCKET, rules[urgency])
      if (wait > 0) await clock.sleep(wait, signal)
    },

    async record(method, spent) {
      if (spent.operating !== null && spent.operating >= REST_AT)
        await ledger.park(keyOf(method), restUntil(spent))
    },

    rest: (method, spent) => ledger.park(keyOf(method), restUntil(spent)),

    setLicence(licence) {
      rules = rulesOf(licence)
    },
  }
}
