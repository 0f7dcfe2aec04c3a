import { isDeepStrictEqual } from 'node:util'
import { type Clock, DAY } from '../clock.ts'
import { asError, conflict, forbidden, isVendorError, VendorError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { defaultSettings, type Settings } from '../records/settings.ts'
import type { Store } from '../store/open-store.ts'
import type { Grant, InboundRequest, Portal, PortalInfo, Vendor } from '../vendors/vendor.ts'
import type { Connections } from './connect.ts'
import type { EventSecrets } from './event-secrets.ts'
import { findInstallation, type Installation, installationIdOf, installationOf } from './installation.ts'
import { judge } from './judge.ts'
import type { Sealer } from './seal.ts'
import type { TokenOwners } from './token-owner.ts'

/** Longer than any vendor's refresh token lives: what it spent stays spent. */
const SPENT_FOR = 200 * DAY

export const languageOf = (word: string | null): 'ru' | 'en' =>
  word === null || /^(ru|be|kk|ky|uz|uk)/i.test(word) ? 'ru' : 'en'

/** Settings of a portal that nobody has changed yet, from what the portal says of itself. */
const settingsFrom = (info: PortalInfo, language: string | null): Settings => {
  const settings = defaultSettings(info.timeZone ?? 'UTC', languageOf(info.language ?? language))
  return info.calendar ? { ...settings, calendar: { ...settings.calendar, ...info.calendar } } : settings
}

export type Installer = {
  /** @throws AppError 403 `admin_required`, 409 `install_used`; VendorError */
  install(
    vendor: Vendor,
    req: InboundRequest,
  ): Promise<{ installation: Installation; userId: string; isAdmin: boolean; language: string | null }>
  /** Stores what a proven grant brings: a new pair, a new event secret, the address. */
  takeOver(vendor: Vendor, grant: Grant): Promise<Installation>
  /** The same of a grant that is not an administrator's: its pair is not for us. */
  noteEventSecret(installationId: string, grant: Grant): Promise<void>
  /** Reads what the portal says of itself and binds our events and screens to it. */
  register(installation: Installation): Promise<Installation>
  /** What an install request had no time for: who installed, our bindings, and then the first reading. */
  finish(installationId: string): Promise<void>
  /** Asks whose a sealed grant is, and lets an administrator's take the place of the pair in force. */
  admit(installationId: string, sealedGrant: string): Promise<void>
}

/** For an administrator, on the screen that says why nothing is read. */
const NOT_ADMIN =
  'Whoever connected the app is not an administrator of the CRM, and would show only a part of it: an administrator has to install it'

/** Worth asking again: the CRM was away or out of patience. */
const isPassing = (error: unknown): boolean =>
  isVendorError(error) && !error.verdict && ['unavailable', 'rate_limited'].includes(error.kind)

const grantContext = (installationId: string): string => `${installationId}/grant`

export const createInstaller = (deps: {
  store: Store
  tokens: TokenOwners
  connections: Connections
  eventSecrets: EventSecrets
  sealer: Sealer
  clock: Clock
  log: Logger
  onInstalled(installationId: string): Promise<void>
  /** Called when an installation stands but its events and screens could not be bound yet. */
  onUnbound(installationId: string): Promise<void>
  /** Called when what is left of an installation is for a job. */
  onTaken(installationId: string): Promise<void>
  /** Called with a sealed grant of somebody who may not be an administrator. */
  onUnchecked(installationId: string, sealedGrant: string): Promise<void>
}): Installer => {
  const { store, tokens, connections, eventSecrets, sealer, clock, log } = deps

  const register = async (installation: Installation): Promise<Installation> => {
    const portal = connections.probe(installation)
    return bind(installation, portal, await portal.info())
  }

  const bind = async (
    installation: Installation,
    portal: Portal,
    info: PortalInfo,
  ): Promise<Installation> => {
    await portal.register()
    await store.installations.update(installation.id, {
      status: 'active',
      statusReason: null,
      uninstalledAt: null,
      purgeAfter: null,
      appCode: info.appCode ?? installation.appCode,
      appVersion: info.appVersion,
      licence: info.licence,
      isOnPremise: info.isOnPremise,
      currency: info.currency ?? installation.currency,
      ...(info.scopes.length > 0 ? { scopes: info.scopes } : {}),
    })
    const now = (await findInstallation(store, installation.id)) ?? installation
    // What was agreed to on the install page comes first, and is no reason to keep a calendar of nobody's.
    const { digest } = now.settings
    if (isDeepStrictEqual(now.settings, { ...defaultSettings('UTC', now.settings.language), digest })) {
      const settings = { ...settingsFrom(info, now.language), digest }
      await store.installations.changeSettings(now.id, () => settings, 'installation')
    }
    return (await findInstallation(store, now.id)) ?? now
  }

  const takeOver = async (vendor: Vendor, grant: Grant): Promise<Installation> => {
    const id = installationIdOf(vendor.id, grant.portalKey)
    const language = languageOf(grant.language)
    const stored = await store.installations.upsert({
      id,
      vendor: vendor.id,
      portalKey: grant.portalKey,
      address: grant.address,
      ...eventSecrets.columns(id, grant.eventSecret),
      scopes: grant.scopes,
      language,
      // Kept when the portal is known already.
      settings: defaultSettings('UTC', language),
    })
    // Stored before anybody uses it: what it replaced is spent.
    await tokens.adopt(id, grant.userId, grant.tokens)
    return installationOf(stored)
  }

  /**
   * What is stored stays when the rest fails. A CRM that is merely away is asked again by a job; anything
   * else is told by the status, and installing again mends it.
   */
  const registerOrSay = async (installation: Installation): Promise<Installation> => {
    try {
      return await register(installation)
    } catch (error) {
      if (isPassing(error)) {
        log.warn({ err: error, installationId: installation.id }, 'binding put off: the CRM does not answer')
        await store.installations.update(installation.id, { status: 'active', statusReason: null })
        await deps.onUnbound(installation.id)
        return (await findInstallation(store, installation.id)) ?? installation
      }
      await tell(installation.id, error)
      throw error
    }
  }

  /** Writes down what stands in the way of an installation. */
  const tell = async (id: string, error: unknown): Promise<void> => {
    const judgement = judge(error) ?? {
      status: 'reauth_required' as const,
      reason:
        isVendorError(error) && error.code === 'not_admin'
          ? NOT_ADMIN
          : `The installation did not finish (${isVendorError(error) ? error.code : 'internal'}): install again, or open the app as an administrator`,
    }
    await store.installations.update(id, { status: judgement.status, statusReason: judgement.reason })
  }

  const start = (id: string): Promise<void> =>
    deps.onInstalled(id).catch((error: unknown) => {
      // The installation stands; the schedule starts the first reading within minutes.
      log.error({ err: asError(error), installationId: id }, 'first sync not queued')
    })

  const finish = async (id: string): Promise<void> => {
    const installation = await findInstallation(store, id)
    if (!installation || installation.status === 'uninstalled') return
    try {
      const portal = connections.probe(installation)
      const info = await portal.info()
      if (!info.isAdmin) throw new VendorError('rejected', 'not_admin', 'the pair is not an administrator’s')
      await bind(installation, portal, info)
    } catch (error) {
      if (!isPassing(error)) await tell(id, error)
      throw error
    }
    log.info({ installationId: id, vendor: installation.vendor }, 'installation made')
    await start(id)
  }

  /** What the request itself has time for: the pair is safe, the rest is a job's. */
  const take = async (vendor: Vendor, grant: Grant): Promise<Installation> => {
    const id = installationIdOf(vendor.id, grant.portalKey)
    const known = await findInstallation(store, id)
    const isAtWork = known?.status === 'active' || known?.status === 'suspended'
    if (known && isAtWork && grant.isAdmin === null) {
      await deps.onUnchecked(id, sealer.seal(JSON.stringify(grant), grantContext(id)))
      return known
    }
    const installation = await takeOver(vendor, grant)
    await deps.onTaken(id)
    return installation
  }

  return {
    takeOver,
    register,
    finish,
    async admit(id, sealedGrant) {
      const installation = await findInstallation(store, id)
      if (!installation) return
      const grant = JSON.parse(sealer.open(sealedGrant, grantContext(id))) as Grant
      grant.tokens.expiresAt = new Date(grant.tokens.expiresAt)
      const asked = { ...installation, address: grant.address }
      const info = await connections.probeWith(asked, grant.tokens.access).info()
      if (!info.isAdmin) {
        log.warn({ installationId: id }, 'a pair of somebody who is no administrator is left alone')
        return
      }
      await takeOver(connections.vendorOf(installation), grant)
      await finish(id)
    },
    noteEventSecret: (id, grant) =>
      store.installations.update(id, {
        ...(grant.eventSecret === null ? {} : eventSecrets.columns(id, grant.eventSecret)),
        scopes: grant.scopes,
      }),
    async install(vendor, req) {
      const proof = vendor.inbound.installProof(req)
      const until = new Date(clock.now().getTime() + SPENT_FOR)
      if (!(await store.singleUse.spend(vendor.id, 'install', proof.singleUse, until)))
        throw conflict(
          'install_used',
          'This installation request was used already; open the app from the CRM',
        )
      let grant: Grant
      try {
        grant = await proof.prove(portalKey =>
          store.limits.forInstallation(installationIdOf(vendor.id, portalKey)),
        )
      } catch (error) {
        // Nothing was spent at a vendor that gave no answer: the same request may come again.
        if (isVendorError(error) && ['unavailable', 'rate_limited'].includes(error.kind))
          await store.singleUse.release(vendor.id, 'install', proof.singleUse)
        throw error
      }
      if (grant.isAdmin === false)
        throw forbidden('admin_required', 'Only an administrator of the CRM can install the app')
      const { userId, language } = grant
      if (vendor.inbound.answerWithinMs !== undefined)
        return { installation: await take(vendor, grant), userId, isAdmin: grant.isAdmin === true, language }
      const installation = await registerOrSay(await takeOver(vendor, grant))
      log.info({ installationId: installation.id, vendor: vendor.id }, 'installation made')
      await start(installation.id)
      return { installation, userId, isAdmin: true, language }
    },
  }
}
