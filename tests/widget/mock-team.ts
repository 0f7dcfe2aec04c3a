import type {
  CatalogueView,
  DealView,
  EmployeeView,
  EvidenceView,
  Overview,
  PersonView,
  ScoredMetricView,
  ScoreView,
  SettingsView,
  StageThreshold,
  Week,
} from '../../src/http/api-schema.ts'

/** A believable sales team, frozen at Monday 23 November 2026, for looking at the screens without a server. */
export const AS_OF = '2026-11-23T05:30:00.000Z'
const MONDAYS = [
  '2026-08-31',
  '2026-09-07',
  '2026-09-14',
  '2026-09-21',
  '2026-09-28',
  '2026-10-05',
  '2026-10-12',
  '2026-10-19',
  '2026-10-26',
  '2026-11-02',
  '2026-11-09',
  '2026-11-16',
]
/** Weeks before the installation are rebuilt from history. */
const REBUILT = 7

const asOfOf = (monday: string): string =>
  new Date(Date.parse(`${monday}T05:30:00Z`) + 7 * 86_400_000).toISOString()

const weeksOf = (values: readonly (number | null)[], coverage = 0.92): Week[] =>
  MONDAYS.map((from, index) => {
    const value = values[index] ?? null
    const half = index < REBUILT ? 6 : 4
    return {
      from,
      value,
      low: value === null ? null : Math.max(0, value - half),
      high: value === null ? null : Math.min(100, value + half),
      coverage: value === null ? null : index < REBUILT ? 0.68 : coverage,
      isReconstructed: index < REBUILT,
      isPartial: false,
      asOf: value === null ? null : asOfOf(from),
      rulesVersion: value === null ? null : '2026.1',
    }
  })

const bandOf = (value: number | null): ScoreView['band'] =>
  value === null
    ? null
    : value >= 80
      ? 'habit'
      : value >= 60
        ? 'forming'
        : value >= 40
          ? 'on_request'
          : 'outside'

const scoreOf = (value: number | null, more: Partial<ScoreView> = {}): ScoreView => ({
  value,
  low: value === null ? null : value - 6,
  high: value === null ? null : value + 6,
  coverage: 0.92,
  band: bandOf(value),
  trust: 'clear',
  trustReasons: [],
  absence: value === null ? 'deals' : null,
  isReconstructed: false,
  deals: value === null ? 3 : 24,
  days: value === null ? 4 : 5,
  spread: null,
  ...more,
})

type Seed = {
  id: string
  name: string
  weeks: (number | null)[]
  red: [number, Record<string, number>]
  trust?: ScoreView['trust']
  falling?: boolean
  department?: string
}

const SEEDS: Seed[] = [
  {
    id: '11',
    name: 'Ахметов Руслан',
    weeks: [27, 25, 30, 26, 28, 31, 36, 41, 39, 44, 42, 46],
    red: [4, { RUB: 1_640_000 }],
    trust: 'look',
  },
  { id: '12', name: 'Белова Наталья', weeks: [40, 38, 41, 39, 44, 50, 57, 66, 72, 74, 73, 76], red: [0, {}] },
  {
    id: '13',
    name: 'Гусева Ольга',
    weeks: [36, 34, 37, 31, 35, 44, 55, 62, 64, 60, 58, 57],
    red: [3, { RUB: 1_280_000 }],
    falling: true,
  },
  {
    id: '14',
    name: 'Ким Дмитрий',
    weeks: [35, 33, 36, 34, 41, 52, 64, 71, 73, 75, 78, 79],
    red: [1, { RUB: 420_000 }],
  },
  {
    id: '15',
    name: 'Константинопольская-Преображенская Александра',
    weeks: [38, 42, 40, 45, 49, 58, 69, 76, 78, 80, 82, 81],
    red: [0, {}],
  },
  {
    id: '16',
    name: 'Орлов Максим',
    weeks: [29, 31, 28, 33, 38, 49, 61, 70, 68, 71, 74, 72],
    red: [2, { RUB: 390_000, USD: 12_400 }],
  },
  {
    id: '17',
    name: 'Сафин Ильдар',
    weeks: [null, null, null, null, null, null, null, 40, 48, 55, 61, 64],
    red: [1, { RUB: 350_000 }],
    department: '3',
  },
  {
    id: '18',
    name: 'Соколова Анна',
    weeks: [44, 41, 46, 43, 52, 63, 72, 79, 81, 84, 83, 86],
    red: [0, {}],
    department: '3',
  },
  {
    id: '19',
    name: 'Юсупова Зарина',
    weeks: [null, null, null, null, null, null, null, null, null, null, null, null],
    red: [0, {}],
    department: '3',
  },
]

