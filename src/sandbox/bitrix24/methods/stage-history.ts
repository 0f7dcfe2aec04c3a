import { param, paramInt, paramList, paramMap } from '../rest/params.ts'
import { badArgument, RestError } from '../rest/rest-error.ts'
import { INVOICE, LEAD } from '../state/dictionaries.ts'
import type { Column } from '../state/query.ts'
import { listRows, showRows } from '../state/query.ts'
import { historyColumns } from '../state/record-columns.ts'
import type { HistoryRow } from '../state/rows.ts'
import type { Methods } from './method.ts'

/** Leads call the same columns by another name. */
const forLeads = (columns: Map<string, Column<HistoryRow>>): Map<string, Column<HistoryRow>> =>
  new Map(
    [...columns]
      .filter(([name]) => name !== 'CATEGORY_ID')
      .map(([name, column]) => [
        name.replace('STAGE_SEMANTIC_ID', 'STATUS_SEMANTIC_ID').replace(/^STAGE_ID$/, 'STATUS_ID'),
        column,
      ]),
  )

export const stageHistoryMethods: Methods = {
  'crm.stagehistory.list': {
    scopes: ['crm'],
    run: ({ portal, params, user }) => {
      const entityTypeId = paramInt(params, 'entityTypeId')
      if (!entityTypeId) throw badArgument('entityTypeId')
      const store = portal.store(entityTypeId)
      if (!store || (entityTypeId === INVOICE && portal.isOnPremise))
        throw new RestError(400, 'ENTITY_TYPE_NOT_SUPPORTED', 'Entity type is not supported')
      const columns = entityTypeId === LEAD ? forLeads(historyColumns(portal)) : historyColumns(portal)
      const seen = portal.visibleUsers(user)
      const { rows, ...counts } = listRows(
        store.history,
        {
          filter: paramMap(params, 'filter'),
          order: paramMap(params, 'order'),
          start: param(params, 'start'),
        },
        {
          columns: name => columns.get(name),
          idName: 'ID',
          offsetMinutes: portal.offsetMinutes,
          // Old versions overlook unknown names, new ones refuse them.
          onUnknown: portal.temper.historyAsText ? 'ignore' : 'refuse',
          isVisible: seen && (row => seen.has(store.items.find(row.ownerId)?.assignedById ?? -1)),
        },
      )
      const select = paramList(params, 'select')
      const shown = [...columns].filter(
        ([name]) => name === 'ID' || select.length === 0 || select.includes('*') || select.includes(name),
      )
      return { result: { items: showRows(store.history, rows, shown) }, ...counts }
    },
  },
}
