import axios from 'axios'
import { decodeJwt } from 'jose'
import type { Clock } from '../../clock.ts'
import { isVendorError, VendorError } from '../../errors.ts'
import type { PortalAddress, Tokens } from '../vendor.ts'
import { oauthErrorOf } from './errors.ts'
import { keepApart } from './limits.ts'
import { accountOrigin, type Platform } from './platform.ts'
import { tokenReply } from './wire.ts'

const http = axios.create({
  timeout: 8_000,
  maxRedirects: 0,
  maxContentLength: 256 * 1024,
  proxy: false,
  validateStatus: () => true,
  headers: { 'User-Agent': 'Planerka/1.0' },
})

type GrantBody =
  | { grant_type: 'authorization_code'; code: string }
  | { grant_type: 'refresh_token'; refresh_token: string }

/**
 * Asks the account's own token endpoint. With two secrets the second is tried only when the vendor says
 * that the client, not the grant, is wrong: a grant is spent once.
 */
const ask = async (platform: Platform, origin: string, grant: GrantBody, clock: Clock): Promise<Tokens> => {
  let refused: VendorError | null = null
  for (const secret of platform.secrets) {
    // An installation waits for nobody: its code is spent within the seconds that the marketplace gives us.
    const arrived =
      grant.grant_type === 'refresh_token'
        ? await keepApart(platform, new URL(origin).host, { clock })
        : () => {}
    const reply = await http
      .post(`${origin}/oauth2/access_token`, {
        client_id: platform.clientId,
        client_secret: secret,
        redirect_uri: platform.redirectUri,
        ...grant,
      })
      .catch(error => {
        throw new VendorError(
          'unavailable',
          axios.isAxiosError(error) ? (error.code ?? 'network') : 'network',
          'The token endpoint does not answer',
        )
      })
      .finally(arrived)
    if (reply.status === 200) {
      const parsed = tokenReply.safeParse(reply.data)
      if (!parsed.success)
        throw new VendorError('shape_changed', 'token_reply', 'The token reply has another shape')
      const { access_token, refresh_token, expires_in } = parsed.data
      return {
        access: access_token,
        refresh: refresh_token,
        expiresAt: new Date(clock.now().getTime() + expires_in * 1000),
      }
    }
    refused = oauthErrorOf(reply.status, reply.headers as Record<string, unknown>, reply.data)
    if (refused.code !== 'invalid_client') throw refused
  }
  throw refused ?? new VendorError('rejected', 'invalid_client', 'The integration has no secret')
}

/** Spends an authorisation code at the account that the vendor named. */
export const exchangeCode = (
  platform: Platform,
  origin: string,
  code: string,
  clock: Clock,
): Promise<Tokens> => ask(platform, origin, { grant_type: 'authorization_code', code }, clock)

/** What an access token says of itself: read, never trusted as proof. */
export const claimsOf = (
  access: string,
): { accountId: string | null; userId: string | null; apiDomain: string | null } => {
  try {
    const claims = decodeJwt(access)
    const text = (value: unknown) =>
      typeof value === 'string' || typeof value === 'number' ? String(value) : null
    const number = (value: unknown) => (/^\d{1,20}$/.test(text(value) ?? '') ? text(value) : null)
    const { account_id, sub, api_domain } = claims
    return { accountId: number(account_id), userId: number(sub), apiDomain: text(api_domain) }
  } catch {
    return { accountId: null, userId: null, apiDomain: null }
  }
}

/**
 * The shared API host that a token names. Where the vendor's own hosts are replaced, nothing of ours goes to
 * the real ones: the replacement answers for them.
 */
const sharedOrigin = (platform: Platform, apiDomain: string): string | null => {
  const named = accountOrigin(platform, apiDomain)
  const isReplaced = !platform.hosts.test(new URL(platform.authorizeOrigin).host)
  if (!isReplaced || (named && platform.trustedOrigins.includes(named))) return named
  return platform.authorizeOrigin
}

/** Where a renamed account lives now: asked of the shared API host that its token names. */
const findMoved = async (
  platform: Platform,
  tokens: Tokens,
  address: PortalAddress,
): Promise<PortalAddress | null> => {
  const shared = sharedOrigin(platform, claimsOf(tokens.access).apiDomain ?? '')
  if (!shared) return null
  const reply = await http
    .get(`${shared}/oauth2/account/current/subdomain`, { headers: { 'X-Refresh-Token': tokens.refresh } })
    .catch(() => null)
  const named = (reply?.data as { domain?: unknown } | null)?.domain
  const origin = reply?.status === 200 && typeof named === 'string' ? accountOrigin(platform, named) : null
  return origin && origin !== new URL(address.api).origin ? addressAt(origin) : null
}

export const addressAt = (origin: string): PortalAddress => ({
  api: `${origin}/`,
  oauth: origin,
  host: new URL(origin).host,
})

/**
 * Spends the refresh token and, when the account is not where it was, looks for its new address once.
 * @throws VendorError `auth_revoked` when the token is worth nothing any more
 */
export const refreshTokens = async (
  platform: Platform,
  tokens: Tokens,
  address: PortalAddress,
  clock: Clock,
): Promise<{ tokens: Tokens; address: PortalAddress }> => {
  const grant = { grant_type: 'refresh_token', refresh_token: tokens.refresh } as const
  try {
    return { tokens: await ask(platform, new URL(address.api).origin, grant, clock), address }
  } catch (error) {
    if (
      !isVendorError(error) ||
      !['account_moved', 'invalid_grant', 'http_301', 'http_302'].includes(error.code)
    )
      throw error
    const moved = await findMoved(platform, tokens, address)
    if (!moved) throw error
    return { tokens: await ask(platform, new URL(moved.api).origin, grant, clock), address: moved }
  }
}
