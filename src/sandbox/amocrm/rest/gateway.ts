import { type Clock, stopwatch } from '../../../clock.ts'
import type { Account } from '../account/account.ts'
import type { Acts } from '../account/acts.ts'
import type { TokenDesk } from '../oauth/token-desk.ts'
import { findRoute } from '../resources/registry.ts'
import type { Call } from '../resources/resource.ts'
import { busiestSecond, type RequestLimit } from './limits.ts'
import { ListCache } from './listing.ts'
import { ApiProblem, forbidden, notAllowed, notFound, unauthorized, unpaid } from './problem.ts'
import { parseQuery } from './query.ts'

/** What goes out: a JSON value, HTML, or nothing at all (204). */
export type Reply = {
  status: number
  body: unknown
  type: 'json' | 'problem' | 'html' | 'none'
  headers?: Record<string, string>
}

export type RequestRecord = {
  at: number
  method: string
  path: string
  query: string
  status: number
  ms: number
}

export type Incoming = {
  method: string
  path: string
  query: string
  body: unknown
  bearer: string
  contextUserId: string
  source: string
}

const KEPT = 50_000

/** The REST door of one account: who calls, may he, how often, and what he gets. Knows no sockets. */
export class Gateway {
  log: RequestRecord[] = []
  requests = 0
  readonly calls = new Map<string, number>()
  readonly lists = new ListCache()
  readonly #account: Account
  readonly #acts: Acts
  readonly #desk: TokenDesk
  readonly #clock: Clock
  readonly #limit: RequestLimit

  constructor(parts: { account: Account; acts: Acts; desk: TokenDesk; clock: Clock; limit: RequestLimit }) {
    this.#account = parts.account
    this.#acts = parts.acts
    this.#desk = parts.desk
    this.#clock = parts.clock
    this.#limit = parts.limit
  }

  resetLog(): void {
    this.log = []
    this.requests = 0
    this.calls.clear()
  }

  /** Most requests in any one second of the log. */
  busiestSecond(): number {
    return busiestSecond(this.log.map(({ at }) => at))
  }

  answer(incoming: Incoming): Reply {
    const elapsed = stopwatch()
    const at = this.#clock.now().getTime()
    this.requests++
    const reply = this.#reply(incoming)
    const call = incoming.path.replace(/\/\d+/g, '/{id}')
    this.calls.set(call, (this.calls.get(call) ?? 0) + 1)
    if (this.log.length >= KEPT) this.log.splice(0, KEPT / 2)
    const { method, path, query } = incoming
    this.log.push({ at, method, path, query, status: reply.status, ms: Math.round(elapsed() * 10) / 10 })
    return reply
  }

  #reply(incoming: Incoming): Reply {
    try {
      const { status, body } = this.#run(incoming)
      return { status, body, type: body === null ? 'none' : 'json' }
    } catch (error) {
      if (error instanceof ApiProblem) return { status: error.status, body: error.body(), type: 'problem' }
      if (error instanceof Refusal) return error.reply
      throw error
    }
  }

  #run({ method, path, query, body, bearer, contextUserId, source }: Incoming) {
    const account = this.#account
    const grant = this.#desk.access(bearer)
    // The address is counted on one platform, the integration inside the account on the other.
    const key = account.platform === 'kommo' ? source : `${account.accountId}/${grant?.clientId ?? source}`
    const hindrance = this.#limit.take(account, key)
    if (hindrance === 'blocked')
      throw new Refusal({ status: 403, body: '<html>403 Forbidden</html>', type: 'html' })
    if (hindrance === 'limited')
      throw new Refusal(
        account.temper.limitBody === 'json'
          ? {
              status: 429,
              body: { status: 429, title: 'Too Many Requests', retry_after: 1 },
              type: 'json',
              headers: { 'Retry-After': '1' },
            }
          : { status: 429, body: '<html><body>429 Too Many Requests</body></html>', type: 'html' },
      )
    if (!grant) throw unauthorized()
    if (account.temper.isUnpaid) throw unpaid()
    const granter = account.users.find(grant.userId)
    if (!granter) throw unauthorized()
    const asOther = contextUserId === '' ? null : account.users.find(Number(contextUserId))
    if (contextUserId !== '' && (!grant.isAdmin || !asOther?.isActive || asOther.isFree)) throw unauthorized()
    // A grant keeps the rights it was given with, unless its giver was an ordinary user.
    const isAdmin = asOther ? asOther.isAdmin : grant.isAdmin
    if (!isAdmin && !(asOther ?? granter).isActive) throw unauthorized()
    const found = findRoute(method, path)
    if (found === 'wrong_method') throw notAllowed()
    if (!found) throw notFound()
    if (found.route.needsAdmin && !isAdmin) throw forbidden('Only administrators may do this')
    const user = asOther ?? granter
    const call: Call = {
      account,
      acts: this.#acts,
      lists: this.lists,
      user,
      isAdmin,
      actor: { userId: user.id, clientUuid: grant.clientId },
      clientId: grant.clientId,
      path,
      params: found.params,
      query: parseQuery(query),
      body,
    }
    return found.route.run(call)
  }
}

/** An answer that is no problem document. */
class Refusal extends Error {
  readonly reply: Reply

  constructor(reply: Reply) {
    super('refused')
    this.reply = reply
  }
}
