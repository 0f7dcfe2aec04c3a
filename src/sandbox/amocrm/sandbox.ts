import express, { type Express } from 'express'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { Faults } from '../faults.ts'
import { Account, type AccountOptions, type PlatformName, type Temper } from './account/account.ts'
import { authorisePage } from './host/authorise-page.ts'
import { readWidgetArchive, type WidgetFiles } from './host/widget-files.ts'
import { addressesAt, type Integration, type IntegrationSetup, makeIntegration } from './oauth/integration.ts'
import { RequestLimit } from './rest/limits.ts'
import { AccountSite } from './site.ts'
import { subdomainReply } from './urls.ts'

export type AccountSetup = AccountOptions & {
  /** Fills the account with people, pipelines and leads. */
  fill?: (account: Account) => void
  temper?: Partial<Temper>
  /** Big accounts are filled when somebody first asks for them, so that nobody waits for what he does not use. */
  isFilledLater?: boolean
}

export type AmocrmOptions = {
  platform?: PlatformName
  integration?: IntegrationSetup
  accounts?: AccountSetup[]
  /** The uploaded widget archive: its files, or the path of the zip. */
  widget?: WidgetFiles | string
}

export type AmocrmSandbox = {
  platform: PlatformName
  integration: Integration
  sites: Map<string, AccountSite>
  /** The first account, or the one named. */
  site(name?: string): AccountSite
  addAccount(setup: AccountSetup): Promise<AccountSite>
  /** Tells where the product listens; its paths are fixed. */
  setOrigin(origin: string): void
  /** Uploads a widget archive. */
  uploadWidget(widget: WidgetFiles | string): void
  /** Origins that the product must trust: present and future addresses, and the shared API host. */
  trustedOrigins(): string[]
  /** The authorise page of all accounts, and the shared API's answer to "where is this account now". */
  routes: Express
  stop(): Promise<void>
}

/** The accounts of one platform, each on a port of its own, with one integration in the vendor's cabinet. */
export const makeAmocrm = (
  options: AmocrmOptions,
  parts: { faults: Faults; clock: Clock; log: Logger; host: string; sharedOrigin: () => string },
): AmocrmSandbox => {
  const { faults, clock, log, host, sharedOrigin } = parts
  const platform = options.platform ?? 'amocrm'
  const integration = makeIntegration(options.integration ?? {}, platform)
  const integrations = new Map([[integration.clientId, integration]])
  const sites = new Map<string, AccountSite>()
  const limit = new RequestLimit(clock)
  const read = (widget: WidgetFiles | string): WidgetFiles =>
    typeof widget === 'string' ? readWidgetArchive(widget) : widget
  let files: WidgetFiles | null = options.widget === undefined ? null : read(options.widget)

  const routes = express()
  routes.disable('x-powered-by')
  routes.use(
    /^\/oauth\/?$/,
    authorisePage(() => [...sites.values()].map(site => site.ready())),
  )
  routes.get('/oauth2/account/current/subdomain', (req, res, next) => {
    const refresh = String(req.headers['x-refresh-token'] ?? '')
    const site = [...sites.values()].find(({ desk }) => desk.refreshOf(refresh))
    if (site) res.json(subdomainReply(site))
    else next()
  })

  return {
    platform,
    integration,
    sites,
    routes,
    site: name => {
      const site = name === undefined ? [...sites.values()][0] : sites.get(name)
      if (!site) throw new Error(`The sandbox has no account ${name ?? ''}.`)
      return site
    },
    addAccount: async setup => {
      if (sites.has(setup.name)) throw new Error(`An account named ${setup.name} is already there.`)
      const account = new Account({ platform, ...setup }, clock)
      Object.assign(account.temper, setup.temper)
      const site = new AccountSite({
        account,
        integrations,
        integration,
        faults,
        clock,
        log,
        host,
        limit,
        apiDomain: () => new URL(sharedOrigin()).host,
        widgetFiles: () => files,
        ...(setup.isFilledLater && setup.fill ? { fillLater: setup.fill } : {}),
      })
      await site.start(setup.port ?? 0, setup.sparePort ?? 0)
      if (!setup.isFilledLater) setup.fill?.(account)
      sites.set(setup.name, site)
      return site
    },
    setOrigin: origin => {
      Object.assign(integration, addressesAt(origin, platform))
    },
    uploadWidget: widget => {
      files = read(widget)
    },
    trustedOrigins: () => [
      ...[...sites.values()].flatMap(site => [site.origin, site.spareOrigin]),
      sharedOrigin(),
    ],
    stop: async () => {
      await Promise.all([...sites.values()].map(site => site.stop()))
    },
  }
}
