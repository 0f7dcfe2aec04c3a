import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Clock, stopwatch } from '../../clock.ts'
import { badRequest, forbidden, isVendorError, unauthorized, type VendorError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { CrmEvent, Grant, Inbound, InboundRequest, LimitLedger } from '../vendor.ts'
import { createClient } from './client.ts'
import { isAdminUser, readAccount } from './directory.ts'
import { createFirstSteps } from './limits.ts'
import { addressAt, claimsOf, exchangeCode } from './oauth.ts'
import { accountOrigin, type Platform } from './platform.ts'
import { claimedAccount, plainBody, proveTicket } from './ticket.ts'

const one = (value: unknown, longest = 2048): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= longest ? value : null

const sameSecret = (a: string, b: string): boolean => {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}

/** The marketplace waits three seconds for an install to be answered, and never asks again. */
const ANSWER_MS = 2_400
/** The code, the account and the user are asked within this; the rest of the time is for storing. */
const PROOF_MS = 1_800
const SHORTEST_QUESTION_MS = 300

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'

/** Away, out of patience, or not paid for: the account may still say later who installs. */
const isWorthAnotherTry = (error: VendorError): boolean =>
  error.kind === 'unavailable' || error.kind === 'rate_limited' || error.verdict === 'suspended'

export const createInbound = (platform: Platform, clock: Clock, log: Logger): Inbound => {
  const install = (req: InboundRequest): ReturnType<Inbound['installProof']> => {
    const { query } = req
    if (one(query['error'])) throw badRequest('access_denied', 'The installation was declined in the CRM')
    const code = one(query['code'])
    const referer = one(query['referer'], 300)
    if (!code || !referer) throw badRequest('malformed_install', 'The CRM sends code and referer')
    const named = one(query['client_id'])
    if (named && named !== platform.clientId)
      throw badRequest('foreign_client', 'The code is for another integration')
    const origin = accountOrigin(platform, referer)
    if (!origin) throw badRequest('foreign_host', 'The account is not at an address of this CRM')
    const state = one(query['state'])
    // The marketplace installs without our page and so without a state; it says so.
    if (!state && query['from_widget'] === undefined)
      throw badRequest('state_missing', 'Start from the connect page')
    return {
      singleUse: code,
      ...(state ? { state } : {}),
      prove: limitsOf => prove(origin, code, limitsOf),
    }
  }

  const prove = async (
    origin: string,
    code: string,
    limitsOf?: (portalKey: string) => LimitLedger,
  ): Promise<Grant> => {
    const elapsed = stopwatch()
    const tokens = await exchangeCode(platform, origin, code, clock).catch(error => {
      if (isVendorError(error) && error.kind === 'auth_revoked')
        throw unauthorized(
          'code_refused',
          'The CRM does not know the code: it is used or expired. Install again',
        )
      throw error
    })
    const address = addressAt(origin)
    const { accountId, userId } = claimsOf(tokens.access)
    const grant = { address, tokens, scopes: ['crm'], eventSecret: randomBytes(24).toString('base64url') }
    // The code is spent: a pair that names its account is kept even if nothing more can be asked in time.
    if (accountId === null || userId === null)
      return { ...grant, ...(await introduce(origin, tokens.access, undefined)) }
    const left = Math.ceil(Math.max(SHORTEST_QUESTION_MS, PROOF_MS - elapsed()))
    try {
      const told = await introduce(origin, tokens.access, limitsOf?.(accountId), AbortSignal.timeout(left))
      if (told.portalKey !== accountId)
        throw unauthorized('account_mismatch', 'The token is from another account')
      return { ...grant, ...told }
    } catch (error) {
      if (!isTimeout(error) && !(isVendorError(error) && isWorthAnotherTry(error))) throw error
      log.warn({ err: error }, 'the account does not say in time who installs')
      return { ...grant, portalKey: accountId, userId, isAdmin: null, language: null }
    }
  }

  /** Whose token it is, asked of the account itself. */
  const introduce = async (
    origin: string,
    access: string,
    known: LimitLedger | undefined,
    signal?: AbortSignal,
  ): Promise<Pick<Grant, 'portalKey' | 'userId' | 'isAdmin' | 'language'>> => {
    const firstSteps = createFirstSteps(clock)
    const limits = known ?? firstSteps
    const client = createClient(platform, {
      address: addressAt(origin),
      installationId: 'installing',
      getToken: async () => access,
      onMoved: async () => {},
      limits,
      clock,
      log,
      ...(signal ? { signal } : {}),
    })
    const account = await readAccount(client)
    const userId = account.current_user_id
    if (!userId) throw unauthorized('user_unknown', 'The CRM does not name the user who installs')
    const isAdmin = await isAdminUser(client, userId)
    signal?.throwIfAborted()
    if (limits === firstSteps) await firstSteps.settle()
    return { portalKey: account.id, userId, isAdmin, language: account.language ?? null }
  }

  return {
    answerWithinMs: ANSWER_MS,
    routes: [
      { method: 'GET', path: '/oauth', purpose: 'install', maxBytes: 1024 },
      { method: 'GET', path: '/connect', purpose: 'connect', maxBytes: 1024 },
      { method: 'GET', path: '/disconnect', purpose: 'uninstall', maxBytes: 1024 },
      { method: 'POST', path: '/events/:key', purpose: 'event', maxBytes: 2 * 1024 * 1024 },
      { method: 'POST', path: '/ticket', purpose: 'ticket', maxBytes: 16 * 1024 },
      { method: 'GET', path: '/widget', purpose: 'page', maxBytes: 1024 },
    ],
    claim: req => {
      const key = req.params['key']
      if (key !== undefined) return one(key, 100) ? { by: 'eventSecret', value: key } : null
      const account = claimedAccount(req)
      return account ? { by: 'portalKey', value: account } : null
    },
    installProof: install,
    frame: (req, portal) => proveTicket(platform, req, portal, clock),
    events: async (req, portal) => {
      const key = one(req.params['key'], 100)
      if (!key || !portal.eventSecret || !sameSecret(key, portal.eventSecret))
        throw forbidden('event_forged', 'The address is not the one we gave')
      const body = plainBody(req.body)
      const account = one((body['account'] as { id?: unknown } | undefined)?.id)
      if (account !== null && account !== portal.portalKey)
        throw forbidden('event_foreign', 'The event is from another account')
      return eventsOf(body, clock)
    },
    uninstall: ({ query }) => {
      const account = one(query['account_id'], 20)
      const client = one(query['client_uuid']) ?? one(query['client_id'])
      const signature = one(query['signature'], 200)?.toLowerCase()
      if (!account || !/^\d+$/.test(account) || !client || !signature)
        throw badRequest('malformed_hook', 'The CRM sends account_id, client_uuid and signature')
      if (client !== platform.clientId)
        throw forbidden('foreign_client', 'The hook is for another integration')
      const isGenuine = platform.secrets.some(secret =>
        sameSecret(
          createHmac('sha256', secret)
            .update(`${platform.clientId}|${Number(account)}`)
            .digest('hex'),
          signature,
        ),
      )
      if (!isGenuine) throw forbidden('hook_forged', 'The signature does not fit')
      return String(Number(account))
    },
    authorizeUrl: state =>
      `${platform.authorizeOrigin}/oauth?${new URLSearchParams({ client_id: platform.clientId, state, mode: 'post_message' })}`,
    frameAncestors: address =>
      address ? [new URL(address.api).origin] : [...platform.frameSources, ...platform.trustedOrigins],
    allowsOrigin: origin => accountOrigin(platform, origin) === origin,
  }
}

const list = (value: unknown): Record<string, unknown>[] =>
  (typeof value === 'object' && value !== null ? Object.values(value) : []).filter(
    (item): item is Record<string, unknown> => typeof item === 'object' && item !== null,
  )

const ACTIONS = {
  add: 'added',
  update: 'updated',
  delete: 'deleted',
  restore: 'updated',
  status: 'moved',
  responsible: 'updated',
} as const

/** Form-encoded and unsigned: every value is a string, several events share a request, gaps make maps of arrays. */
const eventsOf = (body: Record<string, unknown>, clock: Clock): CrmEvent[] => {
  const found: CrmEvent[] = []
  for (const [group, entity] of [
    ['leads', 'deal'],
    ['task', 'task'],
  ] as const) {
    const actions = body[group]
    if (typeof actions !== 'object' || actions === null) continue
    for (const [word, action] of Object.entries(ACTIONS))
      for (const item of list((actions as Record<string, unknown>)[word])) {
        const id = one(item['id'], 20)
        if (!id || !/^\d+$/.test(id)) continue
        const changed = Number(item['last_modified'] ?? item['updated_at'])
        const actor = one(item['modified_user_id'], 20)
        found.push({
          type: 'changed',
          entity,
          id,
          action,
          at: Number.isFinite(changed) && changed > 0 ? new Date(changed * 1000) : clock.now(),
          actorToken: null,
          // The stated author is a hint: the events feed says who moved the deal.
          actorId: null,
          actorClass: actor === '0' ? 'robot' : 'unknown',
        })
      }
  }
  return found
}
