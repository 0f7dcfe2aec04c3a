import express, { type Request, type RequestHandler } from 'express'
import qs from 'qs'
import { AppError, badRequest } from '../errors.ts'

/** Deeper than anything a CRM or our own widget sends. */
const MAX_DEPTH = 12
const utf8 = new TextDecoder('utf-8', { fatal: true })

const malformed = (detail: string): AppError => badRequest('malformed_body', detail)

const decode = (bytes: Buffer): string => {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new AppError(400, 'malformed_body', 'The body is not valid UTF-8', { cause })
  }
}

/**
 * Refuses what no column can hold (null bytes, broken surrogates) and what no schema expects (huge depth,
 * keys that reach for a prototype).
 * @throws AppError 400
 */
export const assertPlain = (
  value: unknown,
  refuse: (detail: string) => AppError = malformed,
  depth = 0,
): void => {
  if (typeof value === 'string') {
    if (value.includes('\u0000') || !value.isWellFormed())
      throw refuse('A value holds characters that are not text')
    return
  }
  if (typeof value !== 'object' || value === null) return
  if (depth >= MAX_DEPTH) throw refuse('Values are nested too deep')
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw refuse('A key is not allowed')
    assertPlain(key, refuse, depth + 1)
    assertPlain(item, refuse, depth + 1)
  }
}

const parseForm = (bytes: Buffer): unknown => {
  const text = decode(bytes)
  try {
    return qs.parse(text, {
      depth: MAX_DEPTH,
      strictDepth: true,
      parameterLimit: 10_000,
      arrayLimit: 1_000,
      throwOnLimitExceeded: true,
      allowPrototypes: false,
      plainObjects: false,
    })
  } catch (cause) {
    throw new AppError(400, 'malformed_body', 'The form is nested too deep or has too many fields', { cause })
  }
}

const parseJson = (bytes: Buffer): unknown => {
  const text = decode(bytes)
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError(400, 'malformed_body', 'The body is not valid JSON', { cause })
  }
}

const PARSERS: Record<'form' | 'json', { type: string; parse(bytes: Buffer): unknown }> = {
  form: { type: 'application/x-www-form-urlencoded', parse: parseForm },
  json: { type: 'application/json', parse: parseJson },
}

const hasBody = (req: Request): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0

/**
 * Reads a body of at most `maxBytes` in one of the given forms into `req.body`; an absent body is `{}`.
 * 413 `payload_too_large`, 415 `unsupported_media_type`, 400 `malformed_body`.
 */
export const readBody = (kinds: readonly ('form' | 'json')[], maxBytes: number): RequestHandler => {
  const raw = express.raw({ type: () => true, limit: maxBytes, inflate: false })
  return (req, res, next) => {
    if (!hasBody(req)) {
      req.body = {}
      return next()
    }
    const kind = kinds.find(name => req.is(PARSERS[name].type))
    const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(req.headers['content-type'] ?? '')?.[1]
    if (!kind || (charset !== undefined && !/^utf-?8$/i.test(charset)))
      return next(
        new AppError(
          415,
          'unsupported_media_type',
          `Send ${kinds.map(name => PARSERS[name].type).join(' or ')} in UTF-8`,
        ),
      )
    raw(req, res, (error: unknown) => {
      if (error) return next(error)
      try {
        const body = PARSERS[kind].parse(Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0))
        if (typeof body !== 'object' || body === null || Array.isArray(body))
          throw malformed('The body must be an object')
        assertPlain(body)
        req.body = body
        next()
      } catch (cause) {
        next(cause)
      }
    })
  }
}

/** Query and path of every request: text only. */
export const plainUrls: RequestHandler = (req, _res, next) => {
  try {
    assertPlain(decodeURIComponent(req.path), detail => badRequest('malformed_path', detail))
    assertPlain({ ...req.query }, detail => badRequest('malformed_query', detail))
    next()
  } catch (error) {
    next(error)
  }
}
