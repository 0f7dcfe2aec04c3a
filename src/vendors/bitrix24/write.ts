import { VendorError } from '../../errors.ts'
import type { Message, WriteBack } from '../vendor.ts'
import { BATCH_SIZE, type Client, type Command, type CommandResult, type Params } from './client.ts'
import { feedOf, rowsOf } from './feeds.ts'
import { DEAL_TYPE } from './manifest.ts'

/** Everything that we change in a portal. Each write compares first, because a write fires robots and events. */

const WRITE = { urgency: 'person', isWrite: true } as const
const READ = { urgency: 'person' } as const
const COMPLETED = '5'

/** Writes in batches; nothing is repeated by itself. */
export const runWrites = async (client: Client, commands: readonly Command[]): Promise<CommandResult[]> => {
  const results: CommandResult[] = []
  for (let from = 0; from < commands.length; from += BATCH_SIZE)
    results.push(...(await client.batch(commands.slice(from, from + BATCH_SIZE), WRITE)))
  return results
}

/** Square brackets are markup in messages: what people typed must stay text. */
const plain = (text: string): string => text.replaceAll('[', '(').replaceAll(']', ')')

const httpUrl = (url: string): string | null => {
  if (!URL.canParse(url)) return null
  const { protocol, href } = new URL(url)
  return /^https?:$/.test(protocol) ? href.replaceAll('[', '%5B').replaceAll(']', '%5D') : null
}

export const messageBody = ({ lines }: Message): { bb: string; text: string } => {
  const rendered = lines.map(({ text, link }) => {
    const url = link ? httpUrl(link.url) : null
    if (!link || url === null) return { bb: plain(text), text }
    const space = text === '' ? '' : ' '
    return {
      bb: `${plain(text)}${space}[url=${url}]${plain(link.label)}[/url]`,
      text: `${text}${space}${link.label}: ${url}`,
    }
  })
  return { bb: rendered.map(({ bb }) => bb).join('[br]'), text: rendered.map(line => line.text).join('\n') }
}

/** The same tag replaces the earlier notification. */
export const sendNotification = async (client: Client, message: Message): Promise<string | null> => {
  const { bb, text } = messageBody(message)
  const params = { USER_ID: message.userId, MESSAGE: bb, MESSAGE_OUT: text, TAG: message.tag }
  const { result } = await client.call('im.notify.system.add', params, WRITE)
  return typeof result === 'number' || (typeof result === 'string' && result !== '') ? String(result) : null
}

/** The field of ours that carries the mark of a deal; created on first use. */
const MARK = { name: 'PLANERKA_FLAG', label: { ru: 'Планёрка: флаг', en: 'Planerka: flag' } }
export const MARK_FIELD = `UF_CRM_${MARK.name}`

/** Whether the portal has our field; asking needs an administrator, as making it does. */
export const hasMarkField = async (client: Client): Promise<boolean> => {
  const found = await client.call('crm.deal.userfield.list', { filter: { FIELD_NAME: MARK_FIELD } }, READ)
  const rows = Array.isArray(found.result) ? (found.result as unknown[]) : []
  return rows.some(row => (row as { FIELD_NAME?: unknown } | null)?.FIELD_NAME === MARK_FIELD)
}

/** Connections through which the field was seen: asked once for a run of writes, not before each of them. */
const seenBy = new WeakSet<Client>()

const ensureMarkField = async (client: Client): Promise<void> => {
  if (seenBy.has(client)) return
  if (!(await hasMarkField(client))) {
    const fields = {
      USER_TYPE_ID: 'string',
      FIELD_NAME: MARK.name,
      XML_ID: MARK.name,
      MULTIPLE: 'N',
      MANDATORY: 'N',
      SHOW_FILTER: 'Y',
      EDIT_FORM_LABEL: MARK.label,
      LIST_COLUMN_LABEL: MARK.label,
      LIST_FILTER_LABEL: MARK.label,
    }
    await client.call('crm.deal.userfield.add', { fields }, WRITE)
  }
  seenBy.add(client)
}

const dealItem = async (client: Client, dealId: string): Promise<Record<string, unknown>> => {
  const params = { entityTypeId: DEAL_TYPE, id: dealId, useOriginalUfNames: 'Y' }
  const { result } = await client.call('crm.item.get', params, READ)
  const item = typeof result === 'object' && result !== null ? (result as { item?: unknown }).item : null
  if (typeof item !== 'object' || item === null)
    throw new VendorError('shape_changed', 'ITEM_SHAPE', 'crm.item.get answers with no item')
  return item as Record<string, unknown>
}

const updateDeal = async (client: Client, dealId: string, fields: Params): Promise<void> => {
  await client.call(
    'crm.item.update',
    { entityTypeId: DEAL_TYPE, id: dealId, fields, useOriginalUfNames: 'Y' },
    WRITE,
  )
}

