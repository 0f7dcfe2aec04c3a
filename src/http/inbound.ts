import type { Request, RequestHandler, Response } from 'express'
import type { Logger } from '../logger.ts'
import type { FrameUser, InboundRequest, InboundRoute, Vendor } from '../vendors/vendor.ts'
import { readBody } from './bodies.ts'
import type { Installation, Installations } from './deps.ts'
import type { Endpoint } from './endpoints.ts'
import type { SendPage } from './page.ts'
import type { Sessions } from './sessions.ts'

/**
 * What CRMs and their frames call: the same few purposes for every vendor, mounted from the vendor's own
 * list of routes. Nothing here knows a vendor by name, and nothing a request says is believed before the
 * vendor's proof.
 */

export type InboundDeps = {
  vendors: readonly Vendor[]
  installations: Installations
  sessions: Sessions
  sendPage: SendPage
  log: Logger
  /** Tells the queue that a portal has something new to look at. */
  nudge(installationId: string): Promise<void>
  /** Counts failed installs by address, so that proofs cannot be farmed. */
  limitInstalls: RequestHandler
}

const language = (word: string | null): 'ru' | 'en' | null =>
  word === null ? null : /^(ru|be|kk|uk|ky|uz)/i.test(word) ? 'ru' : 'en'

const inboundRequest = (req: Request): InboundRequest => ({
  method: req.method,
  query: { ...req.query },
  params: Object.fromEntries(
    Object.entries(req.params).map(([key, value]) => [key, Array.isArray(value) ? value.join('/') : value]),
  ),
  headers: req.headers,
  body: req.body ?? {},
})

const ticketFor = (sessions: Sessions, installation: Installation, user: FrameUser): Promise<string> =>
  sessions.issueTicket({
    installationId: installation.id,
    userId: user.userId,
    isAdmin: user.isAdmin,
    language: language(user.language),
    theme: user.theme,
    start: user.target,
  })

/** The CRM's pages may call the ticket route from their own origin; no cookies are involved. */
const allowOrigin =
  (vendor: Vendor): RequestHandler =>
  (req, res, next) => {
    const { origin } = req.headers
    res.vary('Origin')
    if (origin && vendor.inbound.allowsOrigin?.(origin))
      res
        .set('Access-Control-Allow-Origin', origin)
        .set('Access-Control-Allow-Methods', 'POST, OPTIONS')
        .set('Access-Control-Allow-Headers', 'X-Auth-Token, X-Requested-With, Content-Type')
        .set('Access-Control-Max-Age', '600')
    if (req.method === 'OPTIONS') return void res.status(204).end()
    next()
  }

const LATE = Symbol('late')

/** The outcome, or `LATE` when the caller would not wait any longer: then the work goes on by itself. */
const inTime = async <T>(work: Promise<T>, limitMs: number | undefined): Promise<T | typeof LATE> => {
  if (limitMs === undefined) return work
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<typeof LATE>(resolve => {
    timer = setTimeout(() => resolve(LATE), limitMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

const answerHint = (res: Response): void => void res.status(200).type('text/plain').send('ok')

const handlerFor = (deps: InboundDeps, vendor: Vendor, route: InboundRoute): RequestHandler => {
  const { installations, sessions, sendPage } = deps
  const { inbound } = vendor
  switch (route.purpose) {
    case 'install':
      return async (req, res) => {
        const request = inboundRequest(req)
        // Only our own button sets a state; when one comes, it must be ours and unused.
        const { state } = inbound.installProof(request)
        const install = async () => {
          if (state !== undefined) await sessions.spendState(vendor.id, state)
          return installations.install(vendor, request)
        }
        const work = install()
        const done = await inTime(work, inbound.answerWithinMs)
        if (done === LATE) {
          deps.log.info({ vendor: vendor.id }, 'install answered before it was done')
          work.catch((error: unknown) =>
            deps.log.warn({ err: error, vendor: vendor.id }, 'install failed after it was answered'),
          )
          const facts = { mode: 'install', ticket: null, language: null, theme: null, view: null } as const
          res.status(202)
          return sendPage(res, { vendor: vendor.id, ...facts }, inbound.frameAncestors(null))
        }
        const { installation, userId, isAdmin, language: word } = done
        // A posted install comes from the frame itself; a redirect may be followed by a machine.
        const ticket =
          route.method === 'POST'
            ? await ticketFor(sessions, installation, {
                userId,
                isAdmin,
                tokens: null,
                scopes: [],
                language: word,
                theme: null,
                target: { view: 'overview', params: {} },
              })
            : null
        await sendPage(
          res,
          { vendor: vendor.id, mode: 'install', ticket, language: language(word), theme: null, view: null },
          inbound.frameAncestors(installation.address),
        )
      }
    case 'frame':
      return async (req, res) => {
        const { installation, user } = await installations.openFrame(vendor, inboundRequest(req))
        await sendPage(
          res,
          {
            vendor: vendor.id,
            mode: 'app',
            ticket: await ticketFor(sessions, installation, user),
            language: language(user.language) ?? installation.settings.language,
            theme: user.theme,
            view: user.target.view,
          },
          inbound.frameAncestors(installation.address),
        )
      }
    case 'ticket':
      return async (req, res) => {
        const { installation, user } = await installations.openFrame(vendor, inboundRequest(req))
        res.set('Cache-Control', 'no-store').json({ ticket: await ticketFor(sessions, installation, user) })
      }
    case 'page':
      return (_req, res) =>
        sendPage(
          res,
          { vendor: vendor.id, mode: 'app', ticket: null, language: null, theme: null, view: null },
          inbound.frameAncestors(null),
        )
    case 'event':
      return async (req, res) => {
        const received = await installations.receive(vendor, inboundRequest(req))
        answerHint(res)
        if (received.installationId !== null) await deps.nudge(received.installationId)
      }
    case 'uninstall':
      return async (req, res) => {
        await installations.disconnect(vendor, inboundRequest(req))
        answerHint(res)
      }
    case 'connect':
      return async (_req, res) => {
        res
          .set('Cache-Control', 'no-store')
          .redirect(302, inbound.authorizeUrl(await sessions.issueState(vendor.id)))
      }
  }
}

/** The endpoints of every vendor, under `/<vendor id>`. */
export const inboundEndpoints = (deps: InboundDeps): Endpoint[] =>
  deps.vendors.flatMap(vendor =>
    vendor.inbound.routes.map(route => ({
      method: route.method === 'GET' ? ('get' as const) : ('post' as const),
      path: `/${vendor.id}${route.path}`,
      handlers: [
        ...(route.purpose === 'ticket' ? [allowOrigin(vendor)] : []),
        ...(route.purpose === 'install' ? [deps.limitInstalls] : []),
        ...(route.method === 'POST' ? [readBody(['form', 'json'], route.maxBytes)] : []),
        handlerFor(deps, vendor, route),
      ],
      preflight: route.purpose === 'ticket' ? allowOrigin(vendor) : null,
    })),
  )
