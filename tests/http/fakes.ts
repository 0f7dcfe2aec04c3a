import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Express } from 'express'
import { type AppDeps, appOver } from '../../src/app.ts'
import type { Clock } from '../../src/clock.ts'
import { readConfig } from '../../src/config.ts'
import { AppError, unauthorized, VendorError } from '../../src/errors.ts'
import type {
  DirectoryView,
  Installation,
  ObjectionRow,
  PauseRow,
  SnapshotInfo,
} from '../../src/http/deps.ts'
import { createLogger } from '../../src/logger.ts'
import {
  defaultSettings,
  patchSettings,
  type Settings,
  type SettingsPatch,
} from '../../src/records/settings.ts'
import type { DealRow, Score, SnapshotParts } from '../../src/snapshot/document.ts'
import type { InboundRequest, InboundRoute, Vendor } from '../../src/vendors/vendor.ts'

/** A small portal: one head with two employees, another department, one admin. */

export const NOW = Date.parse('2026-11-23T09:00:00Z')
export const AS_OF = new Date('2026-11-23T00:00:00Z')
export const ADMIN_TOKEN = 'operator-token-of-tests'

export const settings: Settings = {
  ...defaultSettings('Europe/Moscow', 'ru'),
  planerka: { weekday: 1, time: '15:00' },
}

export const directory: DirectoryView = {
  users: [
    ['1', 'Анна Админ', [], true],
    ['2', 'Роман Руководитель', ['10'], false],
    ['3', 'Елена Егорова', ['10'], false],
    ['4', 'Павел Попов', ['10'], false],
    ['5', 'Чужой Сотрудник', ['20'], false],
  ].map(([id, name, departmentIds, isAdmin]) => ({
    id: id as string,
    name: name as string,
    position: null,
    isActive: true,
    isAdmin: isAdmin as boolean,
    departmentIds: departmentIds as string[],
    timeZone: null,
    language: null,
    email: null,
    dealsVisible: null,
  })),
  departments: [
    { id: '10', name: 'Продажи', parentId: null, headId: '2', sort: 1 },
    { id: '20', name: 'Опт', parentId: null, headId: null, sort: 2 },
  ],
  pipelines: [{ id: 'p', name: 'Основная', sort: 1, isDefault: true }],
  stages: [
    { id: 's1', pipelineId: 'p', name: '=Новая', sort: 1, outcome: 'open', color: null },
    { id: 's2', pipelineId: 'p', name: 'КП', sort: 2, outcome: 'open', color: null },
  ],
  fields: [
    {
      id: 'f',
      title: 'Поле',
      type: 'string',
      isCustom: true,
      isRequired: false,
      isMultiple: false,
      options: null,
    },
  ],
}

export const deal = (id: string, responsibleId: string | null, more: Partial<DealRow> = {}): DealRow => ({
  dealId: id,
  title: `Сделка ${id}`,
  pipelineId: 'p',
  stageId: 's1',
  responsibleId,
  amount: 100_000,
  currency: 'RUB',
  enteredAt: '2026-11-01T00:00:00.000Z',
  ageDays: 16.25,
  silenceDays: 12,
  level: 'none',
  winChance: null,
  winChanceBasis: 'none',
  clocks: {
    t80Days: 9,
    t95Days: 18,
    source: 'own',
    sample: 50,
    s80Days: 7,
    flags: [],
    promise: null,
    promiseOverdueDays: null,
  },
  isFirstObserved: false,
  ...more,
})

const red = (id: string, responsibleId: string | null, amount = 100_000): DealRow =>
  deal(id, responsibleId, {
    level: 'red',
    amount,
    clocks: { ...deal(id, responsibleId).clocks, flags: ['age', 'silence', 'promise'], promise: 'missing' },
  })

export const deals: DealRow[] = [
  red('101', '3', 620_000),
  deal('102', '3'),
  red('201', '4'),
  red('501', '5'),
  red('901', null),
]

