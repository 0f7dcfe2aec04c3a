import http from 'node:http'
import https from 'node:https'
import axios from 'axios'
import { publicLookup } from './address.ts'

/**
 * One HTTP exchange, nothing more: no redirects, no retries, no parsing. Errors of the HTTP client carry
 * the request with its secrets, so they never leave this file; a short reason does.
 */
export type Reply = { status: number; text: string; location: string | null }

export type Outgoing = {
  url: string
  body: string
  contentType: 'application/json' | 'application/x-www-form-urlencoded'
  timeoutMs: number
  /** Largest reply accepted, after decompression. */
  maxBytes: number
  signal?: AbortSignal | undefined
}

/** No usable reply. `wasSent` false = the request certainly never reached the other side. */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure'
  readonly reason: string
  readonly wasSent: boolean

  constructor(reason: string, wasSent: boolean) {
    super(`no reply: ${reason}`)
    this.reason = reason
    this.wasSent = wasSent
  }
}

export type Transport = { send(outgoing: Outgoing): Promise<Reply> }

const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPRIVATE',
])

/** @param trusted origins that may resolve to private addresses: sandboxes and a configured OAuth server */
export const createTransport = (trusted: ReadonlySet<string>): Transport => {
  const keepAlive = { keepAlive: true, maxSockets: 16, keepAliveMsecs: 10_000 }
  const open = { http: new http.Agent(keepAlive), https: new https.Agent(keepAlive) }
  const guarded = new https.Agent({ ...keepAlive, lookup: publicLookup })
  const client = axios.create({
    proxy: false,
    maxRedirects: 0,
    responseType: 'text',
    transformResponse: [(text: unknown) => text],
    validateStatus: () => true,
    headers: { 'User-Agent': 'Planerka/0.1', Accept: 'application/json', 'Accept-Encoding': 'gzip, deflate' },
  })

  return {
    async send({ url, body, contentType, timeoutMs, maxBytes, signal }) {
      signal?.throwIfAborted()
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        const reply = await client.post<string>(url, body, {
          headers: { 'Content-Type': contentType },
          httpAgent: open.http,
          httpsAgent: trusted.has(new URL(url).origin) ? open.https : guarded,
          maxContentLength: maxBytes,
          maxBodyLength: 4_000_000,
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        })
        const location: unknown = reply.headers['location']
        return {
          status: reply.status,
          text: typeof reply.data === 'string' ? reply.data : '',
          location: typeof location === 'string' ? location : null,
        }
      } catch (error) {
        signal?.throwIfAborted()
        if (timeout.aborted) throw new TransportFailure('TIMEOUT', true)
        const code = (error as { code?: unknown }).code
        const reason = typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code) ? code : 'NETWORK'
        throw new TransportFailure(reason, !NEVER_SENT.has(reason))
      }
    },
  }
}
