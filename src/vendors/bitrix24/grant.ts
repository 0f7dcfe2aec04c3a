import type { Clock } from '../../clock.ts'
import { type AppError, forbidden, unauthorized, VendorError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { Grant } from '../vendor.ts'
import { asVendorError, type Refusal } from './errors.ts'
import type { Exchange, OAuth } from './oauth.ts'
import { askPerson } from './person.ts'
import type { Transport } from './transport.ts'

export type InboundDeps = {
  clientId: string
  oauth: OAuth
  transport: Transport
  trusted: ReadonlySet<string>
  clock: Clock
  log: Logger
}

/** A visitor's token that its own portal does not accept proves nothing. */
export const notProved = (refusal: Refusal, code: string): AppError | VendorError => {
  if (refusal.kind === 'unavailable' || refusal.kind === 'rate_limited')
    return asVendorError(refusal, 'profile')
  return unauthorized(code, 'The CRM does not confirm this request. Open the application from the CRM again.')
}

/** @throws AppError 4xx when the OAuth server does not vouch for the pair */
const exchangeFor = async (
  oauth: OAuth,
  log: Logger,
  refreshToken: string,
  origin: string,
): Promise<Exchange> => {
  try {
    return await oauth.exchange(refreshToken, origin)
  } catch (error) {
    if (!(error instanceof VendorError) || error.kind === 'unavailable' || error.kind === 'rate_limited')
      throw error
    log.warn({ code: error.code }, 'installation not proved')
    if (error.code === 'ADDRESS_NOT_ALLOWED')
      throw forbidden('address_not_allowed', 'The portal has an address that this server does not call.')
    throw forbidden(
      'install_not_proved',
      'The CRM does not confirm this installation. Install the application again.',
    )
  }
}

/**
 * Proves an installing administrator: the OAuth server names the portal and its address, the portal names
 * the person. What the browser says about either is compared or ignored, never believed.
 */
export const proveGrant = async (
  deps: InboundDeps,
  given: {
    portalKey: string
    refreshToken: string
    oauthOrigin: string
    eventSecret: string | null
    language: string | null
    appCode: string | null
  },
): Promise<Grant> => {
  const { oauth, transport, clock, log } = deps
  const exchange = await exchangeFor(oauth, log, given.refreshToken, given.oauthOrigin)
  if (exchange.portalKey !== given.portalKey)
    throw forbidden('portal_mismatch', 'The confirmation belongs to another portal.')
  const reply = await askPerson(transport, clock, exchange.address.api, exchange.tokens.access, {
    withScopes: true,
  })
  if (reply.is === 'refused') throw notProved(reply.refusal, 'install_not_proved')
  const { person } = reply
  if (given.appCode !== null && person.appCode !== given.appCode)
    throw forbidden('other_application', 'The token belongs to another application.')
  if (!person.isAdmin)
    throw forbidden('install_needs_admin', 'Only an administrator of the CRM can install the application.')
  return {
    portalKey: exchange.portalKey,
    address: exchange.address,
    tokens: exchange.tokens,
    // The OAuth server only says `app`; the portal names the sections.
    scopes: person.scopes ?? exchange.scopes,
    userId: person.userId,
    isAdmin: person.isAdmin,
    eventSecret: given.eventSecret,
    language: given.language,
  }
}