const score = (scope: Score['scope'], scopeId: string, value: number | null): Score => ({
  scope,
  scopeId,
  value,
  low: value === null ? null : value - 5,
  high: value === null ? null : value + 5,
  coverage: 0.82,
  band: value === null ? null : 'forming',
  trust: 'clear',
  trustReasons: [],
  absence: value === null ? 'deals' : null,
  deals: 10,
  days: 5,
  isReconstructed: false,
  pillars: [
    {
      pillar: 'pipeline',
      weight: 33,
      points: 20,
      metrics: [
        {
          metric: 'M09',
          weight: 1,
          value: 0.6,
          numerator: 6,
          denominator: 10,
          attainment: 0.6,
          points: 20,
          maxPoints: 33,
          offReason: null,
        },
      ],
    },
  ],
  fixes: [{ metric: 'M09', points: 4, minutes: 6, dealIds: ['101'] }],
})

export const parts: Partial<SnapshotParts> = {
  metrics: [
    {
      scope: 'employee',
      scopeId: '3',
      metric: 'M09',
      windowDays: 7,
      value: 0.6,
      numerator: 6,
      denominator: 10,
      unit: 'share',
    },
    {
      scope: 'employee',
      scopeId: '3',
      metric: 'M10',
      windowDays: 7,
      value: null,
      numerator: null,
      denominator: null,
      unit: 'share',
    },
    {
      scope: 'company',
      scopeId: '',
      metric: 'M09',
      windowDays: 7,
      value: 1 / 3,
      numerator: 1,
      denominator: 3,
      unit: 'share',
    },
  ],
  flags: [
    {
      dealId: '101',
      pipelineId: 'p',
      stageId: 's1',
      responsibleId: '3',
      flag: 'promise',
      level: 'red',
      since: '2026-11-10T00:00:00Z',
      ageDays: 16.25,
      thresholdDays: null,
      winChance: null,
      reason: '16 рабочих дней на «Новая», шага нет.',
    },
  ],
  deals,
  stages: [
    {
      pipelineId: 'p',
      stageId: 's1',
      name: '=Новая',
      outcome: 'open',
      visits: 5,
      forwardExits: 3,
      backExits: 0,
      lostExits: 1,
      otherExits: 0,
      openNow: 1,
      medianDays: 4.5,
      t80OwnDays: null,
      t80Days: 9,
      t95Days: 18,
      source: 'mixed',
    },
  ],
  process: [
    {
      pipelineId: 'p',
      fromStageId: 's1',
      toStageId: 's2',
      deals: 3,
      moves: 4,
      medianDays: null,
      isDesigned: true,
    },
  ],
  processGroups: [],
  processRoads: [],
  variants: [
    {
      pipelineId: 'p',
      path: ['s1', 's2'],
      deals: 3,
      won: 1,
      lost: 1,
      open: 1,
      medianDays: 0.1 + 0.2,
      conformanceCost: 0,
    },
  ],
  curves: [
    {
      kind: 'stage',
      pipelineId: 'p',
      stageId: 's1',
      exit: 'forward',
      tDays: [1 / 3],
      atRisk: [5],
      events: [1],
      value: [0.2],
    },
  ],
  fields: [{ pipelineId: 'p', field: 'f', isCustom: true, filled: 3, total: 5, fillRate: 0.6 }],
  theatre: {
    launchedOn: '2026-08-10',
    nextOn: '2027-02-08',
    quarters: [
      {
        number: 1,
        from: '2026-08-10',
        to: '2026-11-08',
        answer: 'no',
        accuracy: { people: 4, weeks: 40, cases: 12, effect: null },
        moves: { people: 7, weeks: 80, cases: 900, effect: { value: 0.001, low: -0.02, high: 0.02 } },
      },
    ],
    cases: ['3', '5'].map(personId => ({
      personId,
      from: '2026-10-26',
      asOf: '2026-11-01T20:59:59.999Z',
      nextAsOf: '2026-11-08T20:59:59.999Z',
      score: 70,
      accuracy: null,
      moves: { good: 4, cases: 90 },
    })),
    proposal: null,
  },
  rollout: {
    pipelines: [
      {
        pipelineId: 'p',
        class: 'used',
        isParked: false,
        entered: 5,
        share: 1,
        openNow: 4,
        decided: 1,
        win: { value: 1, low: 0.2, high: 1 },
        worked: 5,
        people: 2,
        lastAt: '2026-11-19T00:00:00.000Z',
        enteredDeals: [{ id: '101', title: 'Сделка 101' }],
        openDeals: [{ id: '101', title: 'Сделка 101' }],
        decidedDeals: [],
        workedDeals: [],
        lastDeal: { id: '103', title: 'Сделка 103' },
      },
    ],
    fields: [
      {
        field: 'f',
        title: 'Поле',
        type: 'string',
        isCustom: true,
        isRequired: false,
        class: 'used',
        due: 5,
        filled: 3,
        fill: 0.6,
        junk: 0,
        variety: 1,
        writers: 2,
        team: 3,
        isWriterObserved: false,
        personWrites: 0,
        robotWrites: 0,
        lastWriteAt: '2026-11-20T00:00:00.000Z',
        readers: [],
        home: null,
        minutesAWeek: 1.5,
        isCostAssumed: true,
        deals: [{ id: '101', title: 'Сделка 101' }],
        blanks: [],
      },
    ],
    stages: [],
    mvp: [
      {
        pipelineId: 'p',
        basis: 'own',
        decided: 40,
        covered: 0.9,
        isExact: true,
        kept: [{ kind: 'stage', id: 's1', deals: 40, needing: [] }],
        left: [{ kind: 'field', id: 'f', deals: 4, needing: [{ id: '201', title: 'Сделка 201' }] }],
      },
    ],
    automation: null,
    lint: [
      {
        rule: 'no_lost_stage',
        severity: 'high',
        pipelineId: 'p',
        stageId: null,
        field: null,
        params: {},
        deals: 0,
        items: [],
      },
    ],
    adoption: {
      launchedOn: '2026-10-01',
      week: 7,
      people: [
        { personId: '3', from: '2026-10-05', weeks: 6, habitWeek: 2, hasSlidBack: false, lastScore: 71 },
      ],
      reached: 1,
      isTooFew: true,
      s3: { value: 1, low: 0.3, high: 1 },
      s6: null,
    },
  },
  scores: [
    score('company', '', 70),
    score('team', '10', 72),
    score('employee', '3', 55),
    score('employee', '4', null),
    score('employee', '5', 80),
  ],
  summary: {
    openDeals: 5,
    openAmount: { RUB: 1_020_000 },
    redDeals: 4,
    amberDeals: 0,
    redAmount: { RUB: 920_000 },
    redShare: 0.9,
    isAmnesty: false,
    historyStart: '2026-01-01T00:00:00Z',
    actorsKnownSince: '2026-09-01T00:00:00Z',
    weekFrom: '2026-11-16',
    weekTo: '2026-11-22',
    dataUntil: '2026-11-22T20:00:00Z',
  },
  catalogue: [{ metric: 'M09', offReason: null, coverage: 0.9 }],
  'evidence:M09': {
    '3': {
      total: 2,
      items: [
        {
          kind: 'deal',
          id: '101',
          dealId: '101',
          title: null,
          counts: false,
          fact: 'no_step',
          params: { days: 3 },
        },
        { kind: 'activity', id: '7', dealId: '101', title: 'Звонок', counts: true, fact: 'step', params: {} },
      ],
    },
    '5': {
      total: 1,
      items: [
        { kind: 'task', id: '77', dealId: '501', title: 'Чужая', counts: true, fact: 'step', params: {} },
      ],
    },
  },
}

