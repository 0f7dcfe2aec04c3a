import type { Observed } from '../vendor.ts'
import type { Client, Query } from './client.ts'
import { pagesOf } from './pages.ts'

const IDS_PER_REQUEST = 250

type Lead = { id: number; is_deleted?: boolean; _embedded?: { tags?: { name?: string }[] } | null }
type Task = {
  id: number
  is_completed?: boolean
  text?: string | null
  responsible_user_id?: number | null
  complete_till?: number | null
}

const rowsByIds = async <Row>(client: Client, path: string, ids: readonly string[]): Promise<Row[]> => {
  const rows: Row[] = []
  for (let from = 0; from < ids.length; from += IDS_PER_REQUEST) {
    const query: Query = { filter: { id: ids.slice(from, from + IDS_PER_REQUEST) } }
    for await (const page of pagesOf(client, path, path, query, IDS_PER_REQUEST))
      rows.push(...(page as Row[]))
  }
  return rows
}

/** What the account shows now of our tags on these leads and of these tasks. */
export const observe = async (
  client: Client,
  asked: { marks: readonly string[]; dealIds: readonly string[]; taskIds: readonly string[] },
): Promise<Observed> => {
  const leads = await rowsByIds<Lead>(client, 'leads', asked.dealIds)
  const tasks = await rowsByIds<Task>(client, 'tasks', asked.taskIds)
  const live = leads.filter(lead => lead.is_deleted !== true)
  return {
    deals: live.map(({ id, _embedded }) => ({
      id: String(id),
      mark: asked.marks.find(mark => (_embedded?.tags ?? []).some(({ name }) => name === mark)) ?? null,
    })),
    tasks: tasks.map(task => ({
      id: String(task.id),
      isOpen: task.is_completed !== true,
      title: task.text ?? '',
      responsibleId: task.responsible_user_id ? String(task.responsible_user_id) : null,
      dueAt: task.complete_till ? new Date(task.complete_till * 1000) : null,
    })),
  }
}
