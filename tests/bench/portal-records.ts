import type { Activity, Deal, Directory, RecordSet, StageMove, Task } from '../../src/records/records.ts'
import { emptyRecordSet } from '../../src/records/records.ts'
import { type Random, seededRandom } from '../../src/sandbox/random.ts'

/**
 * Rows of a busy portal as a vendor would hand them over, of any size and the same for the same seed: deals
 * that go forward, back and out, a year and a half long, with calls, letters and tasks on them.
 */

export type PortalSize = {
  deals: number
  movesPerDeal: number
  activitiesPerDeal: number
  tasksPerDeal: number
}

const DAY = 86_400_000
const HOUR = 3_600_000
const OPEN = ['NEW', 'CALL', 'MEET', 'OFFER', 'CONTRACT', 'PAY'] as const
const PIPELINES = ['0', '1'] as const
const PEOPLE = 40
const SPAN = 540 * DAY

export const benchDirectory = (): Directory => ({
  users: Array.from({ length: PEOPLE }, (_, index) => ({
    id: String(index + 1),
    name: `Person ${index + 1}`,
    position: null,
    isActive: true,
    isAdmin: index === 0,
    departmentIds: [String((index % 4) + 1)],
    timeZone: null,
    language: null,
    email: null,
    dealsVisible: null,
  })),
  departments: [1, 2, 3, 4].map(id => ({
    id: String(id),
    name: `Department ${id}`,
    parentId: null,
    headId: String(id),
    sort: id,
  })),
  pipelines: PIPELINES.map((id, sort) => ({ id, name: `Pipeline ${id}`, sort, isDefault: sort === 0 })),
  stages: PIPELINES.flatMap(pipelineId =>
    [...OPEN, 'WON', 'LOST'].map((id, sort) => ({
      id,
      pipelineId,
      name: id,
      sort,
      outcome: outcomeOf(id),
      color: null,
    })),
  ),
  fields: ['SOURCE', 'NEED', 'BUDGET'].map(id => ({
    id,
    title: id,
    type: 'string',
    isCustom: true,
    isRequired: false,
    isMultiple: false,
    options: null,
  })),
  lossReasons: [],
  rejected: [],
})

const outcomeOf = (stage: string): Deal['outcome'] =>
  stage === 'WON' ? 'won' : stage === 'LOST' ? 'lost' : 'open'

/** The road of one deal: mostly onwards, sometimes back, until it is decided, out of moves or out of time. */
const roadOf = (
  random: Random,
  begun: number,
  now: number,
  most: number,
): { at: number; stage: string }[] => {
  const road = [{ at: begun, stage: 'NEW' as string }]
  let place = 0
  for (let at = begun; road.length < most; ) {
    at += Math.floor(random.logNormal(3 * DAY, 1) / 1000) * 1000 + 60_000
    if (at >= now) break
    const isLastMove = road.length === most - 1 && random.chance(0.85)
    if (isLastMove || random.chance(0.05)) {
      // The further a deal has come, the likelier it is won.
      road.push({ at, stage: random.chance(0.1 + place * 0.15) ? 'WON' : 'LOST' })
      break
    }
    place = random.chance(0.12) ? Math.max(0, place - 1) : Math.min(OPEN.length - 1, place + 1)
    road.push({ at, stage: OPEN[place]! })
  }
  return road
}

/** @param now instant at which the made-up world stands still */
export function* benchRecords(size: PortalSize, now: number, page = 2_500): Generator<RecordSet> {
  const random = seededRandom(20_261)
  let records = emptyRecordSet()
  let moveId = 0
  let activityId = 0
  let taskId = 0
  const owed = { moves: 0, activities: 0, tasks: 0 }
  for (let number = 1; number <= size.deals; number++) {
    const dealId = String(number)
    const who = String(random.int(1, PEOPLE))
    const pipelineId = random.pick(PIPELINES)
    const begun = now - SPAN + Math.floor((number / (size.deals + 1)) * SPAN)
    owed.moves += size.movesPerDeal
    const road = roadOf(random, begun, now, random.int(2, Math.max(2, 2 * Math.ceil(owed.moves) - 1)))
    owed.moves = Math.min(2 * size.movesPerDeal, owed.moves - road.length)
    const last = road.at(-1)!
    for (const [step, { at, stage }] of road.entries())
      records.stageMoves.push(moveOf(String(++moveId), dealId, pipelineId, at, stage, step === 0))
    records.deals.push(dealOf({ dealId, who, pipelineId, begun, last, now, random }))
    owed.activities += size.activitiesPerDeal
    for (; owed.activities >= 1; owed.activities--) {
      const at = begun + Math.floor(random.unit() * (Math.min(now, last.at + 9 * DAY) - begun))
      records.activities.push(activityOf(String(++activityId), dealId, who, at, now, random))
    }
    owed.tasks += size.tasksPerDeal
    for (; owed.tasks >= 1; owed.tasks--) {
      const at = begun + Math.floor(random.unit() * (Math.min(now, last.at + 9 * DAY) - begun))
      // One in twenty hangs on no deal.
      const dealIds = random.chance(0.05) ? [] : [dealId]
      records.tasks.push(taskOf(String(++taskId), dealIds, who, at, now, random))
    }
    const { deals, stageMoves, activities, tasks } = records
    if (deals.length + stageMoves.length + activities.length + tasks.length < page) continue
    yield records
    records = emptyRecordSet()
  }
  yield records
}

