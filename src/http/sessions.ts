import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { type Clock, HOUR, MINUTE, SECOND } from '../clock.ts'
import { type AppError, badRequest, unauthorized } from '../errors.ts'
import type { VendorId } from '../vendors/vendor.ts'

export const TICKET_MS = 60 * SECOND
export const SESSION_MS = 20 * MINUTE
export const STATE_MS = 10 * MINUTE
/** However often it is renewed, a session ends this long after the CRM vouched for the person. */
export const SIGN_IN_MS = 12 * HOUR

const identitySchema = z.object({
  installationId: z.string(),
  userId: z.string(),
  isAdmin: z.boolean(),
  language: z.enum(['ru', 'en']).nullable(),
  theme: z.enum(['light', 'dark']).nullable(),
  start: z.object({ view: z.string(), params: z.record(z.string(), z.string()) }),
})

/** Who sits in the frame, as the CRM vouched for. */
export type Identity = z.infer<typeof identitySchema>

/** Marks something as spent, in the database, so that every process sees it. @returns false = already spent */
export type Spend = (spent: {
  installationId: string
  purpose: string
  key: string
  expiresAt: Date
}) => Promise<boolean>

export type Sessions = {
  /** A single-use ticket of 60 seconds. */
  issueTicket(identity: Identity): Promise<string>
  /** @throws AppError 401 `ticket_invalid`, `ticket_expired`, `ticket_used` */
  spendTicket(ticket: string): Promise<Identity>
  issueSession(identity: Identity, signedInAt?: Date): Promise<{ token: string; expiresAt: string }>
  /** @throws AppError 401 `session_invalid`, `session_expired` */
  readSession(token: string): Promise<Identity & { signedInAt: Date }>
  /** A signed one-time `state` for the button flow. */
  issueState(vendor: VendorId): Promise<string>
  /** @throws AppError 400 `state_invalid`, `state_used` */
  spendState(vendor: VendorId, state: string): Promise<void>
}

const keyFrom = (secret: Buffer): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, Buffer.alloc(0), 'planerka sessions', 32))

/**
 * Tickets, sessions and states are compact signed tokens; what is single-use is spent by its random id.
 * The first secret signs, all of them verify.
 */
export const createSessions = (deps: {
  secrets: readonly Buffer[]
  spend: Spend
  clock: Clock
}): Sessions => {
  const { spend, clock } = deps
  const keys = deps.secrets.map(keyFrom)
  const [signing] = keys
  if (!signing) throw new Error('SECRET_KEY is required')

  const sign = (audience: string, lifeMs: number, payload: JWTPayload): Promise<string> => {
    const now = Math.floor(clock.now().getTime() / SECOND)
    return new SignJWT(payload)
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('planerka')
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + lifeMs / SECOND)
      .setJti(randomBytes(32).toString('base64url'))
      .sign(signing)
  }

  const verify = async (
    audience: string,
    token: string,
    refuse: (reason: 'invalid' | 'expired') => AppError,
  ): Promise<JWTPayload & { jti: string; exp: number }> => {
    let reason: 'invalid' | 'expired' = 'invalid'
    for (const key of keys)
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          issuer: 'planerka',
          audience,
          currentDate: clock.now(),
          requiredClaims: ['exp', 'jti'],
        })
        return { ...payload, jti: String(payload.jti), exp: Number(payload.exp) }
      } catch (error) {
        if ((error as { code?: unknown }).code === 'ERR_JWT_EXPIRED') reason = 'expired'
      }
    throw refuse(reason)
  }

  return {
    issueTicket: identity => sign('ticket', TICKET_MS, { identity }),
    async spendTicket(ticket) {
      const { jti, exp, identity } = await verify('ticket', ticket, reason =>
        unauthorized(`ticket_${reason}`, 'Open the app again from the CRM'),
      )
      const parsed = identitySchema.parse(identity)
      const isFirst = await spend({
        installationId: parsed.installationId,
        purpose: 'ticket',
        key: jti,
        expiresAt: new Date(exp * SECOND + MINUTE),
      })
      if (!isFirst) throw unauthorized('ticket_used', 'Open the app again from the CRM')
      return parsed
    },
    async issueSession(identity, signedInAt = clock.now()) {
      const end = Math.min(clock.now().getTime() + SESSION_MS, signedInAt.getTime() + SIGN_IN_MS)
      const lifeMs = Math.floor((end - clock.now().getTime()) / SECOND) * SECOND
      if (lifeMs <= 0) throw unauthorized('session_expired', 'Open the app again from the CRM')
      const token = await sign('session', lifeMs, { identity, signedInAt: signedInAt.getTime() })
      const now = Math.floor(clock.now().getTime() / SECOND) * SECOND
      return { token, expiresAt: new Date(now + lifeMs).toISOString() }
    },
    async readSession(token) {
      const { identity, signedInAt } = await verify('session', token, reason =>
        unauthorized(`session_${reason}`, 'Open the app again from the CRM'),
      )
      return { ...identitySchema.parse(identity), signedInAt: new Date(Number(signedInAt)) }
    },
    issueState: vendor => sign('state', STATE_MS, { vendor }),
    async spendState(vendor, state) {
      const payload = await verify('state', state, () =>
        badRequest('state_invalid', 'Start the connection again from the CRM or from /connect'),
      )
      if (payload.vendor !== vendor) throw badRequest('state_invalid', 'The state belongs to another flow')
      const isFirst = await spend({
        installationId: '',
        purpose: 'state',
        key: payload.jti,
        expiresAt: new Date(payload.exp * SECOND + MINUTE),
      })
      if (!isFirst) throw badRequest('state_used', 'This connection link has been used; start again')
    },
  }
}

/** Hash under which a one-time key is remembered. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('base64url')