export const snapshotInfo: SnapshotInfo = {
  asOf: AS_OF,
  builtAt: new Date(NOW - 3_600_000),
  rulesVersion: '2026.1',
  coverage: 0.82,
  isReconstructed: false,
}

/** A vendor that believes tokens beginning with `good` and counts what it was asked. */
export const fakeVendor = (
  id: Vendor['id'],
  routes: InboundRoute[],
  calls: { outbound: number },
): Vendor => ({
  id,
  can: {
    notifyInCrm: true,
    hierarchy: true,
    pastActors: false,
    deadlineHistory: false,
    invoices: true,
    markDeals: 'tag',
  },
  feeds: [],
  inbound: {
    routes,
    claim: () => null,
    installProof: ({ query }) => {
      if (Array.isArray(query.state)) throw new AppError(400, 'state_missing', 'one state, please')
      const state = typeof query.state === 'string' ? { state: query.state } : {}
      return { singleUse: 'x', ...state, prove: () => Promise.reject(new Error('not used')) }
    },
    frame: () => Promise.reject(new Error('not used')),
    events: () => Promise.resolve([]),
    uninstall: () => '',
    authorizeUrl: state => `https://crm.example/oauth?state=${state}`,
    allowsOrigin: origin => /^https:\/\/\w+\.crm\.example$/.test(origin),
    frameAncestors: address => (address === null ? ['https://*.crm.example'] : [`https://${address.host}`]),
  },
  refresh: () => Promise.reject(new Error('not used')),
  connect: () => {
    calls.outbound++
    throw new Error('not used')
  },
  cardPath: (kind, itemId, userId) => `/card/${kind}/${itemId}${userId === undefined ? '' : `?by=${userId}`}`,
  appPath: (appCode, target) => `/app/${appCode}/?view=${target.view}`,
})