export const people: PersonView[] = SEEDS.map(seed => {
  const last = seed.weeks.at(-1) ?? null
  const before = seed.weeks.at(-5) ?? null
  return {
    id: seed.id,
    name: seed.name,
    position: 'менеджер по продажам',
    departmentId: seed.department ?? '2',
    isActive: true,
    score: scoreOf(last, {
      trust: seed.trust ?? 'clear',
      trustReasons: seed.trust === 'look' ? ['M26', 'M27'] : [],
    }),
    delta: last === null || before === null ? null : last - before,
    isFalling: seed.falling ?? false,
    weeks: weeksOf(seed.weeks),
    red: { deals: seed.red[0], amount: seed.red[1] },
  }
})

export const overview: Overview = {
  asOf: AS_OF,
  builtAt: AS_OF,
  weekFrom: '2026-11-16',
  weekTo: '2026-11-22',
  score: scoreOf(70, { low: 66, high: 74, spread: 14 }),
  scope: 'company',
  scopeId: '',
  delta: 7,
  weeks: weeksOf([36, 35, 37, 36, 41, 50, 59, 63, 65, 68, 69, 70]),
  rolloutStartedOn: '2026-09-28',
  installedOn: '2026-10-19',
  isAmnesty: false,
  amnestyUntil: null,
  unread: [],
  paused: { deals: 2, amount: { RUB: 460_000 } },
  historyStart: '2026-03-02T00:00:00.000Z',
  actorsKnownSince: '2026-10-19T09:00:00.000Z',
  dataUntil: AS_OF,
  openDeals: 214,
  people,
  red: { deals: 11, amount: { RUB: 4_200_000, USD: 12_400, KZT: 1_900_000 } },
  amber: { deals: 19, amount: { RUB: 5_100_000 } },
  needHelp: ['11', '13'],
  reasons: [
    { flag: 'age', red: 6, amber: 9, amount: { RUB: 2_300_000 } },
    { flag: 'silence', red: 3, amber: 7, amount: { RUB: 1_100_000 } },
    { flag: 'promise', red: 5, amber: 8, amount: { RUB: 1_600_000, USD: 12_400 } },
  ],
  changes: {
    since: '2026-11-16T05:30:00.000Z',
    movedForward: { deals: 14, amount: { RUB: 5_100_000 } },
    won: { deals: 3, amount: { RUB: 1_350_000 } },
    cleared: { deals: 7, amount: { RUB: 2_000_000 } },
    newRed: { deals: 4, amount: { RUB: 1_200_000 } },
  },
}

const STAGES: {
  id: string
  name: string
  median: number
  t80: number
  t95: number
  visits: number
  source: StageThreshold['source']
}[] = [
  { id: 'NEW', name: 'Новая заявка', median: 0.6, t80: 1.4, t95: 3, visits: 640, source: 'own' },
  { id: 'QUAL', name: 'Квалификация', median: 2.4, t80: 4.4, t95: 9, visits: 531, source: 'own' },
  { id: 'SURVEY', name: 'Обследование объекта', median: 5.1, t80: 8.2, t95: 15, visits: 275, source: 'own' },
  { id: 'OFFER', name: 'КП отправлено', median: 4.2, t80: 9, t95: 21, visits: 414, source: 'own' },
  { id: 'CONTRACT', name: 'Договор', median: 3.3, t80: 8, t95: 17, visits: 141, source: 'mixed' },
  { id: 'INVOICE', name: 'Счёт', median: 1.8, t80: 5, t95: 10, visits: 139, source: 'mixed' },
  { id: 'PAYMENT', name: 'Оплата и отгрузка', median: 2, t80: 4.5, t95: 10, visits: 113, source: 'preset' },
]

