import express, { type ErrorRequestHandler, type Router } from 'express'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { AppError, badRequest, notFound } from '../errors.ts'
import { amocrmControl, describe as describeAmocrm } from './amocrm/control.ts'
import type { AmocrmSandbox } from './amocrm/sandbox.ts'
import { levers } from './bitrix24/levers.ts'
import type { Faults } from './faults.ts'
import { portalFromSeed, seedSchema } from './seed.ts'
import type { Bitrix24Sandbox } from './server.ts'

/**
 * The control door, `/_sandbox/…`: everything a test in this process can do to the sandbox, an outside
 * process can do by HTTP. `GET /_sandbox` lists the levers with their bodies.
 */
export const controlRoutes = (parts: {
  bitrix24: Bitrix24Sandbox
  amocrm: AmocrmSandbox
  faults: Faults
  clock: Clock
}): Router => {
  const { bitrix24, amocrm, faults } = parts
  const router = express.Router()
  router.use(express.json({ limit: '64mb' }))

  const siteOf = (name: string) => {
    const site =
      bitrix24.sites.get(name) ?? [...bitrix24.sites.values()].find(({ portal }) => portal.memberId === name)
    if (!site) throw notFound('portal_not_found', `There is no portal "${name}".`)
    return site
  }

  router.get('/', (_req, res) => {
    res.json({
      bitrix24: {
        app: {
          clientId: bitrix24.app.clientId,
          installUrl: bitrix24.app.installUrl,
          code: bitrix24.app.code,
        },
        portals: [...bitrix24.sites.values()].map(site => ({
          name: site.name,
          memberId: site.portal.memberId,
          origin: site.origin,
          counts: site.counts(),
        })),
        levers: Object.fromEntries(
          Object.entries(levers).map(([name, { schema }]) => [name, z.toJSONSchema(schema, { io: 'input' })]),
        ),
      },
      amocrm: describeAmocrm(amocrm),
    })
  })
  router.use('/amocrm', amocrmControl(amocrm))
  router.put('/bitrix24/app', (req, res) => {
    const { origin } = z.object({ origin: z.url() }).parse(req.body)
    bitrix24.setAppOrigin(origin.replace(/\/+$/, ''))
    res.json({ installUrl: bitrix24.app.installUrl })
  })
  router.post('/bitrix24/portals', async (req, res) => {
    const site = await bitrix24.addPortal(portalFromSeed(seedSchema.parse(req.body)))
    res.status(201).json({
      name: site.name,
      memberId: site.portal.memberId,
      origin: site.origin,
      counts: site.counts(),
    })
  })
  router
    .route('/faults')
    .get((_req, res) => void res.json(faults.list()))
    .post((req, res) => {
      faults.add(req.body)
      res.status(201).json(faults.list())
    })
    .delete((_req, res) => {
      faults.clear()
      res.json([])
    })
  router.get('/bitrix24/:portal/counts', (req, res) => void res.json(siteOf(req.params.portal).counts()))
  router.get('/bitrix24/:portal/requests', (req, res) => {
    const { gateway } = siteOf(req.params.portal)
    const limit = Number(req.query['limit'] ?? 200)
    res.json({
      requests: gateway.requests,
      calls: Object.fromEntries([...gateway.calls].sort((a, b) => b[1] - a[1])),
      last: gateway.log.slice(-limit),
    })
  })
  router.delete('/bitrix24/:portal/requests', (req, res) => {
    siteOf(req.params.portal).gateway.resetLog()
    res.json({ requests: 0 })
  })
  router.get('/bitrix24/:portal/deliveries', async (req, res) => {
    const { events } = siteOf(req.params.portal)
    await events.settled()
    res.json(events.deliveries)
  })
  router.get('/bitrix24/:portal/state', (req, res) => {
    const { portal } = siteOf(req.params.portal)
    const installed = [...portal.installed.values()].map(
      ({ applicationToken: _secret, userOptions: _map, ...row }) => row,
    )
    res.json({
      memberId: portal.memberId,
      origin: portal.origin,
      temper: portal.temper,
      installed,
      notifications: portal.notifications.rows.slice(-200),
    })
  })
  router.get('/bitrix24/:portal/:table/:id', (req, res) => {
    const { portal } = siteOf(req.params.portal)
    const tables = {
      deals: portal.deals,
      history: portal.dealHistory,
      activities: portal.activities,
      tasks: portal.tasks,
      invoices: portal.invoices,
      users: portal.users,
    }
    const table = tables[req.params.table as keyof typeof tables]
    const row = table?.find(Number(req.params.id))
    if (!row) throw notFound('row_not_found', 'There is no such row.')
    res.json(row)
  })
  router.post('/bitrix24/:portal/:lever', async (req, res) => {
    const site = siteOf(req.params.portal)
    const lever = Object.entries(levers).find(([name]) => name === req.params.lever)?.[1]
    if (!lever) throw notFound('lever_not_found', `There is no lever "${req.params.lever}".`)
    res.json((await lever.pull(site, req.body ?? {})) ?? { ok: true })
  })

  const onError: ErrorRequestHandler = (error, _req, res, _next) => {
    const wrapped =
      error instanceof z.ZodError
        ? badRequest('bad_lever', z.prettifyError(error))
        : error instanceof AppError
          ? error
          : new AppError(500, 'sandbox_failed', error instanceof Error ? error.message : String(error))
    res.status(wrapped.status).json({ code: wrapped.code, message: wrapped.message })
  }
  router.use(onError)
  return router
}
