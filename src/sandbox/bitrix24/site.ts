import type { RequestListener } from 'node:http'
import express, { type Express, type Router } from 'express'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { Faults } from '../faults.ts'
import { type Listening, listen } from '../listen.ts'
import { EventSender } from './events.ts'
import { type Frame, type FrameRequest, makeFrame } from './frames.ts'
import { hostRoutes } from './host/host-routes.ts'
import type { App, TokenServer } from './oauth/token-server.ts'
import { Gateway } from './rest/gateway.ts'
import { Acts } from './state/acts.ts'
import { DEAL } from './state/dictionaries.ts'
import type { Installed, Portal } from './state/portal.ts'
import type { UserRow } from './state/rows.ts'
import { restRoutes } from './urls.ts'

export type FrameAnswer = { status: number; headers: Record<string, string>; body: string; frame: Frame }

export type SiteParts = {
  portal: Portal
  tokens: TokenServer
  faults: Faults
  clock: Clock
  log: Logger
  host: string
  extraPages?: Router
}

/** One portal on the network, with the levers that tests and the control door pull. */
export class PortalSite {
  readonly portal: Portal
  readonly acts: Acts
  readonly gateway: Gateway
  readonly events: EventSender
  readonly #tokens: TokenServer
  readonly #parts: SiteParts
  readonly #listeners: Listening[] = []
  /** What the portal's present address answers with; after a rename the old one gets a redirect. */
  #door: { answer: RequestListener } = { answer: () => {} }
  readonly #web: Express

