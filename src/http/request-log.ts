import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import { pinoHttp } from 'pino-http'
import type { Logger } from '../logger.ts'
import { patternOf } from './pattern.ts'

/** Asked for every few seconds by machines. */
const QUIET = new Set(['/healthz', '/readyz', '/metrics'])

/** What the line says besides its id. @param ms how long the answer took */
const fieldsOf = (req: IncomingMessage, res: ServerResponse, { ms }: { ms: number }) => ({
  method: req.method,
  route: patternOf(res as Parameters<typeof patternOf>[0]),
  status: res.statusCode,
  ms,
})

/**
 * One line per request: method, the route's pattern, status, duration. Never a query, a body, a header or
 * the path itself: all of them may carry secrets.
 */
export const requestLog = (log: Logger): RequestHandler =>
  pinoHttp({
    logger: log,
    genReqId: () => randomUUID(),
    autoLogging: { ignore: req => QUIET.has(req.url ?? '') },
    quietReqLogger: true,
    quietResLogger: true,
    serializers: { req: () => undefined },
    customAttributeKeys: { reqId: 'requestId', responseTime: 'ms' },
    customSuccessObject: fieldsOf,
    customErrorObject: (req, res, _error, given) => fieldsOf(req, res, given),
    customLogLevel: (_req, res) =>
      res.statusCode >= 500 ? 'error' : res.statusCode >= 400 ? 'info' : 'debug',
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
  })
