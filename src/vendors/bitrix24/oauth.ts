import { z } from 'zod'
import { type Clock, SECOND } from '../../clock.ts'
import { VendorError } from '../../errors.ts'
import type { PortalAddress, Tokens } from '../vendor.ts'
import { hardenApi } from './address.ts'
import { DEFAULT_OAUTH_ORIGIN, OAUTH_ORIGINS } from './manifest.ts'
import { type Reply, type Transport, TransportFailure } from './transport.ts'

/** What the OAuth server vouches for. */
export type Exchange = {
  portalKey: string
  address: PortalAddress
  tokens: Tokens
  scopes: string[]
  userId: string | null
}

export type OAuth = {
  /**
   * The OAuth server that a request names, chosen from those that exist.
   * @returns null when it names one that does not
   */
  originFor(serverEndpoint: unknown): string | null
  /**
   * Spends a refresh token.
   * @throws VendorError `auth_revoked` when it is worth nothing any more
   */
  exchange(refreshToken: string, origin: string): Promise<Exchange>
  /** The same, for a stored pair: tries the vendor's other server only when the first cannot be reached. */
  renew(refreshToken: string, origin: string): Promise<Exchange>
}

const pairSchema = z.object({
  access_token: z.string().min(1).max(2000),
  refresh_token: z.string().min(1).max(2000),
  expires_in: z.coerce
    .number()
    .positive()
    .max(86_400 * 30)
    .catch(3600),
  client_endpoint: z.string().max(300),
  member_id: z.string().min(1).max(100),
  scope: z.string().max(4000).catch(''),
  user_id: z.union([z.string(), z.number()]).transform(String).nullable().catch(null),
})
const refusedSchema = z.object({
  error: z.union([z.string(), z.number()]).transform(String),
  error_description: z.string().catch(''),
})

/** Scopes come separated by commas in one place and by spaces in another. */
export const splitScopes = (scope: string): string[] => [...new Set(scope.split(/[\s,]+/).filter(Boolean))]

const GONE = new Set(['invalid_grant', 'bad_verification_code', 'expired_token', 'invalid_token'])
const TIMEOUT_MS = 10 * SECOND

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const refusal = (reply: Reply): VendorError => {
  const said = refusedSchema.safeParse(parseJson(reply.text))
  const code =
    said.success && /^[\w.-]{2,60}$/.test(said.data.error) ? said.data.error : `HTTP_${reply.status}`
  const text = said.success ? said.data.error_description : ''
  if (reply.status >= 500) return new VendorError('unavailable', code, 'the OAuth server failed')
  if (GONE.has(code))
    return new VendorError('auth_revoked', code, 'the OAuth server no longer accepts this pair')
  if (code === 'PAYMENT_REQUIRED')
    return new VendorError('unavailable', code, 'the portal has no paid plan', { verdict: 'suspended' })
  if (reply.status === 429)
    return new VendorError('rate_limited', code, 'the OAuth server asks to wait', {
      retryAfterMs: 30 * SECOND,
    })
  if (reply.status === 404 || /(portal|domain) .{0,20}not found/i.test(text))
    return new VendorError('unavailable', 'PORTAL_NOT_FOUND', 'the OAuth server does not know the portal')
  return new VendorError('rejected', code, `the OAuth server refused the request: ${code}`)
}

export const createOAuth = (deps: {
  clientId: string
  clientSecret: string
  /** Replaces the vendor's servers and is trusted as given. */
  origin: string | undefined
  trusted: ReadonlySet<string>
  transport: Transport
  clock: Clock
}): OAuth => {
  const { clientId, clientSecret, origin: only, trusted, transport, clock } = deps

  const ask = async (refreshToken: string, origin: string): Promise<Exchange> => {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refreshToken,
    }).toString()
    const reply = await transport.send({
      url: `${origin}/oauth/token/`,
      body,
      contentType: 'application/x-www-form-urlencoded',
      timeoutMs: TIMEOUT_MS,
      maxBytes: 100_000,
    })
    if (reply.status !== 200) throw refusal(reply)
    const json = parseJson(reply.text)
    if (refusedSchema.safeParse(json).success) throw refusal({ ...reply, status: 400 })
    const pair = pairSchema.safeParse(json)
    if (!pair.success) {
      if (json === undefined)
        throw new VendorError('unavailable', 'OAUTH_UNREADABLE', 'the OAuth server sent no JSON')
      throw new VendorError(
        'shape_changed',
        'OAUTH_SHAPE',
        `the OAuth server's reply lacks ${pair.error.issues[0]?.path.join('.')}`,
      )
    }
    const { access_token, refresh_token, expires_in, client_endpoint, member_id, scope, user_id } = pair.data
    const hardened = hardenApi(client_endpoint, trusted)
    if (!hardened)
      throw new VendorError(
        'rejected',
        'ADDRESS_NOT_ALLOWED',
        'the portal has an address that must not be called',
      )
    return {
      portalKey: member_id,
      address: { ...hardened, oauth: origin },
      tokens: {
        access: access_token,
        refresh: refresh_token,
        expiresAt: new Date(clock.now().getTime() + expires_in * SECOND),
      },
      scopes: splitScopes(scope),
      userId: user_id,
    }
  }

  /** Repeats only what the server itself says it did not do: a lost reply may have spent the pair. */
  const exchange = async (refreshToken: string, origin: string): Promise<Exchange> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask(refreshToken, origin)
      } catch (error) {
        if (
          error instanceof VendorError &&
          error.kind === 'unavailable' &&
          error.code.startsWith('HTTP_5') &&
          attempt < 3
        ) {
          await clock.sleep(attempt * 400)
          continue
        }
        if (error instanceof TransportFailure)
          throw new VendorError(
            'unavailable',
            error.wasSent ? 'OAUTH_NO_REPLY' : 'OAUTH_UNREACHABLE',
            `the OAuth server gave no reply: ${error.reason}`,
          )
        throw error
      }
    }
  }

  return {
    originFor(serverEndpoint) {
      if (only) return only
      if (serverEndpoint === undefined || serverEndpoint === null || serverEndpoint === '')
        return DEFAULT_OAUTH_ORIGIN
      if (typeof serverEndpoint !== 'string' || !URL.canParse(serverEndpoint)) return null
      const { protocol, host } = new URL(serverEndpoint)
      return protocol === 'https:' && Object.hasOwn(OAUTH_ORIGINS, host)
        ? (OAUTH_ORIGINS[host] ?? null)
        : null
    },

    exchange,

    async renew(refreshToken, stored) {
      const origin = only ?? (Object.values(OAUTH_ORIGINS).includes(stored) ? stored : DEFAULT_OAUTH_ORIGIN)
      try {
        return await exchange(refreshToken, origin)
      } catch (error) {
        const other = Object.values(OAUTH_ORIGINS).find(known => known !== origin)
        if (only || !other || !(error instanceof VendorError) || error.code !== 'OAUTH_UNREACHABLE')
          throw error
        return exchange(refreshToken, other)
      }
    },
  }
}