  constructor(parts: SiteParts) {
    const { portal, tokens, faults, clock, log } = parts
    this.#parts = parts
    this.#tokens = tokens
    this.portal = portal
    this.events = new EventSender(portal, tokens, clock, log)
    this.acts = new Acts(portal, (event, data, actor) => this.events.changed(event, data, actor))
    this.gateway = new Gateway({
      portal,
      acts: this.acts,
      tokens,
      faults,
      clock,
      tellApp: (clientId, event, data, userId) =>
        this.events.toApp(clientId, event, data, this.events.pairAuth(clientId, userId)),
    })
    this.#web = express()
    this.#web.disable('x-powered-by')
    this.#web.use(
      restRoutes({ portal, gateway: this.gateway, tokens, faults, clock, churn: rows => this.churn(rows) }),
    )
    this.#web.get(/^\/oauth\/authorize\/?$/, (req, res) => {
      const app = tokens.apps.get(String(req.query['client_id']))
      if (!app || !portal.installed.get(app.clientId)?.isActive) {
        res.status(404).send('Application not found')
        return
      }
      const url = new URL(app.redirectUri || app.appUrl)
      url.searchParams.set('code', tokens.issueCode(portal, app.clientId, portal.admin.id))
      for (const [name, value] of Object.entries({
        state: String(req.query['state'] ?? ''),
        domain: portal.domain,
        member_id: portal.memberId,
        scope: app.scopes.join(','),
        server_domain: new URL(tokens.origin).host,
      }))
        url.searchParams.set(name, value)
      res.redirect(302, url.href)
    })
    if (parts.extraPages) this.#web.use(parts.extraPages)
    this.#web.use(hostRoutes(this))
  }

  get name(): string {
    return this.portal.name
  }

  get origin(): string {
    return this.portal.origin
  }

  async start(port: number): Promise<void> {
    const door: { answer: RequestListener } = { answer: this.#web }
    const listening = await listen((req, res) => door.answer(req, res), port, this.#parts.host)
    this.#door = door
    this.#listeners.push(listening)
    this.portal.domain = `${this.#parts.host}:${listening.port}`
  }

  async stop(): Promise<void> {
    this.events.stop()
    await Promise.all(this.#listeners.map(listening => listening.stop()))
  }

  /** The only application, or the one named. */
  app(clientId?: string): App {
    const app = clientId === undefined ? [...this.#tokens.apps.values()][0] : this.#tokens.apps.get(clientId)
    if (!app) throw new Error('The sandbox knows no such application.')
    return app
  }

  installed(clientId?: string): Installed | undefined {
    return this.portal.installed.get(this.app(clientId).clientId)
  }

  /** A person's token pair, as the frame of that person would have. */
  tokensOf(userId: number, clientId?: string) {
    return this.#tokens.issue(this.portal, this.app(clientId).clientId, userId)
  }

  /** Puts the application on the portal, as the marketplace's button does, without opening it. */
  addApp(userId = this.portal.admin.id, clientId?: string): Installed {
    const app = this.app(clientId)
    return this.portal.install(app.clientId, app.version, [...app.scopes], userId)
  }

  frame(request: Partial<FrameRequest> & { user: UserRow }, clientId?: string): Frame {
    const app = this.app(clientId)
    const installed = this.installed(clientId) ?? this.addApp(request.user.id, clientId)
    return makeFrame(this.portal, app, installed, this.#tokens, {
      language: this.portal.language,
      placement: 'DEFAULT',
      options: { URI: `${this.origin}/` },
      ...request,
    })
  }

  /** Posts a frame to the application from here, as the visitor's browser would. */
  async postFrame(frame: Frame, fields: Record<string, string> = frame.fields): Promise<FrameAnswer> {
    const response = await fetch(frame.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', referer: `${this.origin}/` },
      body: new URLSearchParams(fields).toString(),
      redirect: 'manual',
    })
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
      frame,
    }
  }

  /** Opens the application as a user: the installer until installation is finished. */
  async open(request: Partial<FrameRequest> & { userId?: number } = {}): Promise<FrameAnswer> {
    const { userId, ...rest } = request
    const user = request.user ?? this.portal.users.find(userId ?? this.portal.admin.id)
    if (!user) throw new Error(`Portal ${this.name} has no user ${userId}.`)
    return await this.postFrame(this.frame({ ...rest, user }))
  }

  /** Starts an installation and opens the installer as the administrator. */
  async install(userId = this.portal.admin.id): Promise<FrameAnswer> {
    this.addApp(userId)
    return await this.open({ userId })
  }

  /** What `installFinish` in the frame does. ONAPPINSTALL follows. */
  finishInstall(clientId?: string): void {
    const installed = this.installed(clientId)
    if (!installed || installed.isFinished) return
    installed.isFinished = true
    this.events.toApp(
      installed.clientId,
      'ONAPPINSTALL',
      { VERSION: installed.version, ACTIVE: 'Y', INSTALLED: 'Y', LANGUAGE_ID: this.portal.language },
      this.events.pairAuth(installed.clientId, installed.installedBy),
    )
  }

  /** A new version: a new application token, ONAPPUPDATE, and no handlers until they are bound again. */
  updateApp(clientId?: string): void {
    const app = this.app(clientId)
    const before = this.installed(clientId)
    if (!before) return
    const installed = this.portal.install(
      app.clientId,
      before.version + 1,
      [...app.scopes],
      before.installedBy,
    )
    installed.isFinished = before.isFinished
    installed.handlers = before.handlers
    installed.placements = before.placements
    this.events.toApp(
      app.clientId,
      'ONAPPUPDATE',
      { VERSION: installed.version, PREVIOUS_VERSION: before.version, LANGUAGE_ID: this.portal.language },
      this.events.pairAuth(app.clientId, installed.installedBy),
    )
    installed.handlers = []
  }

  /** Removes the application: tokens die first, then ONAPPUNINSTALL goes out without any. */
  uninstall(clean: boolean, clientId?: string): void {
    const installed = this.installed(clientId)
    if (!installed) return
    installed.isActive = false
    this.#tokens.revoke(this.portal.memberId, installed.clientId)
    this.events.toApp(
      installed.clientId,
      'ONAPPUNINSTALL',
      { LANGUAGE_ID: this.portal.language, CLEAN: clean ? 1 : 0 },
      {},
    )
    installed.handlers = []
    installed.placements = []
    if (clean) {
      installed.options = {}
      installed.userOptions.clear()
    }
  }

  /** An event as it stands, or bent: other secrets, no token, a foreign member_id. */
  sendEvent(event: string, data: Record<string, unknown>, auth: Record<string, unknown> = {}): void {
    const installed = this.installed()
    if (!installed) return
    const urls = installed.handlers.filter(row => row.event === event).map(row => row.handler)
    const [first] = installed.handlers.map(row => row.handler)
    for (const url of urls.length > 0 ? urls : first ? [first] : [])
      this.events.post(installed, url, event, data, {}, auth)
  }

  expireTokens(): number {
    return this.#tokens.expireAccess(this.portal.memberId)
  }

  revokeRefreshTokens(): void {
    this.#tokens.revokeRefresh(this.portal.memberId)
  }

  /** Moves the portal to another address; the old one answers 302 from now on. */
  async rename(port = 0): Promise<string> {
    const old = this.#door
    await this.start(port)
    old.answer = (req, res) => {
      res.writeHead(302, { location: `${this.origin}${req.url ?? '/'}` }).end()
    }
    return this.origin
  }

  /** Rows change under a reader's hands: some deals vanish, some move, some are new. */
  churn(rows: number): void {
    const { deals, admin } = this.portal
    const pick = (n: number) => deals.rows[(n * 7919) % Math.max(1, deals.rows.length)]
    for (let n = 0; n < rows; n++) {
      const gone = pick(this.gateway.requests + n)
      const changed = pick(this.gateway.requests + n + rows)
      if (n % 2 === 0 && gone) this.acts.deleteItem(DEAL, gone.id, null)
      if (changed)
        this.acts.updateItem(
          DEAL,
          changed.id,
          { title: `${changed.title} *` },
          changed.assignedById || admin.id,
        )
      this.acts.addItem(DEAL, { title: `Новая сделка ${deals.lastId + 1}`, assignedById: admin.id }, admin.id)
    }
  }

  counts(): Record<string, number> {
    const { portal } = this
    return {
      users: portal.users.rows.filter(user => !user.isSystem).length,
      deals: portal.deals.rows.length,
      openDeals: portal.deals.rows.filter(deal => deal.semantic === 'P').length,
      stageMoves: portal.dealHistory.rows.length,
      activities: portal.activities.rows.length,
      tasks: portal.tasks.rows.length,
      invoices: portal.invoices.rows.length,
      pipelines: portal.dictionaries.categories.filter(row => row.entityTypeId === DEAL).length,
      notifications: portal.notifications.rows.length,
    }
  }
}
