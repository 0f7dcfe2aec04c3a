import { createServer, type Server, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketHandler, type PGLiteSocketHandlerOptions } from '@electric-sql/pglite-socket'
import { StatementQueue } from './statement-queue.ts'

/**
 * The thread that runs the embedded database and speaks PostgreSQL's protocol on a Unix socket. Whoever
 * listens on the socket owns the folder: it is bound before the database is opened.
 */
export type EmbeddedTask = { folder: string; socket: string }
export type EmbeddedNews =
  | { kind: 'ready' }
  | { kind: 'failed'; code: string | undefined; message: string }
  | { kind: 'broken'; message: string }
  | { kind: 'closed' }

const { folder, socket } = workerData as EmbeddedTask
const tell = (news: EmbeddedNews): void => parentPort?.postMessage(news)

const listen = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, () => resolve())
  })

const open = async (): Promise<void> => {
  let isOpen = false
  const early: Socket[] = []
  const handlers = new Set<PGLiteSocketHandler>()
  let queue: StatementQueue | null = null

  const serve = (connection: Socket): void => {
    const handler = new PGLiteSocketHandler({
      queryQueue: queue as unknown as PGLiteSocketHandlerOptions['queryQueue'],
      closeOnDetach: true,
    })
    handlers.add(handler)
    const forget = () => handlers.delete(handler)
    handler.addEventListener('close', forget)
    handler.addEventListener('error', forget)
    void handler.attach(connection)
    connection.resume()
  }
  const server = createServer({ pauseOnConnect: true }, connection => {
    if (isOpen) serve(connection)
    else early.push(connection)
  })
  await listen(server)

  const db = await PGlite.create({ dataDir: folder })
  queue = new StatementQueue(db, error => tell({ kind: 'broken', message: error.message }))
  // One session serves everybody, so its settings do too. Pages come from memory: none is far away.
  await db.exec(`set work_mem = '64MB'; set maintenance_work_mem = '64MB'; set random_page_cost = 1.1`)
  isOpen = true
  for (const connection of early) serve(connection)

  parentPort?.once('message', async () => {
    server.close()
    await Promise.all([...handlers].map(handler => handler.detach(true)))
    await db.close()
    tell({ kind: 'closed' })
    parentPort?.close()
  })
  tell({ kind: 'ready' })
}

open().catch((error: Error & { code?: string }) =>
  tell({ kind: 'failed', code: error.code, message: error.message }),
)
