import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError, isVendorError } from '../../../src/errors.ts'
import type { InboundRequest, KnownPortal, Vendor } from '../../../src/vendors/vendor.ts'
import { fastClock, vendorFor } from './bench.ts'
import { type FakePortal, startFakePortal } from './fake-portal.ts'

let portal: FakePortal
let vendor: Vendor
beforeEach(async () => {
  portal = await startFakePortal()
  vendor = vendorFor(portal, fastClock())
})
afterEach(() => portal.close())

const post = (body: unknown, query: Record<string, unknown> = {}): InboundRequest => ({
  method: 'POST',
  query: { DOMAIN: 'evil.example.com', PROTOCOL: '1', LANG: 'ru', APP_SID: 'x', ...query },
  params: {},
  headers: {},
  body,
})
const framePost = (more: Record<string, unknown> = {}, isAdmin = true): Record<string, unknown> => {
  const { access, refresh } = portal.issue(isAdmin ? '1' : '17', isAdmin)
  return {
    AUTH_ID: access,
    AUTH_EXPIRES: '3600',
    REFRESH_ID: refresh,
    SERVER_ENDPOINT: `${portal.origin}/rest/`,
    APPLICATION_TOKEN: 'event-secret',
    APPLICATION_SCOPE: 'crm,task',
    member_id: portal.memberId,
    status: 'F',
    PLACEMENT: 'DEFAULT',
    PLACEMENT_OPTIONS: '{"URI":"/x"}',
    ...more,
  }
}
const known = (more: Partial<KnownPortal> = {}): KnownPortal => ({
  portalKey: portal.memberId,
  address: { api: portal.api, oauth: portal.origin, host: new URL(portal.origin).host },
  eventSecret: 'event-secret',
  appCode: 'planerka.app',
  ...more,
})
const outbound = (): number => portal.requests.length + portal.oauthRequests
/** The error of a call, whether it throws at once or later. */
const refusalOf = async (call: () => unknown): Promise<AppError> => {
  try {
    await call()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('an installation', () => {
  const install = (body: unknown) => vendor.inbound.installProof(post(body)).prove()

  test('is proved by the OAuth server and the portal, not by what the browser says', async () => {
    const body = framePost()
    const proof = vendor.inbound.installProof(post(body))
    expect(proof.singleUse).toBe(body['REFRESH_ID'])
    expect(outbound()).toBe(0)
    const grant = await proof.prove()
    expect(grant).toMatchObject({
      portalKey: 'member-1',
      address: { api: portal.api, host: new URL(portal.origin).host },
      userId: '1',
      isAdmin: true,
      eventSecret: 'event-secret',
      scopes: ['crm', 'task', 'user_brief', 'department', 'im', 'placement'],
      language: 'ru',
    })
    expect(portal.tokens.has(grant.tokens.access)).toBe(true)
  })

  test('with a spent pair is refused', async () => {
    const body = framePost()
    await install(body)
    expect(await refusalOf(() => install(body))).toMatchObject({ status: 403, code: 'install_not_proved' })
  })

  test('that names another portal is refused', async () => {
    expect(await refusalOf(() => install(framePost({ member_id: 'somebody-else' })))).toMatchObject({
      status: 403,
      code: 'portal_mismatch',
    })
  })

  test('by somebody who is no administrator is refused', async () => {
    expect(await refusalOf(() => install(framePost({}, false)))).toMatchObject({
      code: 'install_needs_admin',
    })
  })

  test('of a portal whose address leads inside is refused without calling it', async () => {
    portal.clientEndpoint = 'http://169.254.169.254/rest/'
    expect(await refusalOf(() => install(framePost()))).toMatchObject({ code: 'address_not_allowed' })
    expect(portal.requests).toEqual([])
  })

  test('may only choose between the vendor’s own OAuth servers', async () => {
    const strict = vendorFor(portal, fastClock(), { BITRIX24_OAUTH_ORIGIN: '' })
    for (const endpoint of [
      'https://oauth.bitrix24.tech.evil.com/rest/',
      'http://oauth.bitrix24.tech/rest/',
      'https://oauth.bitrix24.tech:8443/rest/',
      'https://evil.example.com/rest/',
      'nonsense',
    ]) {
      const call = () => strict.inbound.installProof(post(framePost({ SERVER_ENDPOINT: endpoint })))
      expect(await refusalOf(call)).toMatchObject({ status: 400, code: 'oauth_host_unknown' })
    }
    expect(outbound()).toBe(0)
  })

  test('that is malformed asks nobody anything', async () => {
    for (const body of [
      {},
      null,
      'text',
      [],
      framePost({ REFRESH_ID: undefined }),
      framePost({ REFRESH_ID: ['a', 'b'] }),
      framePost({ AUTH_ID: { $ne: '' } }),
      framePost({ member_id: '../../etc' }),
      framePost({ member_id: '' }),
      framePost({ AUTH_ID: 'x'.repeat(5000) }),
      framePost({ AUTH_ID: 'with space' }),
    ])
      expect(await refusalOf(() => install(body))).toMatchObject({
        status: 400,
        code: 'frame_request_malformed',
      })
    expect(outbound()).toBe(0)
  })

  test('during an outage of the OAuth server is not called a forgery', async () => {
    portal.fault = ({ method }) => (method === 'oauth' ? { status: 502, body: '<html>' } : null)
    const error: unknown = await install(framePost()).catch((thrown: unknown) => thrown)
    expect(isVendorError(error) && error.kind).toBe('unavailable')
  })

  test.each(fc.sample(fc.object({ maxDepth: 2 }), 20))(
    'made of anything never ends in a crash (%#)',
    async body => {
      expect((await refusalOf(() => install(body))).status).toBe(400)
    },
  )
})

describe('a frame', () => {
  const frame = (more: Record<string, unknown> = {}, isAdmin = true, of = known()) =>
    vendor.inbound.frame(post(framePost(more, isAdmin)), of)

  test('is proved by one request to the stored address and hands back the visitor’s pair unspent', async () => {
    const user = await frame({}, false)
    expect(user).toMatchObject({ userId: '17', isAdmin: false, scopes: ['crm', 'task'], language: 'ru' })
    expect(portal.requests).toEqual(['batch'])
    expect(portal.oauthRequests).toBe(0)
    expect(portal.refreshTokens.has(user.tokens?.refresh ?? '')).toBe(true)
  })

  test('opened again by reloading the page is the same frame', async () => {
    const body = framePost()
    const first = await vendor.inbound.frame(post(body), known())
    expect(await vendor.inbound.frame(post(body), known())).toMatchObject({ userId: first.userId })
  })

  test('with another application token is refused without a call', async () => {
    expect(await refusalOf(() => frame({ APPLICATION_TOKEN: 'guessed' }))).toMatchObject({ status: 403 })
    expect(outbound()).toBe(0)
  })

  test('with a token of another application of the same portal is refused', async () => {
    portal.appCode = 'somebody.else'
    expect(await refusalOf(() => frame())).toMatchObject({ status: 403, code: 'other_application' })
  })

  test('with a worthless token is refused', async () => {
    expect(await refusalOf(() => frame({ AUTH_ID: 'made-up' }))).toMatchObject({
      status: 401,
      code: 'frame_not_proved',
    })
  })

  test('with an expired token is refused', async () => {
    const body = framePost()
    const holder = portal.tokens.get(String(body['AUTH_ID']))
    if (holder) holder.usesLeft = 0
    expect(await refusalOf(() => vendor.inbound.frame(post(body), known()))).toMatchObject({ status: 401 })
  })

  test('of a portal that stumbles is tried again', async () => {
    let failures = 2
    portal.fault = () => {
      failures -= 1
      return failures >= 0 ? 'truncate' : null
    }
    expect((await frame()).userId).toBe('1')
  })

  test.each([
    ['DEFAULT', '{"URI":"/"}', { view: 'overview', params: {} }],
    ['DEFAULT', 'undefined', { view: 'overview', params: {} }],
    ['DEFAULT', '[]', { view: 'overview', params: {} }],
    [undefined, undefined, { view: 'overview', params: {} }],
    ['LEFT_MENU', '{}', { view: 'overview', params: {} }],
    ['CRM_ANALYTICS_MENU', '{}', { view: 'overview', params: {} }],
    ['CRM_DEAL_LIST_TOOLBAR', '{}', { view: 'stale', params: {} }],
    ['CRM_DEAL_DETAIL_TAB', '{"ID":"759"}', { view: 'deal', params: { id: '759' } }],
    ['CRM_DEAL_DETAIL_TAB', '{"ID":"<script>"}', { view: 'overview', params: {} }],
    ['REST_APP_URI', '{"view":"employee","id":"17"}', { view: 'employee', params: { id: '17' } }],
    ['REST_APP_URI', '{"params":{"view":"stale"}}', { view: 'stale', params: {} }],
    ['REST_APP_URI', '{"view":"../admin","id":"1"}', { view: 'overview', params: {} }],
    ['REST_APP_URI', '{"view":"stale","q":"\\"><script>"}', { view: 'stale', params: {} }],
    ['NEVER_HEARD_OF', '{"view":"stale"}', { view: 'overview', params: {} }],
  ])('at %s with %s opens %o', async (PLACEMENT, PLACEMENT_OPTIONS, target) => {
    expect((await frame({ PLACEMENT, PLACEMENT_OPTIONS })).target).toEqual(target)
  })
})

describe('an event', () => {
  const at = '1786692392'
  const event = (
    name: string,
    data: unknown = { FIELDS: { ID: '759' } },
    auth: Record<string, unknown> = {},
  ) => ({
    event: name,
    event_handler_id: '201',
    data,
    ts: at,
    auth: {
      member_id: portal.memberId,
      application_token: 'event-secret',
      domain: 'evil.example.com',
      ...auth,
    },
  })
  const read = (body: unknown, of = known()) => vendor.inbound.events(post(body), of)

  test('is a hint about one record, whoever acted', async () => {
    expect(await read(event('ONCRMDEALUPDATE', undefined, { access_token: 'actor' }))).toEqual([
      {
        type: 'changed',
        entity: 'deal',
        action: 'updated',
        id: '759',
        at: new Date(Number(at) * 1000),
        actorToken: 'actor',
        actorId: null,
        actorClass: 'person',
      },
    ])
    expect(await read(event('onCrmActivityAdd'))).toMatchObject([
      { entity: 'activity', action: 'added', actorToken: null, actorClass: 'robot' },
    ])
    expect(outbound()).toBe(0)
  })

  test.each([
    ['ONCRMDEALDELETE', { FIELDS: { ID: '1' } }, 'deal', 'deleted', '1'],
    ['ONCRMDEALMOVETOCATEGORY', { FIELDS: { ID: '2', CATEGORY_ID: '3' } }, 'deal', 'moved', '2'],
    ['ONTASKUPDATE', { FIELDS_BEFORE: { ID: '8' }, FIELDS_AFTER: { ID: '8' } }, 'task', 'updated', '8'],
    ['ONTASKDELETE', { FIELDS_BEFORE: { ID: '9' }, FIELDS_AFTER: 'undefined' }, 'task', 'deleted', '9'],
    ['ONTASKADD', { FIELDS_BEFORE: 'undefined', FIELDS_AFTER: { ID: '10' } }, 'task', 'added', '10'],
    ['ONCRMDYNAMICITEMUPDATE', { FIELDS: { ID: '4', ENTITY_TYPE_ID: '31' } }, 'invoice', 'updated', '4'],
    ['ONCRMDYNAMICITEMADD_31', { FIELDS: { ID: '5' } }, 'invoice', 'added', '5'],
  ])('%s says which record', async (name, data, entity, action, id) => {
    expect(await read(event(name, data))).toMatchObject([{ type: 'changed', entity, action, id }])
  })

  test.each([
    ['ONCRMDYNAMICITEMUPDATE', { FIELDS: { ID: '4', ENTITY_TYPE_ID: '128' } }],
    ['ONCRMDEALUPDATE', { FIELDS: { ID: 'abc' } }],
    ['ONCRMDEALUPDATE', 'undefined'],
    ['ONSOMETHINGELSE', { FIELDS: { ID: '4' } }],
    ['CONSTRUCTOR', {}],
  ])('%s with %j is nothing to us', async (name, data) => {
    expect(await read(event(name, data))).toEqual([])
  })

  test('about fields says that the portal’s dictionary changed', async () => {
    expect(await read(event('ONCRMDEALUSERFIELDSETENUMVALUES'))).toEqual([{ type: 'metadata_changed' }])
  })

  test('without the portal’s secret is refused and asks nobody', async () => {
    for (const auth of [
      { application_token: 'guess' },
      { application_token: undefined },
      { member_id: 'other' },
    ])
      expect(await refusalOf(() => read(event('ONCRMDEALDELETE', undefined, auth)))).toMatchObject({
        status: 403,
        code: 'event_secret_mismatch',
      })
    expect(await refusalOf(() => read(event('ONCRMDEALDELETE'), known({ eventSecret: null })))).toMatchObject(
      {
        status: 403,
      },
    )
    for (const body of [
      {},
      null,
      { event: 'X' },
      { event: ['a'], auth: {} },
      { ...event('ONTASKADD'), auth: 'x' },
    ])
      expect(await refusalOf(() => read(body))).toMatchObject({ status: 400, code: 'event_malformed' })
    expect(outbound()).toBe(0)
  })

  test('of an uninstallation says whether everything is to be deleted', async () => {
    const uninstall = (CLEAN?: string) => read(event('ONAPPUNINSTALL', { LANGUAGE_ID: 'ru', CLEAN }))
    expect(await uninstall('1')).toEqual([{ type: 'app_uninstalled', purge: true }])
    expect(await uninstall('0')).toEqual([{ type: 'app_uninstalled', purge: false }])
    expect(await uninstall()).toEqual([{ type: 'app_uninstalled', purge: false }])
  })

  const update = (more: Record<string, unknown> = {}, isAdmin = true) => {
    const { access, refresh } = portal.issue('1', isAdmin)
    return event(
      'ONAPPUPDATE',
      { VERSION: '4', LANGUAGE_ID: 'ru' },
      {
        access_token: access,
        refresh_token: refresh,
        application_token: 'new-secret',
        ...more,
      },
    )
  }

  test('of an update brings a new secret, believed because the vendor proves its pair', async () => {
    const body = update()
    const [first] = await read(body)
    expect(first).toMatchObject({ type: 'app_updated', grant: { eventSecret: 'new-secret', isAdmin: true } })
    // The same event again: by now the new secret is the known one.
    expect(await read(body, known({ eventSecret: 'new-secret' }))).toEqual([])
  })

  test('of an update that proves nothing is refused', async () => {
    for (const body of [
      update({ access_token: 'made-up' }),
      update({ refresh_token: 'made-up' }),
      update({ access_token: undefined }),
      update({}, false),
    ])
      expect((await refusalOf(() => read(body))).status).toBe(403)
    portal.appCode = 'somebody.else'
    expect((await refusalOf(() => read(update()))).status).toBe(403)
  })

  test('names its portal only as a key to look up', () => {
    expect(vendor.inbound.claim(post(event('ONTASKADD')))).toEqual({ by: 'portalKey', value: 'member-1' })
    expect(vendor.inbound.claim(post(framePost()))).toEqual({ by: 'portalKey', value: 'member-1' })
    for (const body of [null, {}, { member_id: {} }, { auth: { member_id: ['x'] } }, { member_id: 'a b' }])
      expect(vendor.inbound.claim(post(body))).toBeNull()
  })
})

describe('frames are allowed', () => {
  test('on the portal itself, or on the vendor’s cloud before a portal is known', () => {
    expect(vendor.inbound.frameAncestors(known().address)).toEqual([portal.origin])
    expect(vendor.inbound.frameAncestors(null)).toContain('https://*.bitrix24.ru')
  })
})
