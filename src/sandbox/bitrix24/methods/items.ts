import { parseInstant } from '../rest/instants.ts'
import { param, paramInt, paramList, paramMap, phpInt } from '../rest/params.ts'
import { badArgument, invalidField, notFound, RestError } from '../rest/rest-error.ts'
import type { ItemChange } from '../state/acts.ts'
import { type ItemColumn, itemColumns } from '../state/item-columns.ts'
import type { ItemStore } from '../state/portal.ts'
import { listRows, showRows } from '../state/query.ts'
import type { FieldValue, ItemRow } from '../state/rows.ts'
import type { Call, Method, Methods } from './method.ts'

const CRM = ['crm'] as const

type ItemCall = { store: ItemStore; entityTypeId: number; columns: ReturnType<typeof itemColumns> }

/** Columns are the same for every command of a batch: made once per portal and set of custom fields. */
const columnCache = new WeakMap<object, Map<string, ReturnType<typeof itemColumns>>>()
export const columnsOf = (
  call: Call,
  entityTypeId: number,
  isOriginal: boolean,
): ReturnType<typeof itemColumns> => {
  const { portal } = call
  const cache = columnCache.get(portal) ?? new Map<string, ReturnType<typeof itemColumns>>()
  columnCache.set(portal, cache)
  const key = `${entityTypeId}/${isOriginal}/${portal.dictionaries.customFields.length}`
  let columns = cache.get(key)
  if (!columns) {
    columns = itemColumns(portal, entityTypeId, isOriginal)
    cache.set(key, columns)
  }
  return columns
}

const open = (call: Call): ItemCall => {
  const entityTypeId = paramInt(call.params, 'entityTypeId')
  if (!entityTypeId) throw badArgument('entityTypeId')
  if (entityTypeId === 5)
    throw new RestError(400, 'ENTITY_TYPE_NOT_SUPPORTED', 'Entity type is not supported')
  const store = call.portal.store(entityTypeId)
  if (!store) throw notFound('Smart process')
  const isOriginal = param(call.params, 'useOriginalUfNames') === 'Y'
  return { store, entityTypeId, columns: columnsOf(call, entityTypeId, isOriginal) }
}

export const visibility = (call: Call): ((row: ItemRow) => boolean) | null => {
  const seen = call.portal.visibleUsers(call.user)
  return seen && (row => seen.has(row.assignedById))
}

const chosen = (
  select: string[],
  columns: Map<string, ItemColumn>,
  find: (name: string) => unknown,
): [string, ItemColumn][] => {
  if (select.length === 0 || select.includes('*')) return [...columns]
  const result: [string, ItemColumn][] = []
  if (!select.includes('id')) result.push(['id', columns.get('id')!])
  for (const name of select) {
    const column = columns.get(name) ?? (find(name) as ItemColumn | undefined)
    if (!column) throw invalidField(name)
    result.push([name, column])
  }
  return result
}

/** What a write may set, in the row's own terms. Unknown and read-only names are overlooked. */
const changeOf = (call: Call, { columns }: ItemCall, fields: Record<string, unknown>): ItemChange => {
  const change: Record<string, unknown> = {}
  const custom: Record<string, FieldValue> = {}
  for (const [name, value] of Object.entries(fields)) {
    const column = columns.find(name) as ItemColumn | undefined
    if (!column || column.isReadOnly) continue
    if (column.upperName.startsWith('UF_')) {
      custom[column.upperName] =
        typeof value === 'object' && value !== null
          ? (Object.values(value) as (string | number)[])
          : column.kind === 'id'
            ? phpInt(value) || null
            : (value as FieldValue)
      continue
    }
    if (column.kind === 'day') {
      const at = parseInstant(value, call.portal.offsetMinutes)
      const local = at + call.portal.offsetMinutes * 60_000
      change[name] = Number.isNaN(at) ? null : local - (local % 86_400_000)
    } else if (column.kind === 'id') change[name] = phpInt(value)
    else if (column.kind === 'number') change[name] = Number(value) || 0
    else if (column.kind === 'text') change[name] = String(value ?? '')
  }
  return { ...change, ...(Object.keys(custom).length > 0 ? { custom } : {}) }
}

