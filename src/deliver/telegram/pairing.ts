import { createHmac, hash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Clock, MINUTE } from '../../clock.ts'
import type { Store } from '../../store/open-store.ts'
import type { TelegramLink } from '../../store/telegram-codes.ts'

/** How long an invitation waits for its person. */
export const INVITED_FOR = 15 * MINUTE
const SALT_BYTES = 18
const SIGNATURE_BYTES = 16

const keyFrom = (secret: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'planerka telegram', 32))

export type Pairing = {
  /** A signed code that links one chat to this person, once; it fits into a bot's start link. */
  invite(installationId: string, userId: string): Promise<{ code: string; expiresAt: Date }>
  /** @returns whose chat it is from now on; null when the code is forged, used or expired */
  redeem(code: string, chatId: string): Promise<TelegramLink | null>
}

export const createPairing = (deps: {
  /** The first signs, all verify. */
  secrets: readonly Buffer[]
  codes: Pick<Store['telegramCodes'], 'invite' | 'redeem'>
  clock: Clock
}): Pairing => {
  const keys = deps.secrets.map(keyFrom)
  const sign = (salt: Buffer, key: Buffer): Buffer =>
    createHmac('sha256', key).update(salt).digest().subarray(0, SIGNATURE_BYTES)
  const hashOf = (code: string): string => hash('sha256', code, 'hex')
  return {
    async invite(installationId, userId) {
      const [first] = keys
      if (!first) throw new Error('SECRET_KEY is required')
      const salt = randomBytes(SALT_BYTES)
      const code = Buffer.concat([salt, sign(salt, first)]).toString('base64url')
      const expiresAt = new Date(deps.clock.now().getTime() + INVITED_FOR)
      await deps.codes.invite(installationId, userId, hashOf(code), expiresAt)
      return { code, expiresAt }
    },
    async redeem(code, chatId) {
      const bytes = Buffer.from(code, 'base64url')
      if (bytes.length !== SALT_BYTES + SIGNATURE_BYTES || bytes.toString('base64url') !== code) return null
      const salt = bytes.subarray(0, SALT_BYTES)
      const isOurs = keys.some(key => timingSafeEqual(sign(salt, key), bytes.subarray(SALT_BYTES)))
      return isOurs ? deps.codes.redeem(hashOf(code), chatId) : null
    },
  }
}
