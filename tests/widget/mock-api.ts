import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import express from 'express'
import type { DealCard, DealView, FlagQuality, Me, SyncState } from '../../src/http/api-schema.ts'
import { type Drawn, processDeals, processOf } from './mock-process.ts'
import { earlyRollout, rolloutDealsOf, rolloutOf } from './mock-rollout.ts'
import {
  AS_OF,
  catalogue,
  dealsOf,
  employeeOf,
  evidenceOf,
  overview,
  people,
  settingsOf,
} from './mock-team.ts'
import { theatreOf, theatreWeeksOf } from './mock-theatre.ts'
import { mountWriteBack } from './mock-write-back.ts'

/** Which portal the page opens into. */
export type Scene = {
  role: Me['role']
  language: Me['language']
  theme: Me['theme']
  deals: number
  /** `sync`: the first sync runs; `empty`: a portal without deals; `broken`: every answer is an error. */
  state: 'normal' | 'amnesty' | 'sync' | 'empty' | 'broken' | 'reauth' | 'nosession'
  view: string
  params: Record<string, string>
}

export const scene = (part: Partial<Scene> = {}): Scene => ({
  role: 'head',
  language: 'ru',
  theme: 'light',
  deals: 30,
  state: 'normal',
  view: '',
  params: {},
  ...part,
})

const PAUSE: DealView['pause'] = {
  id: 'p1',
  until: '2026-12-04T20:59:59.999Z',
  reason: 'client_asked',
  madeBy: '11',
  madeByName: 'Ахметов Руслан',
}
const JOURNAL: DealCard['journal'] = [
  {
    at: '2026-11-20T09:00:00.000Z',
    by: '11',
    byName: 'Ахметов Руслан',
    what: 'objected',
    until: null,
    reason: null,
  },
]
const flagQuality: FlagQuality = {
  asOf: AS_OF,
  check: {
    flaggedAt: '2026-09-21T00:00:00.000Z',
    days: 60,
    isReconstructed: true,
    red: { deals: 84, moved: 19 },
    unflagged: { deals: 312, moved: 201 },
    ratio: 0.36,
    normal: 5,
    stages: [
      {
        pipelineId: '0',
        pipelineName: 'Основная',
        stageId: 'EXECUTING',
        stageName: 'КП отправлено',
        red: { deals: 22, moved: 14 },
        unflagged: { deals: 60, moved: 45 },
        ratio: 0.85,
        isMisjudged: true,
      },
    ],
  },
  chances: {
    basis: 'own',
    decidedDeals: 1_840,
    auc: 0.76,
    aucLow: 0.73,
    aucHigh: 0.79,
    brier: 0.181,
    calibrationError: 0.017,
    calibration: [
      { predicted: 0.08, observed: 0.07, deals: 410 },
      { predicted: 0.34, observed: 0.31, deals: 655 },
      { predicted: 0.62, observed: 0.66, deals: 240 },
    ],
    instants: 26,
  },
}

const meOf = (now: Scene): Me => ({
  userId: now.role === 'employee' ? '13' : '18',
  name: now.role === 'employee' ? 'Гусева Ольга' : 'Соколова Анна',
  role: now.role,
  sees: now.role === 'employee' ? ['13'] : people.map(person => person.id),
  vendor: 'bitrix24',
  portal: {
    host: 'acme.example',
    origin: 'https://acme.example',
    currency: 'RUB',
    timeZone: 'Europe/Moscow',
  },
  language: now.language,
  theme: now.theme,
  status: now.state === 'reauth' ? 'reauth_required' : 'active',
  adminName: 'Соколова Анна',
  hasSnapshot: now.state !== 'sync',
  seesCompany: now.role !== 'employee',
  departments: [
    { id: '1', name: 'Компания', parentId: null },
    { id: '2', name: 'Отдел продаж', parentId: '1' },
    { id: '3', name: 'Отдел по работе с ключевыми клиентами и тендерами', parentId: '1' },
  ],
  start: { view: now.view, params: now.params },
})

const sync: SyncState = {
  status: 'active',
  phase: 'backfill',
  progress: 0.46,
  outcome: 'running',
  lastFinishedAt: null,
  lastError: null,
  waitingUntil: null,
  secondsLeft: 190,
  steps: [
    { step: 'people', done: 24, total: 24, perSecond: 50, state: 'done' },
    { step: 'pipelines', done: 2, total: 2, perSecond: null, state: 'done' },
    { step: 'deals', done: 2_310, total: 3_812, perSecond: 118, state: 'running' },
    { step: 'history', done: 0, total: null, perSecond: null, state: 'waiting' },
    { step: 'tasks', done: 0, total: null, perSecond: null, state: 'waiting' },
  ],
  rejected: 3,
  isUsable: true,
}

