import type { RequestHandler } from 'express'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { stopwatch } from '../clock.ts'
import { patternOf } from './pattern.ts'

export type InstallationFigures = {
  id: string
  status: string
  /** Rows stored, by kind. */
  rows: Readonly<Record<string, number>>
  rejected: number
  /** Of the newest snapshot, in seconds; null = none yet. */
  snapshotAgeSeconds: number | null
  /** Since the last sync that ended well, in seconds; null = none yet. */
  syncAgeSeconds: number | null
}

export type TelemetrySource = {
  installations(): Promise<InstallationFigures[]>
  /** Jobs waiting, by queue. */
  queueDepth(): Promise<Readonly<Record<string, number>>>
}

export type Telemetry = {
  /** Times every request by its route's pattern. */
  middleware: RequestHandler
  /** Answers `/metrics`. */
  handler: RequestHandler
}

/** A registry of its own, so that two apps in one process do not share figures. */
export const createTelemetry = (source: TelemetrySource): Telemetry => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const durations = new Histogram({
    name: 'planerka_http_request_seconds',
    help: 'Duration of HTTP requests by route pattern',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  })
  const refused = new Counter({
    name: 'planerka_http_refused_total',
    help: 'Requests answered with 4xx, by route pattern and status',
    labelNames: ['route', 'status'],
    registers,
  })
  const gauge = (name: string, help: string, ...labelNames: string[]): Gauge =>
    new Gauge({ name, help, labelNames, registers })
  const rows = gauge('planerka_rows', 'Rows stored, by kind', 'installation', 'kind')
  const rejected = gauge('planerka_rejected_records', 'Records that failed their schema', 'installation')
  const snapshotAge = gauge('planerka_snapshot_age_seconds', 'Age of the newest snapshot', 'installation')
  const syncAge = gauge('planerka_sync_age_seconds', 'Time since the last good sync', 'installation')
  const status = gauge('planerka_installations', 'Installations by status', 'status')
  const depth = gauge('planerka_queue_depth', 'Jobs waiting, by queue', 'queue')

  const refresh = async (): Promise<void> => {
    for (const one of [rows, rejected, snapshotAge, syncAge, status, depth]) one.reset()
    for (const figures of await source.installations()) {
      const installation = figures.id
      status.inc({ status: figures.status })
      for (const [kind, count] of Object.entries(figures.rows)) rows.set({ installation, kind }, count)
      rejected.set({ installation }, figures.rejected)
      if (figures.snapshotAgeSeconds !== null) snapshotAge.set({ installation }, figures.snapshotAgeSeconds)
      if (figures.syncAgeSeconds !== null) syncAge.set({ installation }, figures.syncAgeSeconds)
    }
    for (const [queue, waiting] of Object.entries(await source.queueDepth())) depth.set({ queue }, waiting)
  }

  return {
    middleware(req, res, next) {
      const elapsed = stopwatch()
      res.once('finish', () => {
        const route = patternOf(res)
        durations.observe({ method: req.method, route, status: res.statusCode }, elapsed() / 1000)
        if (res.statusCode >= 400 && res.statusCode < 500) refused.inc({ route, status: res.statusCode })
      })
      next()
    },
    async handler(_req, res) {
      await refresh()
      res.type(registry.contentType).send(await registry.metrics())
    },
  }
}
