import { type Clock, SECOND } from '../clock.ts'
import { AppError, isVendorError } from '../errors.ts'
import type { Installation } from '../installations/installation.ts'
import type { Installations } from '../installations/installations.ts'
import type { Logger } from '../logger.ts'
import type { Store } from '../store/open-store.ts'
import type { SyncKind } from '../store/sync-runs.ts'
import type { Portal, Vendor } from '../vendors/vendor.ts'
import { createPatience, type Patience } from './patience.ts'

export type SyncDeps = {
  store: Store
  installations: Installations
  clock: Clock
  log: Logger
}

/** One execution of a sync: what it reads from, where it reports to. */
export type Run = {
  installation: Installation
  runId: string
  vendor: Vendor
  portal: Portal
  store: Store
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** A fresh one for each stream that fails by itself. */
  patience(): Patience
  enter(phase: string): Promise<void>
  rejected(count: number): void
}

export type RunOrder = { installationId: string; runId: string; kind: SyncKind; signal: AbortSignal }

const HEARTBEAT = 5 * SECOND

/** An error in words for an operator; never anything a portal has said freely. */
const inWords = (error: unknown): { errorCode: string; error: string } => {
  if (isVendorError(error)) return { errorCode: error.code, error: `${error.kind}: ${error.message}` }
  if (error instanceof AppError) return { errorCode: error.code, error: error.message }
  const name = error instanceof Error ? error.message : String(error)
  return { errorCode: 'internal', error: name.slice(0, 300) }
}

/**
 * Runs a sync under its own row: phase, heartbeat, requests and the end of it, good or bad. The same run
 * begun again after a crash goes on under the same row.
 * @throws whatever the body throws, after it is written down
 */
export const execute = async <T>(
  deps: SyncDeps,
  { installationId, runId, kind, signal }: RunOrder,
  body: (run: Run) => Promise<T>,
): Promise<T> => {
  const { store, installations, clock } = deps
  const log = deps.log.child({ installationId, runId, kind })
  const earlier = await store.syncRuns.find(installationId, runId)
  await store.syncRuns.start(installationId, { runId, kind, phase: 'connecting' })
  const base = { requests: earlier?.requests ?? 0, rejected: earlier?.rejected ?? 0 }
  let waitingUntil: Date | null = null
  let rejected = 0
  let portal: Portal | null = null

  const figures = () => ({
    requests: base.requests + (portal?.requests() ?? 0),
    rejected: base.rejected + rejected,
  })
  const beat = async (phase?: string): Promise<void> => {
    const isWaiting = waitingUntil !== null && waitingUntil > clock.now()
    await store.syncRuns.heartbeat(installationId, runId, {
      ...figures(),
      waitingUntil: isWaiting ? waitingUntil : null,
      ...(phase === undefined ? {} : { phase }),
    })
  }
  const onWait = (until: Date | null): void => {
    const isNews = until !== null && (waitingUntil === null || until > waitingUntil)
    waitingUntil = until
    if (isNews) void beat().catch(() => {})
  }
  const timer = setInterval(() => {
    void beat().catch((error: unknown) => log.warn({ err: error }, 'heartbeat not written'))
  }, HEARTBEAT)
  timer.unref()

  try {
    const installation = await installations.load(installationId)
    portal = await installations.portal(installationId, { signal, onWait })
    const result = await body({
      installation,
      runId,
      vendor: installations.vendorOf(installation),
      portal,
      store,
      clock,
      log,
      signal,
      patience: () => createPatience({ clock, signal, onWait }),
      enter: phase => beat(phase),
      rejected(count) {
        rejected += count
      },
    })
    await store.syncRuns.finish(installationId, runId, { outcome: 'done', ...figures() })
    log.info(figures(), 'sync done')
    return result
  } catch (error) {
    const words = inWords(error)
    if (signal.aborted) {
      // A server that stops: the run is not over, the next worker goes on with it.
      await beat().catch(() => {})
      throw error
    }
    await store.syncRuns.finish(installationId, runId, { outcome: 'failed', ...words, ...figures() })
    log.warn({ err: error, ...words }, 'sync failed')
    throw error
  } finally {
    clearInterval(timer)
  }
}
