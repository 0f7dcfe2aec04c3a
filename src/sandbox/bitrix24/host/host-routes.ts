import { readFileSync } from 'node:fs'
import express, { type Request, type Response, type Router } from 'express'
import { ACCESS_TTL_SECONDS } from '../oauth/token-server.ts'
import { parseQuery } from '../rest/params.ts'
import type { PortalSite } from '../site.ts'
import { appPage, marketPage } from './app-pages.ts'
import { html } from './html.ts'
import {
  analyticsPage,
  companyPage,
  dealCardPage,
  dealListPage,
  invoiceOf,
  invoicePage,
  kanbanPage,
  notificationsPage,
  personPage,
  taskPage,
  tasksPage,
} from './pages.ts'
import { type Page, shell } from './shell.ts'
import { type Viewer, viewerOf } from './viewer.ts'
import { wordsIn } from './words.ts'

const asset = (name: string): string => readFileSync(new URL(`assets/${name}`, import.meta.url), 'utf8')

const number = (value: unknown): number => Number(value) || 0

/** Query of the page as PHP reads it, without what the sandbox itself adds. */
const linkParams = (req: Request): Record<string, unknown> => {
  const cut = req.originalUrl.indexOf('?')
  const { params } = parseQuery(cut < 0 ? '' : req.originalUrl.slice(cut + 1))
  return typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {}
}

