import qs from 'qs'
import { type Clock, SECOND } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { ACCESS_TTL_SECONDS, type TokenServer } from './oauth/token-server.ts'
import type { Actor, EventData } from './state/acts.ts'
import type { Installed, Portal } from './state/portal.ts'

export type Delivery = {
  event: string
  url: string
  /** HTTP status of the handler; 0 = no answer. */
  status: number
  ms: number
  code: string | null
}

const PARALLEL = 8
const PATIENCE = 10 * SECOND
const KEPT = 1_000

/** `ONCRMDEALADD` → `onCrmDealAdd`, as some portals name their events. */
const camelEvent = (event: string): string =>
  event
    .toLowerCase()
    .replace(
      /(app|crm|task|user|deal|lead|activity|dynamicitem|timelinecomment|add|update|delete|install|uninstall|test|payment)/g,
      word => word.charAt(0).toUpperCase() + word.slice(1),
    )

/**
 * Posts events to the handlers an application bound: form-encoded, not retried, a few at once so that
 * their order is not promised.
 */
export class EventSender {
  readonly deliveries: Delivery[] = []
  readonly #portal: Portal
  readonly #tokens: TokenServer
  readonly #clock: Clock
  readonly #log: Logger
  #queue: { url: string; event: string; body: string }[] = []
  #running = 0
  #idle: (() => void)[] = []
  #handlerId = 200
  #isStopped = false

  constructor(portal: Portal, tokens: TokenServer, clock: Clock, log: Logger) {
    this.#portal = portal
    this.#tokens = tokens
    this.#clock = clock
    this.#log = log
  }

  /** Tells every installed application that bound the event. A change nobody made carries no token. */
  changed(event: string, data: EventData, actor: Actor): void {
    for (const installed of this.#portal.installed.values()) {
      if (!installed.isActive || !installed.isFinished) continue
      for (const handler of installed.handlers) {
        const isOfType = handler.event === event || handler.event === `${event}_31`
        if (!isOfType || handler.isOffline) continue
        const userId = handler.authType || actor
        this.post(
          installed,
          handler.handler,
          event,
          data,
          userId === null ? {} : this.#userAuth(installed, userId),
        )
      }
    }
  }

  /** Tells one application about itself (ONAPP…). */
  toApp(clientId: string, event: string, data: EventData, auth: Record<string, unknown>): void {
    const installed = this.#portal.installed.get(clientId)
    if (!installed) return
    for (const handler of installed.handlers)
      if (handler.event === event) this.post(installed, handler.handler, event, data, auth)
  }

  /** Full pair of a user, as ONAPPINSTALL, ONAPPUPDATE and ONAPPTEST carry it. */
  pairAuth(clientId: string, userId: number): Record<string, unknown> {
    const pair = this.#tokens.issue(this.#portal, clientId, userId)
    return {
      access_token: pair.access,
      refresh_token: pair.refresh,
      expires: Math.floor(pair.expiresAt / 1000),
      expires_in: ACCESS_TTL_SECONDS,
      user_id: userId,
    }
  }

  #userAuth(installed: Installed, userId: number): Record<string, unknown> {
    if (!userId) return {}
    return {
      access_token: this.#tokens.issueAccess(this.#portal, installed.clientId, userId),
      expires_in: ACCESS_TTL_SECONDS,
      ...(this.#portal.temper.eventsNameUser ? { user_id: userId } : {}),
    }
  }

  post(
    installed: Installed,
    url: string,
    event: string,
    data: EventData,
    auth: Record<string, unknown>,
    overrides: Record<string, unknown> = {},
  ): void {
    const { temper } = this.#portal
    if (temper.events === 'off' || this.#isStopped) return
    const body = qs.stringify({
      event: temper.eventNames === 'camel' ? camelEvent(event) : event,
      event_handler_id: this.#handlerId++,
      data,
      ts: Math.floor(this.#clock.now().getTime() / 1000),
      auth: {
        ...auth,
        scope: installed.scopes.join(' '),
        domain: this.#portal.domain,
        server_endpoint: this.#tokens.serverEndpoint,
        status: 'F',
        client_endpoint: this.#portal.clientEndpoint,
        member_id: this.#portal.memberId,
        application_token: installed.applicationToken,
        ...overrides,
      },
    })
    for (let copy = 0; copy < temper.eventCopies; copy++) this.#queue.push({ url, event, body })
    this.#pump()
  }

  #pump(): void {
    while (this.#running < PARALLEL && this.#queue.length > 0) {
      this.#running++
      void this.#deliver(this.#queue.shift()!).finally(() => {
        this.#running--
        this.#pump()
        if (this.#running === 0 && this.#queue.length === 0) for (const wake of this.#idle.splice(0)) wake()
      })
    }
  }

  async #deliver({ url, event, body }: { url: string; event: string; body: string }): Promise<void> {
    const started = performance.now()
    let status = 0
    let code: string | null = null
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'user-agent': 'Bitrix24 Webhook Engine',
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(PATIENCE),
      })
      status = response.status
      const text = await response.text()
      code = /"code"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? null
    } catch {
      this.#log.debug({ event }, 'an event found nobody at home')
    }
    if (this.deliveries.length >= KEPT) this.deliveries.shift()
    this.deliveries.push({ event, url, status, ms: Math.round(performance.now() - started), code })
  }

  /** Resolves when everything on the way has arrived or failed. */
  async settled(): Promise<void> {
    if (this.#running === 0 && this.#queue.length === 0) return
    await new Promise<void>(resolve => {
      this.#idle.push(resolve)
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#queue = []
  }
}