export const ROUTES: InboundRoute[] = [
  { method: 'POST', path: '/install', purpose: 'install', maxBytes: 4096 },
  { method: 'GET', path: '/oauth', purpose: 'install', maxBytes: 4096 },
  { method: 'POST', path: '/app', purpose: 'frame', maxBytes: 4096 },
  { method: 'POST', path: '/events', purpose: 'event', maxBytes: 8192 },
  { method: 'POST', path: '/events/:key', purpose: 'event', maxBytes: 8192 },
  { method: 'GET', path: '/disconnect', purpose: 'uninstall', maxBytes: 0 },
  { method: 'POST', path: '/ticket', purpose: 'ticket', maxBytes: 4096 },
  { method: 'GET', path: '/widget', purpose: 'page', maxBytes: 0 },
  { method: 'GET', path: '/connect', purpose: 'connect', maxBytes: 0 },
]

export type World = {
  app: Express
  installation: Installation
  calls: {
    outbound: number
    installed: number
    events: number
    uninstalled: number
    nudged: number
    synced: number
    snapshots: Date[]
    sent: number
    patched: number
  }
  clock: Clock & { move(ms: number): void }
  logLines: string[]
  /** Every request that reached the installations room. */
  seen: InboundRequest[]
  hasSnapshot: boolean
  deps: AppDeps
}

const field = (req: InboundRequest, name: string): unknown =>
  (req.body as Record<string, unknown>)[name] ?? req.query[name]

