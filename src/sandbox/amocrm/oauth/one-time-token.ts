import { createHmac, randomUUID } from 'node:crypto'
import type { Account } from '../account/account.ts'
import type { UserRow } from '../account/rows.ts'
import type { Integration } from './integration.ts'

const LIFE = 1800
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export type TokenBend = {
  claims?: Record<string, unknown>
  alg?: 'HS256' | 'HS512' | 'none'
  secret?: string
}

/**
 * What the interface puts into `X-Auth-Token`: who sits at the screen, signed with the integration's secret.
 * The audience is the redirect address without path and port, whatever is called.
 */
export const oneTimeToken = (
  account: Account,
  integration: Integration,
  user: UserRow,
  bend: TokenBend = {},
): string => {
  const now = account.now()
  const { protocol, hostname } = new URL(integration.redirectUri)
  const claims = {
    iss: account.origin,
    aud: `${protocol}//${hostname}`,
    jti: randomUUID(),
    iat: now,
    nbf: now,
    exp: now + LIFE,
    account_id: account.accountId,
    user_id: user.id,
    subdomain: account.subdomain,
    client_uuid: integration.clientId,
    is_admin: user.isAdmin,
    ...bend.claims,
  }
  const alg = bend.alg ?? 'HS256'
  const text = `${part({ typ: 'JWT', alg })}.${part(claims)}`
  if (alg === 'none') return `${text}.`
  const hash = alg === 'HS512' ? 'sha512' : 'sha256'
  return `${text}.${createHmac(hash, bend.secret ?? integration.secret)
    .update(text)
    .digest('base64url')}`
}

/** Signature of the "integration disabled" hook. */
export const hookSignature = (secret: string, clientId: string, accountId: number): string =>
  createHmac('sha256', secret).update(`${clientId}|${accountId}`).digest('hex')