const checkStage = (call: Call, entityTypeId: number, categoryId: number, stageId: string): void => {
  if (call.portal.dictionaries.semantic(entityTypeId, categoryId, stageId) === undefined)
    throw new RestError(400, 'INVALID_ARG_VALUE', `Stage '${stageId}' does not belong to the pipeline`)
}

const showOne = (item: ItemRow, { store, columns }: ItemCall): Record<string, unknown> =>
  showRows(store.items, [item], [...columns.all])[0]!

const findOne = (call: Call, { store }: ItemCall): ItemRow => {
  const item = store.items.find(paramInt(call.params, 'id'))
  const isVisible = visibility(call)
  if (!item || (isVisible && !isVisible(item))) throw notFound()
  return item
}

const list: Method = {
  scopes: CRM,
  run: call => {
    const items = open(call)
    const { store, columns } = items
    const { rows, ...counts } = listRows(
      store.items,
      {
        filter: paramMap(call.params, 'filter'),
        order: paramMap(call.params, 'order'),
        start: param(call.params, 'start'),
      },
      {
        columns: columns.find,
        idName: 'id',
        offsetMinutes: call.portal.offsetMinutes,
        onUnknown: 'refuse',
        isVisible: visibility(call),
      },
    )
    const shown = chosen(paramList(call.params, 'select'), columns.all, columns.find)
    return { result: { items: showRows(store.items, rows, shown) }, ...counts }
  },
}

export const itemMethods: Methods = {
  'crm.item.list': list,
  'crm.item.get': {
    scopes: CRM,
    run: call => {
      const items = open(call)
      return { result: { item: showOne(findOne(call, items), items) } }
    },
  },
  'crm.item.add': {
    scopes: CRM,
    run: call => {
      const items = open(call)
      const change = changeOf(call, items, paramMap(call.params, 'fields'))
      if (change.stageId) checkStage(call, items.entityTypeId, change.categoryId ?? 0, change.stageId)
      const item = call.acts.addItem(items.entityTypeId, change, call.user.id)
      return { result: { item: showOne(item, items) } }
    },
  },
  'crm.item.update': {
    scopes: CRM,
    run: call => {
      const items = open(call)
      const item = findOne(call, items)
      const change = changeOf(call, items, paramMap(call.params, 'fields'))
      if (change.stageId)
        checkStage(call, items.entityTypeId, change.categoryId ?? item.categoryId, change.stageId)
      call.acts.updateItem(items.entityTypeId, item.id, change, call.user.id)
      return { result: { item: showOne(item, items) } }
    },
  },
  'crm.item.delete': {
    scopes: CRM,
    run: call => {
      const items = open(call)
      call.acts.deleteItem(items.entityTypeId, findOne(call, items).id, call.user.id)
      return { result: [] }
    },
  },
  'crm.item.fields': {
    scopes: CRM,
    run: call => {
      const { columns, entityTypeId } = open(call)
      const custom = new Map(
        call.portal.dictionaries.fieldsOf(entityTypeId).map(field => [field.fieldName, field]),
      )
      const fields: Record<string, unknown> = {}
      for (const [name, column] of columns.all) {
        const own = custom.get(column.upperName)
        fields[name] = {
          type: column.type,
          isRequired: own?.isMandatory ?? false,
          isReadOnly: column.isReadOnly,
          isImmutable: name === 'categoryId',
          isMultiple: own?.isMultiple ?? column.kind === 'list',
          isDynamic: own !== undefined,
          title: column.title,
          upperName: column.upperName,
          ...(column.type === 'crm_status' && name !== 'stageId'
            ? { statusType: name === 'sourceId' ? 'SOURCE' : 'DEAL_TYPE' }
            : {}),
          ...(own
            ? {
                listLabel: own.labels.ru,
                formLabel: own.labels.ru,
                filterLabel: own.labels.ru,
                settings: { DEFAULT_VALUE: null },
                ...(own.options.length > 0
                  ? { items: own.options.map(option => ({ ID: String(option.id), VALUE: option.value })) }
                  : {}),
              }
            : {}),
        }
      }
      return { result: { fields } }
    },
  },
}