/** The portal's own pages, as people see them in a browser: enough of them that every link leads somewhere. */
export const hostRoutes = (site: PortalSite): Router => {
  const router = express.Router()
  const { portal } = site

  const show =
    (make: (req: Request, viewer: Viewer) => Page | null) =>
    (req: Request, res: Response): void => {
      const viewer = viewerOf(portal, req, res)
      const page = make(req, viewer)
      const word = wordsIn(viewer.language)
      res
        .status(page ? 200 : 404)
        .set('Cache-Control', 'no-store')
        .type('html')
        .send(
          shell(
            site,
            viewer,
            page ?? { title: word('notFound'), active: '', body: html`<p class="quiet">404</p>` },
            req.query['IFRAME'] === 'Y',
          ),
        )
    }
  const options = (req: Request, own: Record<string, unknown>): Record<string, unknown> => ({
    ...own,
    URI: `${site.origin}${req.originalUrl}`,
    ...(req.query['IFRAME'] === 'Y' ? { IFRAME: 'Y', IFRAME_TYPE: 'SIDE_SLIDER' } : {}),
  })

  router.get('/_host/assets/host.css', (_req, res) => void res.type('css').send(asset('host.css')))
  router.get('/_host/assets/host.js', (_req, res) => void res.type('js').send(asset('host.js')))

  router.get(
    ['/', '/marketplace/app', '/marketplace/installed'],
    show((req, viewer) => appPage(site, viewer, 'DEFAULT', options(req, {}))),
  )
  router.get(
    '/marketplace',
    show((_req, viewer) => marketPage(site, viewer)),
  )
  router.get(
    '/marketplace/view/:code',
    show((req, viewer) =>
      req.params['code'] === site.app().code
        ? appPage(site, viewer, 'REST_APP_URI', options(req, linkParams(req)))
        : null,
    ),
  )
  router.get(
    '/_placement/:code',
    show((req, viewer) => appPage(site, viewer, String(req.params['code']), options(req, {}))),
  )
  router.get(
    '/crm/deal',
    show((req, viewer) =>
      dealListPage(site, viewer, number(req.query['category']), String(req.query['find'] ?? '')),
    ),
  )
  router.get(
    '/crm/deal/kanban',
    show((req, viewer) => kanbanPage(site, viewer, number(req.query['category']))),
  )
  router.get(
    '/crm/deal/details/:id',
    show((req, viewer) => {
      const deal = portal.deals.find(number(req.params['id']))
      const seen = portal.visibleUsers(viewer.user)
      if (!deal || (seen && !seen.has(deal.assignedById))) return null
      return dealCardPage(site, viewer, deal, req.query['tab'] === 'app')
    }),
  )
  router.get(
    '/crm/type/31/details/:id',
    show((req, viewer) => {
      const invoice = invoiceOf(site, number(req.params['id']))
      return invoice ? invoicePage(site, viewer, invoice) : null
    }),
  )
  router.get(
    '/crm/analytics',
    show((_req, viewer) => analyticsPage(site, viewer)),
  )
  router.get(
    '/company',
    show((_req, viewer) => companyPage(site, viewer)),
  )
  router.get(
    '/company/personal/user/:id',
    show((req, viewer) => personPage(site, viewer, number(req.params['id']))),
  )
  router.get(
    '/company/personal/user/:id/tasks',
    show((req, viewer) => tasksPage(site, viewer, number(req.params['id']))),
  )
  router.get(
    '/company/personal/user/:id/tasks/task/view/:taskId',
    show((req, viewer) => taskPage(site, viewer, number(req.params['taskId']))),
  )
  router.get(
    '/_notifications',
    show((_req, viewer) => notificationsPage(site, viewer)),
  )

  // What the portal's own script asks of the portal's own server.
  router.post('/_host/install', (req, res) => {
    const viewer = viewerOf(portal, req, res)
    if (viewer.user.isAdmin) site.addApp(viewer.user.id)
    res.redirect(303, '/')
  })
  router.post('/_host/frame', express.json(), (req, res) => {
    const viewer = viewerOf(portal, req, res)
    const body = (req.body ?? {}) as { placement?: unknown; options?: unknown }
    const installed = site.installed()
    if (!installed?.isActive) {
      res.status(404).json({ error: 'not installed' })
      return
    }
    const placement = String(body.placement ?? 'DEFAULT')
    const frameOptions = body.options ?? {}
    const frame = site.frame({
      user: viewer.user,
      language: viewer.language,
      placement,
      options: frameOptions,
    })
    res.json({
      url: frame.url,
      fields: frame.fields,
      windowName: `${portal.domain}|0|${frame.appSid}`,
      appSid: frame.appSid,
      init: {
        LANG: viewer.language,
        DOMAIN: portal.domain,
        PROTOCOL: '0',
        PATH: '/rest',
        AUTH_ID: frame.fields['AUTH_ID'],
        REFRESH_ID: frame.fields['REFRESH_ID'],
        AUTH_EXPIRES: ACCESS_TTL_SECONDS,
        MEMBER_ID: portal.memberId,
        IS_ADMIN: viewer.user.isAdmin,
        PLACEMENT: placement,
        PLACEMENT_OPTIONS: frameOptions,
        INSTALL: frame.isInstallMode,
        FIRST_RUN: false,
        APP_OPTIONS: installed.options,
        USER_OPTIONS: installed.userOptions.get(viewer.user.id) ?? {},
      },
    })
  })
  router.post('/_host/auth', (req, res) => {
    const viewer = viewerOf(portal, req, res)
    const pair = site.tokensOf(viewer.user.id)
    res.json({ AUTH_ID: pair.access, REFRESH_ID: pair.refresh, AUTH_EXPIRES: ACCESS_TTL_SECONDS })
  })
  router.post('/_host/install-finish', (req, res) => {
    if (viewerOf(portal, req, res).user.isAdmin) site.finishInstall()
    res.json({ result: true })
  })
  router.post('/_host/option', express.json(), (req, res) => {
    const viewer = viewerOf(portal, req, res)
    const { kind, name, value } = (req.body ?? {}) as Record<string, unknown>
    const installed = site.installed()
    if (installed && typeof name === 'string') {
      const own = installed.userOptions.get(viewer.user.id) ?? {}
      const target = kind === 'user' ? own : installed.options
      if (kind === 'user' || viewer.user.isAdmin) target[name] = String(value)
      installed.userOptions.set(viewer.user.id, own)
    }
    res.json({ result: true })
  })
  router.get('/_host/users', (_req, res) => {
    res.json(
      portal.users.rows
        .filter(user => user.isActive && !user.isSystem)
        .map(user => ({
          id: String(user.id),
          name: `${user.name} ${user.lastName}`,
          position: user.position,
        })),
    )
  })
  router.use(show(() => null))
  return router
}
