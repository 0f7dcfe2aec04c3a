import http from 'node:http'
import type { AddressInfo } from 'node:net'
import qs from 'qs'

/**
 * A small portal behind real HTTP for these tests: lists by the vendor's rules (pages of 50, `start=-1`,
 * filters, batch with references and the short-page quirk), one-time refresh tokens, and levers for faults.
 */

export type Row = Record<string, unknown>
type Reply = { status: number; body: string }

export type FakePortal = {
  origin: string
  api: string
  memberId: string
  tables: Record<'deals' | 'history' | 'activities' | 'tasks' | 'invoices' | 'users' | 'departments', Row[]>
  /** Replies of single methods; a function may throw `refuse(...)`. */
  methods: Record<string, (params: Row, token: string) => unknown>
  /** Runs before each command; may throw `Refused`. */
  before: ((method: string, params: Row) => void) | null
  /** Every HTTP request to the portal, by method. */
  requests: string[]
  oauthRequests: number
  /** Commands executed, batches unfolded. */
  commands: { method: string; params: Row }[]
  now: () => string
  tokens: Map<string, { userId: string; isAdmin: boolean; usesLeft: number }>
  refreshTokens: Map<string, { userId: string; isAdmin: boolean }>
  issue(userId: string, isAdmin: boolean, usesLeft?: number): { access: string; refresh: string }
  /** Bends a reply before it is sent: `drop` cuts the connection. */
  fault: ((request: { method: string; index: number }) => Reply | 'drop' | 'truncate' | null) | null
  appCode: string
  clientEndpoint: string | null
  /** Seconds that each listed command claims to have taken. */
  secondsPerCommand: number
  operating: Map<string, number>
  bodies: string[]
  close(): Promise<void>
}

export class Refused extends Error {
  readonly status: number
  readonly code: string | number
  readonly text: string
  constructor(status: number, code: string | number, text = '') {
    super(String(code))
    this.status = status
    this.code = code
    this.text = text
  }
}

const idOf = (row: Row): number => Number(row['id'] ?? row['ID'])
const TASK_KEYS: Record<string, string> = {
  ID: 'id',
  CHANGED_DATE: 'changedDate',
  RESPONSIBLE_ID: 'responsibleId',
  UF_CRM_TASK: 'ufCrmTask',
}

const instants = new Map<string, number>()
/** A number or an instant, for comparison. */
const number = (value: unknown): number => {
  const text = String(value)
  if (!/^\d{4}-/.test(text)) return Number(text)
  const known = instants.get(text) ?? Date.parse(text)
  instants.set(text, known)
  return known
}

const matches = (row: Row, filter: Row): boolean =>
  Object.entries(filter).every(([raw, wanted]) => {
    const [, operator = '', name = ''] = /^(>=|<=|>|<|@|=|!)?(.+)$/.exec(raw) ?? []
    const value =
      row[name] ?? row[TASK_KEYS[name] ?? ''] ?? (name === 'id' || name === 'ID' ? idOf(row) : undefined)
    // What PHP makes of a list where a number is wanted: nothing useful; the portal then answers from the start.
    if (operator !== '@' && operator !== '' && typeof wanted === 'object') return true
    if (operator === '>') return number(value) > number(wanted)
    if (operator === '>=') return number(value) >= number(wanted)
    if (operator === '<=') return number(value) <= number(wanted)
    if (operator === '<') return number(value) < number(wanted)
    const list = (typeof wanted === 'object' && wanted !== null ? Object.values(wanted) : [wanted]).map(
      String,
    )
    const held = Array.isArray(value) ? value.map(String) : [String(value)]
    const isIn = held.some(one => list.includes(one))
    return operator === '!' ? !isIn : isIn
  })

/** Bounds on the id are looked up, so that big tables stay quick. */
const boundsOf = (filter: Row): { above: number; upTo: number; ids: number[] | null; rest: Row } => {
  const bounds = {
    above: 0,
    upTo: Number.POSITIVE_INFINITY,
    ids: null as number[] | null,
    rest: { ...filter },
  }
  for (const [key, value] of Object.entries(filter)) {
    if (/^@?(id|ID)$/.test(key)) {
      const list = typeof value === 'object' && value !== null ? Object.values(value) : [value]
      bounds.ids = list.map(Number).toSorted((a, b) => a - b)
      delete bounds.rest[key]
      continue
    }
    if (typeof value === 'object') continue
    if (/^>(id|ID)$/.test(key)) bounds.above = Number(value)
    else if (/^<=(id|ID)$/.test(key)) bounds.upTo = Number(value)
    else continue
    delete bounds.rest[key]
  }
  return bounds
}

const sortedTables = new WeakMap<Row[], { length: number; sorted: Row[] }>()
const sortedOf = (rows: Row[]): Row[] => {
  const known = sortedTables.get(rows)
  if (known && known.length === rows.length) return known.sorted
  const sorted = rows.toSorted((a, b) => idOf(a) - idOf(b))
  sortedTables.set(rows, { length: rows.length, sorted })
  return sorted
}