/** Marks as the store keeps them, in memory. */
const memoryMarks = (clock: Clock): AppDeps['marks'] => {
  const pauses: PauseRow[] = []
  const objections: ObjectionRow[] = []
  const outcomes = new Map<string, { dealId: string; outcome: string; chosenBy: string; chosenAt: Date }>()
  const isRunning = ({ endedAt, until }: PauseRow): boolean => endedAt === null && until > clock.now()
  return {
    async pause(_id, { dealId, until, reason, madeBy }, most) {
      const own = pauses.filter(pause => pause.dealId === dealId)
      if (own.length >= most || own.some(isRunning)) return null
      const made = {
        pauseId: `p${pauses.length + 1}`,
        dealId,
        madeAt: clock.now(),
        madeBy,
        until,
        reason,
        endedAt: null,
        endedBy: null,
      }
      pauses.push(made)
      return made
    },
    async endPause(_id, pauseId, endedBy) {
      const pause = pauses.find(one => one.pauseId === pauseId && isRunning(one))
      return pause === undefined ? null : Object.assign(pause, { endedAt: clock.now(), endedBy })
    },
    findPause: async (_id, pauseId) => pauses.find(one => one.pauseId === pauseId) ?? null,
    async object(_id, { dealId, stayFrom, openedBy, answer }) {
      if (objections.some(one => one.dealId === dealId && one.stayFrom.getTime() === stayFrom.getTime()))
        return false
      const answeredAt = answer === undefined ? null : clock.now()
      objections.push({
        dealId,
        openedAt: clock.now(),
        openedBy,
        stayFrom,
        answeredAt,
        answeredBy: answeredAt === null ? null : openedBy,
        answer: answer ?? null,
      })
      return true
    },
    async answerObjection(_id, { dealId, stayFrom, answeredBy, answer }) {
      const open = objections.find(
        one =>
          one.dealId === dealId && one.stayFrom.getTime() === stayFrom.getTime() && one.answeredAt === null,
      )
      if (open === undefined) return false
      Object.assign(open, { answeredAt: clock.now(), answeredBy, answer })
      return true
    },
    ofDeals: async (_id, dealIds) => ({
      pauses: pauses.filter(({ dealId }) => dealIds === undefined || dealIds.includes(dealId)),
      objections: objections.filter(({ dealId }) => dealIds === undefined || dealIds.includes(dealId)),
    }),
    async choose(_id, { dealIds, outcome, chosenBy }) {
      for (const dealId of dealIds) outcomes.set(dealId, { dealId, outcome, chosenBy, chosenAt: clock.now() })
    },
    outcomes: async () => [...outcomes.values()],
  }
}

