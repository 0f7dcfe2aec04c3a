import { Command, InvalidArgumentError } from 'commander'
import { createLogger } from '../logger.ts'
import { readEventLog } from './event-log.ts'
import { importLog } from './import-log.ts'
import { fillDense } from './scenarios/dense.ts'
import { fillHalfYear } from './scenarios/half-year.ts'
import { live } from './scenarios/live.ts'
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
  .description('A Bitrix24 cloud on this machine: OAuth server, portals, host pages and a control door.')
  .option('--host <address>', 'listen address', '127.0.0.1')
  .option('--port <port>', 'OAuth server and control door', integer, integer(process.env['PORT'] ?? '4000'))
  .option('--portal-port <port>', 'the portal', integer, 4001)
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
})
const { bitrix24 } = sandbox
const site = bitrix24.site()
console.log(`Bitrix24 sandbox
  host page               ${site.origin}/
  member_id               ${site.portal.memberId}
  control door            ${sandbox.origin}/_sandbox
  holds                   ${JSON.stringify(site.counts())}
Settings of the server beside it:
  BITRIX24_OAUTH_ORIGIN=${sandbox.origin}
  TRUSTED_CRM_ORIGINS=${site.origin}
  BITRIX24_CLIENT_ID=${bitrix24.app.clientId}
  BITRIX24_CLIENT_SECRET=${options.clientSecret === undefined ? bitrix24.app.clientSecret : '(as given)'}`)

if (options.live !== undefined)
  live(site, (options.live === true ? 4 : Number(options.live) || 4) * 1000, what =>
    log.debug({ what }, 'life goes on'),
  )

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void sandbox.stop().then(() => process.exit(0))
  })
