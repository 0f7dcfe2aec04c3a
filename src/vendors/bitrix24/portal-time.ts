import { DateTime } from 'luxon'
import { SECOND } from '../../clock.ts'

/** How far back an incremental read looks again: late commits and one-second stamps. */
export const OVERLAP_MS = 120 * SECOND

/**
 * The portal's own instant, kept in its own offset, because it is sent back to it as a filter.
 * @param iso reply of `server.time`
 * @param fallback used when the portal does not tell
 */
export const portalInstant = (iso: unknown, fallback: Date): DateTime<true> => {
  const parsed =
    typeof iso === 'string' ? DateTime.fromISO(iso, { setZone: true }) : DateTime.invalid('absent')
  if (parsed.isValid) return parsed
  const own = DateTime.fromJSDate(fallback, { zone: 'utc' })
  if (!own.isValid) throw new RangeError('the clock gives no instant')
  return own
}

/** Where the next incremental read begins, when this one began at `now`. */
export const sinceOf = (now: DateTime<true>): string =>
  now
    .minus({ milliseconds: OVERLAP_MS })
    .toISO({ suppressMilliseconds: true, includeOffset: true, extendedZone: false })
