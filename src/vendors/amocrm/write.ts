import { isVendorError } from '../../errors.ts'
import type { Message, WriteBack } from '../vendor.ts'
import type { Client } from './client.ts'
import { rowsOf } from './pages.ts'

/** Marks a change as a robot's, so that it is nobody's work in the account's own reports either. */
const AS_ROBOT = { updated_by: 0 } as const
const AS_ROBOT_NEW = { created_by: 0 } as const

const firstId = (body: unknown, key: string): string | null => {
  const id = (rowsOf(body, key)[0] as { id?: unknown } | undefined)?.id
  return typeof id === 'number' || typeof id === 'string' ? String(id) : null
}

/** A message is a task of the person it is for: the only native way to reach somebody in this CRM. */
export const sendAsTask = async (client: Client, message: Message): Promise<string | null> => {
  const due = message.dueAt ?? new Date(client.now().getTime() + 8 * 3_600_000)
  const text = message.lines.map(({ text, link }) => (link ? `${text} ${link.url}` : text)).join('\n')
  const task = {
    text: text.slice(0, 2000),
    complete_till: Math.floor(due.getTime() / 1000),
    task_type_id: 1,
    responsible_user_id: Number(message.userId),
    request_id: message.tag,
  }
  return firstId(await client.send('POST', 'tasks', [task]), 'tasks')
}

const lead = async (client: Client, id: string) =>
  (await client.get(`leads/${id}`)) as {
    _embedded?: { tags?: { name?: string }[] }
  } | null

const setCompleted = async (client: Client, taskId: string, isCompleted: boolean): Promise<string | null> => {
  const task = (await client.get(`tasks/${taskId}`)) as { is_completed?: boolean } | null
  if (task === null || (task.is_completed === true) === isCompleted) return null
  const body = isCompleted ? { is_completed: true, result: { text: 'Planerka' } } : { is_completed: false }
  await client.send('PATCH', `tasks/${taskId}`, body)
  return taskId
}

type TaskChange = Extract<WriteBack, { kind: 'task' }>

/** An open task of that text that hangs on the lead already. */
const findTask = async (
  client: Client,
  { dealId, responsibleId, title }: TaskChange,
): Promise<string | null> => {
  const filter = {
    entity_type: 'leads',
    entity_id: [dealId],
    responsible_user_id: [responsibleId],
    is_completed: 0,
  }
  const rows = rowsOf(await client.get('tasks', { filter, limit: 250 }), 'tasks') as {
    id: number
    text?: string
    entity_id?: number
    is_completed?: boolean
    responsible_user_id?: number
  }[]
  const same = rows.find(
    row =>
      row.text === title &&
      String(row.entity_id) === dealId &&
      String(row.responsible_user_id) === responsibleId &&
      row.is_completed !== true,
  )
  return same ? String(same.id) : null
}

const addTask = async (client: Client, change: TaskChange): Promise<string | null> => {
  const existing = await findTask(client, change)
  if (existing !== null) return existing
  const task = {
    text: change.title,
    complete_till: Math.floor(change.dueAt.getTime() / 1000),
    task_type_id: 1,
    responsible_user_id: Number(change.responsibleId),
    entity_id: Number(change.dealId),
    entity_type: 'leads',
    ...AS_ROBOT_NEW,
  }
  try {
    return firstId(await client.send('POST', 'tasks', [task]), 'tasks')
  } catch (error) {
    // Nobody knows whether a lost reply created the task: look before anybody tries again.
    if (!isVendorError(error) || error.kind !== 'unavailable') throw error
    const made = await findTask(client, change)
    if (made === null) throw error
    return made
  }
}

/** One request swaps the tag: the list of tags itself is never sent, since that would drop other people's. */
const setMark = async (
  client: Client,
  { dealId, from, to }: Extract<WriteBack, { kind: 'mark' }>,
): Promise<string | null> => {
  const held = new Set((await lead(client, dealId))?._embedded?.tags?.map(({ name }) => name))
  const add = to !== null && !held.has(to) ? { tags_to_add: [{ name: to }] } : {}
  const drop = from !== null && from !== to && held.has(from) ? { tags_to_delete: [{ name: from }] } : {}
  const change = { ...add, ...drop }
  if (Object.keys(change).length === 0) return null
  await client.send('PATCH', 'leads', [{ id: Number(dealId), ...change, ...AS_ROBOT }])
  return dealId
}

/** Applies one change, and only if it changes anything: every write stirs the customer's automations. */
export const applyChange = async (client: Client, change: WriteBack): Promise<string | null> => {
  switch (change.kind) {
    case 'closeTask':
    // This CRM deletes no tasks: taking one back is closing it.
    case 'removeTask':
      return setCompleted(client, change.taskId, true)
    case 'reopenTask':
      return setCompleted(client, change.taskId, false)
    case 'task':
      return addTask(client, change)
    case 'mark':
      return setMark(client, change)
  }
}

/** Asks the CRM to tell us about changes; the tariff may not allow it, and then polling finds everything anyway. */
export const registerWebhook = async (client: Client, destination: string): Promise<void> => {
  const wanted = [
    'add_lead',
    'update_lead',
    'delete_lead',
    'restore_lead',
    'status_lead',
    'responsible_lead',
    'add_task',
    'update_task',
    'delete_task',
  ]
  const rows = rowsOf(await client.get('webhooks', { limit: 250 }), 'webhooks') as {
    destination?: string
    settings?: string[]
    disabled?: boolean
  }[]
  const ours = rows.find(row => row.destination === destination)
  if (ours && !ours.disabled && wanted.every(code => ours.settings?.includes(code))) return
  const prefix = destination.slice(0, destination.lastIndexOf('/') + 1)
  for (const row of rows)
    if (row.destination?.startsWith(prefix) && row.destination !== destination)
      await client.send('DELETE', 'webhooks', { destination: row.destination })
  await client.send('POST', 'webhooks', { destination, settings: wanted, sort: 10 })
}
