import type { DateTime } from 'luxon'
import { type Clock, SECOND } from '../../clock.ts'
import type { FeedName } from '../vendor.ts'
import { type Catalogue, readCatalogue } from './catalogue.ts'
import type { Client } from './client.ts'
import { portalInstant } from './portal-time.ts'
import { type Probe, probePortal } from './probe.ts'

/** What one connection has learnt about its portal and need not ask twice. */
export type Session = {
  catalogue(): Promise<Catalogue>
  refreshCatalogue(): Promise<Catalogue>
  /** The same probe serves every feed once; a feed read again gets a new one. */
  probeFor(feed: FeedName): Promise<Probe>
  /**
   * The portal's clock, asked of the portal. An answer serves for a minute: a reading that begins from an
   * earlier instant only reads a little more.
   */
  portalNow(): Promise<DateTime<true>>
  noteTime(iso: unknown): void
}

const TIME_SERVES_MS = 60 * SECOND

export const createSession = (client: Client, clock: Clock): Session => {
  let catalogue: Promise<Catalogue> | null = null
  let time: { at: DateTime<true>; notedAt: number } | null = null
  let probe: { result: Promise<Probe>; used: Set<FeedName> } | null = null

  const refreshCatalogue = (): Promise<Catalogue> => {
    const reading = readCatalogue(client)
    catalogue = reading
    reading.catch(() => {
      if (catalogue === reading) catalogue = null
    })
    return reading
  }

  const noteTime = (iso: unknown): void => {
    time = { at: portalInstant(iso, clock.now()), notedAt: clock.now().getTime() }
  }

  return {
    noteTime,
    async portalNow() {
      const isFresh = time !== null && Math.abs(clock.now().getTime() - time.notedAt) < TIME_SERVES_MS
      if (time !== null && isFresh) return time.at
      const [reply] = await client.batch([{ method: 'server.time', params: {} }])
      const at = portalInstant(reply?.ok ? reply.envelope.result : null, clock.now())
      time = { at, notedAt: clock.now().getTime() }
      return at
    },
    catalogue: () => catalogue ?? refreshCatalogue(),
    refreshCatalogue,
    probeFor(feed) {
      if (!probe || probe.used.has(feed)) {
        const made = { result: probePortal(client, clock), used: new Set<FeedName>() }
        made.result.catch(() => {
          if (probe === made) probe = null
        })
        probe = made
      }
      probe.used.add(feed)
      return probe.result
    },
  }
}
