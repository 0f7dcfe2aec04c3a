import { type Clock, DAY, SECOND } from '../clock.ts'
import { isVendorError, notFound } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Store } from '../store/open-store.ts'
import type { CrmEvent, InboundRequest, KnownPortal, Vendor } from '../vendors/vendor.ts'
import type { Connections } from './connect.ts'
import { isAccessDead } from './frame.ts'
import type { Installer } from './install.ts'
import { findInstallation, type Installation, installationIdOf } from './installation.ts'
import type { Sealer } from './seal.ts'

/** How long a removed portal's data waits for a change of mind. */
export const KEPT_FOR = 30 * DAY
/** The same when the portal asked for its data to be deleted: only long enough to survive a mistake. */
export const KEPT_WHEN_PURGED = 1 * DAY

/** Whether the portal really let us go. */
export type Farewell = 'gone' | 'still_here' | 'unknown'

export type Events = {
  /** Verifies and keeps hints; asks the CRM nothing but to confirm an uninstall. @throws AppError 4xx */
  receive(vendor: Vendor, req: InboundRequest): Promise<{ installationId: string | null }>
  /** The "integration disabled" hook. Its signature is the vendor's word, which is taken. @throws AppError 4xx */
  disconnect(vendor: Vendor, req: InboundRequest): Promise<void>
  /** Believes a removal only when our access is dead; then drops tokens and names and sets the date of deletion. */
  confirmUninstall(installationId: string, purge: boolean): Promise<Farewell>
  /** What the vendor's own verdict leads to: the same as a confirmed removal. */
  retire(installationId: string, reason: string, purge: boolean): Promise<void>
}

export const actorTokenContext = (installationId: string): string => `${installationId}/actor`

export const createEvents = (deps: {
  store: Store
  sealer: Sealer
  connections: Connections
  installer: Installer
  knownPortal(installation: Installation): KnownPortal
  findClaimed(vendor: Vendor, req: InboundRequest): Promise<Installation | null>
  clock: Clock
  log: Logger
  onMetadata(installationId: string): Promise<void>
  onUpdated(installationId: string): Promise<void>
  /** A removal was announced and could not be confirmed: ask again later. */
  onDoubtful(installationId: string, purge: boolean): Promise<void>
}): Events => {
  const { store, sealer, connections, installer, clock, log } = deps

  const retire = async (id: string, reason: string, purge: boolean): Promise<void> => {
    const now = clock.now()
    await store.tokens.drop(id)
    await store.installations.forgetPeople(id)
    await store.installations.update(id, {
      status: 'uninstalled',
      statusReason: reason,
      uninstalledAt: now,
      purgeAfter: new Date(now.getTime() + (purge ? KEPT_WHEN_PURGED : KEPT_FOR)),
    })
    log.info({ installationId: id, purge }, 'installation removed')
  }

  const confirmUninstall = async (id: string, purge: boolean): Promise<Farewell> => {
    const installation = await findInstallation(store, id)
    if (!installation || installation.status === 'uninstalled') return 'gone'
    try {
      await connections.probe(installation, { signal: AbortSignal.timeout(8 * SECOND) }).info()
    } catch (error) {
      if (!isAccessDead(error)) return 'unknown'
      await retire(id, 'The app was removed from the CRM', purge)
      return 'gone'
    }
    log.warn({ installationId: id }, 'removal announced but access still works')
    return 'still_here'
  }

  const bidFarewell = async (id: string, purge: boolean): Promise<void> => {
    if ((await confirmUninstall(id, purge)) !== 'gone') await deps.onDoubtful(id, purge)
  }

  const update = async (
    vendor: Vendor,
    installation: Installation,
    event: Extract<CrmEvent, { type: 'app_installed' | 'app_updated' }>,
  ): Promise<void> => {
    const { grant } = event
    if (installationIdOf(vendor.id, grant.portalKey) !== installation.id) {
      log.warn({ installationId: installation.id }, 'event vouches for another portal')
      return
    }
    if (grant.isAdmin) await installer.takeOver(vendor, grant)
    else await installer.noteEventSecret(installation.id, grant)
    await deps.onUpdated(installation.id)
  }

  return {
    confirmUninstall,
    retire,
    async receive(vendor, req) {
      const installation = await deps.findClaimed(vendor, req)
      if (!installation) throw notFound('not_installed', 'The app is not installed in this portal')
      const events: CrmEvent[] = await vendor.inbound
        .events(req, deps.knownPortal(installation))
        .catch((error: unknown) => {
          // A second copy of an event whose pair was spent by the first: nothing is left to do.
          if (isVendorError(error) && error.kind === 'auth_revoked') return []
          throw error
        })
      const id = installation.id
      const isLive = installation.status !== 'uninstalled'
      const hints = events.filter(event => event.type === 'changed')
      if (isLive && hints.length > 0)
        await store.crmEvents.add(
          id,
          hints.map(hint => ({
            entity: hint.entity,
            entityId: hint.id,
            action: hint.action,
            at: hint.at,
            receivedAt: clock.now(),
            actorId: hint.actorId,
            actorClass: hint.actorClass,
            sealedActorToken:
              hint.actorToken === null ? null : sealer.seal(hint.actorToken, actorTokenContext(id)),
          })),
        )
      for (const event of events) {
        if (event.type === 'metadata_changed' && isLive) await deps.onMetadata(id)
        if (event.type === 'app_installed' || event.type === 'app_updated')
          await update(vendor, installation, event)
        if (event.type === 'app_uninstalled' && isLive) await bidFarewell(id, event.purge)
      }
      return { installationId: isLive && hints.length > 0 ? id : null }
    },
    async disconnect(vendor, req) {
      const portalKey = vendor.inbound.uninstall(req)
      const installation = await findInstallation(store, installationIdOf(vendor.id, portalKey))
      if (!installation || installation.status === 'uninstalled') return
      // Signed with our secret by the vendor itself: nobody else needs to be asked, and data stay for a change of mind.
      await retire(installation.id, 'The app was switched off in the CRM', false)
    },
  }
}
