import type { LeadChange } from '../account/acts.ts'
import type { FieldRow, FieldValue, LeadRow } from '../account/rows.ts'
import { type Answer, listKey, nothing, pageAnswer } from '../rest/listing.ts'
import { badFilter, invalid, tooMany, wrongShape } from '../rest/problem.ts'
import {
  filterOf,
  idsOf,
  isWithin,
  orderOf,
  pageOf,
  type Query,
  rangeOf,
  textOf,
  withOf,
} from '../rest/query.ts'
import { type Call, disguised, ok, type Route, visibleTo } from './resource.ts'

const valueRows = (field: FieldRow, values: readonly FieldValue[]) =>
  values.map(value => {
    const option = field.enums.find(({ id }) => id === value)
    return option ? { value: option.value, enum_id: option.id, enum_code: option.code } : { value }
  })

export const leadRow = ({ account, query }: Pick<Call, 'account' | 'query'>, lead: LeadRow): object => {
  const extra = withOf(query)
  if (lead.isDeleted)
    return {
      id: lead.id,
      updated_at: lead.updatedAt,
      updated_by: lead.updatedBy,
      is_deleted: true,
      account_id: account.accountId,
      _links: { self: { href: `${account.origin}/api/v4/leads/${lead.id}` } },
    }
  const fields = Object.entries(lead.fields).flatMap(([id, values]) => {
    const field = account.fields.find(Number(id))
    return field
      ? [
          {
            field_id: field.id,
            field_name: field.name,
            field_code: field.code,
            field_type: field.type,
            values: valueRows(field, values),
            is_computed: false,
          },
        ]
      : []
  })
  const responsible = account.users.find(lead.responsibleId)
  const reason = account.lossReasons.find(({ id }) => id === lead.lossReasonId)
  return disguised(
    {
      id: lead.id,
      name: lead.name,
      price: lead.price,
      responsible_user_id: lead.responsibleId,
      group_id: responsible?.groupId ?? 0,
      status_id: lead.statusId,
      pipeline_id: lead.pipelineId,
      loss_reason_id: lead.lossReasonId,
      created_by: lead.createdBy,
      updated_by: lead.updatedBy,
      created_at: lead.createdAt,
      updated_at: lead.updatedAt,
      closed_at: lead.closedAt,
      closest_task_at: account.closestTaskAt(lead.id),
      is_deleted: false,
      custom_fields_values: fields.length > 0 ? fields : null,
      score: null,
      account_id: account.accountId,
      labor_cost: null,
      is_price_computed: false,
      _links: { self: { href: `${account.origin}/api/v4/leads/${lead.id}` } },
      _embedded: {
        tags: lead.tagIds.map(id => ({ id, name: account.tags.find(id)?.name ?? '', color: null })),
        companies: lead.companyId === null ? [] : [{ id: lead.companyId }],
        ...(extra.has('contacts')
          ? { contacts: lead.contactId === null ? [] : [{ id: lead.contactId, is_main: true }] }
          : {}),
        ...(extra.has('loss_reason')
          ? { loss_reason: reason ? [{ id: reason.id, name: reason.name }] : [] }
          : {}),
      },
    },
    account.leads.disguises.get(lead.id),
  )
}

const statusPairs = (value: unknown): Set<string> | null => {
  if (value === undefined) return null
  const pairs = Object.values(value as Record<string, unknown>).map(pair => {
    const { pipeline_id, status_id } = pair as Record<string, unknown>
    if (textOf(pipeline_id) === '' || textOf(status_id) === '') throw badFilter()
    return `${textOf(pipeline_id)}/${textOf(status_id)}`
  })
  return new Set(pairs)
}

