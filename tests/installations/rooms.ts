import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/clock.ts'
import {
  createInstallations,
  type InstallationChange,
  type Installations,
} from '../../src/installations/installations.ts'
import { silentLogger } from '../../src/logger.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import type { InboundRequest } from '../../src/vendors/vendor.ts'
import { missingPostgres, type PostgresServer, startPostgres } from '../store/postgres-server.ts'
import { createFake, type Fake, type FakePortal } from './fake-vendor.ts'

/** A clock that tests move; sleeping moves it, too, and takes almost no real time. */
export type TestClock = Clock & { advance(ms: number): void }

export const testClock = (start = '2026-10-05T09:00:00Z'): TestClock => {
  let now = Date.parse(start)
  return {
    now: () => new Date(now),
    advance(ms) {
      now += ms
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      await new Promise(resolve => setTimeout(resolve, Math.min(ms, 4)))
      now += ms
      signal?.throwIfAborted()
    },
  }
}

/** A database for one test file: PostgreSQL where the machine has one, the embedded one otherwise. */
export type TestDatabase = { open(clock: Clock): Promise<Store>; close(): Promise<void> }

export const testDatabase = async (): Promise<TestDatabase> => {
  const opened: Store[] = []
  const closeStores = async () => {
    for (const store of opened.reverse()) await store.close()
  }
  if (missingPostgres() === null) {
    const server: PostgresServer = await startPostgres()
    return {
      async open(clock) {
        const store = await openStore({ databaseUrl: server.url, dataDir: '', log: silentLogger, clock })
        opened.push(store)
        return store
      },
      async close() {
        await closeStores()
        await server.stop()
      },
    }
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'planerka-test-'))
  return {
    async open(clock) {
      const store = await openStore({ dataDir, connection: opened[0]?.connection, log: silentLogger, clock })
      opened.push(store)
      return store
    },
    async close() {
      await closeStores()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export const KEY = Buffer.alloc(32, 7)

export type Rooms = {
  store: Store
  clock: TestClock
  fake: Fake
  installations: Installations
  installed: string[]
  changes: { id: string; change: InstallationChange }[]
}

/** The installations room over a store and a fake CRM; a second call stands for a second process. */
export const openRooms = (given: { store: Store; clock: TestClock; fake?: Fake }): Rooms => {
  const { store, clock } = given
  const fake = given.fake ?? createFake(() => clock.now().getTime())
  const installed: string[] = []
  const changes: Rooms['changes'] = []
  const installations = createInstallations({
    store,
    vendors: [fake.vendor],
    config: { SECRET_KEY: [KEY] },
    clock,
    log: silentLogger,
    onInstalled: async id => void installed.push(id),
    onChanged: async (id, change) => void changes.push({ id, change }),
  })
  return { store, clock, fake, installations, installed, changes }
}

export const request = (body: unknown): InboundRequest => ({
  method: 'POST',
  query: {},
  params: {},
  headers: {},
  body,
})

/** Installs the app into a portal as its administrator would. */
export const installInto = async (rooms: Rooms, portal: FakePortal): Promise<string> => {
  const { refresh } = portal.issue()
  const { installation } = await rooms.installations.install(
    rooms.fake.vendor,
    request({ portal: portal.key, refresh }),
  )
  return installation.id
}
