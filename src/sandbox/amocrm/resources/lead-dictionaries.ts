import type { FieldRow, PipelineRow } from '../account/rows.ts'
import { pageAnswer } from '../rest/listing.ts'
import { invalid, notFound, wrongShape } from '../rest/problem.ts'
import { pageOf, textOf } from '../rest/query.ts'
import { type Call, ok, type Route } from './resource.ts'

const pipelineRow = ({ account }: Call, pipeline: PipelineRow) => ({
  id: pipeline.id,
  name: pipeline.name,
  sort: pipeline.sort,
  is_main: pipeline.isMain,
  is_unsorted_on: true,
  is_archive: pipeline.isArchive,
  account_id: account.accountId,
  _links: { self: { href: `${account.origin}/api/v4/leads/pipelines/${pipeline.id}` } },
  _embedded: {
    statuses: pipeline.statuses.map(({ id, name, sort, color, type }) => ({
      id,
      name,
      sort,
      is_editable: type === 0 && id !== 142 && id !== 143,
      pipeline_id: pipeline.id,
      color,
      type,
      account_id: account.accountId,
      _links: { self: { href: `${account.origin}/api/v4/leads/pipelines/${pipeline.id}/statuses/${id}` } },
    })),
  },
})

const fieldRow = ({ account }: Call, field: FieldRow) => ({
  id: field.id,
  name: field.name,
  type: field.type,
  account_id: account.accountId,
  code: field.code,
  sort: field.sort,
  is_api_only: field.isApiOnly,
  enums:
    field.enums.length > 0
      ? field.enums.map(({ id, value, sort, code }) => ({ id, value, sort, code }))
      : null,
  group_id: null,
  required_statuses: field.requiredStatuses.map(({ pipelineId, statusId }) => ({
    status_id: statusId,
    pipeline_id: pipelineId,
  })),
  is_deletable: true,
  is_predefined: false,
  entity_type: 'leads',
  remind: null,
  currency: null,
  hidden_statuses: [],
  chained_lists: null,
  tracking_callback: null,
  triggers: [],
  settings: null,
  _links: { self: { href: `${account.origin}/api/v4/leads/custom_fields/${field.id}` } },
})

const TYPES = [
  'text',
  'numeric',
  'checkbox',
  'select',
  'multiselect',
  'date',
  'textarea',
  'tracking_data',
] as const

const addFields = (call: Call) => {
  if (!Array.isArray(call.body)) throw wrongShape()
  const made = (call.body as Record<string, unknown>[]).map((item, index) => {
    const type = TYPES.find(name => name === item['type'])
    const name = textOf(item['name'])
    if (!type || !name)
      throw invalid([
        {
          request_id: String(index),
          errors: [
            { code: 'NotSupportedChoice', path: type ? 'name' : 'type', detail: 'This value is not valid.' },
          ],
        },
      ])
    const enums = Array.isArray(item['enums']) ? (item['enums'] as { value: string; code?: string }[]) : []
    return call.account.addField({
      name,
      type,
      code: textOf(item['code']) || null,
      isApiOnly: item['is_api_only'] === true,
      options: enums.map(({ value, code }) => ({ value, code: code ?? null })),
    })
  })
  return ok({
    _total_items: made.length,
    _embedded: { custom_fields: made.map(field => fieldRow(call, field)) },
  })
}

/** Pipelines, fields, loss reasons and tags of leads. */
export const dictionaryRoutes: Route[] = [
  {
    method: 'GET',
    path: /^leads\/pipelines$/,
    run: call => {
      const { account } = call
      return ok({
        _total_items: account.pipelines.length,
        _links: { self: { href: `${account.origin}/api/v4/leads/pipelines` } },
        _embedded: { pipelines: account.pipelines.map(pipeline => pipelineRow(call, pipeline)) },
      })
    },
  },
  {
    method: 'GET',
    path: /^leads\/pipelines\/(\d+)$/,
    run: call => {
      const pipeline = call.account.pipeline(Number(call.params[0]))
      if (!pipeline) throw notFound()
      return ok(pipelineRow(call, pipeline))
    },
  },
  {
    method: 'GET',
    path: /^leads\/loss_reasons$/,
    run: ({ account, query }) =>
      pageAnswer(
        account,
        'leads/loss_reasons',
        'loss_reasons',
        query,
        pageOf(query, 250),
        account.lossReasons,
        ({ id, name, sort, createdAt }) => ({ id, name, sort, created_at: createdAt, updated_at: createdAt }),
        { total: true },
      ),
  },
  {
    method: 'GET',
    path: /^leads\/custom_fields$/,
    run: call =>
      pageAnswer(
        call.account,
        'leads/custom_fields',
        'custom_fields',
        call.query,
        pageOf(call.query, 250),
        call.account.fields.rows,
        field => fieldRow(call, field),
        { total: true },
      ),
  },
  { method: 'POST', path: /^leads\/custom_fields$/, needsAdmin: true, run: addFields },
  {
    method: 'GET',
    path: /^leads\/tags$/,
    run: ({ account, query }) => {
      const words = textOf(query['query']).toLowerCase()
      const rows = account.tags.rows.filter(({ name }) => name.toLowerCase().includes(words))
      return pageAnswer(account, 'leads/tags', 'tags', query, pageOf(query, 250), rows, tag => tag)
    },
  },
  {
    method: 'POST',
    path: /^leads\/tags$/,
    run: ({ account, body }) => {
      if (!Array.isArray(body)) throw wrongShape()
      const tags = (body as { name?: unknown; color?: unknown }[]).map(({ name, color }) => {
        const tag = account.tagNamed(textOf(name))
        if (typeof color === 'string') tag.color = color
        return tag
      })
      return ok({ _total_items: tags.length, _embedded: { tags } })
    },
  },
]
