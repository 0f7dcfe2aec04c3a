import { describe, test } from 'vitest'
import { silentLogger } from '../../src/logger.ts'
import { openStore } from '../../src/store/open-store.ts'
import { storeContract } from '../contracts/store.contract.ts'
import { missingPostgres, skipsWithoutPostgres, startPostgres } from './postgres-server.ts'

if (skipsWithoutPostgres())
  describe.skip(`the store on PostgreSQL (${missingPostgres()})`, () => {
    test('is not checked', () => {})
  })
else
  storeContract('PostgreSQL', async () => {
    const server = await startPostgres()
    const databaseUrl = await server.createDatabase('contract')
    return {
      open: clock => openStore({ databaseUrl, dataDir: '', log: silentLogger, clock }),
      close: server.stop,
    }
  })
