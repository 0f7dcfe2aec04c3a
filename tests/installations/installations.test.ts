import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DAY, HOUR } from '../../src/clock.ts'
import { AppError, VendorError } from '../../src/errors.ts'
import { actorTokenContext } from '../../src/installations/events.ts'
import { createSealer } from '../../src/installations/seal.ts'
import type { CrmEvent } from '../../src/vendors/vendor.ts'
import type { FakePortal } from './fake-vendor.ts'
import {
  installInto,
  KEY,
  openRooms,
  type Rooms,
  request,
  type TestDatabase,
  testClock,
  testDatabase,
} from './rooms.ts'

let database: TestDatabase
let rooms: Rooms
let portal: FakePortal
let count = 0

beforeAll(async () => {
  database = await testDatabase()
  const clock = testClock()
  rooms = openRooms({ store: await database.open(clock), clock })
}, 120_000)
afterAll(() => database?.close())
beforeEach(() => {
  count += 1
  portal = rooms.fake.addPortal(`portal${count}`)
  rooms.fake.onCall = null
  rooms.fake.onRefresh = null
})

const codeOf = (error: unknown): string =>
  error instanceof AppError || error instanceof VendorError ? error.code : String(error)
const refused = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'accepted', codeOf)
const statusOf = async (id: string) => (await rooms.installations.load(id)).status
const installAgain = () => installInto(rooms, portal)
const open = (body: Record<string, unknown>) =>
  rooms.installations.openFrame(rooms.fake.vendor, request({ portal: portal.key, ...body }))
const receive = (events: CrmEvent[], secret = portal.eventSecret) =>
  rooms.installations.receive(rooms.fake.vendor, request({ portal: portal.key, secret, events }))
const changed = (id: string, more: Partial<Extract<CrmEvent, { type: 'changed' }>> = {}): CrmEvent => ({
  type: 'changed',
  entity: 'deal',
  id,
  action: 'updated',
  at: rooms.clock.now(),
  actorToken: null,
  actorId: null,
  actorClass: 'unknown',
  ...more,
})

describe('an installation', () => {
  test('takes the time zone, the currency and the app code from the portal and starts the first reading', async () => {
    const id = await installAgain()
    const installation = await rooms.installations.load(id)
    expect(id).toBe(`bitrix24-${portal.key}`)
    expect(installation).toMatchObject({ status: 'active', currency: 'RUB', appCode: 'planerka' })
    expect(installation.settings.calendar.timeZone).toBe('Europe/Moscow')
    expect(installation.settings.language).toBe('ru')
    expect(rooms.installed).toContain(id)
    expect(portal.requests).toContain('register:')
  })

  test('is refused a second time with the same pair before anybody is asked', async () => {
    const { refresh } = portal.issue()
    const body = request({ portal: portal.key, refresh })
    await rooms.installations.install(rooms.fake.vendor, body)
    const asked = portal.requests.length
    expect(await refused(rooms.installations.install(rooms.fake.vendor, body))).toBe('install_used')
    expect(portal.requests.length).toBe(asked)
  })

  test('may be tried again with the same pair when the vendor gave no answer', async () => {
    const { refresh } = portal.issue()
    const body = request({ portal: portal.key, refresh })
    rooms.fake.onCall = (_portal, call) => {
      if (call === 'prove') throw new VendorError('unavailable', 'http_503', 'down')
    }
    expect(await refused(rooms.installations.install(rooms.fake.vendor, body))).toBe('http_503')
    rooms.fake.onCall = null
    expect(await refused(rooms.installations.install(rooms.fake.vendor, body))).toBe('accepted')
  })

  test('needs an administrator', async () => {
    const { refresh } = portal.issue()
    const body = request({ portal: portal.key, refresh, isAdmin: false })
    expect(await refused(rooms.installations.install(rooms.fake.vendor, body))).toBe('admin_required')
    expect(await rooms.installations.find(`bitrix24-${portal.key}`)).toBeNull()
  })

  test('keeps settings and rows when it is made again', async () => {
    const id = await installAgain()
    await rooms.installations.patchSettings(id, { digest: { heads: false } }, 'user 1')
    expect(await installAgain()).toBe(id)
    expect((await rooms.installations.load(id)).settings.digest.heads).toBe(false)
  })

  test('that could not bind its events says so and is mended by installing again', async () => {
    rooms.fake.onCall = (_portal, call) => {
      if (call === 'register') throw new VendorError('rejected', 'bind_refused', 'no')
    }
    expect(await refused(installAgain())).toBe('bind_refused')
    const id = `bitrix24-${portal.key}`
    const broken = await rooms.installations.load(id)
    expect(broken.status).toBe('reauth_required')
    expect(broken.statusReason).toContain('bind_refused')
    rooms.fake.onCall = null
    await installAgain()
    expect(await statusOf(id)).toBe('active')
  })

  test('stores no token, event secret or actor token as plain text', async () => {
    const id = await installAgain()
    await receive([changed('1', { actorToken: 'token-of-a-person' })])
    const { rows } = await rooms.store.pool.query(
      `select row_to_json(t)::text as text from tokens t where installation_id = $1
       union all select row_to_json(i)::text from installations i where installation_id = $1
       union all select row_to_json(e)::text from crm_events e where installation_id = $1`,
      [id],
    )
    const text = JSON.stringify(rows)
    for (const secret of [...portal.access, ...portal.refresh, portal.eventSecret, 'token-of-a-person'])
      expect(text).not.toContain(secret)
    const [event] = await rooms.store.crmEvents.waiting(id, 10)
    expect(createSealer([KEY]).open(event?.sealedActorToken ?? '', actorTokenContext(id))).toBe(
      'token-of-a-person',
    )
  })
})

