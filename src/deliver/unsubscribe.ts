import { hkdfSync } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { type Clock, DAY, SECOND } from '../clock.ts'

/** A mail may be read long after it was sent. */
const VALID_FOR = 400 * DAY

const keyFrom = (secret: Buffer): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, Buffer.alloc(0), 'planerka unsubscribe', 32))

export type Unsubscribing = {
  /** Address that switches this person's messages off: a page for people, one click for mail programs. */
  urlFor(installationId: string, userId: string): Promise<string>
  /** @returns null when the address is not one of ours */
  read(token: string): Promise<{ installationId: string; userId: string } | null>
}

export const createUnsubscribing = (deps: {
  secrets: readonly Buffer[]
  publicUrl: string
  clock: Clock
}): Unsubscribing => {
  const keys = deps.secrets.map(keyFrom)
  const rules = {
    algorithms: ['HS256'],
    issuer: 'planerka',
    audience: 'unsubscribe',
    requiredClaims: ['exp', 'sub'],
  }
  return {
    async urlFor(installationId, userId) {
      const [first] = keys
      if (!first) throw new Error('SECRET_KEY is required')
      const now = Math.floor(deps.clock.now().getTime() / SECOND)
      const token = await new SignJWT({ of: installationId })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer('planerka')
        .setAudience('unsubscribe')
        .setSubject(userId)
        .setExpirationTime(now + VALID_FOR / SECOND)
        .sign(first)
      return `${deps.publicUrl}/api/v1/digest/unsubscribe?token=${token}`
    },
    async read(token) {
      for (const key of keys)
        try {
          const { payload } = await jwtVerify(token, key, { ...rules, currentDate: deps.clock.now() })
          return { installationId: String(payload['of']), userId: String(payload.sub) }
        } catch {
          // The other key may have signed it.
        }
      return null
    },
  }
}
