import { eventId } from '../account/event-feed.ts'
import type { EventRow } from '../account/rows.ts'
import { type Answer, listKey, nothing, pageAnswer } from '../rest/listing.ts'
import { badFilter, conflictingFilter } from '../rest/problem.ts'
import { filterOf, idsOf, listOf, pageOf, rangeOf, textOf } from '../rest/query.ts'
import { type Call, disguised, ok, type Route, visibleTo } from './resource.ts'

const PLURAL = { lead: 'leads', contact: 'contacts', company: 'companies', task: 'tasks' } as const

const eventRow = ({ account }: Call, event: EventRow): object => {
  const id = eventId(event)
  return disguised(
    {
      id,
      type: event.type,
      entity_id: event.entityId,
      entity_type: event.entityType,
      created_by: event.createdBy,
      created_at: event.createdAt,
      value_after: event.after,
      value_before: event.before,
      account_id: account.accountId,
      ...(account.temper.hasClientUuid ? { oauth_client_uuid: event.clientUuid } : {}),
      ...(event.linkedContactId === null ? {} : { linked_talk_contact_id: event.linkedContactId }),
      _links: { self: { href: `${account.origin}/api/v4/events/${id}` } },
      _embedded: {
        entity: {
          id: event.entityId,
          _links: {
            self: { href: `${account.origin}/api/v4/${PLURAL[event.entityType]}/${event.entityId}` },
          },
        },
      },
    },
    account.events.disguises.get(id),
  )
}

type StatusPair = { pipelineId: number; statusId: number | null }

const statusPairs = (value: unknown): StatusPair[] | null => {
  const pairs = (value as { leads_statuses?: unknown } | undefined)?.leads_statuses
  if (pairs === undefined || pairs === null) return null
  return Object.values(pairs as Record<string, unknown>).map(pair => {
    const { pipeline_id, status_id } = pair as Record<string, unknown>
    return { pipelineId: Number(pipeline_id), statusId: textOf(status_id) === '' ? null : Number(status_id) }
  })
}

const holds = (pairs: StatusPair[] | null, value: EventRow['after']): boolean => {
  if (!pairs) return true
  const status = value[0]?.['lead_status'] as { id: number; pipeline_id: number } | undefined
  return (
    status !== undefined &&
    pairs.some(
      ({ pipelineId, statusId }) =>
        pipelineId === status.pipeline_id && (statusId === null || statusId === status.id),
    )
  )
}

const checked = (ids: Set<number> | null, most: number): Set<number> | null => {
  if (ids && ids.size > most) throw badFilter()
  return ids
}

/** Which events the caller may see: those of leads he may see, and his own. */
const visible = (call: Call): ((event: EventRow) => boolean) => {
  const seen = visibleTo(call)
  if (!seen) return () => true
  return event => {
    if (event.entityType === 'lead') {
      const lead = call.account.leads.find(event.entityId)
      return lead !== undefined && seen.has(lead.responsibleId)
    }
    if (event.entityType === 'task') {
      const task = call.account.tasks.find(event.entityId)
      return task !== undefined && seen.has(task.responsibleId)
    }
    return seen.has(event.createdBy)
  }
}

const matching = (call: Call): readonly EventRow[] => {
  const { account, query } = call
  const filter = filterOf(query)
  const types = listOf(filter['type'])
  const known = new Set(account.eventTypes().map(([key]) => key))
  const isField = (type: string): boolean => /^custom_field_\d+_value_changed$/.test(type)
  if (types?.some(type => !known.has(type) && !isField(type))) throw badFilter()
  if (types && types.length > 1 && types.some(isField)) throw conflictingFilter()
  const entities = listOf(filter['entity'])
  if (entities?.some(entity => !(entity in PLURAL) && !/^(customer|catalog_\d+)$/.test(entity)))
    throw badFilter()
  const entityIds = checked(idsOf(filter['entity_id']), 10)
  if (entityIds && entities?.length !== 1) throw conflictingFilter()
  const authors = checked(idsOf(filter['created_by']), 10)
  const ids = listOf(filter['id'])
  if (ids && ids.length > 100) throw badFilter()
  const idSet = ids && new Set(ids)
  const typeSet = types && new Set(types)
  const created = rangeOf(filter['created_at'], true)
  const before = statusPairs(filter['value_before'])
  const after = statusPairs(filter['value_after'])
  const canSee = visible(call)
  const now = account.now()
  // What was hidden so far may have become visible: asked before the version is looked at.
  const range = account.events.between(
    now,
    created?.from ?? Number.NEGATIVE_INFINITY,
    created?.to ?? Number.POSITIVE_INFINITY,
  )
  const { duplicateEvery, eventPassCap } = account.temper
  const seen = visibleTo(call)
  const key = listKey('events', query, [seen && [...seen], duplicateEvery])
  const rows = call.lists.get(key, account.events.version, () => {
    const found = range.filter(
      event =>
        (typeSet === null || typeSet.has(event.type)) &&
        (entities === null || entities.includes(event.entityType)) &&
        (entityIds === null || entityIds.has(event.entityId)) &&
        (authors === null || authors.has(event.createdBy)) &&
        (idSet === null || idSet.has(eventId(event))) &&
        holds(before, event.before) &&
        holds(after, event.after) &&
        canSee(event),
    )
    return duplicateEvery > 0
      ? found.flatMap((event, index) => (index % duplicateEvery === 0 ? [event, event] : [event]))
      : found
  })
  return eventPassCap === null || rows.length <= eventPassCap ? rows : rows.slice(rows.length - eventPassCap)
}

const list = (call: Call): Answer =>
  pageAnswer(
    call.account,
    'events',
    'events',
    call.query,
    pageOf(call.query, call.account.temper.eventsPerPage),
    matching(call),
    event => eventRow(call, event),
    { isDown: true },
  )

/** The account's feed of events, newest first. */
export const eventRoutes: Route[] = [
  { method: 'GET', path: /^events$/, run: list },
  {
    method: 'GET',
    path: /^events\/types$/,
    run: ({ account }) => {
      const types = account.eventTypes()
      return ok({
        _total_items: types.length,
        _links: { self: { href: `${account.origin}/api/v4/events/types` } },
        _embedded: { events_types: types.map(([key, lang], index) => ({ key, type: index + 1, lang })) },
      })
    },
  },
  {
    method: 'GET',
    path: /^events\/([0-9a-z]{26})$/,
    run: call => {
      const event = call.account.events.rows(call.account.now()).find(row => eventId(row) === call.params[0])
      return event ? ok(eventRow(call, event)) : nothing
    },
  },
]
