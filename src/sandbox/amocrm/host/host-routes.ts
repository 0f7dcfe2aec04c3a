import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import express, { type Request, type Response, type Router } from 'express'
import { html } from '../../bitrix24/host/html.ts'
import type { AccountSite } from '../site.ts'
import {
  integrationsPage,
  invoicePage,
  leadCardPage,
  leadListPage,
  personPage,
  statsPage,
  taskListPage,
  widgetPage,
} from './pages.ts'
import { type Page, shell } from './shell.ts'
import { type Viewer, viewerOf } from './viewer.ts'
import { wordsIn } from './words.ts'

const asset = (name: string): string => readFileSync(new URL(`assets/${name}`, import.meta.url), 'utf8')
const jquery = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('jquery/dist/jquery.min.js'), 'utf8')
const number = (value: unknown): number => Number(value) || 0

const TYPES: Record<string, string> = { js: 'js', css: 'css', json: 'json', png: 'png', svg: 'svg' }

/** The account's own pages, as people see them in a browser: enough of them that every link leads somewhere. */
export const hostRoutes = (site: AccountSite): Router => {
  const router = express.Router()
  const { account, integration } = site

  const show =
    (make: (req: Request, viewer: Viewer) => Page | null) =>
    (req: Request, res: Response): void => {
      const viewer = viewerOf(account, req, res)
      const word = wordsIn(viewer.language)
      const page = make(req, viewer)
      res
        .status(page ? 200 : 404)
        .set('Cache-Control', 'no-store')
        .type('html')
        .send(
          shell(
            site,
            viewer,
            page ?? {
              title: word('notFound'),
              active: '',
              area: '',
              body: html`<p class="quiet">${word('nothing')}</p>`,
            },
          ),
        )
    }

  router.get('/_host/assets/host.css', (_req, res) => void res.type('css').send(asset('host.css')))
  router.get('/_host/assets/host.js', (_req, res) => void res.type('js').send(asset('host.js')))
  router.get('/_host/assets/jquery.js', (_req, res) => void res.type('js').send(jquery()))

  router.get('/', (_req, res) => res.redirect(302, '/leads/'))
  router.get(
    '/dashboard',
    show((_req, viewer) => statsPage(site, viewer)),
  )
  router.get(
    '/leads',
    show((req, viewer) =>
      leadListPage(site, viewer, number(req.query['pipeline']), String(req.query['find'] ?? '')),
    ),
  )
  router.get(
    '/leads/detail/:id',
    show((req, viewer) => leadCardPage(site, viewer, number(req.params['id']))),
  )
  router.get(
    '/todo/line',
    show((req, viewer) => taskListPage(site, viewer, number(req.query['id']))),
  )
  router.get(
    '/stats',
    show((_req, viewer) => statsPage(site, viewer)),
  )
  router.get(
    '/settings/users/:id',
    show((req, viewer) => personPage(site, viewer, number(req.params['id']))),
  )
  router.get(
    '/invoices/detail/:id',
    show((req, viewer) => invoicePage(site, viewer, number(req.params['id']))),
  )
  router.get(
    '/settings/widgets',
    show((req, viewer) => integrationsPage(site, viewer, String(req.query['message'] ?? ''))),
  )
  router.get(
    '/settings/widgets/:code',
    show((req, viewer) =>
      req.params['code'] === integration.code ? widgetPage(site, viewer, 'advanced') : null,
    ),
  )
  router.get(
    ['/widget_page/:code/:item', '/widget_page/:code/:item/:sub'],
    show((req, viewer) =>
      req.params['code'] === integration.code
        ? widgetPage(site, viewer, { item: String(req.params['item']), sub: String(req.params['sub'] ?? '') })
        : null,
    ),
  )

  // The uploaded archive, as the vendor serves it from its own host.
  router.get(/^\/_widget\/(.+)$/, (req, res) => {
    const name = String(req.params[0])
    const bytes = site.widgetFiles()?.[name]
    if (!bytes) return void res.status(404).end()
    res.type(TYPES[name.split('.').at(-1) ?? ''] ?? 'bin').send(Buffer.from(bytes))
  })

  // What the interface's own script asks of the account's own server.
  router.post('/_host/install', async (req, res) => {
    const viewer = viewerOf(account, req, res)
    if (!viewer.user.isAdmin) return void res.redirect(303, '/settings/widgets/')
    await site.install(viewer.user.id)
    res.redirect(303, '/settings/widgets/')
  })
  router.post('/_host/disable', async (req, res) => {
    const viewer = viewerOf(account, req, res)
    if (viewer.user.isAdmin) await site.disable()
    res.redirect(303, '/settings/widgets/')
  })
  router.post('/_host/one-time-token', (req, res) => {
    const viewer = viewerOf(account, req, res)
    if (!site.installed?.isActive) return void res.status(403).json({ error: 'not installed' })
    res.set('Cache-Control', 'no-store').json({ token: site.oneTimeToken(viewer.user) })
  })
  router.post('/_host/settings', express.json(), (req, res) => {
    if (site.installed && viewerOf(account, req, res).user.isAdmin)
      Object.assign(site.installed.settings, req.body as Record<string, string>)
    res.json({ ok: true })
  })
  router.use(show(() => null))
  return router
}
