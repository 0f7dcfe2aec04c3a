import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Clock, SECOND } from '../../clock.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const LOG_TAIL = 30

const run = (args: string[], logFile: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const log = openSync(logFile, 'a')
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', log, log] })
    child.once('error', reject)
    child.once('exit', code => {
      closeSync(log)
      if (code === 0) resolve()
      else reject(new Error(`${args.join(' ')} ended with ${code}.\n${tailOf(logFile)}`))
    })
  })

export const tailOf = (logFile: string): string =>
  existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL).join('\n') : ''

export const isWidgetBuilt = (): boolean => existsSync(join(ROOT, 'dist/widget/index.html'))

/** Builds the widget as `npm run build` does. */
export const buildWidget = (logFile: string): Promise<void> =>
  run(
    [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--config', 'src/widget/vite.config.ts'],
    logFile,
  )

/** Makes the widget archive of the second CRM as `npm run manifest` does. @returns its path */
export const buildArchive = async (publicUrl: string, target: string, logFile: string): Promise<string> => {
  const call = `const { build } = await import('./app-manifest/build.ts'); build(${JSON.stringify(publicUrl)}, ${JSON.stringify(target)})`
  await run(['--input-type=module', '--eval', call], logFile)
  return join(target, 'amocrm.zip')
}

export type Product = {
  /** Resolves with the exit code when the server ends, for whatever reason. */
  ended: Promise<number | null>
  stop(): Promise<void>
}

/** Starts the server as `npm start` does; its log goes to a file, so that the terminal tells the story only. */
export const startProduct = (
  env: Record<string, string | undefined>,
  logFile: string,
  clock: Clock,
): Product => {
  const log = openSync(logFile, 'a')
  const child: ChildProcess = spawn(process.execPath, [join(ROOT, 'src/main.ts')], {
    cwd: ROOT,
    env,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const ended = new Promise<number | null>(resolve => {
    child.once('exit', code => resolve(code))
    child.once('error', () => resolve(null))
  })
  return {
    ended,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const patience = new AbortController()
      const tooLong = clock.sleep(15 * SECOND, patience.signal).then(
        () => void child.kill('SIGKILL'),
        () => {},
      )
      await ended
      patience.abort()
      await tooLong
    },
  }
}
