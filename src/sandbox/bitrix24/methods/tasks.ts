import { isoOf, parseInstant } from '../rest/instants.ts'
import { asMap, param, paramInt, paramList, paramMap, paramText, phpInt } from '../rest/params.ts'
import { RestError } from '../rest/rest-error.ts'
import type { Portal } from '../state/portal.ts'
import { listRows, PAGE } from '../state/query.ts'
import { taskColumns } from '../state/record-columns.ts'
import type { TaskRow } from '../state/rows.ts'
import type { Call, Methods } from './method.ts'

const TASK = ['task', 'tasks'] as const
/** Task filters know fewer operators than the CRM's. */
const PREFIXES = ['', '!', '<', '<=', '>', '>=', '=', '@', '!=', '%']
const ALWAYS = ['ID']

const person = (portal: Portal, id: number): Record<string, unknown> => {
  const user = portal.users.find(id)
  return {
    id: String(id),
    name: user ? `${user.name} ${user.lastName}` : '',
    link: `/company/personal/user/${id}/`,
    icon: '/bitrix/images/tasks/default_avatar.png',
    workPosition: user?.position ?? '',
  }
}

const shownTask = (call: Call, task: TaskRow, select: string[]): Record<string, unknown> => {
  const { portal } = call
  const isAll = select.length === 0 || select.includes('*')
  const shown: Record<string, unknown> = {}
  for (const [name, column] of taskColumns(portal)) {
    const isCrm = name === 'UF_CRM_TASK'
    // A selected STATUS comes with its sub-status; user fields come only by name.
    const isWanted =
      ALWAYS.includes(name) ||
      select.includes(name) ||
      (isAll && !isCrm) ||
      (name === 'REAL_STATUS' && select.includes('STATUS'))
    if (isWanted) shown[column.camel] = column.show(task)
  }
  // Selecting a person's id brings the person along.
  if (isAll || select.includes('RESPONSIBLE_ID')) shown['responsible'] = person(portal, task.responsibleId)
  if (isAll || select.includes('CREATED_BY')) shown['creator'] = person(portal, task.createdBy)
  if (isAll || select.includes('GROUP_ID')) shown['group'] = []
  if (select.includes('UF_CRM_TASK')) {
    shown['ufTaskWebdavFiles'] = false
    shown['ufMailMessage'] = null
  }
  return { ...shown, ...portal.tasks.disguises.get(task.id) }
}

const isVisibleTo = (call: Call): ((task: TaskRow) => boolean) | null => {
  const seen = call.portal.visibleUsers(call.user)
  return seen && (task => seen.has(task.responsibleId) || seen.has(task.createdBy))
}

const changeOf = (call: Call, fields: Record<string, unknown>): Partial<TaskRow> => {
  const change: Partial<TaskRow> = {}
  const at = (name: string): number | null => {
    const value = parseInstant(param(fields, name), call.portal.offsetMinutes)
    return Number.isNaN(value) ? null : value
  }
  if (param(fields, 'TITLE') !== undefined) change.title = paramText(fields, 'TITLE')
  if (param(fields, 'DESCRIPTION') !== undefined) change.description = paramText(fields, 'DESCRIPTION')
  if (param(fields, 'RESPONSIBLE_ID') !== undefined) change.responsibleId = paramInt(fields, 'RESPONSIBLE_ID')
  if (param(fields, 'DEADLINE') !== undefined) change.deadline = at('DEADLINE')
  if (param(fields, 'GROUP_ID') !== undefined) change.groupId = paramInt(fields, 'GROUP_ID')
  if (param(fields, 'STATUS') !== undefined) change.status = paramInt(fields, 'STATUS')
  if (param(fields, 'UF_CRM_TASK') !== undefined) change.crm = paramList(fields, 'UF_CRM_TASK')
  if (param(fields, 'TAGS') !== undefined) change.tags = paramList(fields, 'TAGS')
  return change
}

const findTask = (call: Call): TaskRow => {
  const task = call.portal.tasks.find(paramInt(call.params, 'taskId'))
  const isVisible = isVisibleTo(call)
  if (!task || (isVisible && !isVisible(task)))
    throw new RestError(400, '1048582', 'Task not found or access denied')
  return task
}