describe('a frame', () => {
  test('of a portal without the app is refused', async () => {
    expect(await refused(open({ access: 'x' }))).toBe('not_installed')
  })

  test('opens as often as it is reloaded, but a one-time token only once', async () => {
    await installAgain()
    const { access } = portal.issue()
    expect((await open({ access })).user.userId).toBe('1')
    expect((await open({ access })).user.userId).toBe('1')
    expect(await refused(open({ access, singleUse: 'once' }))).toBe('accepted')
    expect(await refused(open({ access, singleUse: 'once' }))).toBe('token_used')
  })

  test('of an administrator heals an installation that lost its access; of an employee it does not', async () => {
    const id = await installAgain()
    portal.access.clear()
    portal.refresh.clear()
    await rooms.installations
      .portal(id)
      .then(connected => connected.info())
      .catch(() => {})
    expect(await statusOf(id)).toBe('reauth_required')
    expect(await refused(rooms.installations.portal(id))).toBe('reauth_required')

    const employee = portal.issue()
    await open({ access: employee.access, refresh: employee.refresh, isAdmin: false, userId: '2' })
    expect(await statusOf(id)).toBe('reauth_required')

    const admin = portal.issue()
    const body = { access: admin.access, refresh: admin.refresh, isAdmin: true }
    const { installation } = await open(body)
    expect(installation.status).toBe('active')
    expect(rooms.changes).toContainEqual({ id, change: { kind: 'healed' } })
    expect((await (await rooms.installations.portal(id)).info()).isAdmin).toBe(true)
    // The same page again (F5) carries a pair that is spent: it opens all the same.
    await rooms.installations.loseRights(id)
    expect(await refused(open(body))).toBe('accepted')
  })

  test('cannot heal one portal with a pair of another', async () => {
    const id = await installAgain()
    const other = rooms.fake.addPortal(`other${count}`)
    await rooms.installations.loseRights(id)
    const mine = portal.issue()
    const foreign = other.issue()
    await open({ access: mine.access, refresh: foreign.refresh, isAdmin: true })
    expect(await statusOf(id)).toBe('reauth_required')
  })
})

