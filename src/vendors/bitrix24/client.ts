import { stringify } from 'qs'
import { SECOND, stopwatch } from '../../clock.ts'
import { VendorError } from '../../errors.ts'
import type { Connection } from '../vendor.ts'
import { type Envelope, type ParsedReply, parseBatch, parseReply, spentOf } from './envelope.ts'
import { asVendorError, type Refusal, refusalOf } from './errors.ts'
import { createLimits, type Limits, type Urgency } from './limits.ts'
import type { VerifyMove } from './moved.ts'
import { type Reply, type Transport, TransportFailure } from './transport.ts'

/** Values of a call. Booleans are left out on purpose: methods disagree on `Y`/`N`, `1`/`0` and `true`. */
export type Param = string | number | readonly Param[] | { readonly [key: string]: Param }
export type Params = { readonly [key: string]: Param }
export type Command = { method: string; params: Params }

export type CommandResult = { ok: true; envelope: Envelope } | { ok: false; refusal: Refusal }

type CallOptions = {
  urgency?: Urgency
  /** A write is repeated only when the portal certainly did not execute it. */
  isWrite?: boolean
  /** Somebody else's token instead of the portal's own; never renewed. */
  token?: string
}
type BatchOptions = CallOptions & {
  /** Commands refer to each other's results: a failed one is not asked again by itself. */
  isChained?: boolean
  /** Ask the portal to leave out row counts in every list of the batch (tasks look only here). */
  skipCounts?: boolean
}

export type Client = {
  /** @throws VendorError */
  call(method: string, params: Params, options?: CallOptions): Promise<Envelope>
  /**
   * Up to 50 commands in one request, answered in the order given. What the portal refused for a passing
   * reason is asked again (unless it is a write or chained); the rest comes back as it is.
   * @throws VendorError when the batch as a whole fails
   */
  batch(commands: readonly Command[], options?: BatchOptions): Promise<CommandResult[]>
  requests(): number
  limits: Limits
}

export const BATCH_SIZE = 50
const TIMEOUT_MS = 65 * SECOND
const MAX_REPLY_BYTES = 64_000_000
const MOVED = new Set([301, 302, 303, 307, 308])
/** How often one call is repeated, by remedy. */
const PATIENCE = { refresh: 3, slow: 10, park: 40, retry: 7, stop: 0 } as const
/** Codes that rarely pass by themselves are worth one more try. */
const ONCE = new Set(['ERROR_CORE', 'invalid_token', 'NO_AUTH_FOUND'])
const patienceWith = ({ remedy, code }: Refusal): number => (ONCE.has(code) ? 1 : PATIENCE[remedy])
/** What a portal says of a token that was good and is too old now. */
const EXPIRED = 'expired_token'
const UNREADABLE: Refusal = { kind: 'unavailable', remedy: 'retry', code: 'UNREADABLE' }

/** The command as the portal parses it: a method and a PHP-style query. */
export const encodeCommand = ({ method, params }: Command): string =>
  `${method}?${stringify(params, { arrayFormat: 'indices' })}`

const retryPause = (attempt: number): number =>
  Math.min(20 * SECOND, 300 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2)
const slowPause = (attempt: number): number =>
  Math.min(30 * SECOND, SECOND * 1.6 ** (attempt - 1)) * (1 + Math.random() / 2)

const judge = (reply: Reply, parsed: ParsedReply): Envelope | Refusal => {
  if (parsed.is === 'answer' && reply.status < 300) return parsed.envelope
  if (parsed.is === 'refusal') return refusalOf(reply.status, parsed.code, parsed.text)
  if (reply.status >= 300) return refusalOf(reply.status, '', '')
  return UNREADABLE
}

const isRefusal = (value: Envelope | Refusal): value is Refusal => 'remedy' in value

