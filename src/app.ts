import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import express, { type Express } from 'express'
import helmet from 'helmet'
import { operatorOnly } from './http/admin/auth.ts'
import { adminOperations } from './http/admin/operations.ts'
import { signedIn } from './http/api/context.ts'
import { apiOperations } from './http/api/operations.ts'
import { operationEndpoints } from './http/api/route.ts'
import { sessionOperations } from './http/api/session.ts'
import { plainUrls } from './http/bodies.ts'
import { type AppRooms, type Composed, compose } from './http/compose.ts'
import { mount } from './http/endpoints.ts'
import { healthEndpoints } from './http/health.ts'
import { inboundEndpoints } from './http/inbound.ts'
import { limitInstalls, limitRefusals } from './http/limits.ts'
import { openApiDocument } from './http/openapi.ts'
import { createPages } from './http/page.ts'
import { problems, routeNotFound } from './http/problem.ts'
import { requestLog } from './http/request-log.ts'
import { createSessions } from './http/sessions.ts'
import { createTelemetry } from './http/telemetry.ts'
import { unsubscribeEndpoints } from './http/unsubscribe.ts'

/** Everything that the HTTP side needs; tests stand in for it. */
export type AppDeps = Composed

const INSTALLS_PER_MINUTE = 120
const REFUSALS_PER_MINUTE = 60

/** The Express app over the rooms that `main.ts` has opened; it never listens itself. */
export const createApp = (rooms: AppRooms): Express => appOver(compose(rooms))

/** The same over whatever meets its needs. */
export const appOver = (deps: AppDeps): Express => {
  const { config, clock, log } = deps
  const widgetDir = deps.widgetDir ?? fileURLToPath(new URL('../dist/widget', import.meta.url))
  const publicDir = fileURLToPath(new URL('../public', import.meta.url))
  const isHttps = config.PUBLIC_URL.startsWith('https:')
  const sessions = createSessions({ secrets: config.SECRET_KEY, spend: deps.spend, clock })
  const telemetry = createTelemetry(deps.telemetry)

  const app = express()
  app.disable('x-powered-by')
  // A reverse proxy stands on a private address; nobody else is believed about who the client is.
  app.set('trust proxy', 'loopback, linklocal, uniquelocal')
  app.use(telemetry.middleware)
  app.use(requestLog(log))
  app.use(
    helmet({
      // Pages set their own policy; everything else is data and is framed by nobody.
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      xFrameOptions: false,
      crossOriginOpenerPolicy: false,
      crossOriginResourcePolicy: false,
      referrerPolicy: { policy: 'no-referrer' },
      strictTransportSecurity: isHttps,
    }),
  )
  app.use(plainUrls)

  mount(app, healthEndpoints(deps.probes, telemetry.handler, log))
  mount(
    app,
    inboundEndpoints({
      vendors: deps.vendors,
      installations: deps.installations,
      sessions,
      log,
      sendPage: createPages(`${widgetDir}/index.html`),
      nudge: id =>
        deps
          .nudge(id)
          .catch((error: unknown) => log.warn({ err: error, installationId: id }, 'queue not nudged')),
      limitInstalls: limitInstalls(INSTALLS_PER_MINUTE),
    }),
  )

  const outsideChannels = {
    email: config.SMTP_URL !== undefined,
    telegram: config.TELEGRAM_BOT_TOKEN !== undefined,
  }
  const session = sessionOperations({ sessions, installations: deps.installations, data: deps.data })
  const api = apiOperations({ ...deps, outsideChannels })
  const admin = adminOperations(deps)
  const onRefused = limitRefusals(REFUSALS_PER_MINUTE)
  mount(app, operationEndpoints(session.opening, session.limited(limitRefusals(REFUSALS_PER_MINUTE))))
  mount(
    app,
    operationEndpoints(
      [...api, session.renewing],
      signedIn({ sessions, installations: deps.installations, vendors: deps.vendors, onRefused }),
    ),
  )
  mount(
    app,
    unsubscribeEndpoints({ read: deps.messages.readUnsubscribe, switchOff: deps.messages.switchOff }),
  )
  mount(app, operationEndpoints(admin, operatorOnly(config.ADMIN_TOKEN, limitRefusals(REFUSALS_PER_MINUTE))))

  const document = openApiDocument(config.PUBLIC_URL, [
    { security: '', operations: session.opening },
    { security: 'session', operations: [session.renewing, ...api] },
    { security: 'operator', operations: admin },
  ])
  mount(app, [{ method: 'get', path: '/openapi.json', handlers: [(_req, res) => void res.json(document)] }])

  app.use(
    '/widget/assets',
    express.static(`${widgetDir}/assets`, { index: false, immutable: true, maxAge: '1y', redirect: false }),
  )
  if (existsSync(publicDir)) app.use('/public', express.static(publicDir, { index: false, redirect: false }))

  app.use(routeNotFound)
  app.use(problems(log))
  return app
}