describe('events', () => {
  test('with a wrong secret change nothing', async () => {
    const id = await installAgain()
    expect(await refused(receive([changed('1')], 'guessed'))).toBe('event_forged')
    expect(await rooms.store.crmEvents.waiting(id, 10)).toEqual([])
  })

  test('become hints; a doubled one is accepted and adds nothing', async () => {
    const id = await installAgain()
    const event = changed('7', { action: 'moved' })
    expect(await receive([event])).toEqual({ installationId: id })
    await receive([event])
    const waiting = await rooms.store.crmEvents.waiting(id, 10)
    expect(waiting.map(({ entityId, action }) => [entityId, action])).toEqual([['7', 'moved']])
  })

  test('of an update bring a new secret, and everything is bound again', async () => {
    const id = await installAgain()
    const grant = {
      portalKey: portal.key,
      address: (await rooms.installations.load(id)).address,
      tokens: portal.issue(),
      scopes: ['crm'],
      userId: '1',
      isAdmin: true,
      eventSecret: 'a newer secret',
      language: null,
    }
    await receive([{ type: 'app_updated', grant }])
    expect(rooms.changes).toContainEqual({ id, change: { kind: 'updated' } })
    expect(await refused(receive([changed('1')]))).toBe('event_forged')
    expect(await refused(receive([changed('1')], 'a newer secret'))).toBe('accepted')
    await rooms.installations.register(id)
    expect(await statusOf(id)).toBe('active')
  })
})

describe('what an administrator’s frame tells', () => {
  const open = (more: object) =>
    rooms.installations.openFrame(rooms.fake.vendor, request({ portal: portal.key, ...more }))

  test('is where our page lives: the first place, then the home of the app, and registering keeps it', async () => {
    const id = await installAgain()
    const appCode = async () => (await rooms.installations.load(id)).appCode
    await rooms.store.installations.update(id, { appCode: null })
    const { access } = portal.issue()
    const told = (path: string, isHome: boolean, isAdmin = true) =>
      open({ access, isAdmin, place: { path, isHome } })
    await told('/nobody', true, false)
    expect(await appCode()).toBeNull()
    await told('/settings/page', false)
    expect(await appCode()).toBe('/settings/page')
    await told('/menu/page', true)
    await told('/settings/page', false)
    expect(await appCode()).toBe('/menu/page')
  })

  test('is a consent to messages as tasks, written down with a name, and only an administrator’s', async () => {
    const id = await installAgain()
    const { access } = portal.issue()
    const isAllowed = async () => (await rooms.installations.load(id)).settings.digest.crmTasksAllowed
    await open({ access, isAdmin: false, userId: '7', consent: { crmTasks: true } })
    expect(await isAllowed()).toBe(false)
    await open({ access, isAdmin: true, userId: '8', consent: { crmTasks: true } })
    expect(await isAllowed()).toBe(true)
    const log = await rooms.store.installations.settingsLog(id)
    expect(
      log.filter(({ change }) => 'digest' in (change as object)).map(({ changedBy }) => changedBy),
    ).toEqual(['8'])
    await open({ access, isAdmin: true, userId: '8', consent: { crmTasks: false } })
    expect(await isAllowed()).toBe(false)
  })
})

