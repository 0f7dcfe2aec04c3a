import type { Observed } from '../vendor.ts'
import { type Client, type Command, resultOf } from './client.ts'
import { feedOf, rowsOf } from './feeds.ts'
import { runAll } from './fetch.ts'
import { DEAL_TYPE } from './manifest.ts'
import { hasMarkField, MARK_FIELD } from './write.ts'

const PAGE = 50
const chunks = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / PAGE) }, (_, index) =>
    items.slice(index * PAGE, (index + 1) * PAGE),
  )

type Row = Readonly<Record<string, unknown>>

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const COMPLETED = '5'

const markOf = (row: Row): Observed['deals'][number] => ({
  id: String(row['id']),
  mark: text(row[MARK_FIELD]) === '' ? null : text(row[MARK_FIELD]),
})

const taskOf = (row: Row): Observed['tasks'][number] => {
  const due = Date.parse(text(row['deadline']))
  const responsible = row['responsibleId']
  return {
    id: String(row['id']),
    isOpen: String(row['status']) !== COMPLETED,
    title: text(row['title']),
    responsibleId: responsible === undefined || responsible === null ? null : String(responsible),
    dueAt: Number.isNaN(due) ? null : new Date(due),
  }
}

/** What the portal shows now of our field on these deals and of these tasks, 50 lists of 50 to a request. */
export const observe = async (
  client: Client,
  { dealIds, taskIds }: { dealIds: readonly string[]; taskIds: readonly string[] },
): Promise<Observed> => {
  const tasks = feedOf('task')
  // A portal that has no field of ours refuses lists that name it; and then no deal carries a mark.
  const select = dealIds.length > 0 && (await hasMarkField(client)) ? ['id', MARK_FIELD] : ['id']
  const asked = <Kind extends string>(kind: Kind, commands: Command[]) =>
    commands.map(command => ({ kind, command }))
  const lists = [
    ...asked(
      'deals',
      chunks(dealIds).map(part => ({
        method: 'crm.item.list',
        params: {
          entityTypeId: DEAL_TYPE,
          select,
          filter: { '@id': part },
          order: { id: 'ASC' },
          start: -1,
          useOriginalUfNames: 'Y',
        },
      })),
    ),
    ...asked(
      'tasks',
      chunks(taskIds).map(part =>
        tasks.list({ ID: part }, { select: ['ID', 'TITLE', 'STATUS', 'RESPONSIBLE_ID', 'DEADLINE'] }),
      ),
    ),
  ]
  const results = await runAll(
    client,
    lists.map(({ command }) => command),
  )
  const found: Observed = { deals: [], tasks: [] }
  for (const [index, { kind, command }] of lists.entries()) {
    const { result } = resultOf(results[index]!, command.method)
    const rows = (rowsOf(kind === 'tasks' ? tasks : feedOf('deal'), result) ?? []) as Row[]
    if (kind === 'tasks') found.tasks.push(...rows.map(taskOf))
    else found.deals.push(...rows.map(markOf))
  }
  return found
}
