import { param, paramList, paramMap } from '../rest/params.ts'
import { DEAL } from '../state/dictionaries.ts'
import { listRows, showRows } from '../state/query.ts'
import { columnsOf, visibility } from './items.ts'
import type { Methods } from './method.ts'

const asText = (name: string, value: unknown): unknown => {
  if (typeof value !== 'number') return value
  return name === 'OPPORTUNITY' ? value.toFixed(2) : String(value)
}

/** The frozen ancestor of crm.item.list: a flat list, UPPER names, everything as text. */
export const legacyDealMethods: Methods = {
  'crm.deal.list': {
    scopes: ['crm'],
    run: call => {
      const { all } = columnsOf(call, DEAL, true)
      const byUpper = new Map([...all.values()].map(column => [column.upperName, column]))
      const { deals, offsetMinutes } = call.portal
      const { rows, ...counts } = listRows(
        deals,
        {
          filter: paramMap(call.params, 'filter'),
          order: paramMap(call.params, 'order'),
          start: param(call.params, 'start'),
        },
        {
          columns: name => byUpper.get(name),
          idName: 'ID',
          offsetMinutes,
          onUnknown: 'ignore',
          isVisible: visibility(call),
        },
      )
      const select = paramList(call.params, 'select')
      const shown = [...byUpper].filter(
        ([name]) =>
          name === 'ID' ||
          select.length === 0 ||
          select.includes(name) ||
          (select.includes('*') && !name.startsWith('UF_')) ||
          (select.includes('UF_*') && name.startsWith('UF_')),
      )
      const result = showRows(deals, rows, shown).map(row =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asText(name, value)])),
      )
      return { result, ...counts }
    },
  },
}
