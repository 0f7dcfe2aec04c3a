import { execFileSync, spawn } from 'node:child_process'
import { chownSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A PostgreSQL of the machine, started for one test file and thrown away after it. */
export type PostgresServer = {
  url: string
  /** A new, empty database on the same server. */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

const INSTALL = 'apt-get install -y postgresql'

/** Folder of the newest installed server's programs; null = none is installed. */
const programs = (): string | null => {
  const found = globSync('/usr/lib/postgresql/*/bin/initdb')
    .map(path => path.replace(/\/initdb$/, ''))
    .sort((a, b) => Number(a.split('/')[4]) - Number(b.split('/')[4]))
  return found.at(-1) ?? null
}

/** Why the PostgreSQL tests cannot run here, with the command that mends it; null = they can. */
export const missingPostgres = (): string | null =>
  programs() === null ? `PostgreSQL is not installed: ${INSTALL}` : null

/**
 * Says by name that tests are skipped. With `CI=true` a skip is a failure.
 * @returns whether to skip
 */
export const skipsWithoutPostgres = (): boolean => {
  const reason = missingPostgres()
  if (reason === null) return false
  if (process.env['CI'] === 'true') throw new Error(reason)
  console.warn(`skipped: ${reason}`)
  return true
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : 0
      probe.close(() => resolve(port))
    })
  })

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
const asUser = (command: string, args: string[]): [string, string[]] =>
  process.getuid?.() === 0 ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, args]

const userId = (): { uid: number; gid: number } | null => {
  if (process.getuid?.() !== 0) return null
  const read = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: read('-u'), gid: read('-g') }
}

/** @throws Error when it does not come up within half a minute, with what it said */
export const startPostgres = async (): Promise<PostgresServer> => {
  const bin = programs()
  if (bin === null) throw new Error(missingPostgres() ?? '')
  const home = mkdtempSync(join(tmpdir(), 'planerka-postgres-'))
  const owner = userId()
  if (owner) chownSync(home, owner.uid, owner.gid)
  const data = join(home, 'data')
  const run = (command: string, args: string[]) => {
    const [program, all] = asUser(join(bin, command), args)
    execFileSync(program, all, { cwd: home, stdio: 'pipe' })
  }
  run('initdb', ['-D', data, '-U', 'planerka', '-A', 'trust', '--locale=C.UTF-8', '-E', 'UTF8', '-N'])
  const port = await freePort()
  const [program, args] = asUser(join(bin, 'postgres'), [
    ...['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', home],
    // Thrown away anyway.
    ...['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'synchronous_commit=off'],
  ])
  const server = spawn(program, args, { cwd: home, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000)
  })
  const exited = new Promise<void>(resolve => server.once('exit', () => resolve()))
  const connection = ['-h', '127.0.0.1', '-p', String(port), '-U', 'planerka']

  const isReady = (): boolean => {
    try {
      execFileSync(join(bin, 'pg_isready'), [...connection, '-d', 'postgres', '-q'])
      return true
    } catch {
      return false
    }
  }
  for (let attempt = 0; !isReady(); attempt++) {
    if (attempt > 150 || server.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  const urlOf = (database: string) => `postgres://planerka@127.0.0.1:${port}/${database}`
  return {
    url: urlOf('postgres'),
    createDatabase: async name => {
      execFileSync(join(bin, 'createdb'), [...connection, name])
      return urlOf(name)
    },
    stop: async () => {
      // `runuser` does not pass signals on; the server's own program does.
      run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop'])
      await exited
      rmSync(home, { recursive: true, force: true })
    },
  }
}
