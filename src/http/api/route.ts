import type { Request, RequestHandler, Response } from 'express'
import type { z } from 'zod'
import { readBody } from '../bodies.ts'
import type { Endpoint } from '../endpoints.ts'

/**
 * One operation of `/api/v1` or `/admin/v1`: mounted by the app and described in `/openapi.json` from the
 * same line. `Context` is what the area's authentication found out.
 */
export type Operation<Context> = {
  method: 'get' | 'post' | 'patch'
  /** With `:params`. */
  path: string
  summary: string
  query?: z.ZodObject
  body?: z.ZodType
  /** Schema of a JSON answer; null = the handler writes the answer itself, as `media`. */
  answer: z.ZodType | null
  media?: string[]
  status?: number
  /** Stable codes that a caller should know. */
  problems?: string[]
  handle(call: Call<Context>): Promise<unknown>
}

export type Call<Context> = {
  context: Context
  params: Readonly<Record<string, string>>
  /** Parsed by the operation's own schemas. */
  query: Readonly<Record<string, string | undefined>>
  body: unknown
  req: Request
  res: Response
}

const MAX_BODY_BYTES = 64 * 1024

/**
 * @param authenticate fills `res.locals.context` or fails with 401/404
 */
export const operationEndpoints = <Context>(
  operations: readonly Operation<Context>[],
  authenticate: RequestHandler,
): Endpoint[] =>
  operations.map(operation => ({
    method: operation.method,
    path: operation.path,
    handlers: [
      authenticate,
      ...(operation.method === 'get' ? [] : [readBody(['json'], MAX_BODY_BYTES)]),
      async (req, res) => {
        const value = await operation.handle({
          context: res.locals.context as Context,
          params: req.params as Record<string, string>,
          query: (operation.query?.parse({ ...req.query }) ?? {}) as Record<string, string | undefined>,
          body: operation.body?.parse(req.body ?? {}),
          req,
          res,
        })
        if (operation.answer === null) return
        res
          .status(operation.status ?? 200)
          .set('Cache-Control', 'private, no-cache')
          .json(value)
      },
    ],
  }))
