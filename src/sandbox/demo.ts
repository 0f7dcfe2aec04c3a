import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { type Clock, SECOND, stopwatch, systemClock } from '../clock.ts'
import { adminApi, waitReady, watchFirstSync } from './demo/admin-api.ts'
import { keepDemoHome, openDemoHome } from './demo/demo-home.ts'
import {
  buildArchive,
  buildWidget,
  isWidgetBuilt,
  type Product,
  startProduct,
  tailOf,
} from './demo/product.ts'
import { startPage } from './demo/start-page.ts'
import { fillHalfYear } from './scenarios/half-year.ts'
import { fillHalfYearLeads } from './scenarios/half-year-leads.ts'
import { live } from './scenarios/live.ts'
import { liveLeads } from './scenarios/live-leads.ts'
import { type Sandbox, startSandbox } from './server.ts'

/**
 * `npm run demo`: the product beside two sandbox CRMs, installed through each CRM's own OAuth flow. `--live` makes
 * something happen in the CRM every few seconds. The last line printed is the address to open.
 */

const HOST = '127.0.0.1'
const PORTAL = 'severny-kontur'
/** When the page is promised to be there. */
const READY_MS = 50 * SECOND

const say = (line: string): void => console.log(line)

const isFree = (port: number): Promise<boolean> =>
  new Promise(done => {
    const probe = createServer()
    probe.once('error', () => done(false))
    probe.listen(port, HOST, () => probe.close(() => done(true)))
  })

/** The wanted port when nobody has it, otherwise any. */
const portOr = async (wanted: number, instead: number): Promise<number> =>
  wanted > 0 && (await isFree(wanted)) ? wanted : instead