export const stages: StageThreshold[] = [
  ...STAGES.map(stage => ({
    pipelineId: '0',
    pipelineName: 'Основная',
    stageId: stage.id,
    name: stage.name,
    outcome: 'open' as const,
    visits: stage.visits,
    openNow: Math.round(stage.visits / 12),
    medianDays: stage.median,
    t80Days: stage.t80,
    t95Days: stage.t95,
    source: stage.source,
    forwardExits: Math.round(stage.visits * 0.7),
    backExits: stage.id === 'CONTRACT' ? 37 : stage.id === 'INVOICE' ? 14 : 4,
    lostExits:
      { NEW: 87, QUAL: 61, SURVEY: 18, OFFER: 164, CONTRACT: 22, INVOICE: 12, PAYMENT: 3 }[stage.id] ?? 0,
    otherExits: 0,
  })),
  {
    pipelineId: '0',
    pipelineName: 'Основная',
    stageId: 'WON',
    name: 'Сделка успешна',
    outcome: 'won',
    visits: 101,
    openNow: 0,
    medianDays: null,
    t80Days: null,
    t95Days: null,
    source: 'preset',
    forwardExits: 0,
    backExits: 0,
    lostExits: 0,
    otherExits: 0,
  },
  {
    pipelineId: '0',
    pipelineName: 'Основная',
    stageId: 'LOSE',
    name: 'Проиграна',
    outcome: 'lost',
    visits: 367,
    openNow: 0,
    medianDays: null,
    t80Days: null,
    t95Days: null,
    source: 'preset',
    forwardExits: 0,
    backExits: 0,
    lostExits: 0,
    otherExits: 0,
  },
]

const TITLES = [
  'Вентиляция БЦ «Атриум»',
  'Кондиционеры, клиника «Здоровье+»',
  'Чиллер, завод «Полимер»',
  'Фитнес «Ритм», приточная установка',
  'Школа № 14, реконструкция вентиляции актового и спортивного залов',
  'ТЦ «Берег»',
  'Склад «Вега»',
  '«Лотос-Маркет», холодильные витрины',
]

const dealOf = (index: number): DealView => {
  const stage = STAGES[1 + (index % 6)] ?? STAGES[0]!
  const level = index % 3 === 2 ? 'amber' : 'red'
  const person = people[index % 7]!
  const age = level === 'red' ? stage.t95 * (1.05 + (index % 5) / 8) : stage.t80 * 1.2
  const promise = index % 4 === 0 ? 'missing' : index % 4 === 1 ? 'overdue' : null
  const flags: DealView['flags'] = ['age']
  if (index % 3 === 0) flags.push('silence')
  if (promise !== null) flags.push('promise')
  return {
    id: String(700 + index),
    title: TITLES[index % TITLES.length] ?? '',
    path: `/crm/deal/details/${700 + index}/`,
    pipelineId: '0',
    pipelineName: 'Основная',
    stageId: stage.id,
    stageName: stage.name,
    responsibleId: person.id,
    responsibleName: person.name,
    amount: index % 11 === 9 ? null : 620_000 - (index % 9) * 47_000,
    currency: index % 13 === 12 ? 'USD' : index % 17 === 16 ? 'KZT' : 'RUB',
    level,
    flags,
    enteredAt: '2026-10-29T09:00:00.000Z',
    ageDays: Math.round(age * 10) / 10,
    silenceDays: index % 5 === 4 ? null : 2 + (index % 14),
    t80Days: stage.t80,
    t95Days: stage.t95,
    s80Days: 8,
    source: stage.source,
    sample: stage.source === 'own' ? 164 : stage.source === 'mixed' ? 14 : 0,
    promise,
    promiseOverdueDays: promise === 'overdue' ? 1 + (index % 9) : null,
    winChance: index % 19 === 18 ? null : 0.1 + (index % 6) / 12,
    winChanceBasis: index % 2 === 0 ? 'own' : 'mixed',
    isFirstObserved: index % 10 === 7,
    noMoveChance: index % 7 === 6 ? null : 0.55 + (index % 5) / 15,
    noMoveDays: 5,
    pausedDays: 0,
    pausesLeft: index % 6 === 5 ? 0 : 2,
    pause: null,
    objection:
      index % 8 === 3
        ? {
            state: 'open',
            openedBy: person.id,
            openedByName: person.name,
            openedAt: '2026-11-20T09:00:00.000Z',
            answeredBy: null,
            answeredByName: null,
            answeredAt: null,
            holdsUntil: '2026-11-27T09:00:00.000Z',
          }
        : null,
  }
}

