import { isDeepStrictEqual } from 'node:util'
import { type Clock, DAY } from '../clock.ts'
import { asError, conflict, forbidden, isVendorError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { defaultSettings, type Settings } from '../records/settings.ts'
import type { Store } from '../store/open-store.ts'
import type { Grant, InboundRequest, PortalInfo, Vendor } from '../vendors/vendor.ts'
import type { Connections } from './connect.ts'
import type { EventSecrets } from './event-secrets.ts'
import { findInstallation, type Installation, installationIdOf, installationOf } from './installation.ts'
import { judge } from './judge.ts'
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
}

export const createInstaller = (deps: {
  store: Store
  tokens: TokenOwners
  connections: Connections
  eventSecrets: EventSecrets
  clock: Clock
  log: Logger
  onInstalled(installationId: string): Promise<void>
  /** Called when an installation stands but its events and screens could not be bound yet. */
  onUnbound(installationId: string): Promise<void>
}): Installer => {
  const { store, tokens, connections, eventSecrets, clock, log } = deps

  const register = async (installation: Installation): Promise<Installation> => {
    const portal = connections.probe(installation)
    const info = await portal.info()
    await portal.register()
    const isUntouched = isDeepStrictEqual(
      installation.settings,
      defaultSettings('UTC', installation.settings.language),
    )
    await store.installations.update(installation.id, {
      status: 'active',
      statusReason: null,
      uninstalledAt: null,
      purgeAfter: null,
      appCode: info.appCode,
      appVersion: info.appVersion,
      licence: info.licence,
      isOnPremise: info.isOnPremise,
      currency: info.currency ?? installation.currency,
      ...(info.scopes.length > 0 ? { scopes: info.scopes } : {}),
    })
    if (isUntouched) {
      const settings = settingsFrom(info, installation.language)
      await store.installations.saveSettings(installation.id, settings, 'installation')
    }
    return (await findInstallation(store, installation.id)) ?? installation
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
      if (isVendorError(error) && !error.verdict && ['unavailable', 'rate_limited'].includes(error.kind)) {
        log.warn({ err: error, installationId: installation.id }, 'binding put off: the CRM does not answer')
        await store.installations.update(installation.id, { status: 'active', statusReason: null })
        await deps.onUnbound(installation.id)
        return (await findInstallation(store, installation.id)) ?? installation
      }
      const judgement = judge(error) ?? {
        status: 'reauth_required' as const,
        reason: `The installation did not finish (${isVendorError(error) ? error.code : 'internal'}): install again, or open the app as an administrator`,
      }
      await store.installations.update(installation.id, {
        status: judgement.status,
        statusReason: judgement.reason,
      })
      throw error
    }
  }

  return {
    takeOver,
    register,
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
        grant = await proof.prove()
      } catch (error) {
        // Nothing was spent at a vendor that gave no answer: the same request may come again.
        if (isVendorError(error) && ['unavailable', 'rate_limited'].includes(error.kind))
          await store.singleUse.release(vendor.id, 'install', proof.singleUse)
        throw error
      }
      if (!grant.isAdmin)
        throw forbidden('admin_required', 'Only an administrator of the CRM can install the app')
      const installation = await registerOrSay(await takeOver(vendor, grant))
      log.info({ installationId: installation.id, vendor: vendor.id }, 'installation made')
      await deps.onInstalled(installation.id).catch((error: unknown) => {
        // The installation stands; the schedule starts the first reading within minutes.
        log.error({ err: asError(error), installationId: installation.id }, 'first sync not queued')
      })
      return { installation, userId: grant.userId, isAdmin: true, language: grant.language }
    },
  }
}
