import type { Clock } from '../../../src/clock.ts'
import { readConfig } from '../../../src/config.ts'
import { silentLogger } from '../../../src/logger.ts'
import { emptyRecordSet, type RecordSet, type Rejected } from '../../../src/records/records.ts'
import { createBitrix24 } from '../../../src/vendors/bitrix24/index.ts'
import type { Connection, Cursor, LimitLedger, Page, Portal, Vendor } from '../../../src/vendors/vendor.ts'
import type { FakePortal } from './fake-portal.ts'

/** What every test of this vendor needs around it: a clock that never waits, limits in memory, a portal. */

export type FastClock = Clock & { waits: number[]; at: number }

export const fastClock = (start = '2026-08-14T07:26:32Z'): FastClock => {
  const clock: FastClock = {
    at: Date.parse(start),
    waits: [],
    now: () => new Date(clock.at),
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      clock.waits.push(ms)
      clock.at += ms
    },
  }
  return clock
}

export const memoryLimits = (clock: Clock): LimitLedger & { parked: Map<string, Date>; taken: number } => {
  const ledger = {
    parked: new Map<string, Date>(),
    taken: 0,
    async reserve() {
      ledger.taken += 1
      return 0
    },
    async park(key: string, until: Date) {
      ledger.parked.set(key, until)
    },
    async parkedUntil(key: string) {
      const until = ledger.parked.get(key)
      return until && until > clock.now() ? until : null
    },
  }
  return ledger
}

export const vendorFor = (portal: FakePortal, clock: Clock, more: Record<string, string> = {}): Vendor => {
  const config = readConfig({
    PUBLIC_URL: 'https://planerka.example.com',
    SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
    BITRIX24_CLIENT_ID: 'app.client',
    BITRIX24_CLIENT_SECRET: 'secret',
    BITRIX24_OAUTH_ORIGIN: portal.origin,
    TRUSTED_CRM_ORIGINS: portal.origin,
    ...more,
  })
  const vendor = createBitrix24(config, { clock, log: silentLogger })
  if (!vendor) throw new Error('the vendor is off')
  return vendor
}

export type Bench = {
  vendor: Vendor
  portal: FakePortal
  connected: Portal
  connection: Connection
  clock: FastClock
  limits: ReturnType<typeof memoryLimits>
  moved: string[]
}

/** A portal connected with an administrator's token that renews itself through the OAuth server. */
export const connectTo = (
  portal: FakePortal,
  usesLeft?: number,
  more: Record<string, string> = {},
): Bench => {
  const clock = fastClock()
  const limits = memoryLimits(clock)
  const vendor = vendorFor(portal, clock, more)
  const address = { api: portal.api, oauth: portal.origin, host: new URL(portal.origin).host }
  let pair = portal.issue('1', true, usesLeft)
  let renewing: Promise<void> | null = null
  const moved: string[] = []
  const connection: Connection = {
    address,
    installationId: 'i1',
    async getToken(stale) {
      if (stale === pair.access) {
        renewing ??= vendor
          .refresh({ ...pair, expiresAt: clock.now() }, address)
          .then(({ tokens }) => {
            pair = tokens
            const fresh = portal.tokens.get(tokens.access)
            if (fresh && usesLeft !== undefined) fresh.usesLeft = usesLeft
          })
          .finally(() => {
            renewing = null
          })
        await renewing
      }
      return pair.access
    },
    async onMoved(next) {
      moved.push(next.api)
    },
    limits,
    clock,
    log: silentLogger,
  }
  return { vendor, portal, connection, connected: vendor.connect(connection), clock, limits, moved }
}

export type Read = { records: RecordSet; rejected: Rejected[]; cursor: Cursor; pages: Page[] }

export const readAll = async (pages: AsyncGenerator<Page, { cursor: Cursor }>): Promise<Read> => {
  const read: Read = { records: emptyRecordSet(), rejected: [], cursor: '', pages: [] }
  for (;;) {
    const next = await pages.next()
    if (next.done) {
      read.cursor = next.value.cursor
      return read
    }
    read.pages.push(next.value)
    read.rejected.push(...next.value.rejected)
    for (const key of Object.keys(read.records) as (keyof RecordSet)[])
      (read.records[key] as unknown[]).push(...next.value.records[key])
  }
}
