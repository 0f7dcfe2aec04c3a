import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appOver } from '../../src/app.ts'
import { type AppRooms, compose } from '../../src/http/compose.ts'
import { createInstallations, type Installations } from '../../src/installations/installations.ts'
import { silentLogger } from '../../src/logger.ts'
import type { SnapshotParts } from '../../src/snapshot/document.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import type { Portal } from '../../src/vendors/vendor.ts'
import { createWorld, directory, parts, settings, snapshotInfo, type World } from './fakes.ts'

export type StoredWorld = {
  world: World
  store: Store
  installations: Installations
  app: ReturnType<typeof appOver>
  close(): Promise<void>
}

/** The HTTP side over a real store that holds one installation, `i1`, with one snapshot. */
export const openStoredWorld = async (given: {
  /** The CRM behind the installation. */
  portal: Portal
  writeBack?: (installationId: string) => Promise<void>
}): Promise<StoredWorld> => {
  const world = createWorld()
  const { clock, config, vendors } = world.deps
  const folder = mkdtempSync(join(tmpdir(), 'planerka-http-'))
  const store = await openStore({ dataDir: folder, log: silentLogger, clock })
  await store.installations.upsert({
    id: 'i1',
    vendor: 'bitrix24',
    portalKey: 'member',
    address: world.installation.address,
    settings,
    language: 'ru',
    currency: 'RUB',
    appCode: 'planerka.app',
  })
  await store.saveDirectory('i1', { ...directory, lossReasons: [], rejected: [] })
  await store.snapshots.save('i1', snapshotInfo, parts as SnapshotParts)
  const real = createInstallations({
    store,
    vendors,
    config,
    clock,
    log: silentLogger,
    onInstalled: async () => {},
    onChanged: async () => {},
  })
  const installations = {
    ...real,
    openFrame: world.deps.installations.openFrame as never,
    portal: async () => given.portal,
  }
  const rooms: AppRooms = {
    config,
    clock,
    log: silentLogger,
    vendors,
    store,
    installations,
    queue: {
      sync: async () => 'run',
      snapshot: async () => {},
      nudge: async () => {},
      writeBack: given.writeBack ?? (async () => {}),
      depth: async () => ({ sync: 0 }),
    },
    widgetDir: world.deps.widgetDir as string,
  }
  return {
    world,
    store,
    installations,
    app: appOver(compose(rooms)),
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
