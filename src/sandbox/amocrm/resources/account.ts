import type { UserRow } from '../account/rows.ts'
import { pageAnswer } from '../rest/listing.ts'
import { notAllowed, notFound } from '../rest/problem.ts'
import { pageOf, withOf } from '../rest/query.ts'
import { type Call, disguised, ok, type Route } from './resource.ts'

const accountRow = ({ account, user, query }: Call) => {
  const extra = withOf(query)
  const now = account.now()
  const embedded = {
    ...(extra.has('users_groups')
      ? {
          users_groups: account.groups.map(({ id, name }) => ({
            id,
            name,
            uuid: id === 0 ? null : `g-${account.accountId}-${id}`,
          })),
        }
      : {}),
    ...(extra.has('task_types')
      ? { task_types: account.taskTypes.map(type => ({ ...type, color: null, icon_id: null })) }
      : {}),
    ...(extra.has('datetime_settings')
      ? {
          datetime_settings: {
            date_pattern: 'd.m.Y H:i',
            short_date_pattern: 'd.m.Y',
            short_time_pattern: 'H:i',
            date_formant: 'd.m.Y',
            time_format: 'H:i:s',
            timezone: account.timeZone,
            timezone_offset: account.offset,
          },
        }
      : {}),
  }
  return {
    id: account.accountId,
    name: account.title,
    subdomain: account.subdomain,
    created_at: now - 500 * 86_400,
    created_by: 0,
    updated_at: now - 86_400,
    updated_by: 0,
    current_user_id: user.id,
    country: account.country,
    currency: account.currency,
    currency_symbol: account.currency === 'RUB' ? '₽' : '$',
    customers_mode: 'disabled',
    is_unsorted_on: true,
    is_loss_reason_enabled: true,
    is_helpbot_enabled: false,
    is_technical_account: false,
    contact_name_display_order: 1,
    mobile_feature_version: 0,
    ...(extra.has('is_api_filter_enabled') ? { is_api_filter_enabled: true } : {}),
    ...(extra.has('version') ? { version: 16 } : {}),
    ...(extra.has('invoices_settings')
      ? { invoices_settings: { lang: account.language, invoices_catalog_id: account.invoicesCatalogId } }
      : {}),
    _links: { self: { href: `${account.origin}/api/v4/account` } },
    ...(Object.keys(embedded).length > 0 ? { _embedded: embedded } : {}),
  }
}

const userRow = ({ account, query }: Call, user: UserRow): object => {
  const extra = withOf(query)
  const role = account.roles.find(({ id }) => id === user.roleId)
  const group = account.groups.find(({ id }) => id === user.groupId)
  return disguised(
    {
      id: user.id,
      name: user.name,
      email: user.email,
      lang: user.lang,
      rights: {
        leads: user.leads,
        contacts: { view: user.leads.view, edit: 'A', add: 'A', delete: 'D', export: 'M' },
        companies: { view: user.leads.view, edit: 'A', add: 'A', delete: 'D', export: 'M' },
        tasks: { edit: 'A', delete: 'A' },
        mail_access: false,
        catalog_access: true,
        status_rights: null,
        is_admin: user.isAdmin,
        is_free: user.isFree,
        is_active: user.isActive,
        group_id: user.groupId === 0 ? null : user.groupId,
        role_id: user.roleId,
      },
      _links: { self: { href: `${account.origin}/api/v4/users/${user.id}` } },
      _embedded: {
        ...(extra.has('role') ? { roles: role ? [role] : [] } : {}),
        ...(extra.has('group') ? { groups: group ? [group] : [] } : {}),
      },
    },
    account.users.disguises.get(user.id),
  )
}

/** The account, its people and their rights. */
export const accountRoutes: Route[] = [
  { method: 'GET', path: /^account$/, run: call => ok(accountRow(call)) },
  {
    method: 'GET',
    path: /^users$/,
    needsAdmin: true,
    run: call =>
      pageAnswer(
        call.account,
        'users',
        'users',
        call.query,
        pageOf(call.query, 250),
        call.account.users.rows,
        user => userRow(call, user),
        { total: true },
      ),
  },
  {
    method: 'GET',
    path: /^users\/(\d+)$/,
    needsAdmin: true,
    run: call => {
      const user = call.account.users.find(Number(call.params[0]))
      if (!user) throw notFound()
      return ok(userRow(call, user))
    },
  },
  {
    method: 'GET',
    path: /^roles$/,
    needsAdmin: true,
    run: ({ account, query }) =>
      pageAnswer(
        account,
        'roles',
        'roles',
        query,
        pageOf(query, 250),
        account.roles,
        role => ({
          ...role,
          rights: {},
          _embedded: {
            users: account.users.rows.filter(user => user.roleId === role.id).map(({ id }) => ({ id })),
          },
        }),
        { total: true },
      ),
  },
  {
    method: 'GET',
    path: /^calls$/,
    run: () => {
      throw notAllowed()
    },
  },
]
