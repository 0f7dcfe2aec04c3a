import { createHash, timingSafeEqual } from 'node:crypto'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Constant-time comparison of secrets of any length. */
export const sameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

/** A key for a cache that must not hold the secret itself. */
export const secretKey = (secret: string): string => digest(secret).toString('base64url')
