import type { RequestHandler } from 'express'
import type { Logger } from '../logger.ts'
import type { Endpoint } from './endpoints.ts'

export type Probe = () => Promise<void>

/** A probe that hangs is a probe that fails. */
const PATIENCE_MS = 3_000

const within = (probe: Probe): Promise<void> => {
  const { promise, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new Error('no answer in time')), PATIENCE_MS)
  return Promise.race([probe(), promise]).finally(() => clearTimeout(timer))
}

/** Liveness says that the process answers; readiness, that the database and the queue do. */
export const healthEndpoints = (
  probes: Readonly<Record<string, Probe>>,
  metrics: RequestHandler,
  log: Logger,
): Endpoint[] => [
  {
    method: 'get',
    path: '/healthz',
    handlers: [(_req, res) => void res.set('Cache-Control', 'no-store').json({ status: 'ok' })],
  },
  {
    method: 'get',
    path: '/readyz',
    handlers: [
      async (_req, res) => {
        const checks: Record<string, 'ok' | 'failed'> = {}
        for (const [name, probe] of Object.entries(probes))
          checks[name] = await within(probe).then(
            () => 'ok' as const,
            (error: unknown) => {
              log.warn({ err: error, probe: name }, 'not ready')
              return 'failed' as const
            },
          )
        const isReady = Object.values(checks).every(state => state === 'ok')
        res
          .status(isReady ? 200 : 503)
          .set('Cache-Control', 'no-store')
          .json({ status: isReady ? 'ready' : 'not_ready', ...checks })
      },
    ],
  },
  { method: 'get', path: '/metrics', handlers: [metrics] },
]
