import { randomUUID } from 'node:crypto'
import { type Clock, DAY, SECOND } from '../clock.ts'
import { isVendorError, VendorError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { PortalAddress } from '../records/portal.ts'
import type { Store } from '../store/open-store.ts'
import type { Tokens, Vendor } from '../vendors/vendor.ts'
import type { Sealer } from './seal.ts'

/** Refreshed when less than this is left. */
const MARGIN = 60 * SECOND
/** How long one process may hold the right to refresh; longer than the refresh itself may take. */
const LEASE = 20 * SECOND
const POLL = 150
/** Longest wait for another process. */
const PATIENCE = 60 * SECOND
/** A refresh token dies of idleness after three to six months, by vendor. */
const IDLE = 30 * DAY

export type TokenOwner = {
  /**
   * A valid access token. One refresh is in flight per installation, across processes; the new pair is
   * stored before anyone uses it.
   * @param stale a token that the portal has refused
   * @throws VendorError `auth_revoked` when only an administrator can mend it
   */
  getToken(stale?: string): Promise<string>
  /** Renews the pair although it is still good. */
  renew(): Promise<string>
}

export type TokenOwners = {
  for(
    given: { installationId: string; vendor: Vendor; address: PortalAddress },
    onMoved: (address: PortalAddress) => Promise<void>,
  ): TokenOwner
  /** Puts a proven pair in the place of whatever was there. */
  adopt(installationId: string, userId: string, tokens: Tokens): Promise<void>
  /** True while this access token is the one in force. */
  isCurrent(installationId: string, access: string): Promise<boolean>
  /** Whether the pair has not been renewed for a month. */
  isIdle(installationId: string): Promise<boolean>
}

const accessContext = (id: string): string => `${id}/access`
const refreshContext = (id: string): string => `${id}/refresh`

export const createTokenOwners = (deps: {
  store: Pick<Store, 'tokens'>
  sealer: Sealer
  clock: Clock
  log: Logger
}): TokenOwners => {
  const { store, sealer, clock, log } = deps
  const inFlight = new Map<string, Promise<string>>()

  const isFresh = (expiresAt: Date): boolean => expiresAt.getTime() - clock.now().getTime() > MARGIN

  const load = async (id: string) => {
    const row = await store.tokens.load(id)
    if (!row) throw new VendorError('auth_revoked', 'no_tokens', 'the installation has no tokens')
    return { ...row, installationId: id, access: sealer.open(row.sealedAccess, accessContext(id)) }
  }
  type Row = Awaited<ReturnType<typeof load>>

  /** Asks the vendor; a reply that got lost may have spent the pair or not, so the same is tried once more. */
  const askVendor = async (
    vendor: Vendor,
    address: PortalAddress,
    row: Row,
    sealedRefresh: string,
  ): Promise<{ tokens: Tokens; address: PortalAddress }> => {
    const refresh = sealer.open(sealedRefresh, refreshContext(row.installationId))
    const tokens = { access: row.access, refresh, expiresAt: row.expiresAt }
    try {
      return await vendor.refresh(tokens, address)
    } catch (error) {
      if (!isVendorError(error) || error.kind !== 'unavailable' || error.verdict) throw error
      log.warn({ installationId: row.installationId, code: error.code }, 'token refresh got no reply')
      return vendor.refresh(tokens, address)
    }
  }

  const spend = async (vendor: Vendor, address: PortalAddress, row: Row) => {
    try {
      return await askVendor(vendor, address, row, row.sealedRefresh)
    } catch (error) {
      const isRefused = isVendorError(error) && error.kind === 'auth_revoked'
      if (!isRefused || !row.sealedPreviousRefresh) throw error
      // The last new pair may never have been meant for us: the one before is still worth a try.
      return askVendor(vendor, address, row, row.sealedPreviousRefresh).catch((second: unknown) => {
        throw isVendorError(second) && second.kind === 'auth_revoked' ? error : second
      })
    }
  }

  const renew = async (
    given: { installationId: string; vendor: Vendor; address: PortalAddress },
    onMoved: (address: PortalAddress) => Promise<void>,
    stale: string | undefined,
  ): Promise<string> => {
    const { installationId: id, vendor, address } = given
    const started = clock.now().getTime()
    for (;;) {
      const known = await load(id)
      if (known.access !== stale && isFresh(known.expiresAt)) return known.access
      const now = clock.now()
      const by = randomUUID()
      if (!(await store.tokens.takeLease(id, by, new Date(now.getTime() + LEASE), now))) {
        if (now.getTime() - started > PATIENCE)
          throw new VendorError('unavailable', 'token_busy', 'another process is renewing the token')
        await clock.sleep(POLL + Math.random() * POLL)
        continue
      }
      try {
        // Somebody may have renewed it between the look and the lease.
        const row = await load(id)
        if (row.access !== stale && isFresh(row.expiresAt)) return row.access
        const renewed = await spend(vendor, address, row).catch(async (error: unknown) => {
          const latest = await load(id)
          if (latest.version === row.version) throw error
          return null
        })
        // An installation that was made again meanwhile has a better pair.
        if (!renewed || !(await keep(id, row.version, renewed.tokens))) continue
        log.info({ installationId: id }, 'token renewed')
        if (renewed.address.api !== address.api) await onMoved(renewed.address)
        return renewed.tokens.access
      } finally {
        await store.tokens.releaseLease(id, by)
      }
    }
  }

  /** A pair that was issued and not stored is lost for good: a stumbling database is given some time. */
  const keep = async (id: string, version: number, tokens: Tokens): Promise<boolean> => {
    const sealed = {
      sealedAccess: sealer.seal(tokens.access, accessContext(id)),
      sealedRefresh: sealer.seal(tokens.refresh, refreshContext(id)),
      expiresAt: tokens.expiresAt,
    }
    for (let attempt = 1; ; attempt += 1)
      try {
        return await store.tokens.rotate(id, version, sealed)
      } catch (error) {
        if (attempt === 5) throw error
        await clock.sleep(attempt * 200)
      }
  }

  return {
    for(given, onMoved) {
      const id = given.installationId
      const getToken = async (stale?: string): Promise<string> => {
        const row = await load(id)
        if (row.access !== stale && isFresh(row.expiresAt)) return row.access
        const running = inFlight.get(id)
        if (running) return running
        const renewal = renew(given, onMoved, stale).finally(() => inFlight.delete(id))
        inFlight.set(id, renewal)
        return renewal
      }
      return { getToken, renew: async () => getToken((await load(id)).access) }
    },
    adopt: (id, userId, tokens) =>
      store.tokens.save(
        id,
        {
          userId,
          sealedAccess: sealer.seal(tokens.access, accessContext(id)),
          sealedRefresh: sealer.seal(tokens.refresh, refreshContext(id)),
          expiresAt: tokens.expiresAt,
        },
        false,
      ),
    async isCurrent(id, access) {
      const row = await store.tokens.load(id)
      return row !== null && sealer.open(row.sealedAccess, accessContext(id)) === access
    },
    async isIdle(id) {
      const row = await store.tokens.load(id)
      return row !== null && clock.now().getTime() - row.rotatedAt.getTime() > IDLE
    },
  }
}
