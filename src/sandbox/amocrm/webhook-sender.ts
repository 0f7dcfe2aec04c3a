import qs from 'qs'
import { type Clock, MINUTE, SECOND } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { Account } from './account/account.ts'
import type { WebhookRow } from './account/rows.ts'

export type Delivery = {
  url: string
  codes: string[]
  attempt: number
  /** HTTP status of the receiver; 0 = no answer. */
  status: number
  ms: number
  code: string | null
}

const PATIENCE = 2 * SECOND
const PARALLEL = 8
const KEPT = 1_000
const RETRIES = [5 * MINUTE, 15 * MINUTE, 15 * MINUTE, 60 * MINUTE]

const GROUPS: Record<string, string> = {
  lead: 'leads',
  task: 'task',
  contact: 'contacts',
  company: 'contacts',
}

type Told = { code: string; item: Record<string, unknown> }
type Parcel = { url: string; body: string; codes: string[]; attempt: number }

/**
 * Posts what happened to the subscribed addresses: form-encoded, everything a string, things that happened
 * together in one request, in no promised order, unsigned.
 */
export class WebhookSender {
  readonly deliveries: Delivery[] = []
  readonly #account: Account
  readonly #clock: Clock
  readonly #log: Logger
  #waiting: Told[] = []
  #queue: Parcel[] = []
  #running = 0
  #idle: (() => void)[] = []
  #isFlushing = false
  #stopped = new AbortController()
  #bad = 0

  constructor(account: Account, clock: Clock, log: Logger) {
    this.#account = account
    this.#clock = clock
    this.#log = log
  }

  /** Notes a change; everything of this moment goes out together. */
  tell(code: string, item: Record<string, unknown>): void {
    if (this.#account.temper.webhooks === 'off' || this.#account.webhooks.rows.length === 0) return
    this.#waiting.push({ code, item })
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  #flush(): void {
    const told = this.#waiting.splice(0)
    for (const hook of this.#account.webhooks.rows) {
      const mine = told.filter(({ code }) => hook.settings.includes(code))
      if (hook.disabled || mine.length === 0) continue
      // A mass edit is told in portions.
      for (let start = 0; start < mine.length; start += 50) this.#send(hook, mine.slice(start, start + 50))
    }
    this.#settle()
  }

  #send(hook: WebhookRow, told: Told[]): void {
    const account = this.#account
    const groups: Record<string, Record<string, unknown[]>> = {}
    for (const { code, item } of told) {
      const [action = '', entity = ''] = code.split('_')
      const group = GROUPS[entity] ?? entity
      const actions = groups[group] ?? {}
      actions[action] = [...(actions[action] ?? []), item]
      groups[group] = actions
    }
    const body = qs.stringify({
      ...groups,
      account: { subdomain: account.subdomain, id: account.accountId, _links: { self: account.origin } },
    })
    this.post(
      hook.destination,
      body,
      told.map(({ code }) => code),
    )
  }

  /** Posts a body as it stands. */
  post(url: string, body: string, codes: string[]): void {
    for (let copy = 0; copy < this.#account.temper.webhookCopies; copy++)
      this.#queue.push({ url, body, codes, attempt: 1 })
    this.#pump()
  }

  #pump(): void {
    while (this.#running < PARALLEL && this.#queue.length > 0) {
      this.#running++
      void this.#deliver(this.#queue.shift()!).finally(() => {
        this.#running--
        this.#pump()
        this.#settle()
      })
    }
  }

  async #deliver(parcel: Parcel): Promise<void> {
    const started = performance.now()
    let status = 0
    let code: string | null = null
    try {
      const response = await fetch(parcel.url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'amoCRM-Webhooks/3.0' },
        body: parcel.body,
        redirect: 'manual',
        signal: AbortSignal.timeout(PATIENCE),
      })
      status = response.status
      code = /"code"\s*:\s*"([^"]+)"/.exec(await response.text())?.[1] ?? null
    } catch {
      this.#log.debug('a webhook found nobody at home')
    }
    if (this.deliveries.length >= KEPT) this.deliveries.shift()
    const { url, codes, attempt } = parcel
    this.deliveries.push({ url, codes, attempt, status, ms: Math.round(performance.now() - started), code })
    if (status < 100 || status > 299) this.#comeBack(parcel, status)
  }

  /** Later, and later still; only some failures are worth the last two tries. */
  #comeBack(parcel: Parcel, status: number): void {
    this.#bad++
    const hook = this.#account.webhooks.rows.find(({ destination }) => destination === parcel.url)
    if (hook && this.#bad > 100) hook.disabled = true
    const pause = RETRIES[parcel.attempt - 1]
    const isGivenUp = parcel.attempt > 2 && status < 499
    if (pause === undefined || isGivenUp || hook?.disabled) return
    this.#clock
      .sleep(pause, this.#stopped.signal)
      .then(() => {
        this.#queue.push({ ...parcel, attempt: parcel.attempt + 1 })
        this.#pump()
      })
      .catch(() => {})
  }

  #settle(): void {
    if (this.#running === 0 && this.#queue.length === 0 && !this.#isFlushing && this.#waiting.length === 0)
      for (const wake of this.#idle.splice(0)) wake()
  }

  /** Resolves when everything on the way has arrived or failed; retries are not waited for. */
  async settled(): Promise<void> {
    if (this.#running === 0 && this.#queue.length === 0 && !this.#isFlushing && this.#waiting.length === 0)
      return
    await new Promise<void>(resolve => {
      this.#idle.push(resolve)
    })
  }

  stop(): void {
    this.#stopped.abort()
    this.#queue = []
    this.#waiting = []
  }
}
