import type { Server } from 'node:http'
import express from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MINUTE, SECOND } from '../../src/clock.ts'
import { readConfig } from '../../src/config.ts'
import { mount } from '../../src/http/endpoints.ts'
import { inboundEndpoints } from '../../src/http/inbound.ts'
import { createSessions } from '../../src/http/sessions.ts'
import { createInstallations, type Installations } from '../../src/installations/installations.ts'
import { createSnapshotJobs } from '../../src/jobs/snapshots.ts'
import { silentLogger } from '../../src/logger.ts'
import type { PortalSite } from '../../src/sandbox/bitrix24/site.ts'
import { DEAL } from '../../src/sandbox/bitrix24/state/dictionaries.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import type { SnapshotParts } from '../../src/snapshot/document.ts'
import type { Store } from '../../src/store/open-store.ts'
import { runFull } from '../../src/sync/full.ts'
import { runHints } from '../../src/sync/hints.ts'
import { execute } from '../../src/sync/run.ts'
import { createVendors } from '../../src/vendors/registry.ts'
import { KEY, type TestDatabase, testClock, testDatabase } from '../installations/rooms.ts'
import { anyPort } from '../life/running-product.ts'
import { EMPLOYEE, fillSmall, HEAD } from '../sandbox/portal.ts'

/** People tidy fields in a portal, which tells us over HTTP; then the planerka is looked at. */

/** Moscow time. */
const at = (text: string): number => Date.parse(`${text}:00+03:00`)
const clock = testClock('2026-10-07T09:00:00Z')
const log = silentLogger
let database: TestDatabase
let store: Store
let sandbox: Sandbox
let site: PortalSite
let server: Server
let installations: Installations
let id = ''

beforeAll(async () => {
  database = await testDatabase()
  store = await database.open(clock)
  const port = await anyPort()
  const origin = `http://127.0.0.1:${port}`
  sandbox = await startSandbox({
    clock,
    bitrix24: {
      app: { origin },
      portals: [{ name: 'acme', temper: { rateLimit: 'off' }, fill: fillSmall(40) }],
    },
  })
  site = sandbox.bitrix24.site()
  const config = readConfig({
    PUBLIC_URL: origin,
    SECRET_KEY: KEY.toString('base64'),
    BITRIX24_CLIENT_ID: sandbox.bitrix24.app.clientId,
    BITRIX24_CLIENT_SECRET: sandbox.bitrix24.app.clientSecret,
    BITRIX24_OAUTH_ORIGIN: sandbox.origin,
    TRUSTED_CRM_ORIGINS: site.origin,
  })
  const vendors = createVendors(config, { clock, log })
  installations = createInstallations({
    store,
    vendors,
    config,
    clock,
    log,
    onInstalled: async installed => {
      id = installed
    },
    onChanged: async () => {},
  })
  const app = express()
  mount(
    app,
    inboundEndpoints({
      vendors,
      installations: installations as never,
      sessions: createSessions({ secrets: [KEY], spend: async () => true, clock }),
      sendPage: async res => void res.end(),
      nudge: async () => {},
      limitInstalls: (_req, _res, next) => next(),
      log,
    }),
  )
  await new Promise<void>(resolve => {
    server = app.listen(port, '127.0.0.1', () => resolve())
  })
  expect((await site.install()).status).toBe(200)
  site.finishInstall()
  await installations.patchSettings(id, { planerka: { weekday: 1, time: '09:00' } }, 'test')
  await execute(
    { store, installations, clock, log },
    { installationId: id, runId: 'first', kind: 'full', signal: new AbortController().signal },
    run => runFull(run, { onUsable: async () => {}, onRightsLost: async () => {} }),
  )
}, 150_000)
afterAll(async () => {
  server?.close()
  await sandbox?.stop()
  await database?.close()
})

