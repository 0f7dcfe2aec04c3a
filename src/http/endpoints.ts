import type { IRouter, Request, RequestHandler, Response } from 'express'
import { methodNotAllowed } from './problem.ts'

export type Endpoint = {
  method: 'get' | 'post' | 'patch'
  /** Full path with `:params`; also the name of the route in logs and metrics. */
  path: string
  handlers: RequestHandler[]
  /** Answers OPTIONS, where another origin may call. */
  preflight?: RequestHandler | null
}

const named =
  (pattern: string): RequestHandler =>
  (_req, res, next) => {
    res.locals.pattern = pattern
    next()
  }

/** Mounts endpoints; a known path answers 405 to every other method. */
export const mount = (router: IRouter, endpoints: readonly Endpoint[]): void => {
  for (const [path, group] of Map.groupBy(endpoints, endpoint => endpoint.path)) {
    const route = router.route(path).all(named(path))
    for (const { method, handlers, preflight } of group) {
      route[method](...handlers)
      if (preflight) route.options(preflight)
    }
    route.all(methodNotAllowed(group.map(({ method }) => method.toUpperCase())))
  }
}

/** A handler whose value is the JSON answer. */
export const answer =
  (handle: (req: Request, res: Response) => Promise<unknown>, status = 200): RequestHandler =>
  async (req, res) => {
    const value = await handle(req, res)
    res.status(status).json(value)
  }
