import type { RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import { MINUTE } from '../clock.ts'
import { AppError } from '../errors.ts'

/**
 * Brakes on guessing. They count failures by client address, so a good request is never refused for
 * somebody else's bad ones (a whole office shares one address).
 */

const tooMany = (): AppError =>
  new AppError(429, 'too_many_requests', 'Too many failed attempts; wait a minute')

const limiter = (perMinute: number, extra: { skipSuccessfulRequests: boolean }): RequestHandler =>
  rateLimit({
    windowMs: MINUTE,
    limit: perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_req, _res, next) => next(tooMany()),
    ...extra,
  })

/** Proofs ask the vendor's OAuth server, so bad ones are rationed. */
export const limitInstalls = (perMinute: number): RequestHandler =>
  limiter(perMinute, { skipSuccessfulRequests: true })

/** Wraps a refusal: passes it on until there were too many from this address, then answers 429. */
export const limitRefusals = (perMinute: number): ((error: unknown) => RequestHandler) => {
  const limit = limiter(perMinute, { skipSuccessfulRequests: false })
  return error => (req, res, next) => void limit(req, res, limited => next(limited ?? error))
}