describe('an uninstall', () => {
  test('drops tokens and names at once and the data a month later', async () => {
    const id = await installAgain()
    const [anna] = portal.directory.users
    await rooms.store.saveDirectory(id, { ...portal.directory, users: anna ? [anna] : [] })
    portal.isInstalled = false
    await receive([{ type: 'app_uninstalled', purge: false }])
    const installation = await rooms.installations.load(id)
    expect(installation.status).toBe('uninstalled')
    expect(await rooms.store.tokens.load(id)).toBeNull()
    expect(await rooms.store.directory.users(id)).toMatchObject([{ id: '1', name: '1', email: null }])
    rooms.clock.advance(29 * DAY)
    expect(await rooms.installations.purgeExpired()).not.toContain(id)
    rooms.clock.advance(2 * DAY)
    expect(await rooms.installations.purgeExpired()).toContain(id)
    expect(await rooms.installations.find(id)).toBeNull()
  })

  test('that asks for the data to be deleted has it deleted after a day', async () => {
    const id = await installAgain()
    portal.isInstalled = false
    await receive([{ type: 'app_uninstalled', purge: true }])
    rooms.clock.advance(25 * HOUR)
    expect(await rooms.installations.purgeExpired()).toContain(id)
  })

  test('said twice is said once', async () => {
    const id = await installAgain()
    portal.isInstalled = false
    await receive([{ type: 'app_uninstalled', purge: false }])
    const first = await rooms.installations.load(id)
    rooms.clock.advance(HOUR)
    expect(await refused(receive([{ type: 'app_uninstalled', purge: true }]))).toBe('accepted')
    expect((await rooms.installations.load(id)).purgeAfter).toEqual(first.purgeAfter)
  })

  test('that is forged by somebody who knows the secret is not believed while access works', async () => {
    const id = await installAgain()
    await receive([{ type: 'app_uninstalled', purge: true }])
    expect(await statusOf(id)).toBe('active')
    expect(rooms.changes).toContainEqual({ id, change: { kind: 'doubtful', purge: true } })
    expect(await rooms.installations.confirmUninstall(id, true)).toBe('still_here')
  })

  test('is left open while the portal does not answer', async () => {
    const id = await installAgain()
    rooms.fake.onCall = () => {
      throw new VendorError('unavailable', 'timeout', 'no answer')
    }
    await receive([{ type: 'app_uninstalled', purge: false }])
    expect(await statusOf(id)).toBe('active')
    expect(await rooms.installations.confirmUninstall(id, false)).toBe('unknown')
  })

  test('by a signed hook is believed at once, and a forged signature is refused', async () => {
    const id = await installAgain()
    const hook = (signature: string) =>
      rooms.installations.disconnect(rooms.fake.vendor, request({ portal: portal.key, signature }))
    expect(await refused(hook('forged'))).toBe('hook_forged')
    expect(await statusOf(id)).toBe('active')
    await hook('signed')
    expect(await statusOf(id)).toBe('uninstalled')
    // Told twice, nothing more happens.
    await hook('signed')
    expect(await statusOf(id)).toBe('uninstalled')
  })

  test('is taken back by installing again before the data is gone', async () => {
    const id = await installAgain()
    portal.isInstalled = false
    await receive([{ type: 'app_uninstalled', purge: true }])
    await installAgain()
    expect(await rooms.installations.load(id)).toMatchObject({
      status: 'active',
      purgeAfter: null,
      uninstalledAt: null,
    })
    rooms.clock.advance(40 * DAY)
    expect(await rooms.installations.purgeExpired()).not.toContain(id)
  })
})

describe('what a portal says', () => {
  const failing = async (error: VendorError) => {
    const id = await installAgain()
    const connected = await rooms.installations.portal(id)
    rooms.fake.onCall = () => {
      throw error
    }
    await connected.info().catch(() => {})
    rooms.fake.onCall = null
    return id
  }

  test.each(['unavailable', 'rate_limited', 'rejected', 'shape_changed'] as const)(
    '"%s" says nothing about the installation',
    async kind => {
      expect(await statusOf(await failing(new VendorError(kind, 'x', 'x')))).toBe('active')
    },
  )

  test('"suspended" pauses it until the portal lets us in again', async () => {
    const id = await failing(new VendorError('unavailable', 'NO_PLAN', 'x', { verdict: 'suspended' }))
    expect(await statusOf(id)).toBe('suspended')
    expect(await refused(rooms.installations.portal(id))).toBe('portal_suspended')
    rooms.fake.onCall = () => {
      throw new VendorError('unavailable', 'NO_PLAN', 'x', { verdict: 'suspended' })
    }
    expect(await rooms.installations.recheck(id)).toBe(false)
    rooms.fake.onCall = null
    expect(await rooms.installations.recheck(id)).toBe(true)
    expect(await statusOf(id)).toBe('active')
  })

  test('"uninstalled" is a removal like any other', async () => {
    const id = await failing(new VendorError('auth_revoked', 'GONE', 'x', { verdict: 'uninstalled' }))
    expect(await rooms.installations.load(id)).toMatchObject({ status: 'uninstalled' })
    expect(await rooms.store.tokens.load(id)).toBeNull()
  })

  test('about an old pair is not held against a new one', async () => {
    const id = await installAgain()
    const connected = await rooms.installations.portal(id)
    await connected.info()
    rooms.fake.onCall = async () => {
      rooms.fake.onCall = null
      await installAgain()
      throw new VendorError('auth_revoked', 'invalid_token', 'x')
    }
    await connected.info().catch(() => {})
    expect(await statusOf(id)).toBe('active')
  })
})

