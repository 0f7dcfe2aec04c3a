import { emptyRecordSet, type RecordKind, type RecordSet, type Rejected } from '../../records/records.ts'
import type { Feed } from '../vendor.ts'
import type { Command, Param } from './client.ts'
import { listOf } from './envelope.ts'
import type { Refusal } from './errors.ts'
import type { DealField } from './fields.ts'
import { DEAL_TYPE, INVOICE_TYPE } from './manifest.ts'
import { type MapContext, mapActivities, mapDeals, mapInvoices, mapStageMoves, mapTasks } from './map.ts'

/** Five lists of the portal as data: how each is asked, filtered, sorted and mapped. */

export type FeedRecords = { records: RecordSet; rejected: Rejected[] }
type Filter = { readonly [key: string]: Param }

export type FeedSpec = Feed & {
  kind: RecordKind
  method: string
  /** Key of the id in filters and order; rows may spell it differently. */
  key: 'id' | 'ID'
  rowKey: 'id' | 'ID'
  /** Filter key of the last change; null = rows never change and are followed by id. */
  changed: 'updatedTime' | 'LAST_UPDATED' | 'CHANGED_DATE' | null
  /** Where the rows are in the result; null = the result is the list. */
  holder: 'items' | 'tasks' | null
  /** A list of given ids. */
  idFilter: '@id' | '@ID' | 'ID'
  /** Portals without the object or the scope have an empty feed. */
  isOptional: boolean
  list(
    filter: Filter,
    options: { select: readonly string[]; order?: 'ASC' | 'DESC'; start?: number },
  ): Command
  select(fields: readonly DealField[]): string[]
  map(
    rows: readonly unknown[],
    context: MapContext,
    isFirst: (moveId: string, dealId: string) => boolean,
  ): FeedRecords
}

const DEAL_SELECT = [
  'id',
  'title',
  'categoryId',
  'stageId',
  'stageSemanticId',
  'assignedById',
  'createdBy',
  'createdTime',
  'updatedBy',
  'updatedTime',
  'movedBy',
  'movedTime',
  'lastActivityBy',
  'lastActivityTime',
  'closedate',
  'opportunity',
  'currencyId',
  'isRecurring',
]
const MOVE_SELECT = [
  'ID',
  'TYPE_ID',
  'OWNER_ID',
  'CREATED_TIME',
  'CATEGORY_ID',
  'STAGE_SEMANTIC_ID',
  'STAGE_ID',
]
const ACTIVITY_SELECT = [
  'ID',
  'OWNER_TYPE_ID',
  'OWNER_ID',
  'TYPE_ID',
  'PROVIDER_ID',
  'PROVIDER_TYPE_ID',
  'DIRECTION',
  'STATUS',
  'COMPLETED',
  'RESPONSIBLE_ID',
  'AUTHOR_ID',
  'CREATED',
  'LAST_UPDATED',
  'START_TIME',
  'END_TIME',
  'DEADLINE',
  'IS_INCOMING_CHANNEL',
  'ASSOCIATED_ENTITY_ID',
]
const TASK_SELECT = [
  'ID',
  'TITLE',
  'STATUS',
  'RESPONSIBLE_ID',
  'CREATED_BY',
  'CREATED_DATE',
  'CHANGED_DATE',
  'CLOSED_DATE',
  'CLOSED_BY',
  'DEADLINE',
  'UF_CRM_TASK',
]
const INVOICE_SELECT = [
  'id',
  'stageId',
  'assignedById',
  'createdTime',
  'updatedTime',
  'movedTime',
  'begindate',
  'closedate',
  'opportunity',
  'currencyId',
  'parentId2',
]

const listCommand =
  (method: string, key: 'id' | 'ID', extra: { readonly [key: string]: Param }): FeedSpec['list'] =>
  (filter, { select, order = 'ASC', start = -1 }) => ({
    method,
    params: { ...extra, filter, order: { [key]: order }, select, start },
  })

const only = (records: Partial<RecordSet>, rejected: Rejected[]): FeedRecords => ({
  records: { ...emptyRecordSet(), ...records },
  rejected,
})

const deals: FeedSpec = {
  name: 'deals',
  covers: 'deals',
  kind: 'deal',
  method: 'crm.item.list',
  key: 'id',
  rowKey: 'id',
  changed: 'updatedTime',
  holder: 'items',
  idFilter: '@id',
  isOptional: false,
  list: listCommand('crm.item.list', 'id', { entityTypeId: DEAL_TYPE, useOriginalUfNames: 'Y' }),
  select: fields => [...new Set([...DEAL_SELECT, ...fields.map(({ id }) => id)])],
  map: (rows, context) => {
    const { records, rejected } = mapDeals(rows, context)
    return only({ deals: records }, rejected)
  },
}

