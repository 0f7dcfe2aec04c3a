import { type Clock, MINUTE, SECOND } from '../../clock.ts'
import { VendorError } from '../../errors.ts'
import type { Connection, LimitLedger } from '../vendor.ts'
import type { Platform } from './platform.ts'

/**
 * The vendor allows 7 requests a second: per account on amoCRM, per our own address on Kommo. A bucket of one
 * that drains six a second spaces requests evenly, so no second of any cut ever holds more than seven.
 */
const PER_SECOND = 6
const BURST = 1
/** Five refusals in a row look like a block: asking on would make it longer. */
const REFUSALS_TO_OPEN = 5
const CIRCUIT_MS = 15 * MINUTE
const LIMITED_TO_SLOW = 3
const SLOW_MS = 10 * MINUTE

/** Bucket shared by every account that we reach from one address. */
export const SHARED_BUCKET = 'shared:address'

export type Pace = {
  /** Returns when the next request may go. @throws VendorError `rate_limited` while the circuit is open */
  wait(): Promise<void>
  answered(status: number, retryAfterMs?: number): Promise<void>
}

/** What this process sent of late, by whose limit it counts against. */
const lanes = new Map<string, { times: number[]; last: Promise<void> }>()

/**
 * A busy machine wakes sleepers late and then all at once; this keeps what was spaced apart. One at a time,
 * and never more than `PER_SECOND` within the same second.
 */
const keepApart = (key: string, { clock, signal }: Pick<Connection, 'clock' | 'signal'>): Promise<void> => {
  const lane = lanes.get(key) ?? { times: [], last: Promise.resolve() }
  lanes.set(key, lane)
  const turn = lane.last.then(async () => {
    signal?.throwIfAborted()
    const first = lane.times.length >= PER_SECOND ? lane.times[lane.times.length - PER_SECOND] : undefined
    const left = first === undefined ? 0 : first + SECOND - clock.now().getTime()
    if (left > 0 && left <= SECOND) await clock.sleep(left, signal)
    lane.times.push(clock.now().getTime())
    if (lane.times.length > PER_SECOND) lane.times.shift()
  })
  lane.last = turn.catch(() => {})
  return turn
}

/**
 * For the few calls right after an installation's proof, when there is nothing yet to keep limits for: the
 * same pace, remembered here only.
 */
export const createFirstSteps = (clock: Clock): LimitLedger & { settle(): Promise<void> } => {
  let freeAt = 0
  const take = (): number => {
    const now = clock.now().getTime()
    const wait = Math.max(0, freeAt - now)
    freeAt = now + wait + SECOND / PER_SECOND
    return wait
  }
  return {
    reserve: async () => take(),
    park: async () => {},
    parkedUntil: async () => null,
    /** Waits until the next request may go, whoever sends it. */
    settle: () => clock.sleep(take()),
  }
}

export const createPace = (platform: Platform, connection: Connection): Pace => {
  const { limits, clock, signal, log } = connection
  const bucket = platform.limitsByAddress ? SHARED_BUCKET : 'requests'
  let refusals = 0
  let limited = 0
  let slowUntil = 0
  return {
    async wait() {
      const parked = await limits.parkedUntil(bucket)
      const left = (parked?.getTime() ?? 0) - clock.now().getTime()
      if (left > MINUTE)
        throw new VendorError('rate_limited', 'parked', 'The CRM asked us to stay away for a while', {
          retryAfterMs: left,
        })
      if (left > 0) await clock.sleep(left, signal)
      const perSecond = clock.now().getTime() < slowUntil ? PER_SECOND / 2 : PER_SECOND
      const wait = await limits.reserve(bucket, { burst: BURST, perSecond })
      if (wait > 0) await clock.sleep(wait, signal)
      await keepApart(platform.limitsByAddress ? platform.id : connection.address.host, connection)
    },
    async answered(status, retryAfterMs) {
      const now = clock.now().getTime()
      refusals = status === 403 ? refusals + 1 : 0
      limited = status === 429 ? limited + 1 : 0
      if (status === 429)
        await limits.park(bucket, new Date(now + (retryAfterMs ?? 1000 * 2 ** Math.min(limited - 1, 6))))
      if (limited >= LIMITED_TO_SLOW) slowUntil = now + SLOW_MS
      if (refusals >= REFUSALS_TO_OPEN) {
        refusals = 0
        await limits.park(bucket, new Date(now + CIRCUIT_MS))
        log.warn({ minutes: CIRCUIT_MS / MINUTE }, 'the vendor keeps refusing; staying away')
      }
    },
  }
}
