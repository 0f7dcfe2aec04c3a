import express, { type Router } from 'express'
import { z } from 'zod'
import { notFound } from '../../errors.ts'
import { levers } from './levers.ts'
import type { AmocrmSandbox } from './sandbox.ts'

/** What the control door tells of a platform. */
export const describe = (crm: AmocrmSandbox) => ({
  integration: {
    clientId: crm.integration.clientId,
    redirectUri: crm.integration.redirectUri,
    code: crm.integration.code,
  },
  accounts: [...crm.sites.values()].map(site => ({
    name: site.name,
    accountId: site.account.accountId,
    origin: site.origin,
    spareOrigin: site.spareOrigin,
    counts: site.account.counts(),
  })),
  levers: Object.fromEntries(
    Object.entries(levers).map(([name, { schema }]) => [name, z.toJSONSchema(schema, { io: 'input' })]),
  ),
})

/** `/_sandbox/amocrm/…`: everything a test in this process can do to an account, an outside process can do by HTTP. */
export const amocrmControl = (crm: AmocrmSandbox): Router => {
  const router = express.Router()
  const siteOf = (name: string) => {
    const site =
      crm.sites.get(name) ?? [...crm.sites.values()].find(({ account }) => String(account.accountId) === name)
    if (!site) throw notFound('account_not_found', `There is no account "${name}".`)
    return site.ready()
  }

  router.get('/', (_req, res) => void res.json(describe(crm)))
  router.put('/integration', (req, res) => {
    const { origin } = z.object({ origin: z.url() }).parse(req.body)
    crm.setOrigin(origin.replace(/\/+$/, ''))
    res.json({ redirectUri: crm.integration.redirectUri })
  })
  router.get('/:account/counts', (req, res) => void res.json(siteOf(req.params.account).account.counts()))
  router.get('/:account/requests', (req, res) => {
    const { gateway } = siteOf(req.params.account)
    const limit = Number(req.query['limit'] ?? 200)
    res.json({
      requests: gateway.requests,
      busiestSecond: gateway.busiestSecond(),
      calls: Object.fromEntries([...gateway.calls].sort((a, b) => b[1] - a[1])),
      last: gateway.log.slice(-limit),
    })
  })
  router.delete('/:account/requests', (req, res) => {
    siteOf(req.params.account).gateway.resetLog()
    res.json({ requests: 0 })
  })
  router.get('/:account/deliveries', async (req, res) => {
    const { webhooks } = siteOf(req.params.account)
    await webhooks.settled()
    res.json(webhooks.deliveries)
  })
  router.get('/:account/state', (req, res) => {
    const { account, installed } = siteOf(req.params.account)
    res.json({
      accountId: account.accountId,
      subdomain: account.subdomain,
      origin: account.origin,
      temper: account.temper,
      installed,
      webhooks: account.webhooks.rows,
      tags: account.tags.rows,
    })
  })
  router.get('/:account/pipelines', (req, res) => void res.json(siteOf(req.params.account).account.pipelines))
  router.get('/:account/:table/:id', (req, res) => {
    const { account } = siteOf(req.params.account)
    const tables = {
      leads: account.leads,
      tasks: account.tasks,
      notes: account.notes,
      invoices: account.invoices,
      users: account.users,
    }
    const row = tables[req.params.table as keyof typeof tables]?.find(Number(req.params.id))
    if (!row) throw notFound('row_not_found', 'There is no such row.')
    res.json(row)
  })
  router.post('/:account/:lever', async (req, res) => {
    const site = siteOf(req.params.account)
    const lever = Object.entries(levers).find(([name]) => name === req.params.lever)?.[1]
    if (!lever) throw notFound('lever_not_found', `There is no lever "${req.params.lever}".`)
    res.json((await lever.pull(site, req.body ?? {})) ?? { ok: true })
  })
  return router
}