/** Number of rows with an id up to and including `id`. */
const indexAfter = (sorted: Row[], id: number): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (idOf(sorted[middle]!) <= id) low = middle + 1
    else high = middle
  }
  return low
}

export const startFakePortal = async (): Promise<FakePortal> => {
  let counter = 0
  const portal: FakePortal = {
    origin: '',
    api: '',
    memberId: 'member-1',
    tables: { deals: [], history: [], activities: [], tasks: [], invoices: [], users: [], departments: [] },
    methods: {},
    before: null,
    requests: [],
    oauthRequests: 0,
    commands: [],
    now: () => '2026-08-14T10:26:32+03:00',
    tokens: new Map(),
    refreshTokens: new Map(),
    issue(userId, isAdmin, usesLeft = Number.POSITIVE_INFINITY) {
      counter += 1
      const pair = { access: `access-${counter}`, refresh: `refresh-${counter}` }
      portal.tokens.set(pair.access, { userId, isAdmin, usesLeft })
      portal.refreshTokens.set(pair.refresh, { userId, isAdmin })
      return pair
    },
    fault: null,
    appCode: 'planerka.app',
    clientEndpoint: null,
    secondsPerCommand: 0.02,
    operating: new Map(),
    bodies: [],
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  const listReply = (rows: Row[], params: Row, wrap: (page: Row[]) => unknown) => {
    const filter = (params['filter'] ?? params['FILTER'] ?? {}) as Row
    const order = (params['order'] ?? {}) as Row
    const descending = Object.values(order).some(direction => /desc/i.test(String(direction)))
    const start = Number(params['start'] ?? params['START'] ?? 0)
    const { above, upTo, ids, rest } = boundsOf(filter)
    const sorted = sortedOf(rows)
    let found =
      ids === null
        ? sorted.slice(indexAfter(sorted, above), indexAfter(sorted, upTo))
        : ids.flatMap(id => sorted.slice(indexAfter(sorted, id - 1), indexAfter(sorted, id)))
    if (Object.keys(rest).length > 0) found = found.filter(row => matches(row, rest))
    if (descending) found = found.toReversed()
    const from = Math.max(0, start)
    const page = found.slice(from, from + 50)
    const counts =
      start < 0 ? {} : { total: found.length, ...(from + 50 < found.length ? { next: from + 50 } : {}) }
    return { result: wrap(page), ...counts }
  }
  const execute = (
    method: string,
    params: Row,
    token: string,
  ): { result: unknown; total?: number; next?: number } => {
    portal.commands.push({ method, params })
    portal.before?.(method, params)
    const own = portal.methods[method]
    if (own) return { result: own(params, token) }
    const holder = portal.tokens.get(token)
    const { tables } = portal
    switch (method) {
      case 'crm.item.list': {
        const rows = String(params['entityTypeId']) === '31' ? tables.invoices : tables.deals
        return listReply(rows, params, items => ({ items }))
      }
      case 'crm.stagehistory.list':
        return listReply(tables.history, params, items => ({ items }))
      case 'crm.activity.list':
        return listReply(tables.activities, params, items => items)
      case 'tasks.task.list':
        return listReply(tables.tasks, params, tasks => ({ tasks }))
      case 'user.get':
        return listReply(tables.users, params, items => items)
      case 'department.get':
        return listReply(tables.departments, params, items => items)
      case 'profile':
        return {
          result: { ID: holder?.userId, ADMIN: holder?.isAdmin, TIME_ZONE: '', TIME_ZONE_OFFSET: 10800 },
        }
      case 'user.admin':
        return { result: holder?.isAdmin ?? false }
      case 'app.info':
        return {
          result: {
            ID: 1,
            CODE: portal.appCode,
            VERSION: '3',
            INSTALLED: true,
            LANGUAGE_ID: 'ru',
            LICENSE: 'ru_std',
          },
        }
      case 'server.time':
        return { result: portal.now() }
      case 'scope':
        return { result: ['crm', 'task', 'user_brief', 'department', 'im', 'placement'] }
      case 'crm.category.list':
        return { result: { categories: [{ id: 0, name: 'Общая', sort: 100, isDefault: 'Y' }] } }
      case 'crm.item.fields':
        return {
          result: {
            fields: {
              id: { type: 'integer', isReadOnly: true, title: 'ID' },
              title: { type: 'string', isReadOnly: false, title: 'Название' },
              UF_CRM_COLOR: { type: 'enumeration', isDynamic: true, isReadOnly: false, title: 'Цвет' },
              UF_CRM_NOTE: { type: 'string', isDynamic: true, isReadOnly: false, title: 'Заметка' },
            },
          },
        }
      case 'crm.status.list':
        return {
          result: [
            {
              ID: '1',
              ENTITY_ID: 'DEAL_STAGE',
              STATUS_ID: 'NEW',
              NAME: 'Новая',
              SORT: '10',
              SEMANTICS: null,
            },
            { ID: '2', ENTITY_ID: 'DEAL_STAGE', STATUS_ID: 'WON', NAME: 'Успех', SORT: '20', SEMANTICS: 'S' },
            {
              ID: '3',
              ENTITY_ID: 'SMART_INVOICE_STAGE_5',
              STATUS_ID: 'DT31_5:P',
              NAME: 'Оплачен',
              SEMANTICS: 'S',
            },
          ],
          total: 3,
        }
      default:
        throw new Refused(404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!')
    }
  }

  const timeOf = (method: string) => {
    const operating = (portal.operating.get(method) ?? 0) + portal.secondsPerCommand
    portal.operating.set(method, operating)
    return { duration: portal.secondsPerCommand, operating, finish: 1_000, operating_reset_at: 1_060 }
  }

  const resolve = (value: unknown, results: Record<string, unknown>): unknown => {
    if (Array.isArray(value)) return value.map(item => resolve(item, results))
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, results)]))
    const match = typeof value === 'string' ? /^\$result((?:\[[^\]]+\])+)$/.exec(value) : null
    if (!match) return value
    let at: unknown = results
    // The resolver stops at the last level that exists.
    for (const [, key = ''] of (match[1] ?? '').matchAll(/\[([^\]]+)\]/g)) {
      const next = typeof at === 'object' && at !== null ? (at as Row)[key] : undefined
      if (next === undefined) break
      at = next
    }
    return at
  }

  const batch = (cmd: Record<string, string>, token: string) => {
    const result: Record<string, unknown> = {}
    const errors: Record<string, unknown> = {}
    const totals: Record<string, number> = {}
    const nexts: Record<string, number> = {}
    const times: Record<string, unknown> = {}
    for (const [key, command] of Object.entries(cmd)) {
      const [method = '', query = ''] = command.split('?')
      const params = resolve(
        qs.parse(query, { depth: 10, arrayLimit: 500, parameterLimit: 5000 }),
        result,
      ) as Row
      try {
        const reply = execute(method, params, token)
        result[key] = reply.result
        if (reply.total !== undefined) totals[key] = reply.total
        if (reply.next !== undefined) nexts[key] = reply.next
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        errors[key] = { error: error.code, error_description: error.text }
      }
      times[key] = timeOf(method)
    }
    const orEmpty = (map: object): object => (Object.keys(map).length > 0 ? map : [])
    return {
      result: orEmpty(result),
      result_error: orEmpty(errors),
      result_total: orEmpty(totals),
      result_next: orEmpty(nexts),
      result_time: orEmpty(times),
    }
  }

  const refused = (status: number, error: string | number, text = ''): Reply => ({
    status,
    body: JSON.stringify({ error, error_description: text }),
  })

  const rest = (method: string, body: Row): Reply => {
    const { auth, ...params } = body
    const token = String(auth ?? '')
    const holder = portal.tokens.get(token)
    if (!holder) return refused(401, 'invalid_token')
    if (holder.usesLeft <= 0) return refused(401, 'expired_token')
    holder.usesLeft -= 1
    try {
      const reply =
        method === 'batch'
          ? { result: batch(params['cmd'] as Record<string, string>, token) }
          : execute(method, params, token)
      return { status: 200, body: JSON.stringify({ ...reply, time: timeOf(method) }) }
    } catch (error) {
      if (error instanceof Refused) return refused(error.status, error.code, error.text)
      throw error
    }
  }

  const oauth = (body: Row): Reply => {
    portal.oauthRequests += 1
    const pair = portal.refreshTokens.get(String(body['refresh_token']))
    if (body['client_secret'] !== 'secret') return refused(400, 'invalid_client')
    if (!pair) return refused(400, 'invalid_grant')
    portal.refreshTokens.delete(String(body['refresh_token']))
    const { access, refresh } = portal.issue(pair.userId, pair.isAdmin)
    return {
      status: 200,
      body: JSON.stringify({
        access_token: access,
        refresh_token: refresh,
        expires_in: 3600,
        client_endpoint: portal.clientEndpoint ?? portal.api,
        member_id: portal.memberId,
        scope: 'crm,task',
        user_id: pair.userId,
      }),
    }
  }

  const server = http.createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      portal.bodies.push(text)
      const path = (req.url ?? '').split('?')[0] ?? ''
      const isOAuth = path.startsWith('/oauth/')
      const method = isOAuth ? 'oauth' : path.replace(/^\/rest\//, '')
      if (!isOAuth) portal.requests.push(method)
      const fault = portal.fault?.({ method, index: portal.requests.length }) ?? null
      if (fault === 'drop') return void req.socket.destroy()
      const reply =
        fault !== null && fault !== 'truncate'
          ? fault
          : isOAuth
            ? oauth(qs.parse(text) as Row)
            : rest(method, JSON.parse(text) as Row)
      const body = fault === 'truncate' ? reply.body.slice(0, Math.floor(reply.body.length / 2)) : reply.body
      const headers: Record<string, string> = { 'content-type': 'application/json' }
      if (reply.status >= 300 && reply.status < 400) headers['location'] = body
      res.writeHead(reply.status, headers).end(body)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  portal.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  portal.api = `${portal.origin}/rest/`
  return portal
}