const anyPort = (): Promise<number> =>
  new Promise((done, failed) => {
    const probe = createServer()
    probe.once('error', failed)
    probe.listen(0, HOST, () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const env = process.env
const elapsed = stopwatch()
const home = openDemoHome(resolve(env['DATA_DIR'] || './data/demo'), systemClock.now())
const logFile = join(home.dir, 'server.log')
const port = Number(env['PORT'] || 3000) || (await anyPort())
const origin = (env['PUBLIC_URL'] || `http://${HOST}:${port}`).replace(/\/+$/, '')
const adminToken = env['ADMIN_TOKEN'] || randomBytes(18).toString('base64url')

let sandbox: Sandbox | null = null
let product: Product | null = null
let isEnding = false

const end = async (code: number): Promise<never> => {
  isEnding = true
  await product?.stop()
  await sandbox?.stop()
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (!isEnding) void end(0)
  })

/** The story is told as of the demo's birth, so that a second run finds the same rows under the same ids. */
const asBorn: Clock = { ...systemClock, now: () => new Date(home.bornAt) }

const main = async (): Promise<void> => {
  if (!(await isFree(port))) throw new Error(`Port ${port} is taken; set PORT to a free one.`)
  let building: Promise<void> | null = null
  if (!isWidgetBuilt()) {
    say('Building the widget…')
    building = buildWidget(logFile)
  }
  // Awaited below; a failure must not surface as an unhandled rejection in the meantime.
  building?.catch(() => {})

  say('Starting the sandbox CRMs…')
  const archive = buildArchive(origin, join(home.dir, 'manifest'), logFile)
  archive.catch(() => {})
  sandbox = await startSandbox({
    host: HOST,
    port: await portOr(home.oauthPort, 0),
    bitrix24: {
      app: { origin, clientSecret: home.clientSecret },
      portals: [
        {
          name: PORTAL,
          title: 'Северный контур',
          port: await portOr(home.portalPort, 0),
          fill: portal => fillHalfYear(portal, { clock: asBorn }),
          extraPages: startPage(() => {
            const { bitrix24, amocrm } = sandbox!
            return [
              { name: 'Битрикс24', url: `${bitrix24.site(PORTAL).origin}/` },
              {
                name: 'amoCRM',
                url: `${amocrm.site(PORTAL).origin}/widget_page/${amocrm.integration.code}/planerka/overview`,
              },
            ]
          }),
        },
      ],
    },
    amocrm: {
      integration: { origin, secret: `${home.clientSecret}-amocrm` },
      accounts: [
        {
          name: PORTAL,
          title: 'Северный контур',
          port: await portOr(home.accountPort, 0),
          fill: account => fillHalfYearLeads(account, { clock: asBorn }),
        },
      ],
    },
  })
  const { app } = sandbox.bitrix24
  const site = sandbox.bitrix24.site(PORTAL)
  const { amocrm } = sandbox
  const account = amocrm.site(PORTAL)
  const counts = site.counts()
  say(`  ${counts['users']} people, ${counts['deals']} deals, ${counts['activities']} activities`)
  home.oauthPort = Number(new URL(sandbox.origin).port)
  home.portalPort = Number(new URL(site.origin).port)
  home.accountPort = Number(new URL(account.origin).port)
  keepDemoHome(home)
  await building
  amocrm.uploadWidget(await archive)

  say('Starting the server…')
  product = startProduct(
    {
      ...env,
      NODE_ENV: env['NODE_ENV'] === 'production' ? 'development' : env['NODE_ENV'],
      HOST: env['HOST'] || HOST,
      PORT: String(port),
      PUBLIC_URL: origin,
      DATA_DIR: home.dir,
      SECRET_KEY: env['SECRET_KEY'] || home.secretKey,
      ADMIN_TOKEN: adminToken,
      BITRIX24_CLIENT_ID: app.clientId,
      BITRIX24_CLIENT_SECRET: home.clientSecret,
      BITRIX24_OAUTH_ORIGIN: sandbox.origin,
      AMOCRM_CLIENT_ID: amocrm.integration.clientId,
      AMOCRM_CLIENT_SECRET: amocrm.integration.secret,
      AMOCRM_REDIRECT_URI: amocrm.integration.redirectUri,
      AMOCRM_OAUTH_ORIGIN: sandbox.origin,
      TRUSTED_CRM_ORIGINS: [site.origin, ...amocrm.trustedOrigins()].join(','),
    },
    logFile,
    systemClock,
  )
  void product.ended.then(code => {
    if (isEnding) return
    console.error(`The server ended with ${code}. The end of ${logFile}:\n${tailOf(logFile)}`)
    void end(1)
  })
  const local = `http://${HOST}:${port}`
  await waitReady(local, systemClock, 60 * SECOND)

  say('Installing the application into both CRMs…')
  const answer = await site.install()
  if (answer.status !== 200)
    throw new Error(`The installer answered ${answer.status}: ${answer.body.slice(0, 500)}`)
  site.finishInstall()
  // The marketplace gives up after three seconds and never asks again; the server goes on by itself.
  const told = await account.install()
  if (told && told.status !== 200)
    throw new Error(`The second installer answered ${told.status}: ${told.body.slice(0, 500)}`)

  say('Waiting for the first sync…')
  const api = adminApi(local, adminToken)
  const waitFor = async (vendor: string, patienceMs: number): Promise<void> => {
    const is = (installation: { vendor: string }): boolean => installation.vendor === vendor
    const enoughAfterMs = Math.max(0, READY_MS - elapsed())
    const snapshots = await watchFirstSync(api, is, systemClock, { ms: patienceMs, enoughAfterMs }, say)
    if (snapshots === 0) say(`  ${vendor}: no snapshot yet; the widget shows the progress`)
  }
  await waitFor('bitrix24', 120 * SECOND)
  // Seven requests a second take their time: what is left goes on behind the widget's progress.
  await waitFor('amocrm', Math.max(SECOND, READY_MS - elapsed()))
  if (process.argv.includes('--live')) {
    live(site, 4 * SECOND)
    liveLeads(account, 4 * SECOND)
  }
  say(
    `Ready after ${Math.round(elapsed() / 1000)} s; control door of the sandbox: ${sandbox.origin}/_sandbox`,
  )
  say(`Planerka demo: ${site.origin}/_demo`)
}

main().catch(async (error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  const tail = tailOf(logFile)
  if (tail) console.error(`The end of ${logFile}:\n${tail}`)
  await end(1)
})
