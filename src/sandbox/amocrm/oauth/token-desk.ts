import { createSign, generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto'
import { type Clock, DAY, HOUR, MINUTE } from '../../../clock.ts'
import type { Account } from '../account/account.ts'
import type { Integration } from './integration.ts'
import { badClient, badGrant, badGrantType } from './oauth-problem.ts'

const CODE_TTL = 20 * MINUTE
const ACCESS_TTL = 24 * HOUR
const REFRESH_TTL = 90 * DAY

/** What a person gave an integration: an administrator's grant sees everything and outlives his account. */
export type Grant = { accountId: number; clientId: string; userId: number; isAdmin: boolean }
type Kept = Grant & { expiresAt: number }
type Spendable = Kept & { isSpent: boolean }

export type TokenReply = {
  token_type: 'Bearer'
  expires_in: number
  access_token: string
  refresh_token: string
  server_time: number
}

let key: KeyObject | null = null
const privateKey = (): KeyObject => {
  key ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  return key
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const signed = (claims: Record<string, unknown>): string => {
  const text = `${part({ typ: 'JWT', alg: 'RS256' })}.${part(claims)}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey()).toString('base64url')}`
}

/** Codes and tokens of one account. */
export class TokenDesk {
  #codes = new Map<string, Spendable>()
  #access = new Map<string, Kept>()
  #refresh = new Map<string, Spendable>()
  readonly #account: Account
  readonly #integrations: ReadonlyMap<string, Integration>
  readonly #clock: Clock
  readonly #apiDomain: () => string

  constructor(parts: {
    account: Account
    integrations: ReadonlyMap<string, Integration>
    clock: Clock
    /** Host of the shared API, named in tokens. */
    apiDomain: () => string
  }) {
    this.#account = parts.account
    this.#integrations = parts.integrations
    this.#clock = parts.clock
    this.#apiDomain = parts.apiDomain
  }

  #now(): number {
    return this.#clock.now().getTime()
  }

  issueCode(clientId: string, userId: number): string {
    const user = this.#account.users.find(userId)
    const code = `def502${randomBytes(60).toString('hex')}`
    this.#codes.set(code, {
      accountId: this.#account.accountId,
      clientId,
      userId,
      isAdmin: user?.isAdmin ?? false,
      expiresAt: this.#now() + CODE_TTL,
      isSpent: false,
    })
    return code
  }

  /** A pair without a code, for tests that need a token at once. */
  issue(grant: Grant): TokenReply {
    const now = this.#now()
    const seconds = Math.floor(now / 1000)
    const access = signed({
      aud: grant.clientId,
      jti: randomBytes(20).toString('hex'),
      iat: seconds,
      nbf: seconds,
      exp: seconds + ACCESS_TTL / 1000,
      sub: String(grant.userId),
      grant_type: '',
      account_id: grant.accountId,
      base_domain: this.#account.platform === 'kommo' ? 'kommo.com' : 'amocrm.ru',
      version: 2,
      scopes: ['crm'],
      hash_uuid: randomUUID(),
      api_domain: this.#apiDomain(),
    })
    const refresh = `def502${randomBytes(80).toString('hex')}`
    this.#access.set(access, { ...grant, expiresAt: now + ACCESS_TTL })
    this.#refresh.set(refresh, { ...grant, expiresAt: now + REFRESH_TTL, isSpent: false })
    return {
      token_type: 'Bearer',
      expires_in: ACCESS_TTL / 1000,
      access_token: access,
      refresh_token: refresh,
      server_time: seconds,
    }
  }

  access(token: string): Grant | null {
    const kept = this.#access.get(token)
    return kept && kept.expiresAt > this.#now() ? kept : null
  }

  refreshOf(token: string): Grant | null {
    const kept = this.#refresh.get(token)
    return kept && !kept.isSpent ? kept : null
  }

  /** @throws OAuthProblem with the texts of the token endpoint */
  exchange(body: Record<string, unknown>): TokenReply {
    const text = (name: string): string => (typeof body[name] === 'string' ? (body[name] as string) : '')
    const integration = this.#integrations.get(text('client_id'))
    if (!integration?.secrets.includes(text('client_secret'))) throw badClient()
    if (text('redirect_uri') !== integration.redirectUri)
      throw badGrant(400, 'Check the `redirect_uri` parameter')
    switch (text('grant_type')) {
      case 'authorization_code':
        return this.#byCode(integration, text('code'))
      case 'refresh_token':
        return this.#byRefresh(integration, text('refresh_token'))
      default:
        throw badGrantType()
    }
  }

  #byCode(integration: Integration, code: string): TokenReply {
    const kept = this.#codes.get(code)
    if (!kept || kept.clientId !== integration.clientId)
      throw badGrant(400, 'Cannot decrypt the authorization code')
    if (kept.isSpent) throw badGrant(400, 'Authorization code has been revoked')
    if (kept.expiresAt <= this.#now()) throw badGrant(400, 'Authorization code has expired')
    kept.isSpent = true
    return this.issue(kept)
  }

  #byRefresh(integration: Integration, token: string): TokenReply {
    const kept = this.#refresh.get(token)
    if (!kept || kept.clientId !== integration.clientId)
      throw badGrant(401, 'Cannot decrypt the refresh token')
    if (kept.isSpent) throw badGrant(401, 'Token has been revoked')
    if (kept.expiresAt <= this.#now()) throw badGrant(401, 'Token has expired')
    kept.isSpent = true
    return this.issue(kept)
  }

  /** Ends the life of every access token, as a day of waiting would. */
  expireAccess(): number {
    const count = this.#access.size
    this.#access.clear()
    return count
  }

  /** Every refresh token has been used by somebody. */
  revokeRefresh(): void {
    for (const kept of this.#refresh.values()) kept.isSpent = true
  }

  /** Lowers or raises what every grant is worth. */
  setRights(isAdmin: boolean): void {
    for (const kept of [...this.#access.values(), ...this.#refresh.values()]) kept.isAdmin = isAdmin
  }

  /** The integration was switched off: nothing opens the account any more. */
  revoke(clientId: string): void {
    for (const [token, kept] of this.#access) if (kept.clientId === clientId) this.#access.delete(token)
    for (const kept of this.#refresh.values()) if (kept.clientId === clientId) kept.isSpent = true
    for (const kept of this.#codes.values()) if (kept.clientId === clientId) kept.isSpent = true
  }
}
