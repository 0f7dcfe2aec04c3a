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
  /**
   * Returns when the next request may go, with what is to be called once it was answered or failed.
   * @throws VendorError `rate_limited` while the circuit is open
   */
  wait(): Promise<() => void>
  answered(status: number, retryAfterMs?: number): Promise<void>
}

/** The vendor's own number: no second of any cut may hold more, whenever the requests reach it. */
const ALLOWED = 7
/** Answers by which we know how long the vendor thinks at least; the rest of an answer's time is the way. */
const ANSWERS_KEPT = 16
/** Fewer tell nothing: a stall may have held all of them. */
const ANSWERS_NEEDED = 8
/** What timers and clocks round away. */
const MARGIN = 30

type Sent = { at: number; answeredAt: number | null }
type Lane = { sent: Sent[]; lasted: number[]; last: Promise<void>; onAnswer: () => void }

/** What this process sent of late, by whose limit it counts against. */
const lanes = new Map<string, Lane>()

/** When a request stops counting: a second after it must have arrived. Null = it may still be on its way. */
const freeAt = ({ lasted }: Lane, { at, answeredAt }: Sent): number | null => {
  if (answeredAt === null) return null
  const thinks = lasted.length < ANSWERS_NEEDED ? 0 : Math.min(...lasted)
  return Math.max(at, answeredAt - thinks) + SECOND + MARGIN
}

/** The instant from which no more than `most` of these count. */
const freeFor = (times: readonly number[], most: number): number =>
  [...times].sort((a, b) => b - a)[most] ?? Number.NEGATIVE_INFINITY

const anAnswer = (lane: Lane, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    lane.onAnswer = () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
  })

/**
 * A busy machine wakes sleepers late and then all at once, and what left evenly may arrive in a heap; this
 * keeps apart what was spaced apart. One at a time: never more than `PER_SECOND` sent within the same second,
 * and never more than `ALLOWED` that can have arrived within the same second, however long the way took.
 * @returns tells that the request was answered, or failed
 */
export const keepApart = async (
  platform: Pick<Platform, 'id' | 'limitsByAddress'>,
  host: string,
  { clock, signal }: Pick<Connection, 'clock' | 'signal'>,
): Promise<() => void> => {
  const key = platform.limitsByAddress ? platform.id : host
  const lane = lanes.get(key) ?? { sent: [], lasted: [], last: Promise.resolve(), onAnswer: () => {} }
  lanes.set(key, lane)
  const mine: Sent = { at: 0, answeredAt: null }
  const turn = lane.last.then(async () => {
    for (;;) {
      signal?.throwIfAborted()
      const now = clock.now().getTime()
      // A clock that was set back must not stop us: what seems to lie ahead is forgotten.
      lane.sent = lane.sent.filter(sent => sent.at <= now && (freeAt(lane, sent) ?? now + 1) > now)
      const free = Math.max(
        freeFor(
          lane.sent.map(({ at }) => at + SECOND),
          PER_SECOND - 1,
        ),
        freeFor(
          lane.sent.map(sent => freeAt(lane, sent) ?? Number.POSITIVE_INFINITY),
          ALLOWED - 1,
        ),
      )
      if (free <= now) break
      if (free === Number.POSITIVE_INFINITY) await anAnswer(lane, signal)
      else {
        await clock.sleep(free - now, signal)
        break
      }
    }
    mine.at = clock.now().getTime()
    lane.sent.push(mine)
  })
  lane.last = turn.catch(() => {})
  await turn
  return () => {
    if (mine.answeredAt !== null) return
    mine.answeredAt = clock.now().getTime()
    lane.lasted = [mine.answeredAt - mine.at, ...lane.lasted].slice(0, ANSWERS_KEPT)
    lane.onAnswer()
  }
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
      return keepApart(platform, connection.address.host, connection)
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
