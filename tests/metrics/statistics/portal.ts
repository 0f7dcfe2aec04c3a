import { collectStays, type PortalHistory } from '../../../src/metrics/portal-history.ts'
import { WorkingTime } from '../../../src/metrics/working-time.ts'
import { stageKey, type World } from '../../../src/metrics/world.ts'
import type { ActivityFact, Dossier, MoveFact, TaskFact } from '../../../src/records/facts.ts'
import type { Outcome } from '../../../src/records/records.ts'
import { type Calendar, defaultSettings } from '../../../src/records/settings.ts'

/** Small portals to measure: pipelines as strings of stage letters, deals as moves on a day scale. */

export const DAY = 86_400_000
export const MINUTE = 60_000
/** Day 0 of these tests, a Monday. */
export const ORIGIN = Date.parse('2026-01-05T00:00:00Z')
export const day = (days: number): number => ORIGIN + Math.round(days * DAY)

const roundTheClock: Calendar = {
  timeZone: 'UTC',
  workdays: [1, 2, 3, 4, 5, 6, 7],
  hours: ['00:00', '24:00'],
  holidays: [],
}

/** Laid out once: every world of these tests has the same calendar. */
const workingTime = new WorkingTime(roundTheClock, day(-800), day(800))

let serial = 0

export type Place = `${string}.${string}`

/** `sales: 'A B C won lost'` → stages by pipeline; stages named won… and lost… have that outcome. */
export type Pipelines = Record<string, string>

const outcomeOf = (stageId: string): Outcome =>
  stageId.startsWith('won') ? 'won' : stageId.startsWith('lost') ? 'lost' : 'open'

export const worldOf = (pipelines: Pipelines, asOfDay: number, changes: Partial<World> = {}): World => {
  const settings = { ...defaultSettings('UTC', 'ru'), calendar: roundTheClock }
  const stages: World['stages'] = new Map(
    Object.entries(pipelines).flatMap(([pipelineId, list]) =>
      list
        .split(' ')
        .map((stageId, order) => [
          stageKey(pipelineId, stageId),
          { pipelineId, stageId, name: stageId, order, outcome: outcomeOf(stageId), isListed: true },
        ]),
    ),
  )
  return {
    asOf: day(asOfDay),
    workingTime,
    installedAt: day(0),
    historyStart: day(-700),
    settings,
    currency: 'RUB',
    people: new Map(),
    departments: new Map(),
    pipelines: new Map(Object.keys(pipelines).map(id => [id, { id, name: id, isListed: true }])),
    stages,
    fields: new Map(),
    can: { pastActors: true, deadlineHistory: true, invoices: true, calls: true },
    ...changes,
  }
}

/** A deal from `[day, 'pipeline.stage']` pairs, the first being its creation. */
export const dealOf = (
  moves: readonly (readonly [day: number, place: Place, by?: string])[],
  changes: Partial<Dossier> = {},
): Dossier => {
  const id = String(++serial)
  const facts: MoveFact[] = moves.map(([at, place, by], index) => {
    const [pipelineId = '', stageId = ''] = place.split('.')
    return {
      id: `${id}-${index}`,
      at: day(at),
      pipelineId,
      stageId,
      outcome: outcomeOf(stageId),
      isCreation: index === 0,
      movedBy: by ?? null,
      actorClass: by === undefined ? 'unknown' : 'person',
    }
  })
  const last = facts.at(-1)
  return {
    id,
    title: `Deal ${id}`,
    createdAt: facts[0]?.at ?? day(0),
    createdBy: null,
    isTemplate: false,
    deletedAt: null,
    lossReasonId: null,
    current: {
      pipelineId: last?.pipelineId ?? 'sales',
      stageId: last?.stageId ?? 'A',
      outcome: last?.outcome ?? 'open',
      movedAt: last?.at ?? null,
      closedAt: last !== undefined && last.outcome !== 'open' ? last.at : null,
    },
    moves: facts,
    versions: [
      { observedAt: day(0), responsibleId: 'anna', amount: 100, currency: 'RUB', closeOn: null, fields: {} },
    ],
    activities: [],
    tasks: [],
    invoices: [],
    ...changes,
  }
}

export const activityOf = (changes: Partial<ActivityFact>): ActivityFact => ({
  id: String(++serial),
  kind: 'todo',
  direction: null,
  responsibleId: 'anna',
  authorId: 'anna',
  actorClass: 'person',
  createdAt: day(0),
  startAt: null,
  endAt: null,
  deadlineAt: null,
  completedAt: null,
  isAutoCompleted: false,
  durationSeconds: null,
  deadlineMoves: [],
  ...changes,
})

export const taskOf = (changes: Partial<TaskFact>): TaskFact => ({
  id: String(++serial),
  dealIds: [],
  responsibleId: 'anna',
  createdBy: 'anna',
  createdAt: day(0),
  closedAt: null,
  closedBy: null,
  deadlineAt: null,
  isDeferred: false,
  textHash: '',
  textWords: 3,
  deadlineMoves: [],
  ...changes,
})

export const historyOf = (dossiers: readonly Dossier[]): PortalHistory => {
  const collector = collectStays()
  for (const dossier of dossiers) collector.add(dossier)
  return collector.build()
}
