import { badRequest, forbidden } from '../../errors.ts'
import type { FrameUser, Inbound, InboundRequest, KnownPortal } from '../vendor.ts'
import { readEvents } from './events.ts'
import { type InboundDeps, notProved, proveGrant } from './grant.ts'
import { appManifest, CLOUD_ZONES } from './manifest.ts'
import { splitScopes } from './oauth.ts'
import { askPerson, type Person } from './person.ts'
import { claimedPortal, languageOf, notFoundHere, readFramePost } from './requests.ts'
import { screenOf } from './screen.ts'
import { sameSecret } from './secrets.ts'

const checkPerson = (person: Person, portal: KnownPortal): void => {
  // Another application's token of the same portal opens the same doors there, but not here.
  if (portal.appCode !== null && person.appCode !== portal.appCode)
    throw forbidden('other_application', 'The token belongs to another application.')
}

const frame = async (deps: InboundDeps, req: InboundRequest, portal: KnownPortal): Promise<FrameUser> => {
  const post = readFramePost(req)
  if (post.member_id !== portal.portalKey)
    throw forbidden('portal_mismatch', 'The request names another portal.')
  if (post.APPLICATION_TOKEN !== undefined && portal.eventSecret !== null)
    if (!sameSecret(post.APPLICATION_TOKEN, portal.eventSecret))
      throw forbidden(
        'frame_not_proved',
        'The CRM does not confirm this request. Open the application again.',
      )
  const reply = await askPerson(deps.transport, deps.clock, portal.address.api, post.AUTH_ID)
  if (reply.is === 'refused') throw notProved(reply.refusal, 'frame_not_proved')
  checkPerson(reply.person, portal)
  const expiresAt = new Date(deps.clock.now().getTime() + post.AUTH_EXPIRES * 1000)
  return {
    userId: reply.person.userId,
    isAdmin: reply.person.isAdmin,
    // Unspent: whether the visitor's pair is needed is not known here.
    tokens:
      post.REFRESH_ID === undefined ? null : { access: post.AUTH_ID, refresh: post.REFRESH_ID, expiresAt },
    scopes: splitScopes(post.APPLICATION_SCOPE ?? ''),
    language: languageOf(req),
    theme: null,
    target: screenOf(post.PLACEMENT, post.PLACEMENT_OPTIONS),
  }
}

const installProof = (deps: InboundDeps, req: InboundRequest): ReturnType<Inbound['installProof']> => {
  const post = readFramePost(req)
  const refreshToken = post.REFRESH_ID
  if (refreshToken === undefined)
    throw badRequest('frame_request_malformed', 'The request carries no refresh token.')
  const oauthOrigin = deps.oauth.originFor(post.SERVER_ENDPOINT)
  if (oauthOrigin === null)
    throw badRequest('oauth_host_unknown', 'The request names an OAuth server that the vendor does not have.')
  return {
    singleUse: refreshToken,
    prove: () =>
      proveGrant(deps, {
        portalKey: post.member_id,
        refreshToken,
        oauthOrigin,
        eventSecret: post.APPLICATION_TOKEN ?? null,
        language: languageOf(req),
        appCode: null,
      }),
  }
}

const MAX_FRAME_BYTES = 64_000
const MAX_EVENT_BYTES = 256_000

export const createInbound = (deps: InboundDeps): Inbound => ({
  routes: [
    { method: 'POST', path: appManifest.paths.install, purpose: 'install', maxBytes: MAX_FRAME_BYTES },
    { method: 'POST', path: appManifest.paths.app, purpose: 'frame', maxBytes: MAX_FRAME_BYTES },
    { method: 'POST', path: appManifest.paths.events, purpose: 'event', maxBytes: MAX_EVENT_BYTES },
  ],
  claim(req) {
    const value = claimedPortal(req)
    return value === null ? null : { by: 'portalKey', value }
  },
  installProof: req => installProof(deps, req),
  frame: (req, portal) => frame(deps, req, portal),
  events: (req, portal) => readEvents(deps, req, portal),
  // The vendor announces an uninstallation as an event; there is no route for a hook.
  uninstall() {
    throw notFoundHere()
  },
  authorizeUrl: state =>
    `${deps.oauth.originFor(undefined) ?? ''}/oauth/authorize/?${new URLSearchParams({ client_id: deps.clientId, state }).toString()}`,
  frameAncestors: address =>
    address === null
      ? [...CLOUD_ZONES.map(zone => `https://*.bitrix24.${zone}`), ...deps.trusted]
      : [...new Set([new URL(address.api).origin, ...deps.trusted])],
})
