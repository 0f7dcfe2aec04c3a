import { isVendorError } from '../../errors.ts'
import type { Department, Directory, Field, Rejected, User } from '../../records/records.ts'
import type { PortalInfo } from '../vendor.ts'
import type { Client } from './client.ts'
import { outcomeOf, parseRows } from './map.ts'
import { pagesOf, rowsOf } from './pages.ts'
import { wantedEvents } from './read.ts'
import * as wire from './wire.ts'

/** What reading needs to know of the account before the first record. */
export type Context = {
  currency: string | null
  eventTypes: string[]
  eventsPerPage: number
  invoicesCatalog: string | null
  /** No record is older: the vendor opened in 2009, and dates may be set back by hand. */
  since: number
}

/** `type` of the stage for requests that nobody has taken. */
const INCOMING = 1
const SINCE = Date.UTC(2009, 0, 1)
const ACCOUNT = 'users_groups,task_types,datetime_settings,invoices_settings,is_api_filter_enabled'

const readAll = async (client: Client, path: string, key: string): Promise<unknown[]> => {
  const rows: unknown[] = []
  for await (const page of pagesOf(client, path, key, {}, 250)) rows.push(...page)
  return rows
}

export const readAccount = async (client: Client) =>
  wire.account.parse(await client.get('account', { with: ACCOUNT }))

export const readContext = async (client: Client, eventsPerPage: number): Promise<Context> => {
  const account = await readAccount(client)
  // Where the list of types cannot be had, the few that every account knows must do.
  const known = await client.get('events/types', { limit: 250 }).then(
    body => new Set(rowsOf(body, 'events_types').map(row => String((row as { key?: unknown }).key))),
    () => new Set<string>(),
  )
  const fallback = ['lead_added', 'lead_status_changed', 'entity_responsible_changed']
  return {
    currency: account.currency ?? null,
    eventTypes: known.size > 0 ? wantedEvents.filter(type => known.has(type)) : fallback,
    eventsPerPage,
    invoicesCatalog: account.invoices_settings?.invoices_catalog_id ?? null,
    since: SINCE,
  }
}

/** Rights as the CRM would apply them; an administrator sees everything, and what is not told is not given. */
const dealsVisible = (view: string | null | undefined, isAdmin: boolean): User['dealsVisible'] => {
  if (isAdmin || view === 'A') return 'all'
  if (view === 'G') return 'group'
  if (view === 'M' || view === 'L') return 'own'
  return view === 'D' ? 'none' : 'own'
}

/** Stands over the groups, so that somebody can head all of them; the CRM itself has one level only. */
const ACCOUNT_ID = 'account'

export const readDirectory = async (client: Client): Promise<Directory> => {
  const rejected: Rejected[] = []
  const account = await readAccount(client)
  const users = parseRows(wire.user, 'user', await readAll(client, 'users', 'users'), rejected).map(
    (row): User => {
      const isAdmin = row.rights?.is_admin ?? false
      return {
        id: row.id,
        name: row.name || `№ ${row.id}`,
        position: null,
        isActive: (row.rights?.is_active ?? true) && !(row.rights?.is_free ?? false),
        isAdmin,
        departmentIds: [String(row.rights?.group_id ?? 0)],
        timeZone: null,
        language: row.lang ?? null,
        email: row.email ?? null,
        dealsVisible: dealsVisible(row.rights?.leads?.view, isAdmin),
      }
    },
  )
  const groups = account._embedded?.users_groups ?? []
  const parentId = groups.length > 1 ? ACCOUNT_ID : null
  const departments = groups.map(
    (group, index): Department => ({
      id: group.id,
      name: group.name,
      parentId,
      headId: null,
      sort: index + 1,
    }),
  )
  if (parentId !== null)
    departments.unshift({ id: ACCOUNT_ID, name: account.name ?? '', parentId: null, headId: null, sort: 0 })
  const pipelines = parseRows(
    wire.pipeline,
    'pipeline',
    await readAll(client, 'leads/pipelines', 'pipelines'),
    rejected,
  )
  const fields = parseRows(
    wire.customField,
    'field',
    await readAll(client, 'leads/custom_fields', 'custom_fields'),
    rejected,
  )
  const reasons = await readAll(client, 'leads/loss_reasons', 'loss_reasons').catch(error => {
    if (isVendorError(error) && error.kind === 'rejected') return []
    throw error
  })
  const price: Field = {
    id: 'price',
    title: 'Бюджет',
    type: 'money',
    isCustom: false,
    isRequired: false,
    isMultiple: false,
    options: null,
  }
  return {
    users,
    departments,
    pipelines: pipelines.map(({ id, name, sort, is_main }) => ({
      id,
      name,
      sort,
      isDefault: is_main ?? false,
    })),
    stages: pipelines.flatMap(({ id: pipelineId, _embedded }) =>
      (_embedded?.statuses ?? []).map(({ id, name, sort, color, type }) => ({
        id,
        pipelineId,
        name,
        sort,
        outcome: outcomeOf(id),
        color: color ?? null,
        ...(type === INCOMING ? { isIncoming: true as const } : {}),
      })),
    ),
    fields: [
      price,
      ...fields
        .filter(field => !field.is_api_only && field.type !== 'tracking_data')
        .map(
          (field): Field => ({
            id: `cf_${field.id}`,
            title: field.name,
            type: field.type,
            isCustom: true,
            isRequired: field.required_statuses.length > 0,
            isMultiple: field.type.startsWith('multi'),
            options:
              field.enums.length > 0
                ? Object.fromEntries(field.enums.map(({ id, value }) => [id, value]))
                : null,
          }),
        ),
    ],
    lossReasons: parseRows(wire.lossReason, 'loss_reason', reasons, rejected),
    rejected,
  }
}

export const readInfo = async (client: Client): Promise<PortalInfo> => {
  const account = await readAccount(client)
  const isAdmin = account.current_user_id ? await isAdminUser(client, account.current_user_id) : false
  return {
    now: client.now(),
    isAdmin,
    isInstalled: true,
    timeZone: account._embedded?.datetime_settings?.timezone ?? null,
    language: account.language ?? (account.country === 'RU' ? 'ru' : null),
    currency: account.currency ?? null,
    appCode: null,
    appVersion: null,
    licence: null,
    isOnPremise: false,
    scopes: ['crm'],
    calendar: null,
  }
}

/** Only administrators may read users: a refusal is an answer too. */
export const isAdminUser = async (client: Client, userId: string): Promise<boolean> => {
  try {
    const parsed = wire.user.safeParse(await client.get(`users/${userId}`))
    return parsed.success && (parsed.data.rights?.is_admin ?? false)
  } catch (error) {
    if (isVendorError(error) && error.kind === 'rejected') return false
    throw error
  }
}
