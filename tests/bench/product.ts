import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PortalSite } from '../../src/sandbox/bitrix24/site.ts'
import { type DenseScale, fillDense } from '../../src/sandbox/scenarios/dense.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { pause } from './figure.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const anyPort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** What `GET /admin/v1/installations` tells of the one portal. */
export type SyncedPortal = {
  id: string
  sync: {
    phase: string
    run?: string
    outcome?: string
    lastFinishedAt: string | null
    lastError: unknown
    counts: Record<string, number>
    rejected: number
    requests: number
  }
}

export type BenchProduct = {
  pid: number
  origin: string
  site: PortalSite
  /** Puts the application on the portal; the first sync begins. */
  install(): Promise<void>
  portal(): Promise<SyncedPortal | null>
  /** @param body what is posted; nothing = it is asked for */
  admin(path: string, body?: unknown): Promise<unknown>
  /** Asks a few times a second. @throws Error with the end of the server's log when patience ends */
  until<T>(what: string, ask: () => Promise<T | null>, patienceMs: number): Promise<T>
  stop(): Promise<void>
}

/**
 * The product as `npm start` runs it beside a sandbox portal of this process, so that the sandbox's memory is
 * nobody's. With `DATABASE_URL` it uses that PostgreSQL, which should be empty and for the benchmark alone.
 */
export const startBenchProduct = async (scale: Partial<DenseScale>): Promise<BenchProduct> => {
  const port = await anyPort()
  const origin = `http://127.0.0.1:${port}`
  const home = mkdtempSync(join(tmpdir(), 'planerka-bench-'))
  const adminToken = randomBytes(16).toString('hex')
  const sandbox = await startSandbox({
    bitrix24: {
      app: { origin },
      portals: [{ name: 'dense', title: 'Dense', fill: portal => fillDense(portal, scale) }],
    },
  })
  const site = sandbox.bitrix24.site()
  const logFile = join(home, 'server.log')
  const logEnd = (): string => readFileSync(logFile, 'utf8').slice(-3000)
  const output = openSync(logFile, 'a')
  const child: ChildProcess = spawn(process.execPath, [join(ROOT, 'src/main.ts')], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: origin,
      DATA_DIR: join(home, 'data'),
      SECRET_KEY: randomBytes(32).toString('base64'),
      ADMIN_TOKEN: adminToken,
      BITRIX24_CLIENT_ID: sandbox.bitrix24.app.clientId,
      BITRIX24_CLIENT_SECRET: sandbox.bitrix24.app.clientSecret,
      BITRIX24_OAUTH_ORIGIN: sandbox.origin,
      TRUSTED_CRM_ORIGINS: site.origin,
    },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))

  const admin = async (path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${origin}/admin/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`/admin/v1${path}: ${response.status}`)
    return await response.json()
  }
  const until: BenchProduct['until'] = async (what, ask, patienceMs) => {
    const deadline = performance.now() + patienceMs
    while (performance.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}.\n${logEnd()}`)
      const answer = await ask()
      if (answer !== null) return answer
      await pause(200)
    }
    throw new Error(`${what} did not come within ${patienceMs / 1000} s.\n${logEnd()}`)
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 30_000)
    await ended
    clearTimeout(late)
    await sandbox.stop()
    rmSync(home, { recursive: true, force: true })
  }
  const product: BenchProduct = {
    pid: child.pid ?? 0,
    origin,
    site,
    admin,
    until,
    stop,
    install: async () => {
      const answer = await site.install()
      if (answer.status !== 200) throw new Error(`The installer answered ${answer.status}: ${answer.body}`)
      site.finishInstall()
    },
    portal: async () => ((await admin('/installations')) as SyncedPortal[])[0] ?? null,
  }
  try {
    const isReady = (): Promise<true | null> =>
      fetch(`${origin}/readyz`).then(
        ({ status }) => (status === 200 ? true : null),
        () => null,
      )
    await until('readiness', isReady, 180_000)
  } catch (error) {
    await stop()
    throw error
  }
  return product
}

/** The first full sync, done. @throws Error when it failed */
export const finishedSync = (product: BenchProduct, patienceMs: number): Promise<SyncedPortal> =>
  product.until(
    'the end of the first sync',
    async () => {
      const portal = await product.portal()
      if (portal?.sync.outcome === 'failed') throw new Error(`The sync failed: ${portal.sync.lastError}`)
      return portal?.sync.lastFinishedAt ? portal : null
    },
    patienceMs,
  )
