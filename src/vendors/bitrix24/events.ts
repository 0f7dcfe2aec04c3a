import { AppError, forbidden, VendorError } from '../../errors.ts'
import type { CrmEvent, InboundRequest, KnownPortal } from '../vendor.ts'
import { type InboundDeps, proveGrant } from './grant.ts'
import { INVOICE_TYPE } from './manifest.ts'
import { askPerson } from './person.ts'
import { type EventPost, readEventPost } from './requests.ts'
import { sameSecret } from './secrets.ts'

type Changed = Extract<CrmEvent, { type: 'changed' }>
type Meaning = { entity: Changed['entity']; action: Changed['action'] }

const CHANGES: Readonly<Record<string, Meaning>> = {
  ONCRMDEALADD: { entity: 'deal', action: 'added' },
  ONCRMDEALUPDATE: { entity: 'deal', action: 'updated' },
  ONCRMDEALDELETE: { entity: 'deal', action: 'deleted' },
  ONCRMDEALMOVETOCATEGORY: { entity: 'deal', action: 'moved' },
  ONCRMACTIVITYADD: { entity: 'activity', action: 'added' },
  ONCRMACTIVITYUPDATE: { entity: 'activity', action: 'updated' },
  ONCRMACTIVITYDELETE: { entity: 'activity', action: 'deleted' },
  ONTASKADD: { entity: 'task', action: 'added' },
  ONTASKUPDATE: { entity: 'task', action: 'updated' },
  ONTASKDELETE: { entity: 'task', action: 'deleted' },
  ONCRMDYNAMICITEMADD: { entity: 'invoice', action: 'added' },
  ONCRMDYNAMICITEMUPDATE: { entity: 'invoice', action: 'updated' },
  ONCRMDYNAMICITEMDELETE: { entity: 'invoice', action: 'deleted' },
}

const METADATA = /^ONCRM(DEAL|TYPE)USERFIELD/
const DYNAMIC = /^ONCRMDYNAMICITEM(ADD|UPDATE|DELETE)(?:_(\d+))?$/

/** Some nodes arrive as the word `undefined` instead of a map. */
const node = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}

const idIn = (fields: Record<string, unknown>): string | null => {
  const { ID } = fields
  return typeof ID === 'string' && /^[1-9]\d{0,15}$/.test(ID)
    ? ID
    : typeof ID === 'number' && Number.isSafeInteger(ID) && ID > 0
      ? String(ID)
      : null
}

/** CRM events carry FIELDS; task events carry the state after and before, and one of them may be missing. */
const idOf = (data: Record<string, unknown>): string | null =>
  idIn(node(data['FIELDS'])) ?? idIn(node(data['FIELDS_AFTER'])) ?? idIn(node(data['FIELDS_BEFORE']))

const changed = ({ event, data, auth, ts }: EventPost, now: Date): CrmEvent[] => {
  const dynamic = DYNAMIC.exec(event)
  if (dynamic) {
    const type = Number(dynamic[2] ?? node(data['FIELDS'])['ENTITY_TYPE_ID'])
    if (type !== INVOICE_TYPE) return []
  }
  const meaning = CHANGES[dynamic ? `ONCRMDYNAMICITEM${dynamic[1]}` : event]
  const id = idOf(data)
  if (!meaning || id === null) return []
  // The queue states when it was told; a time after ours is a wrong clock.
  const at = ts === null || ts === 0 ? now : new Date(Math.min(ts * 1000, now.getTime()))
  const actorToken = auth.access_token ?? null
  // Robots, workflows and agents have nobody's token.
  return [
    {
      type: 'changed',
      ...meaning,
      id,
      at,
      actorToken,
      actorId: null,
      actorClass: actorToken === null ? 'robot' : 'person',
    },
  ]
}

/**
 * Installation and update bring a pair and, after an update, a new event secret. They are believed only
 * when the holder of the token is an administrator in our stored portal and the OAuth server renews the pair.
 */
const appChanged = async (
  deps: InboundDeps,
  post: EventPost,
  portal: KnownPortal,
  isKnown: boolean,
): Promise<CrmEvent[]> => {
  const {
    access_token: access,
    refresh_token: refresh,
    application_token: secret,
    server_endpoint,
  } = post.auth
  const refuse = (): AppError => forbidden('event_not_proved', 'The CRM does not confirm this event.')
  if (access === undefined || refresh === undefined || secret === undefined) {
    if (isKnown) return []
    throw refuse()
  }
  const oauthOrigin = deps.oauth.originFor(server_endpoint)
  if (oauthOrigin === null) throw refuse()
  try {
    const reply = await askPerson(deps.transport, deps.clock, portal.address.api, access)
    if (
      reply.is === 'refused' &&
      (reply.refusal.kind === 'unavailable' || reply.refusal.kind === 'rate_limited')
    )
      throw new VendorError('unavailable', reply.refusal.code, 'the portal gives no answer about an event')
    if (reply.is === 'refused' || !reply.person.isAdmin) throw refuse()
    if (portal.appCode !== null && reply.person.appCode !== portal.appCode) throw refuse()
    const language = post.data['LANGUAGE_ID']
    const grant = await proveGrant(deps, {
      portalKey: portal.portalKey,
      refreshToken: refresh,
      oauthOrigin,
      eventSecret: secret,
      language: typeof language === 'string' && /^[a-z]{2}$/i.test(language) ? language.toLowerCase() : null,
      appCode: portal.appCode,
    })
    return [{ type: post.event === 'ONAPPUPDATE' ? 'app_updated' : 'app_installed', grant }]
  } catch (error) {
    // The same event twice: its pair is spent, its secret is the one we have. Nothing changes.
    if (isKnown && error instanceof AppError) return []
    throw error
  }
}

/**
 * @throws AppError 400 `event_malformed`, 403 `event_secret_mismatch`, 403 `event_not_proved`
 */
export const readEvents = async (
  deps: InboundDeps,
  req: InboundRequest,
  portal: KnownPortal,
): Promise<CrmEvent[]> => {
  const post = readEventPost(req)
  const { event, auth, data } = post
  const secret = auth.application_token
  const isKnown =
    secret !== undefined && portal.eventSecret !== null && sameSecret(secret, portal.eventSecret)
  const isOurs = auth.member_id === portal.portalKey
  if (isOurs && (event === 'ONAPPINSTALL' || event === 'ONAPPUPDATE'))
    return appChanged(deps, post, portal, isKnown)
  if (!isOurs || !isKnown)
    throw forbidden('event_secret_mismatch', 'The event does not carry the secret of this portal.')
  if (event === 'ONAPPUNINSTALL')
    return [{ type: 'app_uninstalled', purge: String(data['CLEAN'] ?? '0') === '1' }]
  if (METADATA.test(event)) return [{ type: 'metadata_changed' }]
  return changed(post, deps.clock.now())
}
