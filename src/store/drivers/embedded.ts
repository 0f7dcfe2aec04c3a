import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, realpathSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Logger } from '../../logger.ts'
import type { EmbeddedNews, EmbeddedTask } from './embedded-worker.ts'
import type { PoolConfigLike } from './postgres.ts'

export type EmbeddedDatabase = {
  connection: PoolConfigLike
  /** Resolves when the database has stopped by itself: nothing can be read or kept any more. */
  lost: Promise<void>
  close(): Promise<void>
}

const PORT = 5432
/** A Unix socket's path may have 107 bytes. */
const MAX_PATH = 100
/** One session behind all connections: more of them would only wait. */
const POOL_SIZE = 4

const privateFolder = (path: string): string => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  return realpathSync(path)
}

/** The same data folder always has the same socket, so that a second server notices the first. */
const socketFolder = (dataDir: string): string => {
  const beside = join(dataDir, 'run')
  if (join(beside, `.s.PGSQL.${PORT}`).length <= MAX_PATH) return privateFolder(beside)
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  return privateFolder(join(tmpdir(), `planerka-${name}`))
}

const isAnswered = (path: string): Promise<boolean> =>
  new Promise(resolve => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })

/**
 * Starts the embedded database of a data folder in a thread of its own.
 * @throws Error when another server uses the folder, or the database cannot be opened
 */
export const startEmbedded = async (dataDir: string, log: Logger): Promise<EmbeddedDatabase> => {
  const home = privateFolder(dataDir)
  const folder = privateFolder(join(home, 'database'))
  const host = socketFolder(home)
  const socket = join(host, `.s.PGSQL.${PORT}`)

  const start = (): Promise<Worker> =>
    new Promise((resolve, reject) => {
      const task: EmbeddedTask = { folder, socket }
      const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), {
        workerData: task,
        execArgv: [],
        name: 'embedded-database',
      })
      worker.once('error', reject)
      worker.once('message', (news: EmbeddedNews) => {
        worker.off('error', reject)
        if (news.kind === 'ready') return resolve(worker)
        void worker.terminate()
        const message = news.kind === 'failed' ? news.message : 'The embedded database did not start'
        reject(Object.assign(new Error(message), { code: news.kind === 'failed' ? news.code : undefined }))
      })
    })

  const takeOver = async (error: Error & { code?: string }): Promise<Worker> => {
    if (error.code !== 'EADDRINUSE') throw error
    if (await isAnswered(socket))
      throw new Error(
        `Another server is using ${dataDir}: stop it, give this one its own DATA_DIR, or set DATABASE_URL to share a PostgreSQL`,
      )
    // Left behind by a server that was killed.
    rmSync(socket, { force: true })
    return start()
  }
  const worker = await start().catch(takeOver)

  let isClosing = false
  worker.on('message', (news: EmbeddedNews) => {
    if (news.kind !== 'broken') return
    log.error({ reason: news.message }, 'embedded database failed')
    // An engine that threw has lost its memory; what it acknowledged is on the disk.
    void worker.terminate()
  })
  worker.on('error', error => log.error({ err: error }, 'embedded database failed'))
  const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()))
  const lost = new Promise<void>(resolve =>
    worker.once('exit', code => {
      if (isClosing) return
      log.fatal({ code }, 'embedded database stopped')
      resolve()
    }),
  )
  return {
    connection: { host, port: PORT, user: 'postgres', database: 'postgres', max: POOL_SIZE },
    lost,
    close: async () => {
      if (isClosing) return exited
      isClosing = true
      worker.postMessage('close')
      await exited
      rmSync(host, { recursive: true, force: true })
    },
  }
}
