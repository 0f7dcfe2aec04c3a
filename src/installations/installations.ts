import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import { asError, notFound } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Settings } from '../records/settings.ts'
import type { Store } from '../store/open-store.ts'
import type { InboundRequest, KnownPortal, Portal, Vendor } from '../vendors/vendor.ts'
import { type ConnectOptions, createConnections } from './connect.ts'
import { createEventSecrets } from './event-secrets.ts'
import { actorTokenContext, createEvents, type Events, type Farewell } from './events.ts'
import { createFrames, type Frames } from './frame.ts'
import { createInstaller, type Installer } from './install.ts'
import { findInstallation, type Installation, installationIdOf, installationOf } from './installation.ts'
import { type Judgement, judge } from './judge.ts'
import { createSealer } from './seal.ts'
import { changedSettings } from './settings.ts'
import { createTokenOwners } from './token-owner.ts'
import { type Viewer, viewerOf } from './visibility.ts'

/** Something about an installation that other rooms have to act upon. */
export type InstallationChange =
  | { kind: 'healed' | 'updated' | 'metadata' | 'taken' }
  | { kind: 'unchecked'; sealedGrant: string }
  | { kind: 'doubtful'; purge: boolean }

export type Installations = Pick<Installer, 'install'> &
  Pick<Events, 'receive' | 'disconnect' | 'confirmUninstall'> & {
    openFrame: Frames['open']
    find(id: string): Promise<Installation | null>
    /** @throws AppError 404 `installation_not_found` */
    load(id: string): Promise<Installation>
    list(): Promise<Installation[]>
    /** @throws AppError 404 `installation_not_found` */
    viewer(id: string, userId: string, isAdmin: boolean): Promise<Viewer>
    /** @throws AppError 400 `invalid_settings`; 404 */
    patchSettings(id: string, patch: unknown, changedBy: string): Promise<Settings>
    /** The same with a patch that follows from what is set at that moment. */
    changeSettings(id: string, patchOf: (now: Settings) => unknown, changedBy: string): Promise<Settings>
    /** @throws AppError 404 and 409 when the portal cannot be asked */
    portal(id: string, options?: ConnectOptions): Promise<Portal>
    vendorOf(installation: Pick<Installation, 'vendor'>): Vendor
    /** The acting user's token of a stored hint. */
    openActorToken(id: string, sealed: string): string
    /** Binds events and screens again, e.g. after an update of the app. */
    register(id: string): Promise<void>
    /** What an install request had no time for. */
    finishInstall(id: string): Promise<void>
    /** Puts a sealed grant in force if it is an administrator's. */
    admit(id: string, sealedGrant: string): Promise<void>
    /** Our token belongs to somebody who is no administrator any more: what it does not show is not gone. */
    loseRights(id: string): Promise<void>
    /** Asks a suspended portal whether it lets us in again. @returns true when it does */
    recheck(id: string): Promise<boolean>
    /** Renews a pair that has not been used for a month. @returns true when it was renewed */
    keepAlive(id: string): Promise<boolean>
    /** Deletes what has waited long enough. @returns ids that are gone */
    purgeExpired(): Promise<string[]>
  }

