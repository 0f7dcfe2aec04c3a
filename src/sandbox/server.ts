import express, { type Router } from 'express'
import { type Clock, systemClock } from '../clock.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { type AmocrmOptions, type AmocrmSandbox, makeAmocrm } from './amocrm/sandbox.ts'
import { type App, TokenServer } from './bitrix24/oauth/token-server.ts'
import { PortalSite } from './bitrix24/site.ts'
import { Portal, type PortalOptions, type Temper } from './bitrix24/state/portal.ts'
import { oauthRoutes } from './bitrix24/urls.ts'
import { controlRoutes } from './control.ts'
import { Faults } from './faults.ts'
import { listen } from './listen.ts'

export const SANDBOX_SCOPES = [
  'crm',
  'task',
  'user_brief',
  'department',
  'im',
  'placement',
  'calendar',
  'userfieldconfig',
]

export type PortalSetup = PortalOptions & {
  /** Fills the portal with people, pipelines and deals. */
  fill?: (portal: Portal) => void
  temper?: Partial<Temper>
  /** Pages beside the portal's own, at the portal's address. */
  extraPages?: Router
}

export type AppSetup = {
  clientId?: string
  clientSecret?: string
  code?: string
  title?: string
  scopes?: string[]
  /** Where the application lives; may be told later by `setAppOrigin`. */
  origin?: string
}

export type SandboxOptions = {
  clock?: Clock
  log?: Logger
  host?: string
  /** Port of the OAuth server and of the control door; 0 = any. */
  port?: number
  bitrix24?: { app?: AppSetup; portals?: PortalSetup[] }
  amocrm?: AmocrmOptions
}

export type Bitrix24Sandbox = {
  /** The vendor's OAuth server; its origin is the sandbox's own. */
  tokens: TokenServer
  app: App
  sites: Map<string, PortalSite>
  /** The first portal, or the one named. */
  site(name?: string): PortalSite
  addPortal(setup: PortalSetup): Promise<PortalSite>
  /** Registers another application of the cabinet, for tests of mixed-up tokens. */
  addApp(setup: AppSetup): App
  /** Tells where the application listens; its paths are fixed. */
  setAppOrigin(origin: string): void
}

export type Sandbox = {
  origin: string
  faults: Faults
  bitrix24: Bitrix24Sandbox
  amocrm: AmocrmSandbox
  stop(): Promise<void>
}

const makeApp = (setup: AppSetup): App => {
  const clientId = setup.clientId ?? 'app.64f0c1d2a3b4c5.12345678'
  return {
    clientId,
    clientSecret: setup.clientSecret ?? 'sandbox-secret-of-the-application',
    code: setup.code ?? 'planerka.planerka',
    title: setup.title ?? 'Планёрка',
    version: 1,
    scopes: setup.scopes ?? SANDBOX_SCOPES,
    ...pathsOf(setup.origin ?? 'http://127.0.0.1:3000'),
  }
}

const pathsOf = (origin: string): Pick<App, 'installUrl' | 'appUrl' | 'redirectUri'> => ({
  installUrl: `${origin}/bitrix24/install`,
  appUrl: `${origin}/bitrix24/app`,
  redirectUri: `${origin}/bitrix24/app`,
})

/**
 * Starts the sandbox CRMs: one port for the OAuth server and the control door, one more for each portal,
 * because a portal's address is a host of its own.
 */
export const startSandbox = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  const clock = options.clock ?? systemClock
  const log = options.log ?? silentLogger
  const host = options.host ?? '127.0.0.1'
  const faults = new Faults()
  const tokens = new TokenServer(clock)
  const app = makeApp(options.bitrix24?.app ?? {})
  tokens.apps.set(app.clientId, app)
  const sites = new Map<string, PortalSite>()

  const addPortal = async (setup: PortalSetup): Promise<PortalSite> => {
    if (sites.has(setup.name)) throw new Error(`A portal named ${setup.name} is already there.`)
    const portal = new Portal(setup, clock)
    Object.assign(portal.temper, setup.temper)
    const site = new PortalSite({
      portal,
      tokens,
      faults,
      clock,
      log,
      host,
      ...(setup.extraPages ? { extraPages: setup.extraPages } : {}),
    })
    await site.start(setup.port ?? 0)
    setup.fill?.(portal)
    tokens.portals.set(portal.memberId, portal)
    sites.set(setup.name, site)
    return site
  }

  const bitrix24: Bitrix24Sandbox = {
    tokens,
    app,
    sites,
    site: name => {
      const site = name === undefined ? [...sites.values()][0] : sites.get(name)
      if (!site) throw new Error(`The sandbox has no portal ${name ?? ''}.`)
      return site
    },
    addPortal,
    addApp: setup => {
      const other = makeApp(setup)
      tokens.apps.set(other.clientId, other)
      return other
    },
    setAppOrigin: origin => {
      Object.assign(app, pathsOf(origin))
    },
  }

  const amocrm = makeAmocrm(options.amocrm ?? {}, {
    faults,
    clock,
    log,
    host,
    sharedOrigin: () => tokens.origin,
  })

  const web = express()
  web.disable('x-powered-by')
  web.use(amocrm.routes)
  web.use(oauthRoutes({ tokens, faults, clock }))
  web.use('/_sandbox', controlRoutes({ bitrix24, amocrm, faults, clock }))
  const listening = await listen(web, options.port ?? 0, host)
  tokens.origin = `http://${host}:${listening.port}`

  try {
    for (const setup of options.bitrix24?.portals ?? []) await addPortal(setup)
    for (const setup of options.amocrm?.accounts ?? []) await amocrm.addAccount(setup)
  } catch (error) {
    await listening.stop()
    throw error
  }

  return {
    origin: tokens.origin,
    faults,
    bitrix24,
    amocrm,
    stop: async () => {
      await Promise.all([listening.stop(), amocrm.stop(), ...[...sites.values()].map(site => site.stop())])
    },
  }
}