export const taskMethods: Methods = {
  'tasks.task.list': {
    scopes: TASK,
    run: call => {
      const { portal, params } = call
      const columns = taskColumns(portal)
      const order = paramMap(params, 'order')
      for (const name of Object.keys(order))
        if (!columns.has(name.toUpperCase()) || name.toUpperCase() === 'UF_CRM_TASK')
          throw new RestError(400, '0', 'Invalid sorting key')
      const { rows, ...counts } = listRows(
        portal.tasks,
        { filter: paramMap(params, 'filter'), order, start: param(params, 'start') },
        {
          columns: name => columns.get(name),
          idName: 'ID',
          offsetMinutes: portal.offsetMinutes,
          onUnknown: 'ignore',
          prefixes: PREFIXES,
          isVisible: isVisibleTo(call),
        },
      )
      const select = paramList(params, 'select').map(name => name.toUpperCase())
      return { result: { tasks: rows.map(task => shownTask(call, task, select)) }, ...counts }
    },
  },
  'tasks.task.get': {
    scopes: TASK,
    run: call => ({ result: { task: shownTask(call, findTask(call), paramList(call.params, 'select')) } }),
  },
  'tasks.task.add': {
    scopes: TASK,
    run: call => {
      const fields = paramMap(call.params, 'fields')
      const change = changeOf(call, fields)
      if (!change.title) throw new RestError(400, '0', 'Не задано название задачи.')
      if (!change.responsibleId || !call.portal.users.find(change.responsibleId))
        throw new RestError(400, '0', 'Не указан ответственный.')
      const createdBy = phpInt(param(fields, 'CREATED_BY')) || call.user.id
      const task = call.acts.addTask(
        { ...change, title: change.title, responsibleId: change.responsibleId, createdBy },
        call.user.id,
      )
      return { result: { task: shownTask(call, task, []) } }
    },
  },
  'tasks.task.update': {
    scopes: TASK,
    run: call => {
      const task = findTask(call)
      call.acts.updateTask(task.id, changeOf(call, paramMap(call.params, 'fields')), call.user.id)
      return { result: { task: shownTask(call, task, []) } }
    },
  },
  'tasks.task.complete': {
    scopes: TASK,
    run: call => {
      const task = findTask(call)
      call.acts.updateTask(task.id, { status: 5 }, call.user.id)
      return { result: { task: shownTask(call, task, []) } }
    },
  },
  'tasks.task.renew': {
    scopes: TASK,
    run: call => {
      const task = findTask(call)
      call.acts.updateTask(task.id, { status: 2 }, call.user.id)
      return { result: { task: shownTask(call, task, []) } }
    },
  },
  'tasks.task.delete': {
    scopes: TASK,
    run: call => ({ result: { task: call.acts.deleteTask(findTask(call).id, call.user.id) } }),
  },
  'tasks.task.history.list': {
    scopes: TASK,
    run: call => {
      const task = findTask(call)
      const filter = paramMap(call.params, 'filter')
      const field = paramText(filter, 'FIELD')
      const changes = task.changes.filter(change => !field || change.field === field)
      const start = Math.max(0, paramInt(call.params, 'start'))
      const list = changes.slice(start, start + PAGE).map((change, index) => {
        const user = call.portal.users.find(change.userId)
        return {
          id: String(task.id * 100 + start + index),
          createdDate: isoOf(change.at, call.portal.offsetMinutes),
          field: change.field,
          value: { from: change.from, to: change.to },
          user: {
            id: String(change.userId),
            name: user?.name ?? '',
            lastName: user?.lastName ?? '',
            secondName: '',
            login: '',
          },
        }
      })
      return {
        result: { list },
        total: changes.length,
        ...(start + PAGE < changes.length ? { next: start + PAGE } : {}),
      }
    },
  },
  'tasks.task.counters.get': {
    scopes: TASK,
    run: call => {
      const userId = paramInt(asMap(call.params), 'userId') || call.user.id
      const now = call.portal.now()
      const overdue = call.portal.tasks.rows.filter(
        task =>
          task.responsibleId === userId && task.status < 4 && task.deadline !== null && task.deadline < now,
      ).length
      return { result: { counters: { total: overdue, expired: overdue, new_comments: 0 } } }
    },
  },
}