export const createClient = (deps: {
  connection: Connection
  transport: Transport
  verifyMove: VerifyMove
}): Client => {
  const { connection, transport, verifyMove } = deps
  const { clock, log, signal } = connection
  const limits = createLimits({
    ledger: connection.limits,
    licence: connection.licence ?? null,
    clock,
    signal,
  })
  let address = connection.address
  let sent = 0

  const post = async (method: string, params: object, token: string, query: string): Promise<Reply> => {
    sent += 1
    return transport.send({
      url: `${address.api}${method}${query}`,
      body: JSON.stringify({ ...params, auth: token }),
      contentType: 'application/json',
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_REPLY_BYTES,
      signal,
    })
  }

  const follow = async (location: string | null, token: string): Promise<'followed' | 'expired'> => {
    sent += 1
    const moved = await verifyMove(address, location, token)
    if (moved === 'expired') return moved
    await connection.onMoved(moved)
    log.warn({ installationId: connection.installationId, host: moved.host }, 'the portal moved')
    address = moved
    return 'followed'
  }

  const renewed = (stale: string): Promise<string> => connection.getToken(stale)

  /** Sends until the portal answers or repeating becomes useless. */
  const request = async (
    method: string,
    params: object,
    nested: readonly string[],
    options: CallOptions & { query?: string },
  ): Promise<Envelope> => {
    const { urgency = 'bulk', isWrite = false, query = '' } = options
    const tries = { refresh: 0, slow: 0, park: 0, retry: 0 }
    let token = options.token ?? (await connection.getToken())
    let moves = 0
    for (;;) {
      await limits.takeTurn(nested, urgency)
      const elapsed = stopwatch()
      let outcome: Envelope | Refusal
      try {
        const reply = await post(method, params, token, query)
        if (MOVED.has(reply.status)) {
          moves += 1
          if (moves > 3)
            throw new VendorError('unavailable', 'PORTAL_MOVES', 'the portal redirects in a circle')
          if ((await follow(reply.location, token)) === 'expired') token = await renewed(token)
          continue
        }
        outcome = judge(reply, parseReply(reply.text))
      } catch (error) {
        if (!(error instanceof TransportFailure)) throw error
        // What was never sent can be sent again, even a write.
        const remedy = error.reason === 'EPRIVATE' ? 'stop' : error.wasSent || !isWrite ? 'retry' : 'slow'
        outcome = { kind: 'unavailable', remedy, code: error.reason }
      }
      const durationMs = Math.round(elapsed())
      const about = { installationId: connection.installationId, method, durationMs }
      if (!isRefusal(outcome)) {
        const spent = spentOf(outcome.time)
        log.info({ ...about, operating: spent.operating ?? undefined }, 'rest call answered')
        if (method !== 'batch') await limits.record(method, spent)
        return outcome
      }
      log.warn({ ...about, code: outcome.code, kind: outcome.kind }, 'rest call refused')
      const { remedy } = outcome
      if (remedy === 'stop' || (remedy === 'retry' && isWrite)) throw asVendorError(outcome, method)
      tries[remedy] += 1
      if (tries[remedy] > patienceWith(outcome))
        throw asVendorError(
          {
            ...outcome,
            ...(remedy === 'slow' ? { retryAfterMs: 30 * SECOND } : {}),
            // Every renewal worked, so the grant is alive: it is the portal that is out of step, and no admin can mend that.
            ...(outcome.code === EXPIRED && options.token === undefined ? { kind: 'unavailable' } : {}),
          },
          method,
        )
      if (remedy === 'refresh') {
        if (options.token !== undefined) throw asVendorError(outcome, method)
        token = await renewed(token)
      } else if (remedy === 'park') {
        if (method === 'batch') await clock.sleep(30 * SECOND, signal)
        else await limits.rest(method, null)
      } else await clock.sleep(remedy === 'slow' ? slowPause(tries.slow) : retryPause(tries.retry), signal)
    }
  }

  const once = async (commands: readonly Command[], options: BatchOptions): Promise<CommandResult[]> => {
    const cmd = Object.fromEntries(commands.map((command, index) => [`p${index}`, encodeCommand(command)]))
    const methods = [...new Set(commands.map(({ method }) => method))]
    for (let attempt = 1; ; attempt += 1) {
      const { result } = await request('batch', { halt: 0, cmd }, methods, {
        ...options,
        query: options.skipCounts ? '?start=-1' : '',
      })
      const reply = parseBatch(result)
      if (!reply) {
        if (options.isWrite || attempt >= 3)
          throw new VendorError('shape_changed', 'BATCH_SHAPE', 'the reply is not a batch')
        await clock.sleep(retryPause(attempt), signal)
        continue
      }
      const results: CommandResult[] = []
      for (const [index, { method }] of commands.entries()) {
        const answer = reply.answerOf(`p${index}`)
        if (answer === undefined) results.push({ ok: false, refusal: { ...UNREADABLE, code: 'NO_RESULT' } })
        else if ('envelope' in answer) results.push({ ok: true, envelope: answer.envelope })
        else {
          const refusal = refusalOf(400, answer.code, answer.text)
          if (refusal.remedy === 'park') await limits.rest(method, spentOf(answer.time))
          results.push({ ok: false, refusal })
        }
      }
      // The last command of a method carries its latest sum.
      for (const method of methods) {
        const last = commands.findLastIndex(command => command.method === method)
        await limits.record(method, spentOf(reply.timeOf(`p${last}`)))
      }
      return results
    }
  }

  return {
    limits,
    requests: () => sent,

    call: (method, params, options = {}) => request(method, params, [method], options),

    async batch(commands, options = {}) {
      if (commands.length === 0) return []
      if (commands.length > BATCH_SIZE) throw new RangeError(`a batch holds ${BATCH_SIZE} commands`)
      const results = await once(commands, options)
      if (options.isWrite || options.isChained) return results
      const tries = { refresh: 0, slow: 0, park: 0, retry: 0, stop: 0 }
      for (;;) {
        const again = results.flatMap((result, index) =>
          !result.ok && tries[result.refusal.remedy] < patienceWith(result.refusal)
            ? [{ index, remedy: result.refusal.remedy }]
            : [],
        )
        if (again.length === 0) return results
        const remedies = new Set(again.map(({ remedy }) => remedy))
        for (const remedy of remedies) tries[remedy] += 1
        if (remedies.has('refresh')) {
          if (options.token !== undefined) return results
          await renewed(await connection.getToken())
        }
        if (remedies.has('slow')) await clock.sleep(slowPause(tries.slow), signal)
        else if (remedies.has('retry')) await clock.sleep(retryPause(tries.retry), signal)
        const repeated = await once(
          again.map(({ index }) => commands[index]!),
          options,
        )
        for (const [place, { index }] of again.entries()) results[index] = repeated[place]!
      }
    },
  }
}

/** The result of a command that must have worked. @throws VendorError */
export const resultOf = (command: CommandResult | undefined, method: string): Envelope => {
  if (!command) throw new VendorError('shape_changed', 'NO_RESULT', `no result for ${method}`)
  if (!command.ok) throw asVendorError(command.refusal, method)
  return command.envelope
}
