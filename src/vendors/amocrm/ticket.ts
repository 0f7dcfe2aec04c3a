import { decodeJwt, jwtVerify } from 'jose'
import { z } from 'zod'
import { type Clock, HOUR, MINUTE, SECOND } from '../../clock.ts'
import { badRequest, unauthorized } from '../../errors.ts'
import type { FrameUser, InboundRequest, KnownPortal, ScreenTarget } from '../vendor.ts'
import type { Platform } from './platform.ts'

const LONGEST_TOKEN = 16 * 1024

const header = ({ headers }: InboundRequest, name: string): string | null => {
  const value = headers[name]
  return typeof value === 'string' && value.length <= LONGEST_TOKEN ? value : null
}

/** Which account a one-time token claims to be from: a key to look up, not a fact. */
export const claimedAccount = (req: InboundRequest): string | null => {
  try {
    const claimed = decodeJwt(header(req, 'x-auth-token') ?? '')['account_id']
    return typeof claimed === 'number' || (typeof claimed === 'string' && /^\d{1,20}$/.test(claimed))
      ? String(claimed)
      : null
  } catch {
    return null
  }
}

const PARAMS = z.record(z.string().regex(/^\w{1,20}$/), z.string().max(60)).catch({})

const targetOf = (body: unknown): ScreenTarget => {
  const { view, card, params } = (body ?? {}) as { view?: unknown; card?: unknown; params?: unknown }
  const id = typeof card === 'number' || typeof card === 'string' ? String(card) : ''
  if (/^\d{1,20}$/.test(id) && id !== '0') return { view: 'deal', params: { id } }
  return {
    view: typeof view === 'string' && /^[a-z]{1,20}$/.test(view) ? view : 'overview',
    params: PARAMS.parse(params ?? {}),
  }
}

/** Only a path: the CRM's own host is put before it. */
const placeOf = (body: unknown): Pick<FrameUser, 'place'> => {
  const { place } = (body ?? {}) as { place?: { path?: unknown; isHome?: unknown } }
  const path = place?.path
  if (typeof path !== 'string' || !/^(\/[\w-]{1,60}){1,6}\/?$/.test(path)) return {}
  return { place: { path, isHome: place?.isHome === true } }
}

const consentOf = (body: unknown): Pick<FrameUser, 'consent'> => {
  const { consent } = (body ?? {}) as { consent?: { crmTasks?: unknown } }
  return typeof consent?.crmTasks === 'boolean' ? { consent: { crmTasks: consent.crmTasks } } : {}
}

/**
 * Proves the person behind the widget script: HS256 by our secret (either one while it is being rotated),
 * for our integration, our address, this account, fresh, and once.
 * @throws AppError 401 with a stable code
 */
export const proveTicket = async (
  platform: Platform,
  req: InboundRequest,
  portal: KnownPortal,
  clock: Clock,
): Promise<FrameUser> => {
  const token = header(req, 'x-auth-token')
  if (!token) throw unauthorized('token_missing', 'Send the one-time token in X-Auth-Token')
  const claims = await verified(platform, token, clock)
  const { protocol, hostname, origin } = new URL(platform.redirectUri)
  if (claims['client_uuid'] !== platform.clientId)
    throw unauthorized('token_foreign', 'The token is for another integration')
  // The vendor names the redirect address's host, and may drop the port.
  if (![origin, `${protocol}//${hostname}`].includes(String(claims.aud)))
    throw unauthorized('token_foreign', 'The token is for another address')
  if (String(claims['account_id']) !== portal.portalKey)
    throw unauthorized('token_foreign', 'The token is from another account')
  const { iat, exp, jti } = claims
  if (!iat || !exp || exp - iat > HOUR / SECOND)
    throw unauthorized('token_stale', 'The token lives too long to be one-time')
  const userId = claims['user_id']
  if (
    !jti ||
    (typeof userId !== 'number' && typeof userId !== 'string') ||
    !/^\d{1,20}$/.test(String(userId))
  )
    throw unauthorized('token_malformed', 'The token names no user')
  const { language, theme } = (req.body ?? {}) as { language?: unknown; theme?: unknown }
  return {
    userId: String(userId),
    isAdmin: claims['is_admin'] === true,
    tokens: null,
    singleUse: jti,
    scopes: [],
    language: language === 'ru' || language === 'en' ? language : null,
    theme: theme === 'dark' || theme === 'light' ? theme : null,
    target: targetOf(req.body),
    ...placeOf(req.body),
    ...consentOf(req.body),
  }
}

const verified = async (platform: Platform, token: string, clock: Clock) => {
  for (const secret of platform.secrets)
    try {
      const options = { algorithms: ['HS256'], clockTolerance: MINUTE / SECOND, currentDate: clock.now() }
      return (await jwtVerify(token, new TextEncoder().encode(secret), options)).payload
    } catch {
      // Another secret may still open it; which check failed is nobody's business outside.
    }
  throw unauthorized('token_invalid', 'The one-time token is not genuine or has expired')
}

/** @throws AppError 400 when the body is no object */
export const plainBody = (body: unknown): Record<string, unknown> => {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('malformed_body', 'Send a form or a JSON object')
  return body as Record<string, unknown>
}
