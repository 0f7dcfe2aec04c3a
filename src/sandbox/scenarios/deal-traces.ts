import { HOUR, MINUTE, SECOND } from '../../clock.ts'
import { CONTACT, DEAL } from '../bitrix24/state/dictionaries.ts'
import type { ActivityRow, TaskRow } from '../bitrix24/state/rows.ts'
import type { Random } from '../random.ts'
import { stepText, taskText } from './company-words.ts'
import { type DealStory, type Pace, progressAt } from './deal-story.ts'
import { habit, type Persona } from './personas.ts'
import type { WorkingDays } from './working-days.ts'

export type ActivityTrace = Omit<ActivityRow, 'id' | 'ownerId'>
export type TaskTrace = Omit<TaskRow, 'id' | 'crm'>

type Teller = {
  random: Random
  days: WorkingDays
  pace: Pace
  persona: Persona
  ownerId: number
  robotId: number
  headId: number
}

const blank = (at: number, by: number): ActivityTrace => ({
  ownerTypeId: DEAL,
  typeId: 6,
  providerId: 'CRM_TODO',
  providerTypeId: 'TODO',
  direction: 0,
  status: 1,
  responsibleId: by,
  authorId: by,
  editorId: by,
  created: at,
  lastUpdated: at,
  startTime: null,
  endTime: null,
  deadline: null,
  isIncomingChannel: false,
  associatedEntityId: 0,
  subject: '',
  description: '',
})

/** A contact with the client that left a trace. */
const touch = ({ random, ownerId, persona }: Teller, at: number, progress: number): ActivityTrace => {
  const base = { ...blank(at, ownerId), status: 2, startTime: at, endTime: at }
  const kind = random.weighted([
    ['call', 50],
    ['email', 28],
    ['chat', 12],
    ['meeting', 10],
  ] as const)
  if (kind === 'call') {
    const direction = random.chance(0.65) ? 2 : 1
    const seconds = random.chance(0.18) ? random.int(4, 20) : Math.round(random.logNormal(170, 0.7))
    return {
      ...base,
      ownerTypeId: random.chance(habit(persona.offBook, progress)) ? CONTACT : DEAL,
      typeId: 2,
      providerId: 'VOXIMPLANT_CALL',
      providerTypeId: 'CALL',
      direction,
      endTime: at + seconds * SECOND,
      lastUpdated: at + seconds * SECOND,
      subject: direction === 2 ? 'Исходящий звонок' : 'Входящий звонок',
    }
  }
  if (kind === 'email') {
    const direction = random.chance(0.6) ? 2 : 1
    return {
      ...base,
      typeId: 4,
      providerId: 'CRM_EMAIL',
      providerTypeId: 'EMAIL',
      direction,
      subject: direction === 2 ? 'Письмо клиенту' : 'Письмо от клиента',
    }
  }
  if (kind === 'chat')
    return {
      ...base,
      providerId: 'IMOPENLINES_SESSION',
      providerTypeId: '1',
      direction: 1,
      isIncomingChannel: true,
      endTime: at + random.int(3, 40) * MINUTE,
      subject: 'Чат с клиентом',
    }
  return {
    ...base,
    typeId: 1,
    providerId: 'CRM_MEETING',
    providerTypeId: 'MEETING',
    endTime: at + random.int(30, 90) * MINUTE,
    subject: 'Встреча',
  }
}