const matching = (call: Call, query: Query): readonly LeadRow[] => {
  const { account } = call
  const filter = filterOf(query)
  const isBin = withOf(query).has('only_deleted')
  const ids = idsOf(filter['id'])
  const pipelines = idsOf(filter['pipeline_id'])
  const responsible = idsOf(filter['responsible_user_id'])
  const creators = idsOf(filter['created_by'])
  const editors = idsOf(filter['updated_by'])
  const statuses = statusPairs(filter['statuses'])
  const created = rangeOf(filter['created_at'])
  const updated = rangeOf(filter['updated_at'])
  const closed = rangeOf(filter['closed_at'])
  const closest = rangeOf(filter['closest_task_at'])
  const price = rangeOf(filter['price'])
  const words = textOf(query['query']).toLowerCase()
  const seen = visibleTo(call)
  const order = orderOf(query, ['id', 'created_at', 'updated_at'], 'id')
  return call.lists.get(listKey('leads', query, seen && [...seen]), account.leads.version, () => {
    const found = account.leads.rows.filter(
      lead =>
        lead.isDeleted === isBin &&
        (ids === null || ids.has(lead.id)) &&
        (pipelines === null || pipelines.has(lead.pipelineId)) &&
        (responsible === null || responsible.has(lead.responsibleId)) &&
        (creators === null || creators.has(lead.createdBy)) &&
        (editors === null || editors.has(lead.updatedBy)) &&
        (statuses === null || statuses.has(`${lead.pipelineId}/${lead.statusId}`)) &&
        isWithin(created, lead.createdAt) &&
        isWithin(updated, lead.updatedAt) &&
        isWithin(closed, lead.closedAt) &&
        isWithin(price, lead.price) &&
        (closest === null || isWithin(closest, account.closestTaskAt(lead.id))) &&
        (words === '' || lead.name.toLowerCase().includes(words)) &&
        (seen === null || seen.has(lead.responsibleId)),
    )
    const of = { id: 'id', created_at: 'createdAt', updated_at: 'updatedAt' }[order.key] as 'id'
    found.sort((a, b) => a[of] - b[of] || a.id - b.id)
    return order.isDown ? found.reverse() : found
  })
}

/** Reads one written item. @throws the list of what is wrong with it */
const changeOf = (call: Call, item: Record<string, unknown>, requestId: string): LeadChange => {
  const { account } = call
  const fail = (path: string, detail: string, code = 'NotSupportedChoice') =>
    invalid([{ request_id: requestId, errors: [{ code, path, detail }] }])
  const change: LeadChange = {}
  const put = (key: string, target: keyof LeadChange): void => {
    const value = item[key]
    if (value === undefined) return
    if (typeof value !== 'number' && value !== null)
      throw fail(key, 'This value should be of type int.', 'InvalidType')
    Object.assign(change, { [target]: value })
  }
  if (item['name'] !== undefined) change.name = String(item['name'])
  put('price', 'price')
  put('responsible_user_id', 'responsibleId')
  put('pipeline_id', 'pipelineId')
  put('status_id', 'statusId')
  put('loss_reason_id', 'lossReasonId')
  put('created_at', 'createdAt')
  const pipelineId = change.pipelineId ?? account.leads.find(Number(item['id']))?.pipelineId
  if (change.pipelineId !== undefined && !account.pipeline(change.pipelineId))
    throw fail('pipeline_id', 'The value you selected is not a valid choice.')
  if (
    change.statusId !== undefined &&
    pipelineId !== undefined &&
    !account.pipeline(pipelineId)?.statuses.some(({ id }) => id === change.statusId)
  )
    throw fail('status_id', 'The value you selected is not a valid choice.')
  const names = (value: unknown): string[] =>
    (Array.isArray(value) ? value : []).map(tag => {
      const { name, id } = (tag ?? {}) as { name?: unknown; id?: unknown }
      return typeof name === 'string' ? name : (account.tags.find(Number(id))?.name ?? '')
    })
  if (item['tags_to_add']) change.tagsToAdd = names(item['tags_to_add'])
  if (item['tags_to_delete']) change.tagsToDelete = names(item['tags_to_delete'])
  const embedded = item['_embedded'] as { tags?: unknown } | undefined
  if (embedded?.tags !== undefined) change.tags = names(embedded.tags)
  const values = item['custom_fields_values']
  if (Array.isArray(values)) {
    change.fields = {}
    for (const [index, raw] of values.entries()) {
      const { field_id, field_code, values: given } = raw as Record<string, unknown>
      const field =
        account.fields.find(Number(field_id)) ??
        account.fields.rows.find(row => row.code !== null && row.code === field_code)
      if (!field)
        throw fail(`custom_fields_values.${index}.field_id`, 'The value you selected is not a valid choice.')
      change.fields[field.id] = Array.isArray(given)
        ? given.map(one => {
            const { value, enum_id } = one as { value?: FieldValue; enum_id?: number }
            if (field.enums.length === 0) return value ?? ''
            const option = field.enums.find(({ id, value: name }) => id === enum_id || name === value)
            if (!option)
              throw fail(
                `custom_fields_values.${index}.values.0.enum_id`,
                'The value you selected is not a valid choice.',
              )
            return option.id
          })
        : null
    }
  }
  return change
}

