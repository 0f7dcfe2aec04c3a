import type { NoteEntity, NoteRow } from '../account/rows.ts'
import { listKey, pageAnswer } from '../rest/listing.ts'
import { wrongShape } from '../rest/problem.ts'
import { filterOf, idsOf, isWithin, listOf, orderOf, pageOf, rangeOf, textOf } from '../rest/query.ts'
import { type Call, disguised, ok, type Route, visibleTo } from './resource.ts'

const noteRow = ({ account }: Call, note: NoteRow): object =>
  disguised(
    {
      id: note.id,
      entity_id: note.entityId,
      created_by: note.createdBy,
      updated_by: note.updatedBy,
      created_at: note.createdAt,
      updated_at: note.updatedAt,
      responsible_user_id: note.responsibleId,
      group_id: account.users.find(note.responsibleId)?.groupId ?? 0,
      note_type: note.noteType,
      params: note.params,
      account_id: account.accountId,
      _links: { self: { href: `${account.origin}/api/v4/${note.entity}/${note.entityId}/notes/${note.id}` } },
    },
    account.notes.disguises.get(note.id),
  )

const matching = (call: Call, entity: NoteEntity, entityId: number | null): readonly NoteRow[] => {
  const { account, query } = call
  const filter = filterOf(query)
  const ids = idsOf(filter['id'])
  const entities = entityId === null ? idsOf(filter['entity_id']) : new Set([entityId])
  const types = listOf(filter['note_type'])
  const updated = rangeOf(filter['updated_at'])
  const seen = visibleTo(call)
  const order = orderOf(query, ['id', 'updated_at'], 'id')
  return call.lists.get(
    listKey(`${entity}/${entityId ?? ''}/notes`, query, seen && [...seen]),
    account.notes.version,
    () => {
      const found = account.notes.rows.filter(
        note =>
          note.entity === entity &&
          (ids === null || ids.has(note.id)) &&
          (entities === null || entities.has(note.entityId)) &&
          (types === null || types.includes(note.noteType)) &&
          isWithin(updated, note.updatedAt) &&
          (seen === null || seen.has(note.responsibleId)),
      )
      const of = order.key === 'id' ? 'id' : 'updatedAt'
      found.sort((a, b) => a[of] - b[of] || a.id - b.id)
      return order.isDown ? found.reverse() : found
    },
  )
}

const entityOf = (text: string | undefined): NoteEntity =>
  text === 'contacts' || text === 'companies' ? text : 'leads'

/** Notes, one list for each kind of thing they hang on; there is no list across kinds. */
export const noteRoutes: Route[] = [
  {
    method: 'GET',
    path: /^(leads|contacts|companies)\/notes$/,
    run: call => {
      const entity = entityOf(call.params[0])
      return pageAnswer(
        call.account,
        call.path,
        'notes',
        call.query,
        pageOf(call.query, 250),
        matching(call, entity, null),
        note => noteRow(call, note),
      )
    },
  },
  {
    method: 'GET',
    path: /^(leads|contacts|companies)\/(\d+)\/notes$/,
    run: call =>
      pageAnswer(
        call.account,
        call.path,
        'notes',
        call.query,
        pageOf(call.query, 250),
        matching(call, entityOf(call.params[0]), Number(call.params[1])),
        note => noteRow(call, note),
      ),
  },
  {
    method: 'POST',
    path: /^(leads|contacts|companies)\/notes$/,
    run: call => {
      if (!Array.isArray(call.body)) throw wrongShape()
      const entity = entityOf(call.params[0])
      const made = (call.body as Record<string, unknown>[]).map((item, index) => {
        const note = call.acts.addNote(
          {
            entity,
            entityId: Number(item['entity_id']),
            noteType: textOf(item['note_type']) || 'common',
            params: (item['params'] ?? {}) as Record<string, unknown>,
          },
          call.actor,
        )
        return {
          id: note.id,
          entity_id: note.entityId,
          request_id: textOf(item['request_id']) || String(index),
        }
      })
      return ok({ _embedded: { notes: made } })
    },
  },
]
