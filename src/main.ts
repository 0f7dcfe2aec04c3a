import { type ChildProcess, fork, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createApp } from './app.ts'
import { MINUTE, SECOND, stopwatch, systemClock } from './clock.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { asError } from './errors.ts'
import { answerUnreadable } from './http/unreadable.ts'
import { createInstallations } from './installations/installations.ts'
import { JOBS_EXEC_ARGV } from './jobs/exec-argv.ts'
import { createQueue } from './jobs/queue.ts'
import { openBoss, slotId } from './jobs/queues.ts'
import { createTick, startTicking } from './jobs/ticker.ts'
import { releaseOrphans, startWorker } from './jobs/worker.ts'
import { createLogger, type Logger } from './logger.ts'
import { openStore, type PoolConfigLike } from './store/open-store.ts'
import { createVendors } from './vendors/registry.ts'

/**
 * The composition root: config → store → vendors → installations → queue → app, and the schedule. With
 * `PROCESS=all` the jobs run in a child process, so that a snapshot never makes the widget wait; the child
 * joins the database that this process has opened.
 */

const clock = systemClock
/** How the child is told which database to join. */
const STORE_VARIABLE = 'PLANERKA_STORE_CONNECTION'
const DRAIN_MS = 20 * SECOND

type Stop = () => Promise<void>

const openRooms = async (
  config: Config,
  log: Logger,
  given: { connection: PoolConfigLike | undefined; isWorker: boolean },
) => {
  const store = await openStore({
    databaseUrl: config.DATABASE_URL,
    dataDir: config.DATA_DIR,
    connection: given.connection,
    log,
    clock,
  })
  const boss = await openBoss(store, { isWorker: given.isWorker, log })
  const queue = createQueue({ boss, store, clock })
  const vendors = createVendors(config, { clock, log })
  const installations = createInstallations({
    store,
    vendors,
    config,
    clock,
    log,
    onInstalled: async id => void (await queue.sync(id, { full: true })),
    async onChanged(id, change) {
      switch (change.kind) {
        case 'healed':
          await queue.sync(id, { full: false })
          return queue.nudge(id, { withDirectory: true })
        case 'taken':
          return void (await queue.send('upkeep', { task: 'install', installationId: id }, { priority: 10 }))
        case 'unchecked': {
          const { sealedGrant } = change
          const options = { singletonKey: `admit/${id}/${slotId(sealedGrant)}`, priority: 10 }
          await queue.send('upkeep', { task: 'admit', installationId: id, sealedGrant }, options)
          return
        }
        case 'updated':
          return void (await queue.send('upkeep', { task: 'register', installationId: id }))
        case 'metadata':
          return queue.nudge(id, { withDirectory: true })
        case 'doubtful':
          return void (await queue.send(
            'upkeep',
            { task: 'confirm-uninstall', installationId: id, purge: change.purge },
            { startAfter: 60 },
          ))
      }
    },
  })
  return { store, boss, queue, vendors, installations }
}
type Rooms = Awaited<ReturnType<typeof openRooms>>

const listen = (server: Server, config: Config): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.PORT, config.HOST, () => {
      const { address, port } = server.address() as AddressInfo
      resolve(`http://${address.includes(':') ? `[${address}]` : address}:${port}`)
    })
  })

/** Serves until stopped; running requests are answered first. */
const serve = async (config: Config, log: Logger, rooms: Rooms): Promise<Stop> => {
  const app = createApp({ ...rooms, config, clock, log })
  const server = createServer(app)
  answerUnreadable(server)
  const address = await listen(server, config)
  log.info({ address, publicUrl: config.PUBLIC_URL }, 'listening')
  return () =>
    new Promise(resolve => {
      const giveUp = setTimeout(() => server.closeAllConnections(), 10 * SECOND)
      giveUp.unref()
      server.close(() => resolve())
      server.closeIdleConnections()
    })
}

/** Works the queue off and reads the schedule. */
const work = async (
  config: Config,
  log: Logger,
  rooms: Rooms,
  { isAlone }: { isAlone: boolean },
): Promise<Stop> => {
  if (isAlone) {
    const released = await releaseOrphans(rooms.boss)
    if (released > 0) log.warn({ released }, 'jobs of a dead worker taken over')
  }
  const worker = await startWorker({ ...rooms, config, clock, log })
  const times = { nightlyAt: config.NIGHTLY_AT, digestAt: config.DIGEST_AT }
  const hasBot = config.TELEGRAM_BOT_TOKEN !== undefined
  if (hasBot) await rooms.queue.send('telegram', {})
  const ticker = startTicking(createTick({ ...rooms, times, hasBot, clock, log }), log)
  return async () => {
    ticker.stop()
    await worker.stop()
  }
}

