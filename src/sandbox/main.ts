import { Command, InvalidArgumentError } from 'commander'
import { createLogger } from '../logger.ts'
import type { AccountSetup } from './amocrm/sandbox.ts'
import { readEventLog } from './event-log.ts'
import { importLog } from './import-log.ts'
import { importLogLeads } from './import-log-leads.ts'
import { portOrAny } from './listen.ts'
import { fillDense } from './scenarios/dense.ts'
import { fillDenseLeads } from './scenarios/dense-leads.ts'
import { fillHalfYear } from './scenarios/half-year.ts'
import { fillHalfYearLeads } from './scenarios/half-year-leads.ts'
import { live } from './scenarios/live.ts'
import { liveLeads } from './scenarios/live-leads.ts'
import { type PortalSetup, startSandbox } from './server.ts'

const integer = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('must be a whole number')
  return value
}
const names = (text: string): string[] =>
  text
    .split(',')
    .map(name => name.trim())
    .filter(Boolean)

const command = new Command('sandbox')
  .description(
    'CRM clouds on this machine: a Bitrix24 portal and an amoCRM account with OAuth, host pages and a control door.',
  )
  .option('--host <address>', 'listen address', '127.0.0.1')
  .option('--port <port>', 'OAuth server and control door', integer, integer(process.env['PORT'] ?? '4000'))
  .option('--portal-port <port>', 'the Bitrix24 portal', integer, 4001)
  .option('--account-port <port>', 'the amoCRM account (4002, or any if taken)', integer)
  .option('--account-spare-port <port>', 'where the account moves when renamed (4003, or any)', integer)
  .option('--platform <name>', 'amocrm or kommo', 'amocrm')
  .option('--widget <zip>', 'widget archive uploaded to the amoCRM cabinet')
  .option('--amocrm-client-id <id>', 'key of the integration', process.env['AMOCRM_CLIENT_ID'])
  .option('--amocrm-client-secret <secret>', 'its secret', process.env['AMOCRM_CLIENT_SECRET'])
  .option(
    '--app <origin>',
    'where the application listens',
    process.env['PUBLIC_URL'] ?? 'http://127.0.0.1:3000',
  )
  .option('--client-id <id>', 'key of the application', process.env['BITRIX24_CLIENT_ID'])
  .option('--client-secret <secret>', 'its secret', process.env['BITRIX24_CLIENT_SECRET'])
  .option('--import <log>', 'fill the portal from an event log, CSV or CSV.GZ')
  .option('--won <activities>', 'activities of the log that mean won, comma-separated', names, [])
  .option('--lost <activities>', 'activities of the log that mean lost, comma-separated', names, [])
  .option('--currency <code>', 'currency of the imported amounts', 'RUB')
  .option('--deals <n>', 'fill the portal with this many plain deals', integer)
  .option('--moves <n>', 'history rows of each of them', integer, 5)
  .option('--activities <n>', 'activities of all of them', integer)
  .option('--tasks <n>', 'tasks of all of them', integer)
  .option('--seed <n>', 'seed of the half-year story', integer, 20_260)
  .option('--rate-limit <plan>', 'standard, enterprise or off', 'standard')
  .option('--live [seconds]', 'something happens every few seconds')
  .parse()

const options = command.opts<{
  host: string
  port: number
  portalPort: number
  accountPort?: number
  accountSparePort?: number
  platform: 'amocrm' | 'kommo'
  widget?: string
  amocrmClientId?: string
  amocrmClientSecret?: string
  app: string
  clientId?: string
  clientSecret?: string
  import?: string
  won: string[]
  lost: string[]
  currency: string
  deals?: number
  moves: number
  activities?: number
  tasks?: number
  seed: number
  rateLimit: 'standard' | 'enterprise' | 'off'
  live?: string | true
}>()

const log = createLogger(process.env['LOG_LEVEL'] ?? 'info')

const portalSetup = (): PortalSetup => {
  const shared = { port: options.portalPort, temper: { rateLimit: options.rateLimit } }
  if (options.import !== undefined) {
    const cases = readEventLog(options.import)
    return {
      ...shared,
      name: 'log',
      title: 'Журнал',
      timeZone: 'UTC',
      offsetMinutes: 0,
      currency: options.currency,
      fill: portal => {
        log.info({ ...importLog(portal, cases, options) }, 'log imported')
      },
    }
  }
  if (options.deals !== undefined) {
    const { deals, moves, activities, tasks } = options
    return {
      ...shared,
      name: 'dense',
      title: 'Большой портал',
      fill: portal =>
        fillDense(portal, {
          deals,
          moves,
          ...(activities === undefined ? {} : { activitiesPerDeal: activities / Math.max(1, deals) }),
          ...(tasks === undefined ? {} : { tasks }),
        }),
    }
  }
  return {
    ...shared,
    name: 'severny-kontur',
    title: 'Северный контур',
    fill: portal => fillHalfYear(portal, { seed: options.seed }),
  }
}

