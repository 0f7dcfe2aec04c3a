import type { PersonRow } from '../account/rows.ts'
import { listKey, nothing, pageAnswer } from '../rest/listing.ts'
import { filterOf, idsOf, isWithin, pageOf, rangeOf, withOf } from '../rest/query.ts'
import { type Call, ok, type Route } from './resource.ts'

const personRow = ({ account, query }: Call, person: PersonRow, kind: 'contacts' | 'companies') => ({
  id: person.id,
  name: person.name,
  responsible_user_id: account.admin.id,
  created_at: person.createdAt,
  updated_at: person.updatedAt,
  is_deleted: false,
  custom_fields_values: null,
  account_id: account.accountId,
  _links: { self: { href: `${account.origin}/api/v4/${kind}/${person.id}` } },
  _embedded: {
    tags: [],
    ...(withOf(query).has('leads')
      ? {
          leads: account.leads.rows
            .filter(
              lead =>
                (kind === 'contacts' ? lead.contactId : lead.companyId) === person.id && !lead.isDeleted,
            )
            .map(({ id }) => ({ id })),
        }
      : {}),
  },
})

const tableOf = (call: Call) =>
  call.params[0] === 'contacts' ? call.account.contacts : call.account.companies
const kindOf = (call: Call) => (call.params[0] === 'contacts' ? 'contacts' : 'companies')

/** Contacts and companies: names only, as far as the sandbox needs them. */
export const personRoutes: Route[] = [
  {
    method: 'GET',
    path: /^(contacts|companies)$/,
    run: call => {
      const table = tableOf(call)
      const filter = filterOf(call.query)
      const ids = idsOf(filter['id'])
      const updated = rangeOf(filter['updated_at'])
      const rows = call.lists.get(listKey(call.path, call.query), table.version, () =>
        table.rows.filter(row => (ids === null || ids.has(row.id)) && isWithin(updated, row.updatedAt)),
      )
      return pageAnswer(
        call.account,
        call.path,
        kindOf(call),
        call.query,
        pageOf(call.query, 250),
        rows,
        row => personRow(call, row, kindOf(call)),
      )
    },
  },
  {
    method: 'GET',
    path: /^(contacts|companies)\/(\d+)$/,
    run: call => {
      const row = tableOf(call).find(Number(call.params[1]))
      return row ? ok(personRow(call, row, kindOf(call))) : nothing
    },
  },
]