describe('settings', () => {
  test('are refused with the path of what is wrong', async () => {
    const id = await installAgain()
    const patch = { calendar: { timeZone: 'Europe/Nowhere' } }
    const error = await rooms.installations
      .patchSettings(id, patch, 'user 1')
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: 400, code: 'invalid_settings' })
    expect(String(error)).toContain('calendar.timeZone')
    expect(await refused(rooms.installations.patchSettings(id, { unheardOf: 1 }, 'user 1'))).toBe(
      'invalid_settings',
    )
  })

  test('keep the designs of pipelines that a change does not name, and take no versions out of order', async () => {
    const id = await installAgain()
    const design = (from: string, edges: [string, string][] | null = [['NEW', 'WON']]) => ({ from, edges })
    const first = design('2026-11-20T10:00:00.000Z')
    await rooms.installations.patchSettings(id, { designs: { p1: [first] } }, 'head')
    const second = design('2026-11-21T10:00:00Z', null)
    const { designs } = await rooms.installations.patchSettings(id, { designs: { p2: [second] } }, 'head')
    expect(designs).toEqual({ p1: [first], p2: [second] })
    const log = await rooms.store.installations.settingsLog(id)
    const entry = log.find(({ changedBy }) => changedBy === 'head')
    expect(Object.keys(entry?.change ?? {})).toEqual(['designs'])
    const later = design(new Date(rooms.clock.now().getTime() + 1000).toISOString())
    for (const wrong of [
      [second, first],
      [design('yesterday')],
      [design('2026-11-20T10:00:00Z', [])],
      [later],
    ])
      expect(await refused(rooms.installations.patchSettings(id, { designs: { p1: wrong } }, 'head'))).toBe(
        'invalid_settings',
      )
  })

  test('lose nothing when people change different things at the same moment', async () => {
    const id = await installAgain()
    const design = (edges: [string, string][]) => [{ from: '2026-11-20T10:00:00.000Z', edges }]
    await Promise.all([
      rooms.installations.patchSettings(id, { designs: { p3: design([['NEW', 'WON']]) } }, 'head'),
      rooms.installations.patchSettings(id, { digest: { heads: false } }, 'admin'),
      rooms.installations.changeSettings(
        id,
        () => ({ designs: { p4: design([['A', 'B']]) } }),
        'another head',
      ),
      rooms.installations.patchSettings(id, { parkedPipelines: ['9'] }, 'admin'),
    ])
    const { settings } = await rooms.installations.load(id)
    expect(Object.keys(settings.designs)).toEqual(expect.arrayContaining(['p3', 'p4']))
    expect(settings).toMatchObject({ digest: { heads: false }, parkedPipelines: ['9'] })
  })

  test('write down of the designs those that changed, as they are in force', async () => {
    const id = await installAgain()
    const version = (minute: number) => ({
      from: `2026-11-20T10:0${minute}:00.000Z`,
      edges: [[`S${minute}`, 'WON']] as [string, string][],
    })
    await rooms.installations.patchSettings(id, { designs: { p5: [version(1)], p6: [version(1)] } }, 'first')
    await rooms.installations.patchSettings(id, { designs: { p5: [version(1), version(2)] } }, 'second')
    const log = await rooms.store.installations.settingsLog(id)
    expect(log.find(({ changedBy }) => changedBy === 'second')?.change).toEqual({
      designs: { before: { p5: version(1) }, after: { p5: version(2) } },
    })
  })

  test('remember who changed what', async () => {
    const id = await installAgain()
    await rooms.installations.patchSettings(id, { stale: { dropBulk: false } }, 'user 7')
    const log = await rooms.store.installations.settingsLog(id)
    const entry = log.find(({ changedBy }) => changedBy === 'user 7')
    expect(Object.keys(entry?.change ?? {})).toEqual(['stale'])
  })
})
