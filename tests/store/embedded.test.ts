import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../src/logger.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { storeContract } from '../contracts/store.contract.ts'

storeContract('the embedded database', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'planerka-store-'))
  let first: Store | null = null
  return {
    open: async clock => {
      const store = await openStore({ dataDir, connection: first?.connection, log: silentLogger, clock })
      first ??= store
      return store
    },
    close: async () => rmSync(dataDir, { recursive: true, force: true }),
  }
})