const goOnTo = (text: string): void => clock.advance(at(text) - clock.now().getTime())
type Change = Parameters<PortalSite['acts']['updateItem']>[2]
/** Each deal is saved by itself, seconds apart; the portal posts its events, and we work them off a little later. */
const save = async (actor: number | null, dealIds: readonly number[], change: (index: number) => Change) => {
  for (const [index, dealId] of dealIds.entries()) {
    clock.advance(20 * SECOND)
    site.acts.updateItem(DEAL, dealId, change(index), actor)
  }
  await site.events.settled()
  clock.advance(30 * SECOND)
  await runHints(
    { store, installations, clock, log },
    { installationId: id, signal: new AbortController().signal, withDirectory: false },
  )
}
const dealsOf = (owner: number, count: number): number[] =>
  site.portal.deals.rows
    .filter(({ assignedById }) => assignedById === owner)
    .slice(0, count)
    .map(row => row.id)
const partOf = async <Name extends keyof SnapshotParts & string>(name: Name) => {
  const asOf = clock.now()
  await createSnapshotJobs({ store, installations, clock, log }).build(id, asOf)
  return (await store.snapshots.part(id, asOf, name))!
}
const burstOf = async (who: number) => {
  const rows = await partOf('metrics')
  const row = rows.find(
    ({ metric, scope, scopeId, windowDays }) =>
      metric === 'M26' && scope === 'employee' && scopeId === String(who) && windowDays === 7,
  )
  return row && { value: row.value, denominator: row.denominator }
}

describe('fields of deals in a Bitrix24 portal', () => {
  test('tidied at ten to nine before a planerka at nine are seen, those saved through the week are not', async () => {
    const usual = dealsOf(HEAD, 10)
    for (const [day, from] of [
      ['2026-10-08', 0],
      ['2026-10-09', 5],
    ] as const) {
      goOnTo(`${day}T11:00`)
      await save(HEAD, usual.slice(from, from + 5), index => ({ opportunity: 50_000 + index }))
    }
    goOnTo('2026-10-12T08:45')
    // Robots were at it, too: nobody's work.
    await save(null, dealsOf(EMPLOYEE, 20).slice(10), index => ({ opportunity: 70_000 + index }))
    goOnTo('2026-10-12T08:50')
    await save(EMPLOYEE, dealsOf(EMPLOYEE, 10), index =>
      index % 2 === 0
        ? { closedate: at('2026-11-30T00:00'), opportunity: 90_000 }
        : { custom: { UF_CRM_REASON: index % 4 === 1 ? 1 : 2 } },
    )
    goOnTo('2026-10-12T20:00')
    expect(await burstOf(EMPLOYEE)).toEqual({ value: expect.closeTo(0.95), denominator: 10 })
    expect(await burstOf(HEAD)).toEqual({ value: expect.closeTo(-0.05), denominator: 10 })
    const evidence = (await partOf('evidence:M26'))[String(EMPLOYEE)]
    expect(evidence?.items.map(({ dealId }) => Number(dealId)).toSorted((a, b) => a - b)).toEqual(
      dealsOf(EMPLOYEE, 10).toSorted((a, b) => a - b),
    )
  }, 60_000)

  test('are dated by the save, not by our reading', async () => {
    const [dealId = 0] = dealsOf(EMPLOYEE, 1)
    goOnTo('2026-10-13T15:00')
    site.acts.updateItem(DEAL, dealId, { opportunity: 1 }, EMPLOYEE)
    await site.events.settled()
    // An event's token is worth something for an hour.
    clock.advance(10 * MINUTE)
    await save(null, [], () => ({}))
    for await (const [dossier] of store.facts.dossiers(id, { dealIds: [String(dealId)] })) {
      const last = dossier?.edits?.at(-1)
      expect(last).toMatchObject({ at: at('2026-10-13T15:00'), by: String(EMPLOYEE) })
      expect((last?.knownAt ?? 0) - (last?.at ?? 0)).toBeGreaterThanOrEqual(10 * MINUTE)
    }
  }, 60_000)
})
