import { z } from 'zod'
import { type Clock, SECOND } from '../../clock.ts'

const installationsSchema = z.array(
  z.object({
    id: z.string(),
    vendor: z.string(),
    portal: z.string(),
    status: z.string(),
    sync: z.object({
      phase: z.string(),
      lastFinishedAt: z.string().nullish(),
      lastError: z.unknown(),
      counts: z.record(z.string(), z.number()).nullish(),
    }),
  }),
)
const snapshotsSchema = z.array(z.object({ asOf: z.string(), builtAt: z.string() }))

/** The operator's API, asked as any operator would ask it. */
export const adminApi = (origin: string, adminToken: string) => {
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`${origin}/admin/v1${path}`, {
      headers: { authorization: `Bearer ${adminToken}` },
      signal: AbortSignal.timeout(20 * SECOND),
    })
    if (!response.ok) throw new Error(`GET /admin/v1${path}: ${response.status}`)
    return await response.json()
  }
  return {
    installations: async () => installationsSchema.parse(await get('/installations')),
    snapshots: async (id: string) => snapshotsSchema.parse(await get(`/installations/${id}/snapshots`)),
  }
}

export type AdminApi = ReturnType<typeof adminApi>

/** Waits until the server says it is ready. */
export const waitReady = async (origin: string, clock: Clock, patienceMs: number): Promise<void> => {
  const deadline = clock.now().getTime() + patienceMs
  while (clock.now().getTime() < deadline) {
    const status = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(2 * SECOND) }).then(
      response => response.status,
      () => 0,
    )
    if (status === 200) return
    await clock.sleep(250)
  }
  throw new Error('The server did not become ready.')
}

const countsText = (counts: Record<string, number> | null | undefined): string =>
  Object.entries(counts ?? {})
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

/** With snapshots of twelve weeks behind today's the first screen shows a trend. */
const WEEKS = 12
/** When no snapshot has been added for this long, there are as many as there will be. */
const QUIET_MS = 15 * SECOND

/**
 * Waits for the first sync and the snapshots of one portal and tells how it goes. After `enoughAfterMs` today's
 * snapshot is enough; those of earlier weeks follow by themselves.
 * @returns how many snapshots there are when it stops waiting
 */
export const watchFirstSync = async (
  api: AdminApi,
  portalKey: (installation: { vendor: string; portal: string }) => boolean,
  clock: Clock,
  patience: { ms: number; enoughAfterMs: number },
  tell: (line: string) => void,
): Promise<number> => {
  const startedAt = clock.now().getTime()
  const deadline = startedAt + patience.ms
  let told = ''
  let snapshots = 0
  let changedAt = startedAt
  while (clock.now().getTime() < deadline) {
    const installation = (await api.installations()).find(portalKey)
    if (installation) {
      const { sync } = installation
      const line = `  ${sync.phase}: ${countsText(sync.counts) || 'nothing yet'}`
      if (line !== told) tell(line)
      told = line
      const finishedAt = Date.parse(sync.lastFinishedAt ?? '')
      if (!Number.isNaN(finishedAt)) {
        const list = await api.snapshots(installation.id)
        if (list.length !== snapshots) {
          tell(`  snapshots: ${list.length}`)
          snapshots = list.length
          changedAt = clock.now().getTime()
        }
        // Snapshots made while the first sync ran know only a part.
        const isWhole = list.some(({ builtAt }) => Date.parse(builtAt) >= finishedAt)
        const isQuiet = clock.now().getTime() - changedAt > QUIET_MS
        const isEnough = clock.now().getTime() - startedAt > patience.enoughAfterMs
        if (isWhole && (snapshots > WEEKS || isQuiet || isEnough)) return snapshots
      }
    }
    await clock.sleep(500)
  }
  return snapshots
}