export const dealsOf = (count: number): DealView[] =>
  Array.from({ length: count }, (_, index) => dealOf(index))

const metric = (
  name: string,
  value: number | null,
  numerator: number | null,
  denominator: number | null,
  target: number,
  points: number,
  maxPoints: number,
  more: Partial<ScoredMetricView> = {},
): ScoredMetricView => ({
  metric: name,
  unit: 'share',
  weight: 0.25,
  value,
  numerator,
  denominator,
  attainment: value === null ? null : points / maxPoints,
  points,
  maxPoints,
  target,
  lessIsBetter: false,
  offReason: null,
  ...more,
})

/** A portal without invoices and calls: the part gives its weight to the others. */
const withoutWork = (view: EmployeeView): EmployeeView => ({
  ...view,
  pillars: view.pillars.map(pillar =>
    pillar.pillar === 'work'
      ? {
          ...pillar,
          weight: 0,
          points: 0,
          metrics: pillar.metrics.map(one => ({
            ...one,
            value: null,
            points: 0,
            maxPoints: 0,
            offReason: 'no_calls',
          })),
        }
      : { ...pillar, weight: pillar.weight / 0.75, points: pillar.points / 0.75 },
  ),
})

export const employeeOf = (id: string, deals: readonly DealView[]): EmployeeView | null => {
  const index = people.findIndex(person => person.id === id)
  const person = people[index]
  if (person === undefined) return null
  const own = deals.filter(deal => deal.responsibleId === id)
  const view: EmployeeView = {
    asOf: AS_OF,
    person,
    isAmnesty: false,
    pillars:
      person.score.value === null
        ? []
        : [
            {
              pillar: 'presence',
              weight: 12,
              points: 9.1,
              metrics: [
                metric('M01', 0.8, 4, 5, 0.9, 4.9, 6),
                metric('M02', 0.58, null, null, 0.65, 4.2, 6, { unit: 'ratio' }),
              ],
            },
            {
              pillar: 'work',
              weight: 25,
              points: 18.6,
              metrics: [
                metric('M05', 0.93, 4_620_000, 4_970_000, 0.95, 7.2, 7.5),
                metric('M03', 5.4, 81, 15, 4, 3.1, 6.25, { unit: 'hours', lessIsBetter: true }),
                metric('M07', 0.74, 63, 85, 0.85, 4.3, 6.25),
                metric('M06', null, null, null, 0.9, 0, 0, { offReason: 'no_invoices', attainment: null }),
              ],
            },
            {
              pillar: 'pipeline',
              weight: 33,
              points: 11.9,
              metrics: [
                metric('M09', 0.71, 108, 152, 0.9, 2.7, 8.3),
                metric('M13', 0.24, 1_900_000, 7_900_000, 0.15, 3.1, 8.3, { lessIsBetter: true }),
                metric('M11', 0.19, 29, 152, 0.1, 2, 6.6, { unit: 'ratio', lessIsBetter: true }),
                metric('M15', 0.14, 1_100_000, 7_900_000, 0.05, 1.6, 4.9, { lessIsBetter: true }),
                metric('M16', 0.62, 8, 13, 0.8, 2.5, 4.9),
              ],
            },
            {
              pillar: 'truth',
              weight: 15,
              points: 9.8,
              metrics: [metric('M17', 0.81, 126, 155, 0.9, 6.1, 9), metric('M19', 0.7, 7, 10, 0.8, 3.7, 6)],
            },
            {
              pillar: 'process',
              weight: 15,
              points: 7.6,
              metrics: [
                metric('M23', 0.64, 20, 31, 0.85, 4.2, 9),
                metric('M20', 0.79, null, null, 0.85, 3.4, 6, { unit: 'ratio' }),
              ],
            },
          ],
    others: [
      metric('M08', 0.66, 41, 62, 0.6, 0, 0),
      metric('M12', 0.24, 9, 37, 0.2, 0, 0, { lessIsBetter: true }),
      metric('M14', 6.2, 6.2, 31, 5, 0, 0, { unit: 'days', lessIsBetter: true }),
      metric('M26', null, null, null, 0, 0, 0, { offReason: 'no_planerka' }),
    ],
    fixes:
      person.score.value === null
        ? []
        : [
            {
              metric: 'M09',
              points: 4.1,
              minutes: 8,
              deals: deals.slice(0, 9),
              dealPoints: [0.9, 0.7, 0.6, 0.5, 0.4, 0.4, 0.3, 0.2, 0.1],
            },
            {
              metric: 'M13',
              points: 2.6,
              minutes: 15,
              deals: deals.slice(0, 3),
              dealPoints: [1.2, 0.8, 0.6],
            },
            {
              metric: 'M15',
              points: 1.4,
              minutes: 5,
              deals: deals.slice(3, 8),
              dealPoints: [0.4, 0.3, 0.3, 0.2, 0.2],
            },
          ],
    deals: own,
    adoption: {
      weeks: 8,
      burstOff: null,
      tidying: { week: 2, judged: 8, mayBeEarlier: false, asOf: '2026-10-26T00:00:00.000Z' },
      steady: { week: null, judged: 8, mayBeEarlier: false, asOf: null },
    },
    openDeals: 31,
    previousId: people[index - 1]?.id ?? null,
    nextId: people[index + 1]?.id ?? null,
  }
  return id === '12' ? withoutWork(view) : view
}

