import { VendorError } from '../../errors.ts'
import type { Message, WriteBack } from '../vendor.ts'
import type { Client } from './client.ts'
import { rowsOf } from './pages.ts'

/** Our flag field is found by its code, so a renamed field stays ours. */
const FLAG_CODE = 'PLANERKA_FLAG'
const OPTIONS = { amber: 'Внимание', red: 'Зависла' } as const

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

type FlagField = { id: number; enums: { id: number; code?: string | null; value: string }[] }

const flagField = async (client: Client): Promise<FlagField> => {
  for (let page = 1; ; page += 1) {
    const rows = rowsOf(
      await client.get('leads/custom_fields', { limit: 250, page }),
      'custom_fields',
    ) as (FlagField & { code?: string | null })[]
    const found = rows.find(row => row.code === FLAG_CODE)
    if (found) return found
    if (rows.length === 0) break
  }
  const enums = Object.entries(OPTIONS).map(([code, value], sort) => ({ value, sort, code }))
  const made = await client.send('POST', 'leads/custom_fields', [
    { name: 'Планёрка', type: 'select', code: FLAG_CODE, is_api_only: true, enums },
  ])
  const [field] = rowsOf(made, 'custom_fields') as FlagField[]
  if (!field)
    throw new VendorError('shape_changed', 'custom_fields', 'The CRM did not return the field it made')
  return field
}

const lead = async (client: Client, id: string) =>
  (await client.get(`leads/${id}`)) as {
    _embedded?: { tags?: { name?: string }[] }
    custom_fields_values?: { field_id: number; values?: { enum_id?: number }[] }[] | null
  } | null

/** Applies one change, and only if it changes anything: every write stirs the customer's automations. */
export const applyChange = async (client: Client, change: WriteBack): Promise<string | null> => {
  if (change.kind === 'closeTask') {
    await client.send('PATCH', `tasks/${change.taskId}`, { is_completed: true, result: { text: 'Planerka' } })
    return change.taskId
  }
  if (change.kind === 'task') {
    const task = {
      text: change.title,
      complete_till: Math.floor(change.dueAt.getTime() / 1000),
      responsible_user_id: Number(change.responsibleId),
      entity_id: Number(change.dealId),
      entity_type: 'leads',
    }
    return firstId(await client.send('POST', 'tasks', [task]), 'tasks')
  }
  const now = await lead(client, change.dealId)
  if (change.kind === 'tag') {
    const has = now?._embedded?.tags?.some(({ name }) => name === change.tag) ?? false
    if (has === change.present) return null
    const key = change.present ? 'tags_to_add' : 'tags_to_delete'
    await client.send('PATCH', 'leads', [{ id: Number(change.dealId), [key]: [{ name: change.tag }] }])
    return change.dealId
  }
  const field = await flagField(client)
  const wanted =
    change.value === 'none'
      ? null
      : (field.enums.find(
          ({ code, value }) => code === change.value || value === OPTIONS[change.value as 'red'],
        )?.id ?? null)
  const current =
    now?.custom_fields_values?.find(({ field_id }) => field_id === field.id)?.values?.[0]?.enum_id ?? null
  if (wanted === current) return null
  const values = wanted === null ? null : [{ enum_id: wanted }]
  await client.send('PATCH', 'leads', [
    { id: Number(change.dealId), custom_fields_values: [{ field_id: field.id, values }] },
  ])
  return change.dealId
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