const accountSetup = async (): Promise<AccountSetup> => {
  const shared = {
    port: options.accountPort ?? (await portOrAny(4002, options.host)),
    sparePort: options.accountSparePort ?? (await portOrAny(4003, options.host)),
    temper: { rateLimit: options.rateLimit === 'off' ? ('off' as const) : ('on' as const) },
  }
  if (options.import !== undefined) {
    const cases = readEventLog(options.import)
    return {
      ...shared,
      name: 'log',
      title: 'Журнал',
      timeZone: 'UTC',
      offset: '+00:00',
      currency: options.currency,
      fill: account => {
        log.info({ ...importLogLeads(account, cases, options) }, 'log imported into the account')
      },
    }
  }
  if (options.deals !== undefined) {
    const { deals, moves, activities, tasks } = options
    return {
      ...shared,
      name: 'dense',
      title: 'Большой аккаунт',
      isFilledLater: true,
      fill: account =>
        fillDenseLeads(account, {
          deals,
          moves,
          ...(activities === undefined ? {} : { activitiesPerDeal: activities / Math.max(1, deals) }),
          ...(tasks === undefined ? {} : { tasks }),
        }),
    }
  }
  return {
    ...shared,
    name: 'severny-kontur',
    title: 'Северный контур',
    fill: account => fillHalfYearLeads(account, { seed: options.seed }),
  }
}

const sandbox = await startSandbox({
  log,
  host: options.host,
  port: options.port,
  bitrix24: {
    app: {
      origin: options.app.replace(/\/+$/, ''),
      ...(options.clientId === undefined ? {} : { clientId: options.clientId }),
      ...(options.clientSecret === undefined ? {} : { clientSecret: options.clientSecret }),
    },
    portals: [portalSetup()],
  },
  amocrm: {
    platform: options.platform,
    integration: {
      origin: options.app.replace(/\/+$/, ''),
      ...(options.amocrmClientId === undefined ? {} : { clientId: options.amocrmClientId }),
      ...(options.amocrmClientSecret === undefined ? {} : { secret: options.amocrmClientSecret }),
    },
    accounts: [await accountSetup()],
    ...(options.widget === undefined ? {} : { widget: options.widget }),
  },
})
const { bitrix24, amocrm } = sandbox
const site = bitrix24.site()
const account = amocrm.site()
const PREFIX = amocrm.platform.toUpperCase()
console.log(`Bitrix24 sandbox
  host page               ${site.origin}/
  member_id               ${site.portal.memberId}
  control door            ${sandbox.origin}/_sandbox
  holds                   ${JSON.stringify(site.counts())}
${amocrm.platform === 'kommo' ? 'Kommo' : 'amoCRM'} sandbox
  host page               ${account.origin}/
  account id              ${account.account.accountId}
  control door            ${sandbox.origin}/_sandbox/amocrm
  holds                   ${options.deals === undefined ? JSON.stringify(account.account.counts()) : 'as many, from the first request on'}
Settings of the server beside it:
  BITRIX24_OAUTH_ORIGIN=${sandbox.origin}
  TRUSTED_CRM_ORIGINS=${[site.origin, ...amocrm.trustedOrigins()].join(',')}
  BITRIX24_CLIENT_ID=${bitrix24.app.clientId}
  BITRIX24_CLIENT_SECRET=${options.clientSecret === undefined ? bitrix24.app.clientSecret : '(as given)'}
  ${PREFIX}_OAUTH_ORIGIN=${sandbox.origin}
  ${PREFIX}_CLIENT_ID=${amocrm.integration.clientId}
  ${PREFIX}_CLIENT_SECRET=${options.amocrmClientSecret === undefined ? amocrm.integration.secret : '(as given)'}
  ${PREFIX}_REDIRECT_URI=${amocrm.integration.redirectUri}`)

if (options.live !== undefined) {
  const everyMs = (options.live === true ? 4 : Number(options.live) || 4) * 1000
  const tell = (what: string): void => log.debug({ what }, 'life goes on')
  live(site, everyMs, tell)
  liveLeads(account, everyMs, tell)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void sandbox.stop().then(() => process.exit(0))
  })