const SCORE_PARTS: EvidenceView['parts'] = [
  { pillar: 'presence', metric: 'M01', weight: 1, points: 9.1, maxPoints: 12, offReason: null },
  { pillar: 'work', metric: 'M05', weight: 1, points: 18.6, maxPoints: 25, offReason: null },
  { pillar: 'pipeline', metric: 'M09', weight: 0.5, points: 6.1, maxPoints: 16.5, offReason: null },
  { pillar: 'pipeline', metric: 'M13', weight: 0.5, points: 5.8, maxPoints: 16.5, offReason: null },
  { pillar: 'truth', metric: 'M17', weight: 1, points: 9.8, maxPoints: 15, offReason: null },
  { pillar: 'process', metric: 'M20', weight: 1, points: 7.6, maxPoints: 15, offReason: null },
  { pillar: 'process', metric: 'M23', weight: 0, points: 0, maxPoints: 0, offReason: 'no_proofs' },
]

export const evidenceOf = (query: Record<string, string>): EvidenceView => {
  const isMoney = query['metric'] === 'M13'
  return {
    metric: query['metric'] ?? 'M09',
    scope: (query['scope'] as EvidenceView['scope']) ?? 'company',
    scopeId: query['id'] ?? '',
    asOf: query['asOf'] ?? AS_OF,
    windowDays: 7,
    rulesVersion: '2026.1',
    unit: query['metric'] === 'score' ? 'points' : 'share',
    payClass: 'A',
    value: query['metric'] === 'score' ? 57 : 0.71,
    numerator: query['metric'] === 'score' ? null : isMoney ? 1_900_000 : 108,
    denominator: query['metric'] === 'score' ? null : isMoney ? 7_900_000 : 152,
    target: query['metric'] === 'score' ? 70 : 0.9,
    offReason: null,
    ...(query['metric'] === 'score' || query['metric'] === 'coverage' ? { parts: SCORE_PARTS } : {}),
    total: 152,
    items: dealsOf(120).map((deal, index): EvidenceView['items'][number] => ({
      kind: index % 7 === 6 ? 'task' : 'deal',
      id: deal.id,
      title: index % 7 === 6 ? null : deal.title,
      path: deal.path,
      ownerId: deal.responsibleId,
      ownerName: deal.responsibleName,
      amount: deal.amount,
      currency: deal.currency,
      counts: index % 3 !== 0,
      fact: index % 3 === 0 ? 'no_step' : 'step',
      params: index % 3 === 0 ? { days: 1 + (index % 5), of: 5 } : { date: '2026-11-25', days: 4 },
    })),
  }
}

const PAY: Record<string, 'A' | 'B' | 'C'> = {
  M05: 'A',
  M06: 'A',
  M09: 'A',
  M11: 'A',
  M13: 'A',
  M15: 'A',
  M16: 'A',
  M23: 'A',
  M03: 'A',
}
const PILLARS: Record<string, CatalogueView[number]['pillar']> = {
  M01: 'presence',
  M02: 'presence',
  M03: 'work',
  M05: 'work',
  M06: 'work',
  M07: 'work',
  M09: 'pipeline',
  M11: 'pipeline',
  M13: 'pipeline',
  M15: 'pipeline',
  M16: 'pipeline',
  M17: 'truth',
  M19: 'truth',
  M20: 'process',
  M23: 'process',
}

