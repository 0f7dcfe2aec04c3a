import { type Clock, HOUR } from '../clock.ts'
import { asError, forbidden, isVendorError, notFound, unauthorized, VendorError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Store } from '../store/open-store.ts'
import type { FrameUser, InboundRequest, KnownPortal, Vendor } from '../vendors/vendor.ts'
import type { Connections } from './connect.ts'
import type { Installer } from './install.ts'
import { findInstallation, type Installation } from './installation.ts'
import { changedSettings } from './settings.ts'
import type { TokenOwners } from './token-owner.ts'

export type Frames = {
  /** @throws AppError 4xx; VendorError */
  open(vendor: Vendor, req: InboundRequest): Promise<{ installation: Installation; user: FrameUser }>
}

export const createFrames = (deps: {
  store: Store
  tokens: TokenOwners
  connections: Connections
  installer: Installer
  knownPortal(installation: Installation): KnownPortal
  findClaimed(vendor: Vendor, req: InboundRequest): Promise<Installation | null>
  clock: Clock
  log: Logger
  onHealed(installationId: string): Promise<void>
}): Frames => {
  const { store, tokens, connections, installer, clock, log } = deps

  /** An administrator's visit brings a fresh pair: enough to go on with, once it has proved itself. */
  const heal = async (
    vendor: Vendor,
    installation: Installation,
    user: FrameUser,
  ): Promise<Installation | null> => {
    if (!user.tokens) return null
    try {
      const renewed = await vendor.refresh(user.tokens, installation.address)
      // Asked at the address we knew: a pair of another portal opens nothing there.
      const info = await connections.probeWith(installation, renewed.tokens.access).info()
      if (!info.isAdmin) throw new VendorError('rejected', 'not_admin', 'the pair is not an administrator’s')
      await tokens.adopt(installation.id, user.userId, renewed.tokens)
      await store.installations.update(installation.id, {
        status: 'active',
        statusReason: null,
        uninstalledAt: null,
        purgeAfter: null,
      })
      log.info({ installationId: installation.id }, 'installation healed by an administrator')
      await installer.register({ ...installation, status: 'active' }).catch((error: unknown) => {
        log.warn({ err: asError(error), installationId: installation.id }, 'events not bound again')
      })
      await deps.onHealed(installation.id)
      return await findInstallation(store, installation.id)
    } catch (error) {
      // The page opens all the same; reloading it sends the same pair, spent by then.
      log.warn({ err: asError(error), installationId: installation.id }, 'installation not healed')
      return findInstallation(store, installation.id)
    }
  }

  /** Who is in the frame, as the portal says, wherever it lives by now. */
  const ask = async (
    vendor: Vendor,
    req: InboundRequest,
    installation: Installation,
  ): Promise<{ installation: Installation; user: FrameUser }> => {
    try {
      return { installation, user: await vendor.inbound.frame(req, deps.knownPortal(installation)) }
    } catch (error) {
      if (!isVendorError(error) || error.verdict !== 'moved') throw error
      // The visitor's word on where to is not taken: our own pair is led there by the portal and must open it.
      await connections.probe(installation).info()
      const moved = (await findInstallation(store, installation.id)) ?? installation
      return { installation: moved, user: await vendor.inbound.frame(req, deps.knownPortal(moved)) }
    }
  }

  const noteScopes = async (installation: Installation, scopes: readonly string[]): Promise<void> => {
    const known = new Set(installation.scopes)
    if (scopes.length === 0 || (scopes.length === known.size && scopes.every(scope => known.has(scope))))
      return
    await store.installations.update(installation.id, { scopes: [...scopes] })
  }

  const notePlace = async (
    { id, appCode }: Installation,
    { place }: Pick<FrameUser, 'place'>,
  ): Promise<void> => {
    if (!place || place.path === appCode || (appCode !== null && !place.isHome)) return
    await store.installations.update(id, { appCode: place.path })
  }

  const noteConsent = async ({ id }: Installation, user: FrameUser): Promise<void> => {
    if (!user.consent) return
    const digest = { crmTasksAllowed: user.consent.crmTasks }
    await store.installations.changeSettings(
      id,
      now => changedSettings(now, { digest }, clock.now()),
      user.userId,
    )
  }

  return {
    async open(vendor, req) {
      const found = await deps.findClaimed(vendor, req)
      if (!found) throw notFound('not_installed', 'The app is not installed in this portal; install it first')
      const { installation: known, user } = await ask(vendor, req, found)
      if (user.singleUse !== undefined) {
        const until = new Date(clock.now().getTime() + 24 * HOUR)
        if (!(await store.singleUse.spend(found.id, 'frame', user.singleUse, until)))
          throw unauthorized('token_used', 'This sign-in was used already; open the app again')
      }
      let installation = known
      if (user.isAdmin) {
        if (known.status !== 'active') installation = (await heal(vendor, known, user)) ?? known
        await noteScopes(installation, user.scopes)
        await notePlace(installation, user)
        await noteConsent(installation, user)
      }
      if (installation.status === 'uninstalled')
        throw forbidden('not_installed', 'The app was removed from this portal; install it again')
      return { installation, user }
    },
  }
}

/** True for errors that mean "this access opens nothing any more". */
export const isAccessDead = (error: unknown): boolean =>
  isVendorError(error) && (error.kind === 'auth_revoked' || error.verdict === 'uninstalled')