export const createInstallations = (deps: {
  store: Store
  vendors: readonly Vendor[]
  config: Pick<Config, 'SECRET_KEY'>
  clock: Clock
  log: Logger
  /** Called when an installation stands: time for the first reading. */
  onInstalled(installationId: string): Promise<void>
  onChanged(installationId: string, change: InstallationChange): Promise<void>
}): Installations => {
  const { store, vendors, clock, log, onChanged } = deps
  const sealer = createSealer(deps.config.SECRET_KEY)
  const eventSecrets = createEventSecrets(sealer)
  const tokens = createTokenOwners({ store, sealer, clock, log })

  const onJudged = async (installation: Installation, { status, reason }: Judgement): Promise<void> => {
    if (status === 'uninstalled') return events.retire(installation.id, reason, false)
    await store.installations.update(installation.id, { status, statusReason: reason })
    log.warn({ installationId: installation.id, status, reason }, 'installation status changed')
  }
  const connections = createConnections({
    store,
    vendors,
    tokens,
    clock,
    log,
    eventSecretOf: installation => eventSecrets.open(installation),
    onJudged,
  })
  const installer = createInstaller({
    store,
    tokens,
    connections,
    eventSecrets,
    sealer,
    clock,
    log,
    onInstalled: deps.onInstalled,
    onUnbound: id => onChanged(id, { kind: 'updated' }),
    onTaken: id => onChanged(id, { kind: 'taken' }),
    onUnchecked: (id, sealedGrant) => onChanged(id, { kind: 'unchecked', sealedGrant }),
  })

  const findClaimed = async (vendor: Vendor, req: InboundRequest): Promise<Installation | null> => {
    const claim = vendor.inbound.claim(req)
    if (!claim) return null
    if (claim.by === 'portalKey') return findInstallation(store, installationIdOf(vendor.id, claim.value))
    const row = await store.installations.findByEventSecret(vendor.id, eventSecrets.hash(claim.value))
    return row && installationOf(row)
  }
  const knownPortal = (installation: Installation): KnownPortal => ({
    portalKey: installation.portalKey,
    address: installation.address,
    eventSecret: eventSecrets.open(installation),
    appCode: installation.appCode,
  })
  const shared = { store, tokens, connections, installer, knownPortal, findClaimed, clock, log, sealer }
  const frames = createFrames({ ...shared, onHealed: id => onChanged(id, { kind: 'healed' }) })
  const events = createEvents({
    ...shared,
    onMetadata: id => onChanged(id, { kind: 'metadata' }),
    onUpdated: id => onChanged(id, { kind: 'updated' }),
    onDoubtful: (id, purge) => onChanged(id, { kind: 'doubtful', purge }),
  })

  const load = async (id: string): Promise<Installation> => {
    const installation = await findInstallation(store, id)
    if (!installation) throw notFound('installation_not_found', 'There is no such installation')
    return installation
  }

  const changeSettings: Installations['changeSettings'] = async (id, patchOf, changedBy) => {
    const settings = await store.installations.changeSettings(
      id,
      now => changedSettings(now, patchOf(now), clock.now()),
      changedBy,
    )
    return settings ?? (await load(id)).settings
  }

  return {
    install: installer.install,
    openFrame: frames.open,
    receive: events.receive,
    disconnect: events.disconnect,
    confirmUninstall: (id, purge): Promise<Farewell> => events.confirmUninstall(id, purge),
    find: id => findInstallation(store, id),
    load,
    list: async () => (await store.installations.list()).map(installationOf),
    async viewer(id, userId, isAdmin) {
      const { settings } = await load(id)
      const [users, departments] = await Promise.all([
        store.directory.users(id),
        store.directory.departments(id),
      ])
      return viewerOf(userId, isAdmin, { users, departments, heads: settings.heads })
    },
    patchSettings: (id, patch, changedBy) => changeSettings(id, () => patch, changedBy),
    changeSettings,
    portal: connections.portal,
    vendorOf: connections.vendorOf,
    openActorToken: (id, sealed) => sealer.open(sealed, actorTokenContext(id)),
    async register(id) {
      const installation = await load(id)
      if (installation.status === 'uninstalled') return
      await installer.register(installation)
    },
    finishInstall: installer.finish,
    admit: installer.admit,
    async loseRights(id) {
      await onJudged(await load(id), {
        status: 'reauth_required',
        reason:
          'The person who gave us access is no longer an administrator of the CRM: another administrator has to open the app once',
      })
    },
    async recheck(id) {
      const installation = await load(id)
      if (installation.status !== 'suspended') return false
      try {
        await connections.probe(installation).info()
      } catch (error) {
        const judgement = judge(error)
        if (judgement && judgement.status !== 'suspended') await onJudged(installation, judgement)
        log.info({ err: asError(error), installationId: id }, 'portal still suspended')
        return false
      }
      await store.installations.update(id, { status: 'active', statusReason: null })
      log.info({ installationId: id }, 'portal lets us in again')
      return true
    },
    async keepAlive(id) {
      const installation = await load(id)
      if (installation.status === 'uninstalled' || !(await tokens.isIdle(id))) return false
      const owner = tokens.for(
        { installationId: id, vendor: connections.vendorOf(installation), address: installation.address },
        address => store.installations.update(id, { address }),
      )
      try {
        await owner.renew()
        return true
      } catch (error) {
        const judgement = judge(error)
        if (judgement) await onJudged(installation, judgement)
        throw error
      }
    },
    async purgeExpired() {
      const gone = await store.installations.duePurge(clock.now())
      for (const id of gone) {
        await store.installations.purge(id)
        log.info({ installationId: id }, 'data of a removed installation deleted')
      }
      return gone
    },
  }
}
