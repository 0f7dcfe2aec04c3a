import express, { type Express } from 'express'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { Faults } from '../faults.ts'
import { type Listening, listen } from '../listen.ts'
import type { Account } from './account/account.ts'
import { Acts } from './account/acts.ts'
import type { UserRow } from './account/rows.ts'
import { hostRoutes } from './host/host-routes.ts'
import type { WidgetFiles } from './host/widget-files.ts'
import type { Integration } from './oauth/integration.ts'
import { hookSignature, oneTimeToken, type TokenBend } from './oauth/one-time-token.ts'
import { TokenDesk } from './oauth/token-desk.ts'
import { Gateway } from './rest/gateway.ts'
import type { RequestLimit } from './rest/limits.ts'
import { accountRoutes } from './urls.ts'
import { WebhookSender } from './webhook-sender.ts'

/** What the integration is in one account. */
export type Installed = { isActive: boolean; installedBy: number; settings: Record<string, string> }

export type HttpAnswer = { status: number; headers: Record<string, string>; body: string; url: string }

export type SiteParts = {
  account: Account
  integrations: ReadonlyMap<string, Integration>
  /** The integration that acts here unless another is named. */
  integration: Integration
  faults: Faults
  clock: Clock
  log: Logger
  host: string
  limit: RequestLimit
  /** Host of the shared API. */
  apiDomain: () => string
  /** Files of the uploaded widget archive. */
  widgetFiles: () => WidgetFiles | null
  /** Fills the account when somebody first asks for it. */
  fillLater?: (account: Account) => void
}

/** Vendors' own installer gives up after this. */
const INSTALL_PATIENCE = 3_000

/** One account on the network, with the levers that tests and the control door pull. */
export class AccountSite {
  readonly account: Account
  readonly acts: Acts
  readonly desk: TokenDesk
  readonly gateway: Gateway
  readonly webhooks: WebhookSender
  readonly integration: Integration
  readonly clock: Clock
  readonly limit: RequestLimit
  readonly widgetFiles: () => WidgetFiles | null
  installed: Installed | null = null
  readonly #parts: SiteParts
  readonly #web: Express
  readonly #spare: Express
  #listeners: Listening[] = []
  #spareHost = ''
  #isMoved = false
  #fill: (() => void) | null = null

  constructor(parts: SiteParts) {
    const { account, integrations, integration, clock, log, limit } = parts
    this.#parts = parts
    this.account = account
    this.integration = integration
    this.clock = clock
    this.limit = limit
    const { fillLater } = parts
    if (fillLater) this.#fill = () => fillLater(account)
    this.widgetFiles = parts.widgetFiles
    this.webhooks = new WebhookSender(account, clock, log)
    this.acts = new Acts(account, (code, item) => this.webhooks.tell(code, item))
    this.desk = new TokenDesk({ account, integrations, clock, apiDomain: parts.apiDomain })
    this.gateway = new Gateway({ account, acts: this.acts, desk: this.desk, clock, limit })
    this.#web = this.#application(() => !this.#isMoved)
    this.#spare = this.#application(() => this.#isMoved)
  }

