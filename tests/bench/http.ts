import { stringify } from 'qs'
import { median, pause, printFigure, say } from './figure.ts'
import { type BenchProduct, finishedSync, startBenchProduct } from './product.ts'
import { type Call, perSecond, startBare, timed } from './requests.ts'

const ROUNDS = 300
const EVENTS_MS = 4_000
const EVENTS_AT_ONCE = 16

/** Opens the application as the portal's administrator and exchanges the page's ticket. */
const sessionOf = async ({ origin, site }: BenchProduct): Promise<string> => {
  const page = await site.open()
  const ticket = /<meta name="planerka-ticket" content="([^"]+)"/.exec(page.body)?.[1]
  if (ticket === undefined) throw new Error(`The page carries no ticket: ${page.status}`)
  const response = await fetch(`${origin}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ticket }),
  })
  return ((await response.json()) as { token: string }).token
}

/** An event as the portal would post it, about another deal each time. */
const eventCalls = ({ origin, site }: BenchProduct): (() => Call) => {
  const installed = site.installed()
  const deals = site.portal.deals.rows
  let number = 0
  return () => {
    const deal = deals[number++ % deals.length]
    return {
      url: `${origin}/bitrix24/events`,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: stringify({
        event: 'ONCRMDEALUPDATE',
        event_handler_id: 1,
        data: { FIELDS: { ID: deal?.id } },
        ts: Math.floor(site.portal.now() / 1000) + number,
        auth: {
          domain: site.portal.domain,
          member_id: site.portal.memberId,
          application_token: installed?.applicationToken,
          client_endpoint: site.portal.clientEndpoint,
        },
      }),
    }
  }
}

/** Rounds of both in turn, so that a busy moment of the machine hits both. */
const inTurns = async (ours: () => Call, bare: () => Call): Promise<{ ours: number; bare: number }> => {
  const times = { ours: [] as number[], bare: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    times.ours.push(await timed(ours()))
    times.bare.push(await timed(bare()))
  }
  return { ours: median(times.ours), bare: median(times.bare) }
}

/** The widget's requests and the CRM's events, against the least that Express can do. */
export const benchHttp = async (scale: number, figures: { api: boolean; events: boolean }): Promise<void> => {
  const deals = Math.max(500, Math.round(5_000 * scale))
  const product = await startBenchProduct({ deals, moves: 5, activitiesPerDeal: 1.5, tasks: deals })
  const bare = await startBare()
  try {
    say('reading a small portal…')
    await product.install()
    const { id } = await finishedSync(product, 600_000)
    await product.until(
      'a full history',
      async () => {
        const { length } = (await product.admin(`/installations/${id}/snapshots`)) as unknown[]
        return length > 12 ? length : null
      },
      600_000,
    )
    await pause(1_000)
    if (figures.api) {
      const authorization = `Bearer ${await sessionOf(product)}`
      for (const path of ['me', 'overview']) {
        const ours = (): Call => ({ url: `${product.origin}/api/v1/${path}`, headers: { authorization } })
        const least = (): Call => ({ url: `${bare.origin}/json` })
        for (let round = 0; round < 30; round++) await Promise.all([timed(ours()), timed(least())])
        const p50 = await inTurns(ours, least)
        printFigure({
          figure: `api_${path}`,
          ratio: p50.ours / p50.bare,
          value: p50.ours,
          unit: 'ms, p50',
          against: 'a bare Express handler in the same run',
          bareMs: p50.bare,
        })
      }
    }
    if (figures.events) {
      const ours = eventCalls(product)
      const least = (): Call => ({ ...ours(), url: `${bare.origin}/form` })
      await perSecond(EVENTS_AT_ONCE, 500, least)
      await perSecond(EVENTS_AT_ONCE, 500, ours)
      const bareRate = await perSecond(EVENTS_AT_ONCE, EVENTS_MS, least)
      const rate = await perSecond(EVENTS_AT_ONCE, EVENTS_MS, ours)
      printFigure({
        figure: 'events',
        ratio: bareRate / rate,
        value: rate,
        unit: 'events/s kept',
        against: 'a bare Express handler that parses the same form',
        barePerSecond: bareRate,
      })
    }
  } finally {
    bare.stop()
    await product.stop()
  }
}
