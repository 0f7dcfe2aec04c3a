import type { RolloutDeals, RolloutView } from '../../src/http/api-schema.ts'
import { AS_OF, people } from './mock-team.ts'

/** The set-up of the pretended portal, with names as long as customers make them. */

type Field = NonNullable<RolloutView['fields']>[number]
type Stage = NonNullable<RolloutView['stages']>[number]

const field = (id: string, title: string, of: Partial<Field>): Field => ({
  id,
  title,
  isCustom: true,
  isRequired: false,
  class: 'used',
  due: 214,
  filled: 190,
  fill: 0.89,
  junk: 0.02,
  variety: 0.81,
  writers: 7,
  team: 9,
  isWriterObserved: false,
  robotWrites: 0,
  personWrites: 0,
  lastWriteAt: '2026-11-19T09:00:00.000Z',
  readers: [],
  homeName: null,
  minutesAWeek: 6.2,
  isCostAssumed: true,
  ...of,
})

const fields: Field[] = [
  field('f1', 'Источник обращения', { readers: ['critical'] }),
  field('f2', 'Потребность заказчика', { isRequired: true, readers: ['required'] }),
  field('f3', 'Ответственный инженер-проектировщик на стороне заказчика', {
    class: 'never',
    filled: 2,
    fill: 0.01,
    junk: 0,
    variety: 1,
    minutesAWeek: 0.1,
    lastWriteAt: null,
  }),
  field('f4', 'Тип объекта', { class: 'decorative', variety: 0.04, minutesAWeek: 5.1 }),
  field('f5', 'UTM', { class: 'robot_only', robotWrites: 180, personWrites: 3 }),
  field('f6', 'Номер тендера', {
    class: 'niche',
    fill: 0.22,
    filled: 47,
    homeName: 'Тендеры и ключевые клиенты',
  }),
  field('f7', 'Дата замера', { class: 'abandoned', fill: 0, filled: 0, junk: null, variety: null }),
  field('f8', 'Комментарий для производства', { class: 'unclear', fill: 0.41, filled: 88, junk: 0.12 }),
  field('f9', 'Согласие на рассылку', {
    class: 'early',
    due: 8,
    fill: null,
    filled: 0,
    junk: null,
    variety: null,
  }),
  ...Array.from({ length: 6 }, (_, index) => field(`g${index}`, `Дополнительное поле ${index + 1}`, {})),
]

const stage = (stageId: string, name: string, of: Partial<Stage>): Stage => ({
  pipelineId: '0',
  stageId,
  name,
  outcome: 'open',
  deals: 640,
  entered: 531,
  enteringShare: 0.83,
  byProgram: 0,
  medianHours: 58,
  skipShare: 0.01,
  returnShare: 0.04,
  endedShare: 0.12,
  information: 0.08,
  besideNeighbour: 0.05,
  modesHours: null,
  provenShare: null,
  proof: null,
  advice: 'keep',
  ...of,
})

const stages: Stage[] = [
  stage('NEW', 'Новая заявка', { entered: 640, enteringShare: 1, skipShare: 0 }),
  stage('CALL', 'Квалификация', { advice: 'merge_same', besideNeighbour: 0.001 }),
  stage('SURVEY', 'Обследование', {
    entered: 275,
    enteringShare: 0.43,
    skipShare: 0.39,
    advice: 'split',
    modesHours: [3, 240],
  }),
  stage('OFFER', 'КП отправлено', { provenShare: 0.44, proof: 'message', advice: 'define' }),
  stage('WAIT', 'Ожидает решения тендерной комиссии', {
    entered: 9,
    enteringShare: 0.014,
    byProgram: 96,
    advice: 'merge_rare',
  }),
  stage('PAY', 'Оплата', { provenShare: 0.97, proof: 'invoice', medianHours: 0.4 }),
  stage('WON', 'Выиграна', { outcome: 'won', provenShare: 0.94, proof: 'payment', information: null }),
]

const pipelineUse: RolloutView['pipelineUse'] = (
  [
    ['0', 'Основная', 'used', 214, 0.74, 118, 96, 0.31],
    ['1', 'Тендеры и ключевые клиенты федерального уровня', 'used', 71, 0.24, 40, 12, 0.25],
    ['2', 'Сервис', 'rare', 2, 0.01, 3, 1, 1],
    ['3', 'Партнёры 2024', 'asleep', 0, 0, 6, 0, null],
    ['4', 'Тест', 'never', 0, 0, 0, 0, null],
    ['5', 'Монтаж', 'early', 4, 0.01, 4, 0, null],
  ] as const
).map(([id, name, use, entered, share, openNow, decided, won]) => ({
  id,
  name,
  class: use,
  isParked: false,
  entered,
  share,
  openNow,
  decided,
  win: won === null ? null : { value: won, low: won * 0.7, high: Math.min(1, won * 1.3) },
  worked: entered,
  people: Math.ceil(entered / 30),
  lastAt: use === 'never' ? null : '2026-11-19T09:00:00.000Z',
}))