const emptyWeeks = overview.weeks.map(week => ({
  ...week,
  value: null,
  low: null,
  high: null,
  coverage: null,
  asOf: null,
}))
const none = { deals: 0, amount: {} }
const emptyOverview = {
  ...overview,
  score: { ...overview.score, value: null, low: null, high: null, band: null, absence: 'deals' },
  delta: null,
  weeks: emptyWeeks,
  people: [],
  red: none,
  amber: none,
  needHelp: [],
  openDeals: 0,
  changes: null,
  reasons: overview.reasons.map(reason => ({ ...reason, red: 0, amber: 0, amount: {} })),
}

/**
 * Serves the built widget and the API of a pretended portal. The scene is chosen per page by the ticket,
 * so many pages can be open at once. `requests` keeps what PATCH sent.
 */
export const startMock = async (): Promise<{
  origin: string
  patches: unknown[]
  page(now: Scene, more?: string): string
  host(now: Scene): string
  stop(): Promise<void>
}> => {
  const app = express()
  const patches: unknown[] = []
  const assets = join(import.meta.dirname, '../../dist/widget')
  const template = readFileSync(join(assets, 'index.html'), 'utf8')
  app.use(express.json())
  app.use('/widget', express.static(assets, { index: false, immutable: true, maxAge: '1d' }))
  app.get('/page', (request, response) => {
    const now = scene(JSON.parse(String(request.query['scene'])))
    const { vendor = '', mode = 'app' } = request.query as Record<string, string>
    // The widget of this vendor takes the ticket from the fragment.
    const ticket = vendor === 'amocrm' || now.state === 'nosession' ? '' : JSON.stringify(now)
    const facts = {
      ticket,
      language: now.language,
      theme: now.theme,
      mode,
      vendor,
      view: now.view === 'deal' ? 'deal' : '',
    }
    const meta = Object.entries(facts)
      .filter(([, content]) => content !== '')
      .map(
        ([name, content]) => `<meta name="planerka-${name}" content='${content.replaceAll("'", '&#39;')}'>`,
      )
      .join('')
    response
      .set(
        'Content-Security-Policy',
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'self'",
      )
      .type('html')
      .send(template.replace('<!--planerka-meta-->', meta))
  })
  // Plays the widget's script in the CRM's window: answers the frame and keeps what it asked for.
  app.get('/host', (request, response) => {
    const now = String(request.query['scene'])
    const address = `/page?vendor=amocrm&scene=${encodeURIComponent(now)}#ticket=${encodeURIComponent(now)}`
    response
      .type('html')
      .send(`<!doctype html><meta name="referrer" content="origin"><iframe src="${address}" style="width:1280px;height:900px;border:0"></iframe>
      <script>
        window.asked = []
        addEventListener('message', event => {
          const message = event.data
          if (event.origin !== location.origin || !message || message.from !== 'planerka') return
          window.asked.push(message)
          if (message.type === 'ticket') event.source.postMessage({ to: 'planerka', type: 'ticket', ticket: ${JSON.stringify(now)} }, event.origin)
        })
      </script>`)
  })
  app.post('/api/v1/session', (request, response) => {
    response.json({
      token: Buffer.from(request.body.ticket).toString('base64url'),
      expiresAt: new Date(Date.now() + 900_000).toISOString(),
    })
  })
  const problem = (response: express.Response, status: number, code: string): void => {
    response
      .status(status)
      .type('application/problem+json')
      .send(JSON.stringify({ code, title: code, status }))
  }
  const api = express.Router()
  api.use((request, response, next) => {
    const bearer = request.get('authorization')?.replace('Bearer ', '') ?? ''
    response.locals['scene'] = JSON.parse(Buffer.from(bearer, 'base64url').toString())
    const now = response.locals['scene'] as Scene
    if (now.state === 'broken' && request.path !== '/me') problem(response, 503, 'database_unavailable')
    else next()
  })
  const answer = (path: string, make: (now: Scene, request: express.Request) => unknown): void => {
    api.get(path, (request, response) => {
      const body = make(response.locals['scene'] as Scene, request)
      if (body === null) problem(response, 404, 'not_found')
      else response.json(body)
    })
  }
  /** What was drawn in each scene. */
  const designs = new Map<string, Drawn>()
  const dealsIn = (now: Scene) => {
    const all = now.state === 'empty' ? [] : dealsOf(now.deals)
    return now.role === 'employee' ? all.filter(deal => deal.responsibleId === '13') : all
  }
  answer('/me', meOf)
  answer('/sync', () => sync)
  answer('/overview', now => {
    if (now.state === 'empty') return emptyOverview
    if (now.state === 'amnesty')
      return {
        ...overview,
        isAmnesty: true,
        amnestyUntil: '2026-12-06',
        score: { ...emptyOverview.score, absence: 'amnesty' },
      }
    return now.role === 'employee'
      ? { ...overview, people: people.filter(person => person.id === '13'), needHelp: [] }
      : overview
  })
  answer('/employees', () => people)
  answer('/employees/:id', (now, request) => employeeOf(String(request.params['id']), dealsIn(now)))
  // In the first two weeks a handful of deals is decided about; otherwise two are paused.
  answer('/deals', (now, request) => {
    if (request.query['hold'] === undefined) return dealsIn(now)
    return dealsIn(now)
      .slice(0, 5)
      .filter(deal => deal.objection !== null || deal.id === '700')
      .map(deal => (deal.id === '700' ? { ...deal, pause: PAUSE } : deal))
  })
  answer('/amnesty', now => ({
    isOn: now.state === 'amnesty',
    until: now.state === 'amnesty' ? '2026-12-06' : null,
    red: overview.red,
    decided: { deals: 3, amount: { RUB: 900_000 } },
    outcomes: [
      { dealId: '700', outcome: 'lost' as const, by: '18', byName: 'Соколова Анна', at: AS_OF },
      { dealId: '701', outcome: 'step' as const, by: '18', byName: 'Соколова Анна', at: AS_OF },
    ],
  }))
  answer('/flag-quality', () => flagQuality)
  answer('/deals/:id', (now, request) => {
    const deal = dealsOf(Math.max(now.deals, 30)).find(one => one.id === request.params['id'])
    return deal === undefined
      ? null
      : { ...deal, canMark: true, canAnswer: now.role !== 'employee', journal: JOURNAL }
  })
  answer('/evidence', (_, request) => evidenceOf(request.query as Record<string, string>))
  answer('/process', (now, request) => {
    const query = request.query as Record<string, string>
    const view = processOf(query, now.role === 'employee', designs.get(JSON.stringify(now)))
    return now.state === 'empty' ? { ...view, people: [], pipelines: [] } : view
  })
  answer('/process/deals', processDeals)
  api.post('/process/design', (request, response) => {
    const { pipeline, edges } = request.body
    patches.push({ path: '/process/design', pipeline, edges })
    const drawn = new Map(designs.get(JSON.stringify(response.locals['scene']))).set(pipeline, edges)
    designs.set(JSON.stringify(response.locals['scene']), drawn)
    response.json({
      pipeline,
      design: processOf({}, false, drawn).pipelines.find(({ id }) => id === pipeline)?.design,
    })
  })
  answer('/rollout', now => (now.state === 'empty' ? earlyRollout : rolloutOf(now.role === 'admin')))
  answer('/overview/changes', () => ({
    total: 3,
    deals: [1, 2, 3].map(number => ({
      id: String(number),
      title: `Вентиляция, объект ${number}`,
      path: `/crm/deal/details/${number}/`,
      ownerName: number === 3 ? null : 'Гусева Ольга',
      amount: number === 3 ? null : number * 450_000,
      currency: number === 3 ? null : 'RUB',
    })),
  }))
  answer('/rollout/deals', (_, request) => rolloutDealsOf(request.query as Record<string, string>))
  answer('/catalogue', () => catalogue)
  answer('/theatre-check', now => theatreOf(now.state))
  answer('/theatre-check/weeks', now => theatreWeeksOf(now.role))
  answer('/settings', now => settingsOf(now.role === 'admin'))
  answer('/digest', () => ({
    asOf: AS_OF,
    role: 'head' as const,
    lines: [
      {
        text: 'Команда 70, +7 за 4 недели. 11 красных на 4,2 млн ₽.',
        link: { label: 'Обзор', path: '/x', target: { view: 'overview', params: {} } },
      },
      {
        text: '◆ «Атриум», 620 тыс. ₽: молчит 12 рабочих дней, шага нет.',
        link: { label: 'Открыть', path: '/crm/deal/details/101/' },
      },
    ],
  }))
  answer('/preferences', now => settingsOf(now.role === 'admin').preferences)
  answer('/digest/preview', () => [
    {
      userId: '18',
      name: 'Соколова Анна',
      role: 'head',
      channel: 'crm',
      dealIds: ['700'],
      text: 'Команда 70, +7 за 4 недели. 11 красных на 4,2 млн ₽.\nПланёрка в 10:00, 32 минуты. [Повестка]',
    },
    {
      userId: '13',
      name: 'Гусева Ольга',
      role: 'employee',
      channel: 'crm',
      dealIds: ['701'],
      text: 'Доброе утро, Ольга. ◆ «Атриум», 620 тыс.: молчит 12 дней, шага нет.',
    },
  ])
  for (const path of ['/pauses', '/objections', '/objections/answer', '/amnesty/outcomes'])
    api.post(path, (request, response) => {
      patches.push({ path, ...request.body })
      response.json({ done: request.body.dealIds, refused: [] })
    })
  for (const path of ['/settings', '/preferences'])
    api.patch(path, (request, response) => {
      patches.push(request.body)
      const view = settingsOf(true)
      if (path === '/preferences') response.json({ ...view.preferences, ...request.body })
      else response.json({ ...view, settings: { ...(view.settings as object), ...request.body } })
    })
  mountWriteBack(api, patches)
  app.use('/api/v1', api)
  const server = await new Promise<Server>(resolve => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    patches,
    page: (now, more = '') => `${origin}/page?scene=${encodeURIComponent(JSON.stringify(now))}${more}`,
    host: now => `${origin}/host?scene=${encodeURIComponent(JSON.stringify(now))}`,
    stop: () => new Promise(resolve => server.close(() => resolve())),
  }
}
