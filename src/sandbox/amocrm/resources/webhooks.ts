import type { WebhookRow } from '../account/rows.ts'
import { pageAnswer } from '../rest/listing.ts'
import { forbidden, invalid, notFound } from '../rest/problem.ts'
import { filterOf, listOf, pageOf, textOf } from '../rest/query.ts'
import type { Call, Route } from './resource.ts'

const CODES = new Set([
  ...['lead', 'contact', 'company', 'customer'].flatMap(entity =>
    ['add', 'update', 'delete', 'restore', 'responsible', 'note'].map(verb => `${verb}_${entity}`),
  ),
  'status_lead',
  'add_task',
  'update_task',
  'delete_task',
  'responsible_task',
  'add_talk',
  'update_talk',
  'add_message',
  'add_outgoing_message',
  'add_chat_template_review',
])

const MOST = 100

const hookRow = ({ account }: Call, hook: WebhookRow) => ({
  id: hook.id,
  destination: hook.destination,
  created_at: hook.createdAt,
  updated_at: hook.updatedAt,
  account_id: account.accountId,
  created_by: hook.createdBy,
  sort: hook.sort,
  disabled: hook.disabled,
  settings: hook.settings,
})

/** Webhooks belong to the higher tariffs. */
const allowed = ({ account }: Call): void => {
  if (!account.temper.hasWebhooks) throw forbidden('The tariff of the account does not include webhooks')
}

const subscribe = (call: Call) => {
  allowed(call)
  const { account, user } = call
  const { destination, settings, sort } = (call.body ?? {}) as Record<string, unknown>
  const url = textOf(destination)
  const codes = listOf(settings) ?? []
  if (!URL.canParse(url) || codes.length === 0 || codes.some(code => !CODES.has(code)))
    throw invalid([
      {
        request_id: '0',
        errors: [
          {
            code: 'NotSupportedChoice',
            path: URL.canParse(url) ? 'settings' : 'destination',
            detail: 'The value you selected is not a valid choice.',
          },
        ],
      },
    ])
  const now = account.now()
  const known = account.webhooks.rows.find(hook => hook.destination === url)
  if (known) {
    Object.assign(known, { settings: codes, disabled: false, updatedAt: now })
    return { status: 201, body: hookRow(call, known) }
  }
  if (account.webhooks.rows.length >= MOST) throw forbidden('Too many webhooks')
  const hook = account.webhooks.add({
    destination: url,
    settings: codes,
    createdAt: now,
    updatedAt: now,
    createdBy: user.id,
    sort: Number(sort ?? 10),
    disabled: false,
  })
  return { status: 201, body: hookRow(call, hook) }
}

/** One destination is one subscription. */
export const webhookRoutes: Route[] = [
  {
    method: 'GET',
    path: /^webhooks$/,
    needsAdmin: true,
    run: call => {
      allowed(call)
      const wanted = textOf(filterOf(call.query)['destination'])
      const rows = call.account.webhooks.rows.filter(({ destination }) => !wanted || destination === wanted)
      return pageAnswer(
        call.account,
        'webhooks',
        'webhooks',
        call.query,
        pageOf(call.query, 250),
        rows,
        hook => hookRow(call, hook),
        { total: true },
      )
    },
  },
  { method: 'POST', path: /^webhooks$/, needsAdmin: true, run: subscribe },
  {
    method: 'DELETE',
    path: /^webhooks$/,
    needsAdmin: true,
    run: call => {
      allowed(call)
      const url = textOf((call.body as { destination?: unknown } | null)?.destination)
      const hook = call.account.webhooks.rows.find(({ destination }) => destination === url)
      if (!hook) throw notFound()
      call.account.webhooks.remove(hook.id)
      return { status: 204, body: null }
    },
  },
]