export const catalogue: CatalogueView = Array.from({ length: 36 }, (_, index) => {
  const name = `M${String(index + 1).padStart(2, '0')}`
  return {
    metric: name,
    pillar: PILLARS[name] ?? null,
    unit: name === 'M03' ? 'hours' : ['M02', 'M11', 'M20'].includes(name) ? 'ratio' : 'share',
    payClass: PAY[name] ?? (index > 16 ? 'C' : 'B'),
    target: name === 'M03' ? 4 : 0.9,
    lessIsBetter: ['M03', 'M11', 'M13', 'M15'].includes(name),
    version: '2026.1',
    offReason: name === 'M06' ? 'no_invoices' : index >= 31 ? 'no_ledger' : null,
    coverage: index >= 31 ? null : 0.9,
  }
})

export const settingsOf = (canChange: boolean): SettingsView => ({
  settings: {
    calendar: {
      timeZone: 'Europe/Moscow',
      workdays: [1, 2, 3, 4, 5],
      hours: ['09:00', '18:00'],
      holidays: ['2027-01-01', '2027-01-02'],
    },
    language: 'ru',
    stale: { dropBulk: true, loosened: {} },
    absences: [{ userId: '13', from: '2026-11-30', to: '2026-12-04' }],
    targets: { M09: 0.8 },
    criticalFields: null,
    lossReasonField: null,
    parkedPipelines: [],
    excludedUsers: [],
    heads: { 2: '18' },
    rolloutStartedOn: '2026-09-28',
    planerka: null,
    digest: { heads: true, employees: true, crmTasksAllowed: false },
    writeBack: { tag: false, field: false, nextStepTask: false },
  },
  canChange,
  people: people.map(person => ({
    id: person.id,
    name: person.name,
    departmentIds: [person.departmentId ?? '2'],
    isActive: person.id !== '19',
    isAdmin: person.id === '18',
  })),
  hasHierarchy: true,
  proposedHeads: [],
  departments: [
    { id: '1', name: 'Компания', parentId: null, headId: '18' },
    { id: '2', name: 'Отдел продаж', parentId: '1', headId: null },
    { id: '3', name: 'Отдел по работе с ключевыми клиентами и тендерами', parentId: '1', headId: '18' },
  ],
  pipelines: [
    { id: '0', name: 'Основная' },
    { id: '7', name: 'Сервис' },
  ],
  fields: [
    'Бюджет',
    'Срок монтажа',
    'Лицо, принимающее решение',
    'Источник',
    'Причина отказа',
    'Площадь объекта',
    'Тип оборудования',
  ].map((title, index) => ({
    id: `f${index}`,
    title,
    type: 'string',
    isCustom: true,
    isRequired: false,
  })),
  targets: [
    {
      metric: 'M09',
      unit: 'share',
      lessIsBetter: false,
      initial: 0.9,
      accepted: 0.8,
      proposed: 0.84,
      people: 8,
    },
    {
      metric: 'M13',
      unit: 'share',
      lessIsBetter: true,
      initial: 0.15,
      accepted: null,
      proposed: 0.22,
      people: 8,
    },
    {
      metric: 'M17',
      unit: 'share',
      lessIsBetter: false,
      initial: 0.9,
      accepted: null,
      proposed: null,
      people: 3,
    },
  ],
  proposedCriticalFields: ['f0', 'f1', 'f2'],
  stages,
  stored: {
    rows: { deals: 3_812, moves: 14_904, activities: 22_310, tasks: 4_120, invoices: 982, users: 24 },
  },
  log: [{ at: AS_OF, changedBy: 'Соколова Анна', change: { rolloutStartedOn: '2026-09-28' } }],
  preferences: {
    digest: true,
    channel: 'crm',
    email: null,
    crmEmail: 'manager@example.org',
    telegramLinked: false,
    telegramAvailable: true,
    language: null,
    theme: null,
    channels: ['crm', 'email', 'task', 'widget'],
  },
})
