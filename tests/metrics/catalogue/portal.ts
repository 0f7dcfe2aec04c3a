import { METRICS } from '../../../src/metrics/catalogue/index.ts'
import { cutDossier, cutLoose } from '../../../src/metrics/cut.ts'
import { DealContext, type Judge } from '../../../src/metrics/deal-context.ts'
import { type Measurement, startMeasuring } from '../../../src/metrics/measure.ts'
import type { Measured } from '../../../src/metrics/measured.ts'
import { type Act, actsOf } from '../../../src/metrics/person-acts.ts'
import { WINDOW_DAYS, windowAt } from '../../../src/metrics/window.ts'
import { WorkingTime } from '../../../src/metrics/working-time.ts'
import { stageKey, type World } from '../../../src/metrics/world.ts'
import type {
  ActivityFact,
  Dossier,
  InvoiceFact,
  LooseItems,
  MoveFact,
  TaskFact,
} from '../../../src/records/facts.ts'
import { type Calendar, defaultSettings, type Settings } from '../../../src/records/settings.ts'

/** A small portal for tables of dossiers. Its clock is UTC and Monday to Friday, 9 to 18, unless said otherwise. */

export const at = (text: string): number =>
  Date.parse(text.length === 10 ? `${text}T12:00:00Z` : `${text}:00Z`)

/** Friday evening: the window is 2026-10-24 … 2026-11-20, its last week 14 … 20 November. */
export const FRIDAY = at('2026-11-20T23:59')

const STAGES = [
  { stageId: 'NEW', name: 'Новая', outcome: 'open' },
  { stageId: 'CALL', name: 'Звонок', outcome: 'open' },
  { stageId: 'OFFER', name: 'КП', outcome: 'open' },
  { stageId: 'WON', name: 'Успех', outcome: 'won' },
  { stageId: 'LOST', name: 'Отказ', outcome: 'lost' },
  { stageId: 'SPAM', name: 'Дорого', outcome: 'lost' },
] as const

export const person = (id: string, departmentIds: string[] = ['sales']) => ({
  id,
  name: `Person ${id}`,
  isActive: true,
  departmentIds,
})

/** One table per calendar: laying it out is dear, and every world would ask for the same. */
const tables = new Map<string, WorkingTime>()
const workingTimeOf = (calendar: Calendar): WorkingTime => {
  const key = JSON.stringify(calendar)
  const known = tables.get(key) ?? new WorkingTime(calendar, at('2024-01-01'), at('2027-06-01'))
  tables.set(key, known)
  return known
}

export const aWorld = (
  more: Omit<Partial<World>, 'settings' | 'people' | 'can'> & {
    settings?: Partial<Settings>
    people?: ReturnType<typeof person>[]
    can?: Partial<World['can']>
  } = {},
): World => {
  const settings: Settings = { ...defaultSettings('UTC', 'ru'), ...more.settings }
  const people = more.people ?? [person('anna'), person('boris')]
  return {
    asOf: FRIDAY,
    workingTime: workingTimeOf(settings.calendar),
    installedAt: at('2026-01-01'),
    historyStart: at('2025-01-01'),
    currency: 'RUB',
    departments: new Map([
      ['all', { id: 'all', name: 'Все', parentId: null, headId: null }],
      ['sales', { id: 'sales', name: 'Продажи', parentId: 'all', headId: null }],
    ]),
    pipelines: new Map([['P', { id: 'P', name: 'Продажи', isListed: true }]]),
    stages: new Map(
      STAGES.map((stage, order) => [
        stageKey('P', stage.stageId),
        { ...stage, pipelineId: 'P', order, isListed: true },
      ]),
    ),
    fields: new Map(),
    ...more,
    settings,
    people: new Map(people.map(one => [one.id, one])),
    can: { pastActors: false, deadlineHistory: false, invoices: true, calls: true, ...more.can },
  }
}

type Path = readonly (readonly [stageId: string, when: string, movedBy?: string | null])[]

let counter = 0
const nextId = (): string => `x${++counter}`

