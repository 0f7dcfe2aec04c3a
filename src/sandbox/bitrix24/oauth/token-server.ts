import { randomBytes } from 'node:crypto'
import { type Clock, DAY, SECOND } from '../../../clock.ts'
import type { Portal } from '../state/portal.ts'

/** An application as the vendor's cabinet knows it. */
export type App = {
  clientId: string
  clientSecret: string
  code: string
  title: string
  version: number
  scopes: string[]
  /** Opens in a frame until installFinish; then `appUrl` does. */
  installUrl: string
  appUrl: string
  redirectUri: string
}

export const ACCESS_TTL_SECONDS = 3600
const REFRESH_TTL = 180 * DAY
const CODE_TTL = 30 * SECOND

export type Access = { memberId: string; userId: number; clientId: string; expiresAt: number }
type Refresh = Access & { isSpent: boolean; reachesInstall: string }
export type TokenPair = { access: string; refresh: string; expiresAt: number }

export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, description: string) {
    super(description)
    this.status = status
    this.code = code
  }
}

/** The vendor's OAuth server: one for all portals. Refresh tokens are good for one use. */
export class TokenServer {
  readonly apps = new Map<string, App>()
  readonly portals = new Map<string, Portal>()
  #access = new Map<string, Access>()
  #refresh = new Map<string, Refresh>()
  #codes = new Map<string, Access>()
  #pruneAt = 20_000
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  #now(): number {
    return this.#clock.now().getTime()
  }

  #random(): string {
    return randomBytes(35).toString('hex')
  }

  /** A fresh pair for a user of a portal, as every frame gets one. */
  issue(portal: Portal, clientId: string, userId: number): TokenPair {
    const access = this.issueAccess(portal, clientId, userId)
    const refresh = this.#random()
    this.#refresh.set(refresh, {
      memberId: portal.memberId,
      userId,
      clientId,
      expiresAt: this.#now() + REFRESH_TTL,
      isSpent: false,
      reachesInstall: portal.installed.get(clientId)?.applicationToken ?? '',
    })
    return { access, refresh, expiresAt: this.#now() + ACCESS_TTL_SECONDS * SECOND }
  }

  /** An access token alone, as events carry it. */
  issueAccess(portal: Portal, clientId: string, userId: number): string {
    if (this.#access.size >= this.#pruneAt) this.#prune()
    const access = this.#random()
    this.#access.set(access, {
      memberId: portal.memberId,
      userId,
      clientId,
      expiresAt: this.#now() + ACCESS_TTL_SECONDS * SECOND,
    })
    return access
  }

  /** Bursts of events leave thousands of tokens behind; the long dead ones go. */
  #prune(): void {
    const longAgo = this.#now() - 2 * ACCESS_TTL_SECONDS * SECOND
    for (const [token, access] of this.#access) if (access.expiresAt < longAgo) this.#access.delete(token)
    this.#pruneAt = this.#access.size + 20_000
  }

  issueCode(portal: Portal, clientId: string, userId: number): string {
    const code = this.#random()
    this.#codes.set(code, { memberId: portal.memberId, userId, clientId, expiresAt: this.#now() + CODE_TTL })
    return code
  }

  access(token: string): Access | undefined {
    return this.#access.get(token)
  }

  /** Ends the life of every access token of a portal, as an hour of waiting would. */
  expireAccess(memberId: string): number {
    let count = 0
    for (const access of this.#access.values())
      if (access.memberId === memberId && access.expiresAt > 0) {
        access.expiresAt = 0
        count++
      }
    return count
  }

  /** Forgets tokens of a portal's application, as an uninstall does. */
  revoke(memberId: string, clientId: string): void {
    for (const tokens of [this.#access, this.#refresh])
      for (const [token, { memberId: member, clientId: client }] of tokens)
        if (member === memberId && client === clientId) tokens.delete(token)
  }

  /** Makes every refresh token of a portal worthless. */
  revokeRefresh(memberId: string): void {
    for (const refresh of this.#refresh.values()) if (refresh.memberId === memberId) refresh.isSpent = true
  }

  /** @throws OAuthError with the codes of the token endpoint */
  exchange(params: Record<string, unknown>): Record<string, unknown> {
    const text = (name: string): string => (typeof params[name] === 'string' ? (params[name] as string) : '')
    const app = this.apps.get(text('client_id'))
    if (!text('client_id') || !text('grant_type'))
      throw new OAuthError(400, 'invalid_request', 'Required parameters are missing')
    if (!app || app.clientSecret !== text('client_secret'))
      throw new OAuthError(401, 'invalid_client', 'The client credentials are invalid')
    switch (text('grant_type')) {
      case 'refresh_token':
        return this.#byRefresh(app, text('refresh_token'))
      case 'authorization_code':
        return this.#byCode(app, text('code'))
      default:
        throw new OAuthError(
          400,
          'unsupported_grant_type',
          'Invalid grant_type parameter or parameter missing',
        )
    }
  }

  #byRefresh(app: App, token: string): Record<string, unknown> {
    if (!token) throw new OAuthError(400, 'invalid_request', 'Missing refresh_token')
    const refresh = this.#refresh.get(token)
    const dead = new OAuthError(400, 'invalid_grant', 'Invalid refresh token')
    if (!refresh || refresh.clientId !== app.clientId || refresh.isSpent) throw dead
    if (refresh.expiresAt <= this.#now()) throw dead
    const portal = this.portals.get(refresh.memberId)
    const installed = portal?.installed.get(app.clientId)
    if (!portal || portal.temper.isDeleted) throw new OAuthError(404, 'invalid_request', 'Portal not found')
    if (!installed?.isActive || installed.applicationToken !== refresh.reachesInstall) throw dead
    if (!portal.users.find(refresh.userId)?.isActive) throw dead
    if (portal.temper.isSuspended)
      throw new OAuthError(402, 'PAYMENT_REQUIRED', 'Subscription has been ended')
    refresh.isSpent = true
    return this.#reply(portal, app, refresh.userId)
  }

  #byCode(app: App, token: string): Record<string, unknown> {
    const code = this.#codes.get(token)
    this.#codes.delete(token)
    const portal = code && this.portals.get(code.memberId)
    if (!code || !portal || code.clientId !== app.clientId || code.expiresAt <= this.#now())
      throw new OAuthError(400, 'invalid_grant', 'Invalid code')
    return this.#reply(portal, app, code.userId)
  }

  /** `domain` is the OAuth host here; the portal is in `client_endpoint`. */
  #reply(portal: Portal, app: App, userId: number): Record<string, unknown> {
    const pair = this.issue(portal, app.clientId, userId)
    return {
      access_token: pair.access,
      expires: Math.floor(pair.expiresAt / 1000),
      expires_in: ACCESS_TTL_SECONDS,
      // The OAuth server does not list scopes; the portal's own `scope` method does.
      scope: 'app',
      domain: new URL(this.origin).host,
      server_endpoint: this.serverEndpoint,
      status: 'F',
      client_endpoint: portal.clientEndpoint,
      member_id: portal.memberId,
      user_id: userId,
      refresh_token: pair.refresh,
    }
  }

  /** Set when the server listens. */
  origin = ''

  get serverEndpoint(): string {
    return `${this.origin}/rest/`
  }
}
