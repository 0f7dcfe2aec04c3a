import { type Clock, stopwatch } from '../../../clock.ts'
import type { Faults } from '../../faults.ts'
import type { Answer, Call } from '../methods/method.ts'
import { findMethod, holdsScope } from '../methods/registry.ts'
import type { TokenServer } from '../oauth/token-server.ts'
import type { Acts } from '../state/acts.ts'
import type { Portal } from '../state/portal.ts'
import { runBatch } from './batch.ts'
import { isoOf } from './instants.ts'
import { OperatingLedger, RequestBucket } from './limits.ts'
import { type Params, paramText } from './params.ts'
import {
  accessDenied,
  applicationNotFound,
  commercialPlansOnly,
  expiredToken,
  insufficientScope,
  invalidToken,
  methodNotFound,
  noAuth,
  overloaded,
  portalDeleted,
  RestError,
  userInactive,
  userRestricted,
} from './rest-error.ts'

export type Reply = { status: number; body: Record<string, unknown> }

export type RequestRecord = {
  at: string
  method: string
  /** Methods inside a batch. */
  commands: string[]
  status: number
  error: string | null
  ms: number
}

type Caller = Omit<Call, 'method' | 'params'>

export type TellApp = (clientId: string, event: string, data: Record<string, unknown>, userId: number) => void

/** Requests kept for reading back; older ones only count. */
const KEPT = 5_000

/** The REST door of one portal: who calls, may he, how often, and what he gets. Knows no sockets. */
export class Gateway {
  readonly bucket: RequestBucket
  readonly operating: OperatingLedger
  readonly log: RequestRecord[] = []
  requests = 0
  readonly calls = new Map<string, number>()
  readonly #portal: Portal
  readonly #acts: Acts
  readonly #tokens: TokenServer
  readonly #faults: Faults
  readonly #clock: Clock
  readonly #tellApp: TellApp

  constructor(parts: {
    portal: Portal
    acts: Acts
    tokens: TokenServer
    faults: Faults
    clock: Clock
    tellApp: TellApp
  }) {
    this.#portal = parts.portal
    this.#acts = parts.acts
    this.#tokens = parts.tokens
    this.#faults = parts.faults
    this.#clock = parts.clock
    this.#tellApp = parts.tellApp
    this.bucket = new RequestBucket(parts.clock)
    this.operating = new OperatingLedger(parts.clock)
  }

  /** Forgets what was asked so far. */
  resetLog(): void {
    this.log.length = 0
    this.requests = 0
    this.calls.clear()
  }

  /** Answers one HTTP request. */
  answer(method: string, params: Params, bearer: string, source: string): Reply {
    const elapsed = stopwatch()
    const startedAt = this.#clock.now().getTime()
    this.requests++
    const commands: string[] = []
    const reply = ((): Reply => {
      try {
        this.bucket.take(this.#portal, source)
        const caller = this.#authorise(
          paramText(params, 'auth') || paramText(params, 'access_token') || bearer,
        )
        if (method.toLowerCase() === 'batch') {
          const { result, methods } = runBatch(params, (name, own) => this.#runCommand(name, own, caller))
          commands.push(...methods)
          return { status: 200, body: { result, time: this.#time(startedAt, elapsed()) } }
        }
        const { answer, operating } = this.#run(method, params, caller)
        return {
          status: 200,
          body: { ...answer, time: { ...this.#time(startedAt, elapsed()), ...operating } },
        }
      } catch (error) {
        if (error instanceof RestError) return { status: error.status, body: error.body() }
        throw error
      }
    })()
    for (const name of commands.length > 0 ? ['batch', ...commands] : [method]) {
      const key = name.toLowerCase()
      this.calls.set(key, (this.calls.get(key) ?? 0) + 1)
    }
    if (this.log.length >= KEPT) this.log.splice(0, KEPT / 2)
    this.log.push({
      at: new Date(startedAt).toISOString(),
      method,
      commands,
      status: reply.status,
      error: reply.body['error'] === undefined ? null : String(reply.body['error']),
      ms: Math.round(elapsed() * 10) / 10,
    })
    return reply
  }

  #authorise(token: string): Caller {
    const portal = this.#portal
    const { temper } = portal
    if (temper.isDeleted) throw portalDeleted()
    if (temper.isOverloaded) throw overloaded()
    if (!token) throw noAuth()
    const access = this.#tokens.access(token)
    if (!access || access.memberId !== portal.memberId) throw invalidToken()
    if (access.expiresAt <= this.#clock.now().getTime()) throw expiredToken()
    const app = this.#tokens.apps.get(access.clientId)
    const installed = portal.installed.get(access.clientId)
    if (!app || !installed?.isActive) throw applicationNotFound()
    if (temper.isSuspended) throw commercialPlansOnly()
    const user = portal.users.find(access.userId)
    if (!user?.isActive) throw userInactive()
    if (temper.barredUsers.includes(user.id)) throw userRestricted()
    return {
      portal,
      acts: this.#acts,
      user,
      app,
      installed,
      tokens: this.#tokens,
      tellApp: (event, data) => this.#tellApp(access.clientId, event, data, user.id),
    }
  }

  #run(name: string, params: Params, caller: Caller): { answer: Answer; operating: Record<string, unknown> } {
    const method = findMethod(name)
    const key = name.toLowerCase()
    const { temper, isOnPremise } = this.#portal
    if (!method || temper.missingMethods.includes(key)) throw methodNotFound()
    if (!holdsScope(method, caller.installed.scopes)) throw insufficientScope()
    if (method.needsAdmin && !caller.user.isAdmin) throw accessDenied()
    this.operating.check(this.#portal, caller.app.clientId, key)
    for (const fault of this.#faults.take(name, this.#portal.name, ['error']))
      if (fault.kind === 'error') throw new RestError(fault.status, fault.code, fault.description)
    const elapsed = stopwatch()
    try {
      const answer = method.run({ ...caller, method: key, params })
      return { answer, operating: isOnPremise ? {} : this.#spend(caller.app.clientId, key, elapsed()) }
    } catch (error) {
      this.#spend(caller.app.clientId, key, elapsed())
      throw error
    }
  }

  #spend(clientId: string, method: string, ms: number): Record<string, unknown> {
    const { operatingCosts, operatingCost } = this.#portal.temper
    const seconds = operatingCosts[method] ?? operatingCost ?? ms / 1000
    const { operating, resetAt } = this.operating.spend(clientId, method, seconds)
    return { operating_reset_at: resetAt, operating }
  }

  #runCommand(
    name: string,
    params: Params,
    caller: Caller,
  ): { answer: Answer; time: Record<string, unknown> } {
    const elapsed = stopwatch()
    const startedAt = this.#clock.now().getTime()
    const { answer, operating } = this.#run(name, params, caller)
    return { answer, time: { ...this.#time(startedAt, elapsed()), ...operating } }
  }

  #time(startedAt: number, ms: number): Record<string, unknown> {
    const start = startedAt / 1000
    const { offsetMinutes } = this.#portal
    return {
      start,
      finish: start + ms / 1000,
      duration: ms / 1000,
      processing: ms / 1000,
      date_start: isoOf(Math.floor(start) * 1000, offsetMinutes),
      date_finish: isoOf(Math.floor(start + ms / 1000) * 1000, offsetMinutes),
    }
  }
}