const moveOf = (
  id: string,
  dealId: string,
  pipelineId: string,
  at: number,
  stageId: string,
  isFirst: boolean,
): StageMove => ({
  id,
  dealId,
  at: new Date(at),
  orderKey: id.padStart(12, '0'),
  kind: isFirst ? 'created' : 'moved',
  pipelineId,
  stageId,
  outcome: outcomeOf(stageId),
  movedBy: null,
  actorClass: 'unknown',
})

const dealOf = (of: {
  dealId: string
  who: string
  pipelineId: string
  begun: number
  last: { at: number; stage: string }
  now: number
  random: Random
}): Deal => {
  const { dealId, who, pipelineId, begun, last, random } = of
  const outcome = outcomeOf(last.stage)
  return {
    id: dealId,
    title: `Deal ${dealId}`,
    pipelineId,
    stageId: last.stage,
    outcome,
    responsibleId: who,
    createdBy: who,
    createdAt: new Date(begun),
    updatedBy: who,
    updatedAt: new Date(last.at),
    movedBy: who,
    movedAt: new Date(last.at),
    lastActivityBy: who,
    lastActivityAt: new Date(last.at),
    amount: random.int(10, 900) * 1000,
    currency: 'RUB',
    closeOn: new Date(begun + 60 * DAY).toISOString().slice(0, 10),
    closedAt: outcome === 'open' ? null : new Date(last.at),
    isTemplate: false,
    lossReasonId: null,
    fields: { SOURCE: String(random.int(1, 6)), ...(random.chance(0.5) ? { NEED: `#${dealId}` } : {}) },
  }
}

const activityOf = (
  id: string,
  dealId: string,
  who: string,
  at: number,
  now: number,
  random: Random,
): Activity => {
  const kind = random.weighted([
    ['call', 5],
    ['email', 2],
    ['todo', 3],
  ] as const)
  const doneAt = kind === 'todo' ? (random.chance(0.9) ? at + random.int(1, 90) * HOUR : now) : at
  const isCompleted = doneAt < now
  return {
    id,
    dealId,
    kind,
    provider: kind,
    direction: kind === 'todo' ? null : random.chance(0.5) ? 'in' : 'out',
    responsibleId: who,
    authorId: who,
    actorClass: 'person',
    createdAt: new Date(at),
    updatedAt: new Date(isCompleted ? doneAt : at),
    startAt: new Date(at),
    endAt: new Date(at + 90_000),
    deadlineAt: kind === 'todo' ? new Date(at + 3 * DAY) : null,
    isCompleted,
    completedAt: isCompleted ? new Date(doneAt) : null,
    isAutoCompleted: false,
    isWaiting: false,
    durationSeconds: kind === 'call' ? random.int(0, 400) : null,
    taskId: null,
  }
}

const taskOf = (
  id: string,
  dealIds: string[],
  who: string,
  at: number,
  now: number,
  random: Random,
): Task => {
  const closedAt = at + random.int(1, 200) * HOUR
  const isClosed = closedAt < now && random.chance(0.9)
  return {
    id,
    dealIds,
    status: isClosed ? 'completed' : 'open',
    responsibleId: who,
    createdBy: who,
    createdAt: new Date(at),
    changedAt: new Date(isClosed ? closedAt : at),
    closedAt: isClosed ? new Date(closedAt) : null,
    closedBy: isClosed ? who : null,
    deadlineAt: new Date(at + 2 * DAY),
    textHash: String(random.int(1, 400)),
    textWords: random.int(1, 20),
  }
}