const moves: FeedSpec = {
  name: 'moves',
  covers: 'history',
  kind: 'stageMove',
  method: 'crm.stagehistory.list',
  key: 'ID',
  rowKey: 'ID',
  changed: null,
  holder: 'items',
  idFilter: '@ID',
  isOptional: false,
  list: listCommand('crm.stagehistory.list', 'ID', { entityTypeId: DEAL_TYPE }),
  select: () => MOVE_SELECT,
  map: (rows, context, isFirst) => {
    const { records, rejected } = mapStageMoves(rows, context, isFirst)
    return only({ stageMoves: records }, rejected)
  },
}

const activities: FeedSpec = {
  name: 'activities',
  covers: 'activities',
  kind: 'activity',
  method: 'crm.activity.list',
  key: 'ID',
  rowKey: 'ID',
  changed: 'LAST_UPDATED',
  holder: null,
  idFilter: '@ID',
  isOptional: false,
  list: listCommand('crm.activity.list', 'ID', {}),
  select: () => ACTIVITY_SELECT,
  map: rows => {
    const { records, rejected } = mapActivities(rows)
    return only({ activities: records }, rejected)
  },
}

const tasks: FeedSpec = {
  name: 'tasks',
  covers: 'tasks',
  kind: 'task',
  method: 'tasks.task.list',
  key: 'ID',
  rowKey: 'id',
  changed: 'CHANGED_DATE',
  holder: 'tasks',
  idFilter: 'ID',
  isOptional: true,
  list: listCommand('tasks.task.list', 'ID', {}),
  select: () => TASK_SELECT,
  map: rows => {
    const { records, rejected } = mapTasks(rows)
    return only({ tasks: records }, rejected)
  },
}

const invoices: FeedSpec = {
  name: 'invoices',
  covers: 'invoices',
  kind: 'invoice',
  method: 'crm.item.list',
  key: 'id',
  rowKey: 'id',
  changed: 'updatedTime',
  holder: 'items',
  idFilter: '@id',
  isOptional: true,
  list: listCommand('crm.item.list', 'id', { entityTypeId: INVOICE_TYPE }),
  select: () => INVOICE_SELECT,
  map: (rows, context) => {
    const { records, rejected } = mapInvoices(rows, context)
    return only({ invoices: records }, rejected)
  },
}

/** In the order in which they are read. */
export const FEEDS: readonly FeedSpec[] = [deals, moves, activities, tasks, invoices]

export const feedNamed = (name: string): FeedSpec => {
  const spec = FEEDS.find(feed => feed.name === name)
  if (!spec) throw new RangeError(`no feed is named ${name}`)
  return spec
}

export const feedOf = (kind: RecordKind): FeedSpec => {
  const spec = FEEDS.find(feed => feed.kind === kind)
  if (!spec) throw new RangeError(`no feed carries ${kind}`)
  return spec
}

/** @returns null when the result is not this list */
export const rowsOf = (spec: Pick<FeedSpec, 'holder'>, result: unknown): unknown[] | null => {
  if (spec.holder === null) return listOf(result)
  if (Array.isArray(result)) return result.length === 0 ? [] : null
  if (typeof result !== 'object' || result === null) return null
  return listOf((result as Record<string, unknown>)[spec.holder])
}

/** Numeric id of a row, or null when it has none worth the name. */
export const rowId = (spec: Pick<FeedSpec, 'rowKey' | 'key'>, row: unknown): number | null => {
  if (typeof row !== 'object' || row === null) return null
  const fields = row as Record<string, unknown>
  const value = Number(fields[spec.rowKey] ?? fields[spec.key])
  return Number.isSafeInteger(value) && value > 0 ? value : null
}

/** Refusals that mean "this portal has no such thing". */
const ABSENT = new Set([
  'ENTITY_TYPE_NOT_SUPPORTED',
  'NOT_FOUND',
  'ERROR_NOT_FOUND',
  'ERROR_METHOD_NOT_FOUND',
  'insufficient_scope',
  'ACCESS_DENIED',
])
export const isAbsent = (spec: FeedSpec, { kind, code }: Refusal): boolean =>
  spec.isOptional && kind === 'rejected' && ABSENT.has(code)