export const aDeal = (of: {
  id?: string
  owner?: string | null
  path?: Path
  createdAt?: string
  amount?: number | null
  currency?: string
  closeOn?: string | null
  fields?: Record<string, string>
  lossReasonId?: string | null
  versions?: Dossier['versions']
  activities?: ActivityFact[]
  tasks?: TaskFact[]
  invoices?: InvoiceFact[]
  isTemplate?: boolean
  deletedAt?: string
}): Dossier => {
  const id = of.id ?? nextId()
  const path = of.path ?? [['NEW', of.createdAt ?? '2026-10-01']]
  const moves: MoveFact[] = path.map(([stageId, when, movedBy], index) => ({
    id: `${id}-${index}`,
    at: at(when),
    pipelineId: 'P',
    stageId,
    outcome: STAGES.find(stage => stage.stageId === stageId)?.outcome ?? 'open',
    isCreation: index === 0,
    movedBy: movedBy ?? null,
    actorClass: movedBy === undefined || movedBy === null ? 'unknown' : 'person',
  }))
  const last = moves.at(-1)!
  const createdAt = at(of.createdAt ?? path[0]![1])
  return {
    id,
    title: `Deal ${id}`,
    createdAt,
    createdBy: of.owner ?? null,
    isTemplate: of.isTemplate ?? false,
    deletedAt: of.deletedAt === undefined ? null : at(of.deletedAt),
    lossReasonId: of.lossReasonId ?? null,
    current: {
      pipelineId: 'P',
      stageId: last.stageId,
      outcome: last.outcome,
      movedAt: last.at,
      closedAt: last.outcome === 'open' ? null : last.at,
    },
    moves,
    versions: of.versions ?? [
      {
        observedAt: createdAt,
        responsibleId: of.owner === undefined ? 'anna' : of.owner,
        amount: of.amount === undefined ? 100 : of.amount,
        currency: of.currency ?? 'RUB',
        closeOn: of.closeOn ?? null,
        fields: of.fields ?? {},
      },
    ],
    activities: (of.activities ?? []).map(item => ({ ...item, dealId: id })),
    tasks: (of.tasks ?? []).map(task => ({ ...task, dealIds: [id] })),
    invoices: (of.invoices ?? []).map(invoice => ({ ...invoice, dealId: id })),
  }
}

/** A talk of a minute, or what `more` says. */
export const aCall = (
  when: string,
  by: string | null = 'anna',
  more: Partial<ActivityFact> = {},
): ActivityFact => ({
  id: nextId(),
  kind: 'call',
  direction: 'out',
  responsibleId: by,
  authorId: by,
  actorClass: by === null ? 'unknown' : 'person',
  createdAt: at(when),
  startAt: at(when),
  endAt: at(when) + 60_000,
  deadlineAt: null,
  completedAt: at(when) + 60_000,
  isAutoCompleted: false,
  durationSeconds: 60,
  deadlineMoves: [],
  ...more,
})

export const aTask = (set: string, due: string | null, more: Partial<TaskFact> = {}): TaskFact => ({
  id: nextId(),
  dealIds: [],
  responsibleId: 'anna',
  createdBy: 'anna',
  createdAt: at(set),
  closedAt: null,
  closedBy: null,
  deadlineAt: due === null ? null : at(due),
  isDeferred: false,
  textHash: 'hash',
  textWords: 4,
  deadlineMoves: [],
  ...more,
})

export const anInvoice = (when: string, more: Partial<InvoiceFact> = {}): InvoiceFact => ({
  id: nextId(),
  responsibleId: 'anna',
  amount: 100,
  currency: 'RUB',
  outcome: 'open',
  createdAt: at(when),
  issuedOn: when.slice(0, 10),
  movedAt: null,
  ...more,
})

/** A judge for tables: named deals are red, all others are fine. */
export const redDeals =
  (...ids: string[]): Judge =>
  dossier => ({ level: ids.includes(dossier.id) ? 'red' : 'none', silenceDays: null, s80Days: null })

export const measure = (
  dossiers: readonly Dossier[],
  of: { world?: World; judge?: Judge; loose?: LooseItems; imported?: ReadonlySet<string> } = {},
): Measurement => {
  const world = of.world ?? aWorld()
  const measurer = startMeasuring({
    world,
    metrics: METRICS,
    judge: of.judge ?? redDeals(),
    evidenceLimit: 500,
    ...(of.imported && { imported: of.imported }),
  })
  for (const dossier of dossiers) {
    const cut = cutDossier(dossier, world.asOf)
    if (cut !== null) measurer.addDeal(cut)
  }
  if (of.loose !== undefined) measurer.addLoose(cutLoose(of.loose, world.asOf))
  return measurer.finish()
}

/** What was done on one deal since an instant, everybody of the world being counted. */
export const actsIn = (dossier: Dossier, world: World, from: number): Act[] => {
  const window = windowAt(world.workingTime, world.asOf)
  const isCounted = (userId: string | null): userId is string => userId !== null && world.people.has(userId)
  const deal = new DealContext({ dossier, world, window, judge: redDeals(), isCounted })
  return actsOf(deal, { world, window }, from)
}

export const measureOf = (measurement: Measurement, id: string): Measured => {
  const found = measurement.measured.find(({ measure }) => measure.id === id)
  if (found === undefined) throw new Error(`no measure ${id}`)
  return found
}

/** `[numerator, denominator]` of the last seven (or 28) days. */
export const ratio = (
  measurement: Measurement,
  id: string,
  who = 'anna',
  days = 7,
): [number | null, number | null] => {
  const read = measureOf(measurement, id).numbers?.read([who], WINDOW_DAYS - days, WINDOW_DAYS - 1)
  return [read?.numerator ?? null, read?.denominator ?? null]
}

export const value = (measurement: Measurement, id: string, who = 'anna', days = 7): number | null =>
  measureOf(measurement, id).numbers?.read([who], WINDOW_DAYS - days, WINDOW_DAYS - 1).value ?? null
