import { HOUR, SECOND } from '../../clock.ts'
import { NOTE_EVENTS } from '../amocrm/account/acts.ts'
import type { LeadRow } from '../amocrm/account/rows.ts'
import { DEAL } from '../bitrix24/state/dictionaries.ts'
import type { ActivityRow, TaskRow } from '../bitrix24/state/rows.ts'
import type { Telling } from './half-year-leads.ts'

const touched = (lead: LeadRow, at: number, by: number): void => {
  if (at <= lead.updatedAt) return
  lead.updatedAt = at
  lead.updatedBy = by
}

/** A call is a note of the lead or of its contact, and an event beside it. */
const writeCall = (
  { account, random, seconds, userId }: Telling,
  activity: ActivityRow,
  lead: LeadRow,
): void => {
  const isOnContact = lead.contactId !== null && random.chance(0.25)
  const noteType = activity.direction === 1 ? 'call_in' : 'call_out'
  const by = userId(activity.authorId)
  const at = seconds(activity.created)
  const entityId = isOnContact ? lead.contactId! : lead.id
  const note = account.notes.add({
    entity: isOnContact ? 'contacts' : 'leads',
    entityId,
    createdBy: by,
    updatedBy: by,
    createdAt: at,
    updatedAt: at,
    responsibleId: by,
    noteType,
    params: {
      uniq: `c-${activity.id}`,
      duration: Math.max(0, Math.round(((activity.endTime ?? activity.created) - activity.created) / SECOND)),
      source: 'Телефония',
      link: null,
      phone: '+7 812 000-00-00',
      call_responsible: by,
      call_status: 4,
    },
  })
  account.events.add({
    type: NOTE_EVENTS[noteType]!,
    entityId,
    entityType: isOnContact ? 'contact' : 'lead',
    createdBy: by,
    createdAt: at,
    after: [{ note: { id: note.id } }],
  })
}

const writeMessage = ({ account, seconds, userId }: Telling, activity: ActivityRow, lead: LeadRow): void => {
  const isIn = activity.direction === 1
  account.events.add({
    type: isIn ? 'incoming_chat_message' : 'outgoing_chat_message',
    entityId: lead.id,
    entityType: 'lead',
    createdBy: isIn ? 0 : userId(activity.authorId),
    createdAt: seconds(activity.created),
    after: [{ message: { id: `m-${activity.id}` } }],
    linkedContactId: lead.contactId,
  })
}

/** A letter leaves no event here; whoever cares writes a remark. */
const writeRemark = ({ account, seconds, userId }: Telling, activity: ActivityRow, lead: LeadRow): void => {
  const by = userId(activity.authorId)
  const at = seconds(activity.created)
  const note = account.notes.add({
    entity: 'leads',
    entityId: lead.id,
    createdBy: by,
    updatedBy: by,
    createdAt: at,
    updatedAt: at,
    responsibleId: by,
    noteType: 'common',
    params: { text: activity.subject },
  })
  account.events.add({
    type: 'common_note_added',
    entityId: lead.id,
    entityType: 'lead',
    createdBy: by,
    createdAt: at,
    after: [{ note: { id: note.id } }],
  })
}

/** A planned step is a task of the lead. */
const writeStep = ({ account, seconds, userId }: Telling, activity: ActivityRow, lead: LeadRow): void => {
  const isDone = activity.status !== 1
  const by = userId(activity.authorId)
  const createdAt = seconds(activity.created)
  const closedAt = Math.max(createdAt, seconds(activity.lastUpdated))
  const doer = userId(activity.editorId) || lead.responsibleId
  const task = account.tasks.add({
    createdBy: by,
    updatedBy: isDone ? doer : by,
    createdAt,
    updatedAt: isDone ? closedAt : createdAt,
    responsibleId: userId(activity.responsibleId),
    entityId: lead.id,
    entityType: 'leads',
    typeId: activity.typeId === 1 ? 2 : 1,
    text: activity.subject,
    resultText: isDone && activity.id % 3 === 0 ? 'Сделано' : null,
    isCompleted: isDone,
    completeTill: seconds(activity.deadline ?? activity.created + 24 * HOUR),
  })
  const about = { entityId: task.id, entityType: 'task' as const }
  account.events.add({ ...about, type: 'task_added', createdBy: by, createdAt })
  if (isDone) account.events.add({ ...about, type: 'task_completed', createdBy: doer, createdAt: closedAt })
}

/** Contacts with clients and planned steps. */
export const writeActivities = (telling: Telling): void => {
  for (const activity of telling.story.activities.rows) {
    const lead = activity.ownerTypeId === DEAL ? telling.lead(activity.ownerId) : undefined
    if (!lead) continue
    if (activity.providerTypeId === 'CALL') writeCall(telling, activity, lead)
    else if (activity.providerTypeId === 'TODO') writeStep(telling, activity, lead)
    else if (activity.providerTypeId === 'MEETING') writeStep(telling, activity, lead)
    else if (activity.providerTypeId === 'EMAIL' && activity.direction === 2)
      writeRemark(telling, activity, lead)
    else writeMessage(telling, activity, lead)
    touched(lead, telling.seconds(activity.created), telling.userId(activity.authorId))
  }
}

/** Tasks beside steps, with their deadlines moved along the way. */
export const writeTasks = ({ account, story, userId, lead, seconds }: Telling): void => {
  for (const task of story.tasks.rows) {
    const owner = dealOf(task)
    const entity = owner === null ? undefined : lead(owner)
    const isDone = task.status === 5
    const createdAt = seconds(task.createdDate)
    const closedAt = Math.max(createdAt, seconds(task.closedDate ?? task.changedDate))
    const row = account.tasks.add({
      createdBy: userId(task.createdBy),
      updatedBy: userId(isDone ? task.closedBy : task.changedBy),
      createdAt,
      updatedAt: closedAt,
      responsibleId: userId(task.responsibleId),
      entityId: entity?.id ?? null,
      entityType: entity ? 'leads' : null,
      typeId: 1,
      text: task.title,
      resultText: isDone ? 'Готово' : null,
      isCompleted: isDone,
      completeTill: seconds(task.deadline ?? task.createdDate + 24 * HOUR),
    })
    const about = { entityId: row.id, entityType: 'task' as const }
    account.events.add({ ...about, type: 'task_added', createdBy: row.createdBy, createdAt })
    for (const change of task.changes)
      if (change.field === 'DEADLINE')
        account.events.add({
          ...about,
          type: 'task_deadline_changed',
          createdBy: userId(change.userId),
          createdAt: seconds(change.at),
          before: [{ task_deadline: { timestamp: Number(change.from) } }],
          after: [{ task_deadline: { timestamp: Number(change.to) } }],
        })
    if (isDone)
      account.events.add({ ...about, type: 'task_completed', createdBy: row.updatedBy, createdAt: closedAt })
  }
}

const dealOf = ({ crm }: TaskRow): number | null => {
  const binding = crm.find(text => text.startsWith('D_'))
  return binding === undefined ? null : Number(binding.slice(2))
}
