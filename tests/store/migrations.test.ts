import { mkdtempSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { silentLogger } from '../../src/logger.ts'
import { openStore } from '../../src/store/open-store.ts'
import { startChild } from './child.ts'
import {
  missingPostgres,
  type PostgresServer,
  skipsWithoutPostgres,
  startPostgres,
} from './postgres-server.ts'

const open = (target: { dataDir?: string; databaseUrl?: string }) =>
  openStore({ dataDir: '', log: silentLogger, clock: systemClock, ...target })

const makeNewer = async (target: { dataDir?: string; databaseUrl?: string }): Promise<void> => {
  const store = await open(target)
  await store.pool.query(`insert into kysely_migration (name, timestamp) values ('9999-later', '2099-01-01')`)
  await store.close()
}

describe('the schema of the embedded database', { timeout: 180_000 }, () => {
  test('is refused when a newer version made it', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'planerka-newer-'))
    await makeNewer({ dataDir })
    await expect(open({ dataDir })).rejects.toThrow(/newer version.*9999-later/)
    // The refusal lets go of the folder.
    await expect(open({ dataDir })).rejects.toThrow(/newer version/)
    rmSync(dataDir, { recursive: true, force: true })
  })
})

const skip = skipsWithoutPostgres()
describe.skipIf(skip)(
  `the schema on PostgreSQL${skip ? ` (${missingPostgres()})` : ''}`,
  { timeout: 180_000 },
  () => {
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgres()
    }, 120_000)
    afterAll(() => server?.stop())

    test('is made once, although two processes begin at the same time', async () => {
      const databaseUrl = await server.createDatabase('race')
      const children = [1, 2, 3].map(() => startChild('open.ts', { databaseUrl }))
      for (const child of children) expect(await child.ended).toEqual({ code: 0, complaint: '' })
      const store = await open({ databaseUrl })
      const { rows } = await store.pool.query('select name from kysely_migration order by name')
      const written = await readdir(new URL('../../src/store/migrations', import.meta.url))
      expect(rows).toEqual(written.sort().map(file => ({ name: file.replace(/\.ts$/, '') })))
      await store.close()
    })

    test('is refused when a newer version made it', async () => {
      const databaseUrl = await server.createDatabase('newer')
      await makeNewer({ databaseUrl })
      await expect(open({ databaseUrl })).rejects.toThrow(/newer version.*9999-later/)
    })

    test('is not made by a process that only joins', async () => {
      const connectionString = await server.createDatabase('empty')
      await expect(
        openStore({ dataDir: '', connection: { connectionString }, log: silentLogger, clock: systemClock }),
      ).rejects.toThrow(/lacks 0001-foundation/)
    })

    test('a database that does not answer is an error, not a wait', async () => {
      await expect(open({ databaseUrl: 'postgres://planerka@127.0.0.1:1/none' })).rejects.toThrow(
        /ECONNREFUSED/,
      )
    })
  },
)
