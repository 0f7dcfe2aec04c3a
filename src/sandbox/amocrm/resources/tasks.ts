import type { TaskRow } from '../account/rows.ts'
import { listKey, nothing, pageAnswer } from '../rest/listing.ts'
import { badFilter, invalid, wrongShape } from '../rest/problem.ts'
import { filterOf, idsOf, isWithin, listOf, orderOf, pageOf, rangeOf, textOf } from '../rest/query.ts'
import { type Call, disguised, ok, type Route, visibleTo } from './resource.ts'

const taskRow = ({ account }: Call, task: TaskRow): object =>
  disguised(
    {
      id: task.id,
      created_by: task.createdBy,
      updated_by: task.updatedBy,
      created_at: task.createdAt,
      updated_at: task.updatedAt,
      responsible_user_id: task.responsibleId,
      group_id: account.users.find(task.responsibleId)?.groupId ?? 0,
      entity_id: task.entityId,
      entity_type: task.entityType,
      duration: 0,
      is_completed: task.isCompleted,
      task_type_id: task.typeId,
      text: task.text,
      result: task.resultText === null ? [] : { text: task.resultText },
      complete_till: task.completeTill,
      account_id: account.accountId,
      _links: { self: { href: `${account.origin}/api/v4/tasks/${task.id}` } },
    },
    account.tasks.disguises.get(task.id),
  )

const matching = (call: Call): readonly TaskRow[] => {
  const { account, query } = call
  const filter = filterOf(query)
  const ids = idsOf(filter['id'])
  const responsible = idsOf(filter['responsible_user_id'])
  const types = idsOf(filter['task_type_id'] ?? filter['task_type'])
  const entityTypes = listOf(filter['entity_type'])
  const entityIds = idsOf(filter['entity_id'])
  if (entityIds && !entityTypes) throw badFilter()
  const completed = textOf(filter['is_completed'])
  const updated = rangeOf(filter['updated_at'])
  const seen = visibleTo(call)
  const order = orderOf(query, ['id', 'created_at', 'complete_till'], 'id')
  return call.lists.get(listKey('tasks', query, seen && [...seen]), account.tasks.version, () => {
    const found = account.tasks.rows.filter(
      task =>
        (ids === null || ids.has(task.id)) &&
        (responsible === null || responsible.has(task.responsibleId)) &&
        (types === null || types.has(task.typeId)) &&
        (entityTypes === null || entityTypes.includes(task.entityType ?? '')) &&
        (entityIds === null || (task.entityId !== null && entityIds.has(task.entityId))) &&
        (completed === '' || task.isCompleted === (completed === '1')) &&
        isWithin(updated, task.updatedAt) &&
        (seen === null || seen.has(task.responsibleId)),
    )
    const of = { id: 'id', created_at: 'createdAt', complete_till: 'completeTill' }[order.key] as 'id'
    found.sort((a, b) => a[of] - b[of] || a.id - b.id)
    return order.isDown ? found.reverse() : found
  })
}

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

const addTasks = (call: Call) => {
  if (!Array.isArray(call.body)) throw wrongShape()
  const items = call.body as Record<string, unknown>[]
  for (const [index, item] of items.entries()) {
    const missing =
      textOf(item['text']) === ''
        ? 'text'
        : number(item['complete_till']) === undefined
          ? 'complete_till'
          : null
    const responsible = call.account.users.find(number(item['responsible_user_id']) ?? 0)
    const wrong =
      missing ??
      (item['responsible_user_id'] !== undefined && !responsible?.isActive ? 'responsible_user_id' : null)
    if (wrong)
      throw invalid([
        {
          request_id: String(index),
          errors: [{ code: 'FieldMissing', path: wrong, detail: 'This field is missing or wrong.' }],
        },
      ])
  }
  const made = items.map((item, index) => {
    const entityId = number(item['entity_id']) ?? null
    const task = call.acts.addTask(
      {
        text: textOf(item['text']),
        completeTill: number(item['complete_till'])!,
        responsibleId: number(item['responsible_user_id']) ?? call.user.id,
        entityId,
        entityType: entityId === null ? null : (textOf(item['entity_type']) as TaskRow['entityType']),
        typeId: number(item['task_type_id']) ?? 1,
      },
      item['created_by'] === 0 ? { ...call.actor, userId: 0 } : call.actor,
    )
    return { id: task.id, request_id: textOf(item['request_id']) || String(index), _links: {} }
  })
  return ok({ _embedded: { tasks: made } })
}

const changeTask = (call: Call, id: number, item: Record<string, unknown>): TaskRow | undefined => {
  const result = item['result'] as { text?: unknown } | undefined
  return call.acts.updateTask(
    id,
    {
      ...(item['text'] === undefined ? {} : { text: textOf(item['text']) }),
      ...(number(item['complete_till']) === undefined
        ? {}
        : { completeTill: number(item['complete_till'])! }),
      ...(typeof item['is_completed'] === 'boolean' ? { isCompleted: item['is_completed'] } : {}),
      ...(result?.text === undefined ? {} : { resultText: textOf(result.text) }),
      ...(number(item['responsible_user_id']) === undefined
        ? {}
        : { responsibleId: number(item['responsible_user_id'])! }),
    },
    call.actor,
  )
}

export const taskRoutes: Route[] = [
  {
    method: 'GET',
    path: /^tasks$/,
    run: call =>
      pageAnswer(call.account, 'tasks', 'tasks', call.query, pageOf(call.query, 250), matching(call), task =>
        taskRow(call, task),
      ),
  },
  {
    method: 'GET',
    path: /^tasks\/(\d+)$/,
    run: call => {
      const task = call.account.tasks.find(Number(call.params[0]))
      return task ? ok(taskRow(call, task)) : nothing
    },
  },
  { method: 'POST', path: /^tasks$/, run: addTasks },
  {
    method: 'PATCH',
    path: /^tasks$/,
    run: call => {
      if (!Array.isArray(call.body)) throw wrongShape()
      const rows = (call.body as Record<string, unknown>[]).flatMap(item => {
        const task = changeTask(call, Number(item['id']), item)
        return task ? [{ id: task.id, updated_at: task.updatedAt }] : []
      })
      return ok({ _embedded: { tasks: rows } })
    },
  },
  {
    method: 'PATCH',
    path: /^tasks\/(\d+)$/,
    run: call => {
      if (typeof call.body !== 'object' || call.body === null || Array.isArray(call.body)) throw wrongShape()
      const task = changeTask(call, Number(call.params[0]), call.body as Record<string, unknown>)
      return task ? ok({ id: task.id, updated_at: task.updatedAt }) : nothing
    },
  },
]
