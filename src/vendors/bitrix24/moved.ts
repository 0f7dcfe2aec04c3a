import { SECOND } from '../../clock.ts'
import { VendorError } from '../../errors.ts'
import type { PortalAddress } from '../vendor.ts'
import { hardenApi } from './address.ts'
import { parseReply } from './envelope.ts'
import { CLOUD_ZONES } from './manifest.ts'
import { type Transport, TransportFailure } from './transport.ts'

/**
 * Checks where a portal says it moved.
 * @returns `expired` when the token cannot prove it because it ran out
 * @throws VendorError when the new address is not proved
 */
export type VerifyMove = (
  old: PortalAddress,
  location: string | null,
  token: string,
) => Promise<PortalAddress | 'expired'>

const isCloud = (host: string): boolean => CLOUD_ZONES.some(zone => host.endsWith(`.bitrix24.${zone}`))

/** Base of the REST calls of the host in `Location`, whatever method the redirect was for. */
const apiOf = (location: string | null, base: string): string | null => {
  if (location === null || !URL.canParse(location, base)) return null
  const url = new URL(location, base)
  const rest = url.pathname.indexOf('/rest/')
  return rest < 0 ? null : `${url.origin}${url.pathname.slice(0, rest)}/rest/`
}

/**
 * A renamed portal answers every call with a redirect to its new host. Our token must be worth something
 * there before the address is believed; a cloud portal can only move inside the cloud.
 */
export const createVerifyMove =
  (transport: Transport, trusted: ReadonlySet<string>): VerifyMove =>
  async (old, location, token) => {
    const refuse = (): VendorError =>
      new VendorError(
        'unavailable',
        'MOVE_NOT_PROVED',
        'the portal redirects to an address that is not proved',
      )
    const hardened = hardenApi(apiOf(location, old.api), trusted)
    if (!hardened || hardened.api === old.api) throw refuse()
    const wasTrusted = trusted.has(new URL(hardened.api).origin)
    if (isCloud(old.host) && !isCloud(hardened.host) && !wasTrusted) throw refuse()
    try {
      const reply = await transport.send({
        url: `${hardened.api}profile`,
        body: JSON.stringify({ auth: token }),
        contentType: 'application/json',
        timeoutMs: 20 * SECOND,
        maxBytes: 100_000,
      })
      const parsed = parseReply(reply.text)
      if (parsed.is === 'refusal' && parsed.code === 'expired_token') return 'expired'
      const profile = parsed.is === 'answer' ? (parsed.envelope.result as { ID?: unknown } | null) : null
      if (!profile || !/^[1-9]\d*$/.test(String(profile.ID ?? ''))) throw refuse()
    } catch (error) {
      if (error instanceof TransportFailure)
        throw new VendorError('unavailable', error.reason, 'the new address of the portal gives no reply')
      throw error
    }
    return { ...hardened, oauth: old.oauth }
  }
