import express, { type Express, type Request, type Response } from 'express'
import type { Clock } from '../../clock.ts'
import { BAD_GATEWAY, type Fault, type Faults } from '../faults.ts'
import { authorisePage } from './host/authorise-page.ts'
import { OAuthProblem } from './oauth/oauth-problem.ts'
import type { Reply } from './rest/gateway.ts'
import type { AccountSite } from './site.ts'

const MAX_BODY = '8mb'
const queryText = (req: Request): string => {
  const cut = req.originalUrl.indexOf('?')
  return cut < 0 ? '' : req.originalUrl.slice(cut + 1)
}

const send = (res: Response, reply: Reply): void => {
  res.status(reply.status).set({ 'X-Request-Id': `sb-${reply.status}`, ...reply.headers })
  if (reply.type === 'none') res.end()
  else if (reply.type === 'html') res.type('html').send(String(reply.body))
  else
    res
      .type(reply.type === 'problem' ? 'application/problem+json' : 'application/hal+json')
      .send(JSON.stringify(reply.body))
}

/** Faults around an answer; `work` is what the real server would do. */
const withFaults = async (
  faults: readonly Fault[],
  clock: Clock,
  res: Response,
  parts: { expire(): void; churn(rows: number): void; work(): Reply },
): Promise<void> => {
  let ending: ((reply: Reply) => void) | null = null
  for (const fault of faults) {
    if (fault.kind === 'delay') await clock.sleep(fault.ms)
    else if (fault.kind === 'expire') parts.expire()
    else if (fault.kind === 'churn') parts.churn(fault.rows)
    else if (fault.kind === 'reset') return void res.socket?.destroy()
    else if (fault.kind === 'html')
      return void res
        .status(fault.status)
        .type('html')
        .send(BAD_GATEWAY.replace('502', String(fault.status)))
    else if (fault.kind === 'status')
      return void res
        .status(fault.status)
        .type(fault.body.trimStart().startsWith('<') ? 'html' : 'json')
        .send(fault.body)
    else if (fault.kind === 'empty') return void res.status(200).type('json').send('')
    else if (fault.kind === 'error') {
      const body = { title: String(fault.code), status: fault.status, detail: fault.description }
      return send(res, { status: fault.status, body, type: 'problem' })
    } else if (fault.kind === 'drop') ending = () => void res.socket?.destroy()
    else if (fault.kind === 'truncate')
      ending = reply => {
        const text = JSON.stringify(reply.body)
        res
          .status(reply.status)
          .type('json')
          .send(text.slice(0, Math.ceil(text.length / 2)))
      }
  }
  const reply = parts.work()
  if (ending) ending(reply)
  else send(res, reply)
}

/** What the shared API says of an account, by its refresh token. */
export const subdomainReply = (site: AccountSite) => ({
  id: site.account.accountId,
  subdomain: site.account.subdomain,
  domain: site.account.host,
  top_level_domain: site.account.platform === 'kommo' ? 'com' : 'ru',
})

/** OAuth and REST of one account. */
export const accountRoutes = (site: AccountSite, faults: Faults): Express => {
  const { account, desk, gateway, clock } = site
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)

  app.post('/oauth2/access_token', express.json({ limit: MAX_BODY }), async (req, res) => {
    await withFaults(faults.take('oauth', account.name), clock, res, {
      expire: () => {},
      churn: () => {},
      work: () => {
        try {
          const body = desk.exchange((req.body ?? {}) as Record<string, unknown>)
          return { status: 200, body, type: 'json' }
        } catch (error) {
          if (error instanceof OAuthProblem)
            return { status: error.status, body: error.body(), type: 'problem' }
          throw error
        }
      },
    })
  })
  app.all('/oauth2/authorize', (_req, res) => void res.status(405).end())
  app.get(['/oauth2/account/current/subdomain', '/oauth2/account/subdomain'], (req, res) => {
    const bearer = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? ''
    if (desk.refreshOf(String(req.headers['x-refresh-token'] ?? '')) || desk.access(bearer))
      res.json(subdomainReply(site))
    else res.status(401).json({ title: 'Unauthorized', status: 401, detail: '' })
  })
  app.use(
    ['/oauth'],
    authorisePage(() => [site]),
  )

  app.all(/^\/api\/v4\/(.+?)\/?$/, express.json({ limit: MAX_BODY, strict: false }), async (req, res) => {
    const path = String(req.params[0])
    const bearer = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? ''
    await withFaults(faults.take(path, account.name), clock, res, {
      expire: () => void desk.expireAccess(),
      churn: rows => churn(site, rows),
      work: () =>
        gateway.answer({
          method: req.method,
          path,
          query: queryText(req),
          body: req.body,
          bearer,
          contextUserId: String(req.headers['x-context-user-id'] ?? ''),
          source: req.socket.remoteAddress ?? '',
        }),
    })
  })
  return app
}

/** Rows change under a reader's hands: some leads move, some vanish, some are new. */
export const churn = (site: AccountSite, rows: number): void => {
  const { account, acts, gateway } = site
  const pick = (n: number) => account.leads.rows[(n * 7919) % Math.max(1, account.leads.rows.length)]
  for (let n = 0; n < rows; n++) {
    const changed = pick(gateway.requests + n)
    const actor = { userId: changed?.responsibleId || account.admin.id }
    if (changed && !changed.isDeleted) acts.updateLead(changed.id, { price: changed.price + 1 }, actor)
    const gone = pick(gateway.requests + n + rows)
    if (n % 2 === 0 && gone) acts.deleteLead(gone.id, actor)
    acts.addLead({ name: `Новая сделка ${account.leads.lastId + 1}` }, actor)
  }
}
