import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import axios, { type AxiosResponse } from 'axios'
import { stringify } from 'qs'
import { DAY, MINUTE, stopwatch } from '../../clock.ts'
import { isVendorError, VendorError } from '../../errors.ts'
import type { Connection } from '../vendor.ts'
import { errorOf } from './errors.ts'
import { createPace, type Pace } from './limits.ts'
import type { Platform } from './platform.ts'

const http = axios.create({
  timeout: 60_000,
  maxRedirects: 0,
  maxContentLength: 32 * 1024 * 1024,
  proxy: false,
  httpAgent: new Agent({ keepAlive: true, maxSockets: 16 }),
  httpsAgent: new SecureAgent({ keepAlive: true, maxSockets: 16 }),
  validateStatus: () => true,
  // A body that is cut or not JSON must be seen, not passed on as text.
  transformResponse: data => data,
  responseType: 'text',
  headers: { 'User-Agent': 'Planerka/1.0', Accept: 'application/json, application/problem+json' },
})

export type Query = { [key: string]: string | number | Query | readonly (string | number)[] | undefined }

export type Client = {
  /** @returns the reply's body, or null for 204 (the vendor's word for "nothing") */
  get(path: string, query?: Query): Promise<unknown>
  send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: unknown): Promise<unknown>
  /** The vendor's clock as its last reply told it; ours before the first reply. */
  now(): Date
  requests(): number
}

const READ_TRIES = 6
const backOff = (attempt: number): number => Math.min(30_000, 500 * 2 ** attempt) * (0.75 + Math.random() / 2)

const bodyOf = (response: AxiosResponse<unknown>): unknown => {
  if (
    response.status === 204 ||
    response.data === '' ||
    response.data === undefined ||
    response.data === null
  )
    return null
  try {
    return JSON.parse(String(response.data))
  } catch {
    return undefined
  }
}

/** Where there is an account, there are these: empty they answer 204, never 404. */
const ALWAYS_THERE = /^(account|leads|events|tasks|users|leads\/pipelines)$/

/** An account that moved leaves a page or a redirect behind, or a 404 for what every account has. */
const isNobodyHere = (status: number, body: unknown, path: string): boolean =>
  (status >= 300 && status < 400) ||
  (status === 404 && (typeof body !== 'object' || body === null || ALWAYS_THERE.test(path)))

/**
 * One account's API. Every request waits for the account's pace; a refused token is replaced once; reads are
 * repeated when the vendor is away, writes never.
 */
export const createClient = (platform: Platform, connection: Connection): Client => {
  const { clock, log, signal } = connection
  const pace: Pace = createPace(platform, connection)
  let requests = 0
  let ahead = 0

  const once = async (
    method: string,
    path: string,
    query: Query | undefined,
    body: unknown,
  ): Promise<unknown> => {
    let token = await connection.getToken()
    // A refused token, or an account that is not where it was: a new pair tells which, once.
    for (let isFresh = false; ; isFresh = true) {
      const arrived = await pace.wait()
      requests += 1
      const elapsed = stopwatch()
      const url = `${connection.address.api}api/v4/${path}${query ? `?${stringify(query, { arrayFormat: 'brackets', encodeValuesOnly: true })}` : ''}`
      const response = await http
        .request({
          method,
          url,
          data: body,
          headers: { Authorization: `Bearer ${token}` },
          ...(signal ? { signal } : {}),
        })
        .catch(error => {
          signal?.throwIfAborted()
          const code = axios.isAxiosError(error) ? (error.code ?? 'network') : 'network'
          throw new VendorError('unavailable', code, 'The CRM does not answer')
        })
        .finally(arrived)
      noteClock(response)
      log.debug(
        { method, path, status: response.status, ms: Math.round(elapsed()) },
        'vendor request answered',
      )
      const parsed = bodyOf(response)
      if (response.status >= 200 && response.status < 300) {
        await pace.answered(response.status)
        if (parsed === undefined)
          throw new VendorError('unavailable', 'cut_reply', 'The reply is cut or not JSON')
        return parsed
      }
      const error = isNobodyHere(response.status, parsed, path)
        ? new VendorError('unavailable', 'account_moved', 'The account is not at this address')
        : errorOf(response.status, response.headers as Record<string, unknown>, parsed)
      await pace.answered(response.status, error.retryAfterMs)
      if (isFresh || (error.kind !== 'auth_revoked' && error.code !== 'account_moved')) throw error
      token = await connection.getToken(token)
    }
  }

  const noteClock = (response: AxiosResponse<unknown>): void => {
    const told = Date.parse(String((response.headers as Record<string, unknown>)['date'] ?? ''))
    // A clock a day off is a proxy's, not the vendor's.
    if (Number.isFinite(told) && Math.abs(told - clock.now().getTime()) < DAY)
      ahead = told - clock.now().getTime()
  }

  return {
    requests: () => requests,
    now: () => new Date(clock.now().getTime() + ahead),
    send: (method, path, body) => once(method, path, undefined, body),
    get: async (path, query) => {
      for (let attempt = 0; ; attempt += 1)
        try {
          return await once('GET', path, query, undefined)
        } catch (error) {
          const again =
            isVendorError(error) &&
            (error.kind === 'unavailable' || error.kind === 'rate_limited') &&
            error.verdict === undefined
          if (!again || attempt + 1 >= READ_TRIES) throw error
          await clock.sleep(Math.max(backOff(attempt), Math.min(error.retryAfterMs ?? 0, 5 * MINUTE)), signal)
        }
    },
  }
}