const setMark = async (client: Client, dealId: string, wanted: string): Promise<null> => {
  const held = (await dealItem(client, dealId))[MARK_FIELD]
  if ((typeof held === 'string' ? held : '') === wanted) return null
  await ensureMarkField(client)
  await updateDeal(client, dealId, { [MARK_FIELD]: wanted })
  return null
}

const tasksOfDeal = async (
  client: Client,
  dealId: string,
  responsibleId: string,
): Promise<Record<string, unknown>[]> => {
  const spec = feedOf('task')
  const filter = { UF_CRM_TASK: `D_${dealId}`, RESPONSIBLE_ID: responsibleId }
  const { method, params } = spec.list(filter, {
    select: ['ID', 'TITLE', 'STATUS', 'RESPONSIBLE_ID', 'UF_CRM_TASK'],
    order: 'DESC',
  })
  const { result } = await client.call(method, params, READ)
  return (rowsOf(spec, result) ?? []).filter(row => typeof row === 'object' && row !== null) as Record<
    string,
    unknown
  >[]
}

/** An open task of that name that hangs on the deal already. */
const findTask = async (
  client: Client,
  task: Extract<WriteBack, { kind: 'task' }>,
): Promise<string | null> => {
  const rows = await tasksOfDeal(client, task.dealId, task.responsibleId)
  const same = rows.find(
    ({ title, status, responsibleId, ufCrmTask }) =>
      title === task.title &&
      String(status) !== COMPLETED &&
      String(responsibleId) === task.responsibleId &&
      Array.isArray(ufCrmTask) &&
      ufCrmTask.includes(`D_${task.dealId}`),
  )
  return same ? String(same['id']) : null
}

const addTask = async (
  client: Client,
  task: Extract<WriteBack, { kind: 'task' }>,
): Promise<string | null> => {
  const existing = await findTask(client, task)
  if (existing !== null) return existing
  const fields = {
    TITLE: task.title,
    RESPONSIBLE_ID: task.responsibleId,
    DEADLINE: task.dueAt.toISOString().replace(/\.\d{3}Z$/, '+00:00'),
    UF_CRM_TASK: [`D_${task.dealId}`],
  }
  try {
    const { result } = await client.call('tasks.task.add', { fields }, WRITE)
    const id = (result as { task?: { id?: unknown } } | null)?.task?.id
    return typeof id === 'string' || typeof id === 'number' ? String(id) : null
  } catch (error) {
    // Nobody knows whether a lost reply created the task: look before anybody tries again.
    if (!(error instanceof VendorError) || error.kind !== 'unavailable') throw error
    const made = await findTask(client, task)
    if (made === null) throw error
    return made
  }
}

/** A task's status in the portal; null = the portal does not show the task. */
const statusOf = async (client: Client, taskId: string): Promise<string | null> => {
  const spec = feedOf('task')
  const { method, params } = spec.list({ ID: taskId }, { select: ['ID', 'STATUS'] })
  const { result } = await client.call(method, params, READ)
  const task = (rowsOf(spec, result) ?? []).find(
    row => String((row as { id?: unknown } | null)?.id) === taskId,
  )
  return task ? String((task as { status?: unknown }).status) : null
}

/** Old portals lack the verbs and take the status itself. */
const moveTask = async (client: Client, method: string, taskId: string, status: string): Promise<void> => {
  try {
    await client.call(method, { taskId }, WRITE)
  } catch (error) {
    if (!(error instanceof VendorError) || error.code !== 'ERROR_METHOD_NOT_FOUND') throw error
    await client.call('tasks.task.update', { taskId, fields: { STATUS: Number(status) } }, WRITE)
  }
}

const removeTask = async (client: Client, taskId: string): Promise<null> => {
  if ((await statusOf(client, taskId)) === null) return null
  await client.call('tasks.task.delete', { taskId }, WRITE)
  return null
}

const reopenTask = async (client: Client, taskId: string): Promise<null> => {
  if ((await statusOf(client, taskId)) !== COMPLETED) return null
  await moveTask(client, 'tasks.task.renew', taskId, '2')
  return null
}

const closeTask = async (client: Client, taskId: string): Promise<null> => {
  const status = await statusOf(client, taskId)
  if (status === null || status === COMPLETED) return null
  await moveTask(client, 'tasks.task.complete', taskId, COMPLETED)
  return null
}

/** @returns the id of a task that was made (or found already made), otherwise null */
export const applyChange = async (client: Client, change: WriteBack): Promise<string | null> => {
  switch (change.kind) {
    case 'mark':
      return setMark(client, change.dealId, change.to ?? '')
    case 'task':
      return addTask(client, change)
    case 'closeTask':
      return closeTask(client, change.taskId)
    case 'removeTask':
      return removeTask(client, change.taskId)
    case 'reopenTask':
      return reopenTask(client, change.taskId)
  }
}
