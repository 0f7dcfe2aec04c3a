import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { notFound, unauthorized } from '../../errors.ts'
import { bearerToken } from '../bearer.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * Lets an operator through. Without ADMIN_TOKEN the whole area answers 404 `admin_api_off`, so that nobody
 * learns more than that it is off.
 */
export const operatorOnly = (
  adminToken: string | undefined,
  onRefused: (error: unknown) => RequestHandler,
): RequestHandler => {
  const expected = adminToken === undefined ? null : digest(adminToken)
  return (req, res, next) => {
    res.set('Cache-Control', 'no-store')
    if (expected === null)
      return next(notFound('admin_api_off', 'Set ADMIN_TOKEN and restart to use the admin API'))
    const given = bearerToken(req.headers.authorization)
    if (given !== null && timingSafeEqual(digest(given), expected)) {
      res.locals.context = null
      return next()
    }
    res.set('WWW-Authenticate', 'Bearer')
    return onRefused(unauthorized('admin_token_required', 'Send ADMIN_TOKEN as a bearer'))(req, res, next)
  }
}
