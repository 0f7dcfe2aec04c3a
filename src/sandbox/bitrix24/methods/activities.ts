import { parseInstant } from '../rest/instants.ts'
import { asMap, param, paramInt, paramList, paramMap, paramText, phpInt } from '../rest/params.ts'
import { RestError, wordless } from '../rest/rest-error.ts'
import { DEAL } from '../state/dictionaries.ts'
import { listRows, showRows } from '../state/query.ts'
import { activityColumns } from '../state/record-columns.ts'
import type { Methods } from './method.ts'

const CRM = ['crm'] as const

export const activityMethods: Methods = {
  'crm.activity.list': {
    scopes: CRM,
    run: ({ portal, params, user }) => {
      const columns = activityColumns(portal)
      const filter = { ...paramMap(params, 'filter') }
      const bindings = Object.values(asMap(filter['BINDINGS'])).map(asMap)
      delete filter['BINDINGS']
      const seen = portal.visibleUsers(user)
      const given = paramMap(params, 'order')
      const { rows, ...counts } = listRows(
        portal.activities,
        {
          filter,
          // Without an order the slow default: by START_TIME.
          order: Object.keys(given).length > 0 ? given : { START_TIME: 'ASC' },
          start: param(params, 'start'),
        },
        {
          columns: name => columns.get(name),
          idName: 'ID',
          offsetMinutes: portal.offsetMinutes,
          onUnknown: 'ignore',
          isVisible:
            seen || bindings.length > 0
              ? row =>
                  (!seen || seen.has(row.responsibleId)) &&
                  (bindings.length === 0 ||
                    bindings.some(
                      binding =>
                        phpInt(binding['OWNER_TYPE_ID']) === row.ownerTypeId &&
                        phpInt(binding['OWNER_ID']) === row.ownerId,
                    ))
              : null,
        },
      )
      const select = paramList(params, 'select')
      const shown = [...columns].filter(
        ([name]) => name === 'ID' || select.length === 0 || select.includes('*') || select.includes(name),
      )
      return { result: showRows(portal.activities, rows, shown), ...counts }
    },
  },
  'crm.activity.todo.add': {
    scopes: CRM,
    run: ({ portal, params, user, acts }) => {
      const ownerTypeId = paramInt(params, 'ownerTypeId')
      const ownerId = paramInt(params, 'ownerId')
      if (!ownerTypeId || !ownerId) throw new RestError(400, '100', 'Invalid value {ownerId}')
      if (!portal.store(ownerTypeId)?.items.find(ownerId))
        throw new RestError(400, 'OWNER_NOT_FOUND', 'Owner was not found')
      const deadline = parseInstant(param(params, 'deadline'), portal.offsetMinutes)
      if (Number.isNaN(deadline)) throw new RestError(400, 'WRONG_DATETIME_FORMAT', 'Wrong datetime format')
      const activity = acts.addActivity(
        {
          ownerTypeId,
          ownerId,
          deadline,
          startTime: deadline,
          endTime: deadline,
          subject: paramText(params, 'title') || 'Дело',
          description: paramText(params, 'description'),
          responsibleId: paramInt(params, 'responsibleId') || user.id,
        },
        user.id,
      )
      return { result: { id: activity.id } }
    },
  },
  'crm.timeline.logmessage.add': {
    scopes: CRM,
    run: ({ portal, params }) => {
      const fields = paramMap(params, 'fields')
      const entityTypeId = paramInt(fields, 'entityTypeId')
      const entityId = paramInt(fields, 'entityId')
      if (!paramText(fields, 'title') || !paramText(fields, 'text'))
        throw wordless('Title and text are required')
      if (!portal.store(entityTypeId || DEAL)?.items.find(entityId))
        throw new RestError(400, 'NOT_FOUND', 'Owner was not found')
      const row = portal.logMessages.add({
        entityTypeId,
        entityId,
        title: paramText(fields, 'title'),
        text: paramText(fields, 'text'),
      })
      return { result: { logMessage: { id: row.id } } }
    },
  },
}