const first = (week: number | null, judged = 8, mayBeEarlier = false) => ({
  week,
  judged,
  mayBeEarlier,
  asOf: week === null ? null : '2026-10-26T00:00:00.000Z',
})

export const rolloutOf = (canChangeRules: boolean): RolloutView => ({
  asOf: AS_OF,
  pipelines: [
    { id: '0', name: 'Основная' },
    { id: '1', name: 'Тендеры и ключевые клиенты' },
  ],
  canChangeRules,
  areRulesChosen: false,
  adoption: {
    launchedOn: '2026-10-05',
    isLaunchChosen: true,
    week: 7,
    reached: 5,
    isTooFew: false,
    burstOff: null,
    s3: { value: 0.44, low: 0.2, high: 0.74 },
    s6: null,
    curve: [
      { week: 1, atRisk: 9, events: 1, value: 0.11 },
      { week: 3, atRisk: 8, events: 3, value: 0.46 },
      { week: 5, atRisk: 4, events: 1, value: 0.59 },
    ],
    people: people.slice(0, 9).map(({ id, name }, index) => ({
      id,
      name,
      from: '2026-10-05',
      weeks: index === 8 ? 3 : 8,
      habitWeek: [1, 3, 3, 3, 5, null, null, null, null][index] ?? null,
      hasSlidBack: index === 1,
      lastScore: index === 5 ? null : 60 + index * 3,
      habitAsOf: index < 5 ? '2026-10-25T20:59:59.999Z' : null,
      lastAsOf: AS_OF,
      tidying:
        [first(1), first(2, 5, true), first(null), first(null, 3, true), first(null, 0, true)][index] ??
        first(0),
      steady: [first(3), first(null, 5, true), first(null), first(4, 6, true)][index] ?? first(null),
    })),
  },
  pipelineUse,
  fields,
  stages,
  mvp: [
    {
      pipelineId: '0',
      pipelineName: 'Основная',
      basis: 'own',
      decided: 412,
      covered: 0.83,
      isExact: true,
      kept: [
        ...['NEW', 'CALL', 'OFFER', 'PAY'].map(id => ({
          kind: 'stage' as const,
          id,
          name: stages.find(one => one.stageId === id)?.name ?? id,
          deals: 380,
        })),
        { kind: 'field', id: 'f1', name: 'Источник обращения', deals: 402 },
        { kind: 'field', id: 'f2', name: 'Потребность заказчика', deals: 366 },
      ],
      left: [
        { kind: 'stage', id: 'SURVEY', name: 'Обследование', deals: 61 },
        { kind: 'stage', id: 'WAIT', name: 'Ожидает решения тендерной комиссии', deals: 7 },
        { kind: 'field', id: 'f8', name: 'Комментарий для производства', deals: 31 },
        {
          kind: 'field',
          id: 'f3',
          name: 'Ответственный инженер-проектировщик на стороне заказчика',
          deals: 0,
        },
      ],
    },
    {
      pipelineId: '1',
      pipelineName: 'Тендеры и ключевые клиенты',
      basis: 'preset',
      decided: 4,
      covered: null,
      isExact: false,
      kept: [],
      left: [],
    },
  ],
  automation: {
    offReason: null,
    observedHours: 1.4,
    hours: 6.3,
    lowHours: 3.1,
    highHours: 9.6,
    isCapped: false,
    repairHours: 0.4,
    rows: [
      { kind: 'move', runs: 620, kept: 577, manualMinutes: 0.4, isAssumed: false },
      { kind: 'step', runs: 240, kept: 118, manualMinutes: 0.5, isAssumed: true },
    ],
  },
  lint: [
    ['deals_of_dismissed', 'high', 14],
    ['graveyard', 'medium', 41],
    ['required_noise', 'medium', 0],
    ['losses_without_reason', 'medium', 88],
    ['same_stages', 'medium', 0],
    ['unused_loss_reasons', 'low', 0],
  ].map(([rule, severity, deals]) => ({
    rule: String(rule),
    severity: severity as 'high' | 'medium' | 'low',
    pipelineName: 'Основная',
    stageName: 'КП отправлено',
    fieldTitle: 'Тип объекта',
    params: { share: 0.41, n: 2, names: 'Дорого, Не отвечает' },
    deals: Number(deals),
  })),
})

/** The first days: a few people, nothing else counted yet. */
export const earlyRollout: RolloutView = {
  ...rolloutOf(true),
  adoption: {
    ...rolloutOf(true).adoption!,
    isLaunchChosen: false,
    week: 1,
    reached: 0,
    isTooFew: true,
    s3: null,
    curve: [],
    people: rolloutOf(true)
      .adoption!.people.slice(0, 3)
      .map(person => ({ ...person, weeks: 2, habitWeek: null, habitAsOf: null })),
  },
  pipelineUse: null,
  fields: null,
  stages: null,
  mvp: null,
  automation: null,
  lint: null,
}

export const rolloutDealsOf = (query: Record<string, string>): RolloutDeals => ({
  total: 61,
  deals: ['700', '701', '702'].map(id => ({
    id,
    title: `${query['list']}: сделка ${id}`,
    path: `/crm/deal/details/${id}/`,
  })),
})
