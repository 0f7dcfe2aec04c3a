import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler, RequestHandler, Response } from 'express'
import { ZodError } from 'zod'
import { AppError, asError, isVendorError, type VendorErrorKind } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { patternOf } from './pattern.ts'

/** RFC 9457; `code` is the stable machine word. */
export type Problem = { type: string; title: string; status: number; code: string; detail?: string }

export const sendProblem = (
  res: Response,
  { status, code, detail }: { status: number; code: string; detail?: string },
): void => {
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
  }
  res
    .status(status)
    .type('application/problem+json')
    .set('Cache-Control', 'no-store')
    .send(JSON.stringify(problem))
}

/** What the CRM's answer means to whoever called us. A refusal is the caller's (4xx), an outage is not. */
const VENDOR_STATUS: Record<VendorErrorKind, { status: number; code: string }> = {
  auth_revoked: { status: 403, code: 'crm_refused' },
  rejected: { status: 403, code: 'crm_refused' },
  rate_limited: { status: 503, code: 'crm_busy' },
  unavailable: { status: 503, code: 'crm_unavailable' },
  shape_changed: { status: 502, code: 'crm_unexpected_answer' },
}

/** Errors of the body reader and of Express itself, by their `type` and status. */
const fromLibrary = (error: Error): AppError | null => {
  const { type, status } = error as { type?: unknown; status?: unknown }
  if (type === 'entity.too.large' || type === 'parameters.too.many')
    return new AppError(413, 'payload_too_large', 'The body is larger than this route takes')
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return new AppError(415, 'unsupported_media_type', 'Send the body uncompressed and in UTF-8')
  if (type === 'request.aborted' || type === 'request.size.invalid' || type === 'stream.encoding.set')
    return new AppError(400, 'malformed_body', 'The body could not be read')
  if (error instanceof URIError) return new AppError(400, 'malformed_path', 'The path is not valid UTF-8')
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new AppError(status, 'malformed_request', 'The request could not be read')
  return null
}

const fromZod = (error: ZodError): AppError => {
  const where = error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`)
    .join('; ')
  return new AppError(400, 'invalid_value', where)
}

export const routeNotFound: RequestHandler = (_req, _res, next) =>
  next(new AppError(404, 'route_not_found', 'There is no such route'))

/** 405 for every other method of a known path. */
export const methodNotAllowed =
  (allowed: readonly string[]): RequestHandler =>
  (_req, res, next) => {
    res.set('Allow', allowed.join(', '))
    next(new AppError(405, 'method_not_allowed', `This route takes ${allowed.join(', ')}`))
  }

/** Last in the chain: every error becomes a problem document; only unexpected ones are logged in full. */
export const problems =
  (log: Logger): ErrorRequestHandler =>
  (thrown, _req, res, _next) => {
    const error = asError(thrown)
    if (res.headersSent) {
      // The stream has begun: the only honest thing left is to break it off.
      log.warn({ err: error, route: patternOf(res) }, 'answer broken off')
      res.destroy(error)
      return
    }
    if (isVendorError(error)) {
      const { status, code } = VENDOR_STATUS[error.kind]
      if (error.retryAfterMs !== undefined)
        res.set('Retry-After', String(Math.ceil(error.retryAfterMs / 1000)))
      log.warn(
        { kind: error.kind, vendorCode: error.code, route: patternOf(res) },
        'the CRM refused or failed',
      )
      return sendProblem(res, { status, code, detail: 'The CRM did not confirm this request' })
    }
    const known =
      error instanceof AppError ? error : error instanceof ZodError ? fromZod(error) : fromLibrary(error)
    if (known) return sendProblem(res, { status: known.status, code: known.code, detail: known.message })
    log.error({ err: error, route: patternOf(res) }, 'unexpected error')
    sendProblem(res, { status: 500, code: 'internal_error' })
  }
