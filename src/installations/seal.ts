import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from '../errors.ts'

/**
 * Secrets at rest: AES-256-GCM under a key derived from SECRET_KEY. `context` (whose secret, which one) is
 * authenticated, so that one row's sealed value is worth nothing in another row.
 */
export type Sealer = {
  seal(secret: string, context: string): string
  /** @throws AppError 500 `secret_unreadable` when no key fits: SECRET_KEY was changed without rotation */
  open(sealed: string, context: string): string
}

const VERSION = 'v1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

const derived = (key: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'planerka seals', 32))

/** @param keys one or two secrets: the first seals, all of them open */
export const createSealer = (keys: readonly Buffer[]): Sealer => {
  const ring = keys.map(derived)
  const [first] = ring
  if (!first) throw new Error('SECRET_KEY is required')

  const tryOpen = (key: Buffer, body: Buffer, context: string): string | null => {
    if (body.length < NONCE_BYTES + TAG_BYTES) return null
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, NONCE_BYTES))
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(body.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const text = [decipher.update(body.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]
      return Buffer.concat(text).toString('utf8')
    } catch {
      return null
    }
  }

  return {
    seal(secret, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', first, nonce)
      cipher.setAAD(Buffer.from(context))
      const text = [cipher.update(secret, 'utf8'), cipher.final()]
      return `${VERSION}.${Buffer.concat([nonce, cipher.getAuthTag(), ...text]).toString('base64url')}`
    },
    open(sealed, context) {
      const [version, body = ''] = sealed.split('.')
      if (version === VERSION)
        for (const key of ring) {
          const secret = tryOpen(key, Buffer.from(body, 'base64url'), context)
          if (secret !== null) return secret
        }
      throw new AppError(
        500,
        'secret_unreadable',
        'A stored secret cannot be opened: SECRET_KEY was replaced. Put the earlier key second, or install again',
      )
    },
  }
}

/** What a random secret is found again by. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url')
