import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { pinoHttp } from 'pino-http'
import type { Logger } from '../logger.ts'
import { patternOf } from './pattern.ts'

/** Asked for every few seconds by machines. */
const QUIET = new Set(['/healthz', '/readyz', '/metrics'])

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
    serializers: { req: () => undefined, res: () => undefined, err: () => undefined },
    customAttributeKeys: { reqId: 'requestId', responseTime: 'ms' },
    customProps: (req, res) => ({
      method: req.method,
      route: patternOf(res as Parameters<typeof patternOf>[0]),
      status: res.statusCode,
    }),
    customLogLevel: (_req, res) =>
      res.statusCode >= 500 ? 'error' : res.statusCode >= 400 ? 'info' : 'debug',
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
  })