/** The app over fakes; `change` replaces dependencies. */
export const createWorld = (change: Partial<AppDeps> = {}, env: Record<string, string> = {}): World => {
  let now = NOW
  const clock = {
    now: () => new Date(now),
    sleep: () => Promise.resolve(),
    move: (ms: number) => {
      now += ms
    },
  }
  const widgetDir = mkdtempSync(join(tmpdir(), 'planerka-widget-'))
  writeFileSync(
    join(widgetDir, 'index.html'),
    '<!doctype html><html lang="ru" class="light"><head><!--planerka-meta--></head><body></body></html>',
  )
  const installation: Installation = {
    id: 'i1',
    vendor: 'bitrix24',
    portalKey: 'member',
    address: {
      api: 'https://acme.crm.example/rest/',
      oauth: 'https://oauth.example',
      host: 'acme.crm.example',
    },
    status: 'active',
    appCode: 'planerka.app',
    currency: 'RUB',
    settings: structuredClone(settings),
    installedAt: new Date('2026-09-01T00:00:00Z'),
  }
  const calls = {
    outbound: 0,
    installed: 0,
    events: 0,
    uninstalled: 0,
    nudged: 0,
    synced: 0,
    snapshots: [] as Date[],
    sent: 0,
    patched: 0,
  }
  const seen: InboundRequest[] = []
  const logLines: string[] = []
  const spent = new Set<string>()
  const world = { hasSnapshot: true } as World
  const preferences = new Map<string, Record<string, unknown>>()
  const prove = (req: InboundRequest): string => {
    seen.push(req)
    const token = field(req, 'token')
    if (typeof token !== 'string') throw new AppError(400, 'malformed_request', 'token is missing')
    if (!token.startsWith('good')) throw new VendorError('rejected', 'wrong_token', 'refused')
    return token
  }
  const deps: AppDeps = {
    config: readConfig({
      PUBLIC_URL: 'https://planerka.example',
      SECRET_KEY: randomBytes(32).toString('base64'),
      ADMIN_TOKEN,
      ...env,
    }),
    clock,
    log: createLogger('trace', { write: line => void logLines.push(line) }),
    vendors: [fakeVendor('bitrix24', ROUTES, calls)],
    marks: memoryMarks(clock),
    installations: {
      async install(_vendor, req) {
        const token = prove(req)
        if (spent.has(token)) throw new AppError(409, 'install_used', 'used')
        spent.add(token)
        calls.installed++
        return { installation, userId: '1', isAdmin: true, language: 'ru' }
      },
      async openFrame(_vendor, req) {
        prove(req)
        const user = String(field(req, 'user') ?? '1')
        return {
          installation,
          user: {
            userId: user,
            isAdmin: user === '1',
            tokens: null,
            scopes: [],
            language: 'en-US',
            theme: 'dark',
            target: { view: 'stale', params: { id: '7' } },
          },
        }
      },
      async receive(_vendor, req) {
        seen.push(req)
        const secret = req.params.key ?? field(req, 'secret')
        if (secret !== 'right-secret') throw new AppError(403, 'event_refused', 'refused')
        calls.events++
        return { installationId: installation.id }
      },
      async disconnect(_vendor, req) {
        if (req.query.signature !== 'right') throw new AppError(403, 'signature_invalid', 'refused')
        calls.uninstalled++
      },
      find: async id => (id === installation.id ? installation : null),
      list: async () => [installation],
      async viewer(_id, userId, isAdmin) {
        const user = directory.users.find(({ id }) => id === userId)
        if (!user) throw unauthorized('session_invalid', 'unknown')
        if (isAdmin || user.isAdmin === true)
          return { userId, name: user.name, role: 'admin', sees: directory.users.map(({ id }) => id) }
        if (userId === '2') return { userId, name: user.name, role: 'head', sees: ['2', '3', '4'] }
        return { userId, name: user.name, role: 'employee', sees: [userId] }
      },
      async patchSettings(_id, patch) {
        installation.settings = patchSettings(installation.settings, patch as SettingsPatch)
        calls.patched++
        return installation.settings
      },
      async changeSettings(id, patchOf, changedBy) {
        return this.patchSettings(id, patchOf(installation.settings), changedBy)
      },
    },
    snapshots: {
      list: async () => (world.hasSnapshot ? [snapshotInfo] : []),
      latest: async () => (world.hasSnapshot ? snapshotInfo : null),
      at: async (_id, asOf) =>
        world.hasSnapshot && asOf.getTime() === AS_OF.getTime() ? snapshotInfo : null,
      before: async (_id, asOf) => (world.hasSnapshot && asOf >= AS_OF ? snapshotInfo : null),
      part: async (_id, _asOf, name) => parts[name] ?? null,
      weeks: async () =>
        [4, 3, 2, 1, 0].map(back => ({
          from: new Date(Date.parse('2026-11-16') - back * 604_800_000).toISOString().slice(0, 10),
          asOf: AS_OF.toISOString(),
          isPartial: false,
          scores: new Map(
            (parts.scores ?? []).map(one => [
              `${one.scope}:${one.scopeId}`,
              back === 4 ? { ...one, value: (one.value ?? 0) + 10 } : one,
            ]),
          ),
        })),
      changes: async () => ({
        since: new Date(AS_OF.getTime() - 604_800_000),
        movedForward: [
          { dealId: '102', title: 'Сделка 102', responsibleId: '3', amount: 5, currency: 'RUB' },
        ],
        won: [{ dealId: '555', title: 'Сделка 555', responsibleId: '5', amount: 7, currency: 'RUB' }],
        cleared: [],
        newRed: [{ dealId: '201', title: 'Сделка 201', responsibleId: '4', amount: null, currency: null }],
      }),
    },
    messages: {
      ownDigest: async ({ userId }) => ({
        role: 'employee',
        lines: [{ text: `На сегодня: ${userId}`, link: null }],
      }),
      inviteToTelegram: null,
      unlinkTelegram: async () => {},
      readUnsubscribe: async token =>
        token === 'good' ? { installationId: installation.id, userId: '3' } : null,
      switchOff: async (_id, userId) =>
        void preferences.set(userId, { ...preferences.get(userId), digest: false }),
    },
    data: {
      directory: async () => directory,
      preferences: async (_id, userId) => ({
        digest: true,
        channel: 'crm',
        email: null,
        telegramLinked: false,
        language: null,
        theme: null,
        ...preferences.get(userId),
      }),
      savePreferences: async (_id, userId, patch) =>
        void preferences.set(userId, { ...preferences.get(userId), ...patch }),
      dealTitles: async (_id, dealIds) =>
        new Map(dealIds.map(id => [id, { title: `Сделка ${id}`, amount: 100_000, currency: 'RUB' }])),
      storedRows: async () => ({ deals: 5 }),
      settingsLog: async () => [{ at: AS_OF, changedBy: '1', change: { language: 'ru' } }],
      async *moves() {
        yield {
          dealId: '101',
          fromPipelineId: null,
          fromStageId: null,
          toPipelineId: 'p',
          toStageId: 's1',
          at: new Date('2026-11-01T00:00:00Z'),
          responsibleId: '3',
          movedBy: null,
        }
      },
      sync: async () => ({
        status: 'active',
        phase: 'idle',
        progress: 1,
        outcome: 'done',
        lastFinishedAt: '2026-11-23T00:00:00.000Z',
        lastError: null,
        waitingUntil: null,
        secondsLeft: null,
        steps: [{ step: 'people', done: 5, total: 5, perSecond: null, state: 'done' }],
        rejected: 0,
        isUsable: true,
      }),
    },
    metrics: [
      {
        metric: 'M09',
        pillar: 'pipeline',
        unit: 'share',
        payClass: 'A',
        target: 0.9,
        lessIsBetter: false,
        version: '1',
        formula: 'a / b',
        caveats: [],
        needs: [],
      },
    ],
    previewDigests: async () =>
      ['2', '3', '5'].map(userId => ({
        userId,
        name: `U${userId}`,
        role: userId === '2' ? ('head' as const) : ('employee' as const),
        channel: 'crm',
        text: 'Доброе утро',
        dealIds: [],
      })),
    queue: {
      async sync() {
        calls.synced++
        return 'run-1'
      },
      async snapshot(_id, asOf) {
        calls.snapshots.push(asOf)
      },
    },
    writeBack: {
      choice: async () => ({ marks: false, tasks: false, level: 'red', by: 'tag' }),
      preview: async () => ({
        asOf: AS_OF,
        hash: '0'.repeat(32),
        changes: [],
        waiting: 0,
        settlements: [],
      }),
      start: async () => ({ batchId: 'b1', changes: 0 }),
      startScheduled: async () => ({ changes: 0 }),
      work: async () => ({ written: 0, undone: 0, left: 0, refused: 0 }),
      askUndo: async () => 0,
      runs: async () => [],
      entries: async () => [],
    },
    queueWriteBack: async () => {},
    syncReport: async () => ({
      phase: 'idle',
      progress: 1,
      run: 'run-1',
      outcome: 'done',
      lastFinishedAt: '2026-11-23T00:00:00.000Z',
      lastError: null,
      counts: { users: 5, pipelines: 1, deals: 5, stageMoves: 9, tasks: 0, activities: 2, invoices: 0 },
      rejected: 0,
      requests: 12,
    }),
    async sendDigests({ dryRun }) {
      if (!dryRun) calls.sent++
      return [
        {
          userId: '3',
          name: 'Елена',
          role: 'employee',
          channel: 'crm',
          text: 'Доброе утро',
          dealIds: ['101'],
        },
      ]
    },
    async spend({ purpose, key }) {
      const name = `${purpose}:${key}`
      if (spent.has(name)) return false
      spent.add(name)
      return true
    },
    async nudge() {
      calls.nudged++
    },
    probes: { database: async () => {}, queue: async () => {} },
    telemetry: {
      installations: async () => [
        {
          id: 'i1',
          status: 'active',
          rows: { deals: 5 },
          rejected: 0,
          snapshotAgeSeconds: 10,
          syncAgeSeconds: null,
        },
      ],
      queueDepth: async () => ({ sync: 2 }),
    },
    widgetDir,
    ...change,
  }
  return Object.assign(world, { app: appOver(deps), installation, calls, clock, logLines, seen, deps })
}
