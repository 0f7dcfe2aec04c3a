import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** Asks until the answer is what was waited for. @throws Error with the last answer when it never is */
export const eventually = async <T>(
  what: string,
  ask: () => Promise<T>,
  isIt: (answer: T) => boolean,
  patienceMs = 60_000,
): Promise<T> => {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const answer = await ask()
    if (isIt(answer)) return answer
    if (performance.now() > deadline)
      throw new Error(`${what} never came: ${JSON.stringify(answer).slice(0, 2000)}`)
    await pause(250)
  }
}

export const anyPort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

export type Installation = {
  id: string
  vendor: string
  portal: string
  status: string
  sync: {
    phase: string
    lastFinishedAt: string | null
    lastError: string | null
    counts: Record<string, number>
    rejected: number
    requests: number
    run?: string
    outcome?: string
  }
}

export type RunningProduct = {
  origin: string
  adminToken: string
  admin<T = unknown>(path: string, init?: { method?: string; body?: unknown }): Promise<T>
  installation(vendor: string): Promise<Installation | null>
  /** What the server wrote so far. */
  log(): string
  /** Process ids of the workers that the server keeps. */
  workers(): number[]
  stop(): Promise<void>
}

/** The product as `npm start` runs it, on a database of its own that goes away with it. */
export const runProduct = async (port: number, env: Record<string, string>): Promise<RunningProduct> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'planerka-life-'))
  const origin = `http://127.0.0.1:${port}`
  const adminToken = randomBytes(16).toString('hex')
  let log = ''
  const child: ChildProcess = spawn(process.execPath, [join(ROOT, 'src/main.ts')], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: origin,
      DATA_DIR: dataDir,
      SECRET_KEY: randomBytes(32).toString('base64'),
      ADMIN_TOKEN: adminToken,
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const isReady = await eventually(
    'readiness',
    async () => {
      if (child.exitCode !== null)
        throw new Error(`The server ended with ${child.exitCode}:\n${log.slice(-4000)}`)
      return fetch(`${origin}/readyz`).then(
        ({ status }) => status,
        () => 0,
      )
    },
    status => status === 200,
    120_000,
  )
  if (isReady !== 200) throw new Error('unreachable')

  const admin = async <T>(path: string, init: { method?: string; body?: unknown } = {}): Promise<T> => {
    const response = await fetch(`${origin}/admin/v1${path}`, {
      method: init.method ?? 'GET',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    const isJson = response.headers.get('content-type')?.includes('json')
    return (isJson ? await response.json() : await response.text()) as T
  }
  return {
    origin,
    adminToken,
    admin,
    installation: async vendor =>
      (await admin<Installation[]>('/installations')).find(row => row.vendor === vendor) ?? null,
    log: () => log,
    workers: () =>
      readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        const late = setTimeout(() => child.kill('SIGKILL'), 25_000)
        await ended
        clearTimeout(late)
      }
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