  /** The account answers on one of two addresses; on the other there is nobody. */
  #application(isHere: () => boolean): Express {
    const app = express()
    app.disable('x-powered-by')
    app.set('etag', false)
    app.use((_req, res, next) => {
      this.ready()
      if (isHere()) next()
      else res.status(404).type('html').send('<html><body>Аккаунт не найден</body></html>')
    })
    app.use(accountRoutes(this, this.#parts.faults))
    app.use(hostRoutes(this))
    return app
  }

  /** Makes sure that the account holds what it was to be filled with. */
  ready(): this {
    const fill = this.#fill
    this.#fill = null
    fill?.()
    return this
  }

  get name(): string {
    return this.account.name
  }

  get origin(): string {
    return this.account.origin
  }

  /** Where the account will live after a rename: a trusted host must be known beforehand. */
  get spareOrigin(): string {
    return `http://${this.#spareHost}`
  }

  async start(port: number, sparePort: number): Promise<void> {
    const { host } = this.#parts
    const main = await listen(this.#web, port, host)
    const spare = await listen(this.#spare, sparePort, host)
    this.#listeners = [main, spare]
    this.account.host = `${host}:${main.port}`
    this.#spareHost = `${host}:${spare.port}`
  }

  async stop(): Promise<void> {
    this.webhooks.stop()
    await Promise.all(this.#listeners.map(listening => listening.stop()))
  }

  /** Moves the account to its spare address; the old one knows nobody from now on. */
  rename(subdomain = `${this.account.subdomain}-new`): string {
    const { account } = this
    ;[account.host, this.#spareHost] = [this.#spareHost, account.host]
    account.subdomain = subdomain
    this.#isMoved = !this.#isMoved
    return account.origin
  }

  #callback(userId: number, more: Record<string, string>): string {
    const url = new URL(this.integration.redirectUri)
    for (const [name, value] of Object.entries({
      code: this.desk.issueCode(this.integration.clientId, userId),
      referer: this.account.host,
      client_id: this.integration.clientId,
      platform: this.account.platform === 'kommo' ? '2' : '1',
      ...more,
    }))
      url.searchParams.set(name, value)
    return url.href
  }

  async #get(url: string, userAgent: string): Promise<HttpAnswer> {
    const response = await fetch(url, {
      headers: { 'user-agent': userAgent },
      redirect: 'manual',
      signal: AbortSignal.timeout(INSTALL_PATIENCE),
    })
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
      url,
    }
  }

  #putIn(userId: number): void {
    this.installed = { isActive: true, installedBy: userId, settings: this.installed?.settings ?? {} }
  }

  /**
   * The marketplace's Install: the platform itself asks the redirect address, waits three seconds and never
   * comes back. @returns what it was told, or null when nobody answered in time
   */
  async install(userId = this.account.admin.id): Promise<HttpAnswer | null> {
    const user = this.account.users.find(userId)
    // Others may authorise what is installed; only an administrator installs.
    if (user?.isAdmin) this.#putIn(userId)
    const url = this.#callback(userId, { from_widget: '1' })
    return this.#get(url, 'amoService-oAuth-Code-Sender/1.0').catch(() => null)
  }

  /** Where the authorise page sends the browser when the user agrees. */
  authorised(userId: number, state: string | null): string {
    if (this.account.users.find(userId)?.isAdmin) this.#putIn(userId)
    return this.#callback(userId, state === null ? {} : { state })
  }

  /** Where it sends the browser when the user declines. */
  declined(state: string | null): string {
    const url = new URL(this.integration.redirectUri)
    url.searchParams.set('error', 'access_denied')
    url.searchParams.set('client_id', this.integration.clientId)
    if (state !== null) url.searchParams.set('state', state)
    return url.href
  }

  /** Switches the integration off: tokens die, its webhooks go, and the hook is sent once. */
  async disable(
    bend: { signature?: string; accountId?: number; clientId?: string } = {},
  ): Promise<HttpAnswer | null> {
    const { account, integration } = this
    if (this.installed) this.installed.isActive = false
    this.desk.revoke(integration.clientId)
    const ours = new URL(integration.redirectUri).origin
    for (const hook of [...account.webhooks.rows])
      if (hook.destination.startsWith(ours)) account.webhooks.remove(hook.id)
    return this.sendDisableHook(bend)
  }

  /** The hook alone, honest or bent. */
  async sendDisableHook(
    bend: { signature?: string; accountId?: number; clientId?: string } = {},
  ): Promise<HttpAnswer | null> {
    const accountId = bend.accountId ?? this.account.accountId
    const clientId = bend.clientId ?? this.integration.clientId
    const url = new URL(this.integration.disconnectUrl)
    url.searchParams.set('account_id', String(accountId))
    url.searchParams.set('client_uuid', clientId)
    url.searchParams.set(
      'signature',
      bend.signature ?? hookSignature(this.integration.secret, clientId, accountId),
    )
    return this.#get(url.href, 'amoService-oAuth-Code-Sender/1.0').catch(() => null)
  }

  /** What `$authorizedAjax` would put into `X-Auth-Token` for this person. */
  oneTimeToken(user: UserRow, bend: TokenBend = {}): string {
    return oneTimeToken(this.account, this.integration, user, bend)
  }
}