const written = (call: Call, lead: LeadRow, requestId: string) => ({
  id: lead.id,
  updated_at: lead.updatedAt,
  request_id: requestId,
  _links: { self: { href: `${call.account.origin}/api/v4/leads/${lead.id}` } },
})

const requestIdOf = (item: Record<string, unknown>, index: number): string =>
  textOf(item['request_id']) || String(index)

const writeMany = (call: Call, isNew: boolean): Answer => {
  if (!Array.isArray(call.body)) throw wrongShape()
  const items = call.body as Record<string, unknown>[]
  if (items.length > 250) throw tooMany()
  // Nothing is written when anything is wrong.
  const changes = items.map((item, index) => changeOf(call, item, requestIdOf(item, index)))
  const rows = items.map((item, index) => {
    const change = changes[index]!
    // A program may say that a robot of its own did it.
    const isRobot = item[isNew ? 'created_by' : 'updated_by'] === 0
    const actor = isRobot ? { ...call.actor, userId: 0 } : call.actor
    const lead = isNew
      ? call.acts.addLead(change, actor)
      : call.acts.updateLead(Number(item['id']), change, actor)
    if (!lead)
      throw invalid([
        {
          request_id: requestIdOf(item, index),
          errors: [{ code: 'NotFound', path: 'id', detail: 'Entity not found' }],
        },
      ])
    return written(call, lead, requestIdOf(item, index))
  })
  return ok({ _links: { self: { href: `${call.account.origin}/api/v4/leads` } }, _embedded: { leads: rows } })
}

/** Leads: what this CRM calls a deal. */
export const leadRoutes: Route[] = [
  {
    method: 'GET',
    path: /^leads$/,
    run: call =>
      pageAnswer(
        call.account,
        'leads',
        'leads',
        call.query,
        pageOf(call.query, 250),
        matching(call, call.query),
        lead => leadRow(call, lead),
      ),
  },
  {
    method: 'GET',
    path: /^leads\/(\d+)$/,
    run: call => {
      const lead = call.account.leads.find(Number(call.params[0]))
      const seen = visibleTo(call)
      return !lead || lead.isDeleted || (seen && !seen.has(lead.responsibleId))
        ? nothing
        : ok(leadRow(call, lead))
    },
  },
  { method: 'POST', path: /^leads$/, run: call => writeMany(call, true) },
  { method: 'PATCH', path: /^leads$/, run: call => writeMany(call, false) },
  {
    method: 'PATCH',
    path: /^leads\/(\d+)$/,
    run: call => {
      if (typeof call.body !== 'object' || call.body === null || Array.isArray(call.body)) throw wrongShape()
      const item = { ...(call.body as Record<string, unknown>), id: Number(call.params[0]) }
      const lead = call.acts.updateLead(Number(call.params[0]), changeOf(call, item, '0'), call.actor)
      return lead ? ok(written(call, lead, '0')) : nothing
    },
  },
]
