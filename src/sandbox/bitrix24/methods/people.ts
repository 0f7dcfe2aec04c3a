import { localTextOf } from '../rest/instants.ts'
import { param, paramInt, paramList, paramMap, paramText } from '../rest/params.ts'
import { listRows, showRows } from '../state/query.ts'
import { userColumns } from '../state/record-columns.ts'
import type { Call, Methods } from './method.ts'

const USER_SCOPES = ['user', 'user_brief', 'user_basic'] as const

/** Fields that each scope leaves out. */
const hidden = (call: Call): Set<string> => {
  const { scopes } = call.installed
  if (scopes.includes('user')) return new Set()
  if (scopes.includes('user_basic')) return new Set(['LAST_LOGIN', 'DATE_REGISTER'])
  return new Set(['LAST_LOGIN', 'DATE_REGISTER', 'EMAIL'])
}

export const peopleMethods: Methods = {
  'user.get': {
    scopes: USER_SCOPES,
    run: call => {
      const { portal, params } = call
      const columns = userColumns(portal)
      const without = hidden(call)
      const filter: Record<string, unknown> = { ...paramMap(params, 'FILTER') }
      const id = param(params, 'ID')
      if (id !== undefined) filter['ID'] = id
      const sort = paramText(params, 'sort') || 'ID'
      const listed = listRows(
        portal.users,
        { filter, order: { [sort]: paramText(params, 'order') || 'ASC' }, start: param(params, 'start') },
        {
          columns: name => columns.get(name.toUpperCase()),
          idName: 'ID',
          offsetMinutes: portal.offsetMinutes,
          onUnknown: 'ignore',
          isVisible: user => !user.isSystem,
        },
      )
      const select = paramList(params, 'select')
      const shown = [...columns].filter(
        ([name]) =>
          !without.has(name) &&
          (name === 'ID' || select.length === 0 || select.includes('*') || select.includes(name)),
      )
      const { rows, ...counts } = listed
      return { result: showRows(portal.users, rows, shown), ...counts }
    },
  },
  'user.current': {
    scopes: USER_SCOPES,
    run: call => {
      const { portal, user } = call
      const without = hidden(call)
      const result: Record<string, unknown> = {}
      for (const [name, column] of userColumns(portal))
        if (!without.has(name)) result[name] = column.show(user)
      // Here the same dates are text, in the portal's local time.
      result['LAST_ACTIVITY_DATE'] = localTextOf(user.lastActivity, portal.offsetMinutes)
      const [day = '', time = ''] = localTextOf(user.registered, portal.offsetMinutes).split(' ')
      result['TIMESTAMP_X'] = `${day.split('-').reverse().join('.')} ${time}`
      return { result }
    },
  },
  'department.get': {
    scopes: ['department'],
    run: ({ portal, params }) => {
      const wanted = {
        ID: paramList(params, 'ID'),
        PARENT: paramList(params, 'PARENT'),
        UF_HEAD: paramList(params, 'UF_HEAD'),
      }
      const rows = portal.departments.rows.filter(
        row =>
          (wanted.ID.length === 0 || wanted.ID.includes(String(row.id))) &&
          (wanted.PARENT.length === 0 || wanted.PARENT.includes(String(row.parentId))) &&
          (wanted.UF_HEAD.length === 0 || wanted.UF_HEAD.includes(String(row.headId))),
      )
      const start = Math.max(0, paramInt(params, 'START'))
      const page = rows.slice(start, start + 50).map(row => ({
        ID: String(row.id),
        NAME: row.name,
        SORT: row.sort,
        ...(row.parentId === null ? {} : { PARENT: String(row.parentId) }),
        ...(row.headId === null ? {} : { UF_HEAD: String(row.headId) }),
      }))
      return { result: page, total: rows.length, ...(start + 50 < rows.length ? { next: start + 50 } : {}) }
    },
  },
  'calendar.settings.get': {
    scopes: ['calendar'],
    run: ({ portal: { workTime } }) => ({
      result: {
        work_time_start: workTime.start,
        work_time_end: workTime.end,
        year_holidays: workTime.yearHolidays,
        year_workdays: workTime.yearWorkdays,
        week_holidays: workTime.weekHolidays,
        week_start: workTime.weekStart,
      },
    }),
  },
}
