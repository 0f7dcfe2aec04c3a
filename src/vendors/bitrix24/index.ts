import { type Clock, MINUTE } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { VendorError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { Connection, Portal, ScreenTarget, Vendor } from '../vendor.ts'
import { backfillFeed } from './backfill.ts'
import { changesOf } from './changes.ts'
import { createClient } from './client.ts'
import { readDirectory } from './directory.ts'
import { FEEDS, feedNamed } from './feeds.ts'
import { fetchRecords } from './fetch.ts'
import { createInbound } from './inbound.ts'
import { readInfo } from './info.ts'
import { createVerifyMove, type VerifyMove } from './moved.ts'
import { createOAuth } from './oauth.ts'
import { observe } from './observe.ts'
import { registerApp } from './register.ts'
import { secretKey } from './secrets.ts'
import { createSession } from './session.ts'
import { createTransport, type Transport } from './transport.ts'
import { vanishedIds } from './vanished.ts'
import { profileWire } from './wire.ts'
import { applyChange, sendNotification } from './write.ts'

/** Whose token it was, for as long as a token lives; keyed by hash, so that no token is kept. */
type Actors = Map<string, { userId: string | null; until: number }>
const ACTOR_SERVES_MS = 10 * MINUTE
const MAX_ACTORS = 2000

const connectPortal = (
  connection: Connection,
  deps: { publicUrl: string; transport: Transport; verifyMove: VerifyMove; actors: Actors },
): Portal => {
  const { publicUrl, transport, verifyMove, actors } = deps
  const { clock, log } = connection
  const client = createClient({ connection, transport, verifyMove })
  const session = createSession(client, clock)

  const whoIs = async (actorToken: string): Promise<string | null> => {
    const key = `${connection.installationId} ${secretKey(actorToken)}`
    const known = actors.get(key)
    if (known && known.until > clock.now().getTime()) return known.userId
    let userId: string | null = null
    try {
      const { result } = await client.call('profile', {}, { token: actorToken, urgency: 'person' })
      const profile = profileWire.safeParse(result)
      userId = profile.success ? profile.data.ID : null
    } catch (error) {
      // A token that is refused names nobody; a portal that is down may still tell later.
      if (!(error instanceof VendorError) || (error.kind !== 'auth_revoked' && error.kind !== 'rejected'))
        throw error
    }
    if (actors.size >= MAX_ACTORS) actors.delete(actors.keys().next().value ?? '')
    actors.set(key, { userId, until: clock.now().getTime() + ACTOR_SERVES_MS })
    return userId
  }

  return {
    info: () => readInfo(client, session, clock.now()),
    directory: () => readDirectory(client, session),
    register: () => registerApp(client, publicUrl, log),
    backfill: (feed, resume) => backfillFeed(client, session, feedNamed(feed), resume),
    changes: (feed, cursor) => changesOf({ client, session, spec: feedNamed(feed) }, cursor),
    fetch: (kind, ids) => fetchRecords(client, session, kind, ids),
    missing: (kind, known) => vanishedIds(client, kind, known),
    whoIs,
    notify: message => sendNotification(client, message),
    apply: change => applyChange(client, change),
    observe: asked => observe(client, asked),
    requests: () => client.requests(),
  }
}

const CARDS: Record<Parameters<Vendor['cardPath']>[0], (id: string, userId: string) => string> = {
  deal: id => `/crm/deal/details/${id}/`,
  task: (id, userId) => `/company/personal/user/${userId}/tasks/task/view/${id}/`,
  user: id => `/company/personal/user/${id}/`,
  invoice: id => `/crm/type/31/details/${id}/`,
}

const appPath = (appCode: string | null, { view, params }: ScreenTarget): string => {
  if (appCode === null) return '/marketplace/installed/'
  const query = [['view', view], ...Object.entries(params)].map(
    ([key, value]) => `params[${encodeURIComponent(key ?? '')}]=${encodeURIComponent(value ?? '')}`,
  )
  return `/marketplace/view/${encodeURIComponent(appCode)}/?${query.join('&')}`
}

/** @returns null when the application's keys are not set: the vendor is off */
export const createBitrix24 = (config: Config, deps: { clock: Clock; log: Logger }): Vendor | null => {
  const {
    BITRIX24_CLIENT_ID: clientId,
    BITRIX24_CLIENT_SECRET: clientSecret,
    BITRIX24_OAUTH_ORIGIN: origin,
  } = config
  if (clientId === undefined || clientSecret === undefined) return null
  const { clock, log } = deps
  const trusted = new Set(config.TRUSTED_CRM_ORIGINS)
  const transport = createTransport(origin === undefined ? trusted : new Set([...trusted, origin]))
  const oauth = createOAuth({ clientId, clientSecret, origin, trusted, transport, clock })
  const verifyMove = createVerifyMove(transport, trusted)
  const actors: Actors = new Map()

  return {
    id: 'bitrix24',
    can: {
      notifyInCrm: true,
      hierarchy: true,
      pastActors: false,
      deadlineHistory: false,
      invoices: true,
      markDeals: 'field',
    },
    feeds: FEEDS.map(({ name, covers }) => ({ name, covers })),
    inbound: createInbound({ clientId, oauth, transport, trusted, clock, log }),
    async refresh(tokens, address) {
      const { tokens: fresh, address: named } = await oauth.renew(tokens.refresh, address.oauth)
      return { tokens: fresh, address: named }
    },
    connect: connection =>
      connectPortal(connection, { publicUrl: config.PUBLIC_URL, transport, verifyMove, actors }),
    cardPath: (kind, id, userId) => CARDS[kind](id, userId ?? '0'),
    appPath,
  }
}