/** Everything that hangs on one deal: contacts, next steps, the robot's own to-dos. */
export const activityTraces = (teller: Teller, story: DealStory): ActivityTrace[] => {
  const { random, days, pace, persona, ownerId, robotId } = teller
  const traces: ActivityTrace[] = []
  const until = (to: number | null): number => Math.min(to ?? pace.now, pace.now)
  for (const [index, stay] of story.stays.entries()) {
    if (stay.stage.semantic !== undefined) continue
    const to = until(stay.to)
    // After two quiet days of a forgotten deal nothing comes any more.
    const alive = stay.isForgotten ? Math.min(to, stay.from + 2) : to
    const progress = progressAt(pace, stay.from)
    const rate = Math.max(0.05, habit(persona.touches, progress))
    if (index === 0) {
      // Half an hour is a twentieth of a working day.
      const answered =
        stay.from +
        (random.chance(habit(persona.answers, progress)) ? random.unit() * 0.05 : random.logNormal(0.5, 0.8))
      if (answered < pace.now && (!stay.isForgotten || answered < alive))
        traces.push(touch(teller, days.at(answered), progress))
    }
    for (let at = stay.from + random.unit() / rate; at < alive; at += -Math.log(1 - random.unit()) / rate)
      traces.push(touch(teller, days.at(at), progress))
    if (index === 0 && random.chance(0.35)) {
      // The welcome robot sets a step of its own for each new request.
      const at = days.at(stay.from)
      const isDone = random.chance(habit(persona.punctual, progress)) || to < pace.now
      traces.push({
        ...blank(at, robotId),
        responsibleId: ownerId,
        deadline: days.ahead(stay.from + 1),
        startTime: days.ahead(stay.from + 1),
        endTime: days.ahead(stay.from + 1),
        subject: 'Обработать новую заявку',
        status: isDone ? 2 : 1,
        editorId: isDone ? ownerId : robotId,
        lastUpdated: isDone ? Math.min(days.at(to), days.ahead(stay.from + 1.5)) : at,
      })
    }
    for (let at = stay.from + 0.1; at < alive; ) {
      const progress = progressAt(pace, at)
      const gap = random.logNormal(2.4, 0.5)
      if (!random.chance(habit(persona.nextStep, progress))) {
        at += gap + 0.8
        continue
      }
      const due = at + Math.max(0.4, gap)
      const late = random.chance(habit(persona.punctual, progress))
        ? -random.unit() * 0.3
        : random.logNormal(1.6, 0.7)
      const done = due + late
      const isDone = done < to
      const created = days.at(at)
      traces.push({
        ...blank(created, ownerId),
        deadline: days.ahead(due),
        startTime: days.ahead(due),
        endTime: isDone ? days.at(done) : days.ahead(due),
        subject: stepText(random, random.chance(habit(persona.fills, progress))),
        // A step still open when the deal leaves is closed by whoever closes the deal.
        status: isDone ? 2 : stay.to === null ? 1 : 2,
        lastUpdated: isDone ? days.at(done) : stay.to === null ? created : days.at(stay.to),
      })
      at = Math.max(done, due) + 0.05
    }
  }
  if (story.isWon || story.isLost) {
    const last = story.stays.at(-1)!
    for (const trace of traces)
      if (trace.status === 1) {
        trace.status = 3
        trace.lastUpdated = days.at(last.from)
      }
  }
  return traces.sort((a, b) => a.created - b.created)
}

/** Tasks of a deal: some closed in time, some late, deadlines moved along the way. */
export const taskTraces = (teller: Teller, story: DealStory, share: number): TaskTrace[] => {
  const { random, ownerId, headId } = teller
  const tasks: TaskTrace[] = []
  for (const stay of story.stays) {
    if (stay.stage.semantic !== undefined || !random.chance(share)) continue
    tasks.push(taskTrace(teller, stay.from + 0.2, random.chance(0.25) ? headId : ownerId))
  }
  return tasks
}

export const taskTrace = (teller: Teller, from: number, createdBy: number): TaskTrace => {
  const { random, days, pace, persona, ownerId } = teller
  const progress = progressAt(pace, from)
  const created = days.at(from)
  let due = from + random.logNormal(3, 0.5)
  const changes: TaskTrace['changes'] = [{ at: created, field: 'NEW', from: '', to: '', userId: createdBy }]
  const seconds = (position: number): string => String(Math.floor(days.ahead(position) / 1000))
  let changedDate = created
  while (!random.chance(habit(persona.punctual, progress)) && due < pace.now && changes.length < 5) {
    const moved = due + random.logNormal(2.5, 0.5)
    const at = days.at(due - 0.1)
    changes.push({ at, field: 'DEADLINE', from: seconds(due), to: seconds(moved), userId: ownerId })
    changedDate = at
    due = moved
  }
  const done =
    due + (random.chance(habit(persona.punctual, progress)) ? -random.unit() : random.logNormal(2, 0.7))
  const isDone = done < pace.now && random.chance(0.93)
  const closedDate = isDone ? Math.max(days.at(Math.max(done, from)), created + MINUTE) : null
  if (closedDate !== null)
    changes.push({ at: closedDate, field: 'STATUS', from: '2', to: '5', userId: ownerId })
  return {
    title: taskText(random),
    description: '',
    status: isDone ? 5 : random.chance(0.1) ? 6 : random.chance(0.4) ? 3 : 2,
    responsibleId: ownerId,
    createdBy,
    createdDate: created,
    changedDate: closedDate ?? changedDate,
    changedBy: ownerId,
    activityDate: closedDate ?? changedDate,
    closedDate,
    closedBy: isDone ? ownerId : 0,
    deadline: Math.max(days.ahead(due), created + HOUR),
    groupId: 0,
    tags: [],
    changes,
  }
}
