import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DAY, HOUR } from '../../src/clock.ts'
import { createSealer } from '../../src/installations/seal.ts'
import type { FakePortal } from './fake-vendor.ts'
import { installInto, openRooms, type Rooms, type TestDatabase, testClock, testDatabase } from './rooms.ts'

let database: TestDatabase
let first: Rooms
let second: Rooms
let portal: FakePortal
let count = 0

beforeAll(async () => {
  database = await testDatabase()
  const clock = testClock()
  first = openRooms({ store: await database.open(clock), clock })
  // Another process: its own pool, its own memory, the same database and the same CRM.
  second = openRooms({ store: await database.open(clock), clock, fake: first.fake })
}, 120_000)
afterAll(() => database?.close())
beforeEach(() => {
  count += 1
  portal = first.fake.addPortal(`portal${count}`)
  first.fake.onCall = null
  first.fake.onRefresh = null
  first.fake.refreshes = 0
})

const expire = () => {
  portal.access.clear()
  first.clock.advance(2 * HOUR)
}
const ask = async (rooms: Rooms, id: string) => (await rooms.installations.portal(id)).info()
const statusOf = async (id: string) => (await first.installations.load(id)).status

test('many callers in two processes renew an expired token once', async () => {
  const id = await installInto(first, portal)
  expire()
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => ask(index % 2 === 0 ? first : second, id)),
  )
  expect(answers.every(({ isAdmin }) => isAdmin)).toBe(true)
  expect(first.fake.refreshes).toBe(1)
  expect(portal.refresh.size).toBe(1)
})

test('a token that the portal refuses early is renewed once', async () => {
  const id = await installInto(first, portal)
  portal.access.clear()
  await Promise.all([ask(first, id), ask(second, id), ask(first, id)])
  expect(first.fake.refreshes).toBe(1)
})

test('a reply that got lost costs an administrator’s visit only when the vendor says so', async () => {
  const id = await installInto(first, portal)
  expire()
  // The server is down for one question: the same pair is asked for once more.
  first.fake.onRefresh = attempt => (attempt === 1 ? 'down' : null)
  await ask(first, id)
  expect(await statusOf(id)).toBe('active')
})

test('the pair before is tried when the vendor never knew the new one', async () => {
  const id = await installInto(first, portal)
  const before = [...portal.refresh]
  expire()
  await ask(first, id)
  // The vendor went back to an earlier state: it knows the old pair and not the new one.
  portal.refresh.clear()
  for (const refresh of before) portal.refresh.add(refresh)
  expire()
  await ask(first, id)
  expect(await statusOf(id)).toBe('active')
})

test('a server that is down never makes an installation ask for an administrator', async () => {
  const id = await installInto(first, portal)
  expire()
  first.fake.onRefresh = () => 'down'
  await expect(ask(first, id)).rejects.toMatchObject({ kind: 'unavailable' })
  expect(await statusOf(id)).toBe('active')
  first.fake.onRefresh = null
  await ask(second, id)
})

test('a spent pair does, with a reason that says what to do', async () => {
  const id = await installInto(first, portal)
  expire()
  portal.refresh.clear()
  await expect(ask(first, id)).rejects.toMatchObject({ kind: 'auth_revoked' })
  const { status, statusReason } = await first.installations.load(id)
  expect(status).toBe('reauth_required')
  expect(statusReason).toContain('administrator')
})

test('a process that died while renewing holds the others up for seconds only', async () => {
  const id = await installInto(first, portal)
  expire()
  const now = first.clock.now()
  await first.store.tokens.takeLease(id, 'a dead process', new Date(now.getTime() + 20_000), now)
  await ask(second, id)
  expect(first.fake.refreshes).toBe(1)
  expect(first.clock.now().getTime() - now.getTime()).toBeGreaterThan(19_000)
})

test('an idle pair is renewed after a month, a used one is not', async () => {
  const id = await installInto(first, portal)
  first.clock.advance(10 * DAY)
  expect(await first.installations.keepAlive(id)).toBe(false)
  first.clock.advance(21 * DAY)
  expect(await first.installations.keepAlive(id)).toBe(true)
  expect(await first.installations.keepAlive(id)).toBe(false)
  expect(first.fake.refreshes).toBe(1)
})

test('secrets are sealed for their place, and both keys open while rotating', () => {
  const [older, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const sealed = createSealer([older]).seal('a secret', 'portal/access')
  expect(createSealer([newer, older]).open(sealed, 'portal/access')).toBe('a secret')
  expect(() => createSealer([newer]).open(sealed, 'portal/access')).toThrow('SECRET_KEY')
  expect(() => createSealer([older]).open(sealed, 'other/access')).toThrow('SECRET_KEY')
  expect(() => createSealer([older]).open(`${sealed.slice(0, -2)}xx`, 'portal/access')).toThrow('SECRET_KEY')
})