/** Keeps a worker process alive beside this one. */
const keepWorker = (connection: PoolConfigLike, log: Logger): Stop => {
  let child: ChildProcess | null = null
  let isStopping = false
  let failures = 0
  let restart: NodeJS.Timeout | null = null

  const start = (): void => {
    const lived = stopwatch()
    const started = fork(fileURLToPath(import.meta.url), [], {
      env: { ...process.env, [STORE_VARIABLE]: JSON.stringify(connection) },
      execArgv: [...process.execArgv, ...JOBS_EXEC_ARGV],
    })
    child = started
    started.once('exit', (code, signal) => {
      if (child === started) child = null
      if (isStopping) return
      failures = lived() > MINUTE ? 1 : failures + 1
      const pauseMs = Math.min(30 * SECOND, 250 * 2 ** failures)
      log.error({ code, signal, pauseMs }, 'worker died and is started again')
      restart = setTimeout(start, pauseMs)
    })
  }
  start()

  return () =>
    new Promise(resolve => {
      isStopping = true
      if (restart) clearTimeout(restart)
      const running = child
      if (!running) return resolve()
      const kill = setTimeout(() => running.kill('SIGKILL'), DRAIN_MS)
      running.once('exit', () => {
        clearTimeout(kill)
        resolve()
      })
      running.kill('SIGTERM')
    })
}

/** The widget is built once; the container brings it along. */
const buildWidget = (log: Logger): Promise<void> => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  if (existsSync(`${root}dist/widget/index.html`)) return Promise.resolve()
  log.info('building the widget')
  return new Promise((resolve, reject) => {
    const npm = spawn('npm', ['run', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    npm.once('error', reject)
    npm.once('exit', code =>
      code === 0 ? resolve() : reject(new Error('The widget could not be built: npm run build says why')),
    )
  })
}

/** Without its database a process is of no use: whoever keeps it running starts it again. */
const endWith = (store: Rooms['store'], log: Logger): void =>
  void store.lost.then(() => {
    log.fatal('ended, because the database is gone')
    process.exit(1)
  })

/** Stops once, whoever asks: a signal, or the parent that is gone. */
const stopOn = (log: Logger, stops: readonly Stop[]): void => {
  let isStopping = false
  const stop = async (reason: string): Promise<void> => {
    if (isStopping) return
    isStopping = true
    log.info({ reason }, 'stopping')
    const late = setTimeout(() => process.exit(1), DRAIN_MS + 10 * SECOND)
    late.unref()
    for (const each of stops)
      await each().catch((error: unknown) => log.error({ err: asError(error) }, 'not stopped cleanly'))
    log.info('stopped')
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
  if (process.channel) process.on('disconnect', () => void stop('parent gone'))
}

const startAsChild = async (config: Config, log: Logger, connection: PoolConfigLike): Promise<void> => {
  const rooms = await openRooms(config, log, { connection, isWorker: true })
  const isAlone = config.DATABASE_URL === undefined
  const stopWorker = await work(config, log, rooms, { isAlone })
  stopOn(log, [stopWorker, rooms.store.close])
}

const start = async (config: Config, log: Logger): Promise<void> => {
  if (config.PROCESS !== 'worker') await buildWidget(log)
  const rooms = await openRooms(config, log, {
    connection: undefined,
    isWorker: config.PROCESS === 'worker',
  })
  endWith(rooms.store, log)
  const stops: Stop[] = []
  if (config.PROCESS === 'worker') stops.push(await work(config, log, rooms, { isAlone: false }))
  else {
    stops.push(await serve(config, log, rooms))
    if (config.PROCESS === 'all') stops.push(keepWorker(rooms.store.connection, log))
    stops.push(() => rooms.boss.stop({ graceful: false, close: true }))
  }
  stopOn(log, [...stops, rooms.store.close])
}

const main = async (): Promise<void> => {
  let config: Config
  try {
    config = readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
  const log = createLogger(config.LOG_LEVEL)
  // A promise that nobody waited for is a mistake of ours, and no reason to drop everybody's requests.
  process.on('unhandledRejection', reason => log.error({ err: asError(reason) }, 'promise left alone'))
  const connection = process.env[STORE_VARIABLE]
  try {
    if (connection === undefined) await start(config, log)
    else await startAsChild(config, log, JSON.parse(connection) as PoolConfigLike)
  } catch (error) {
    log.fatal({ err: asError(error) }, 'not started')
    process.stderr.write(`Planerka did not start: ${asError(error).message}\n`)
    process.exit(1)
  }
}

await main()
