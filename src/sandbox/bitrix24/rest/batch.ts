import type { Answer } from '../methods/method.ts'
import { asMap, type Params, param, parseQuery, phpInt, phpMap } from './params.ts'
import { RestError } from './rest-error.ts'

const MAX_COMMANDS = 50
const UNBATCHED = new Set(['batch'])

export type CommandTime = Record<string, unknown>
/** Runs one command; throws RestError. */
export type RunCommand = (method: string, params: Params) => { answer: Answer; time: CommandTime }

type Collected = {
  result: Params
  error: Params
  total: Params
  next: Params
  time: Params
}

const REFERENCE = /\$(result|error|total|next|time)((?:\[[^[\]]*\])+)/g

/**
 * Walks `[key][path]…` and stops at the last level that exists: on a short page `[items][49][id]` is the
 * whole `items`, not nothing. Pages asked for beyond a short page are therefore garbage.
 */
const resolve = (source: Params, path: string): unknown => {
  let value: unknown = source
  for (const [, key = ''] of path.matchAll(/\[([^[\]]*)\]/g)) {
    if (typeof value !== 'object' || value === null || !(key in value)) return value
    value = (value as Params)[key]
  }
  return value
}

const substitute = (text: string, collected: Collected): unknown => {
  const whole = /^\$(result|error|total|next|time)((?:\[[^[\]]*\])+)$/.exec(text)
  if (whole) {
    const value = resolve(collected[whole[1] as keyof Collected], whole[2] ?? '')
    return value === undefined ? text : value
  }
  // Inside a longer text only text can stand; anything else is left as it was written.
  return text.replace(REFERENCE, (written, kind: keyof Collected, path: string) => {
    const value = resolve(collected[kind], path)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : written
  })
}

const substituteAll = (value: unknown, collected: Collected): unknown => {
  if (typeof value === 'string') return value.includes('$') ? substitute(value, collected) : value
  if (Array.isArray(value)) return value.map(item => substituteAll(item, collected))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, substituteAll(item, collected)]),
    )
  return value
}

const errorBody = (error: RestError): Record<string, unknown> => error.body()

/** Commands one after another; their errors go into `result_error` while the call itself succeeds. */
export const runBatch = (
  params: Params,
  run: RunCommand,
): { result: Record<string, unknown>; methods: string[] } => {
  const commands = Object.entries(asMap(param(params, 'cmd')))
  const halts = phpInt(param(params, 'halt')) === 1 || param(params, 'halt') === true
  const collected: Collected = { result: {}, error: {}, total: {}, next: {}, time: {} }
  const methods: string[] = []
  for (const [index, [key, command]] of commands.entries()) {
    const text = String(command)
    const cut = text.indexOf('?')
    const method = (cut < 0 ? text : text.slice(0, cut)).trim()
    methods.push(method)
    try {
      if (index >= MAX_COMMANDS)
        throw new RestError(400, 'ERROR_BATCH_LENGTH_EXCEEDED', 'Max batch length exceeded')
      if (UNBATCHED.has(method.toLowerCase()))
        throw new RestError(405, 'ERROR_BATCH_METHOD_NOT_ALLOWED', 'Method is not allowed for batch usage')
      const own = substituteAll(cut < 0 ? {} : parseQuery(text.slice(cut + 1)), collected) as Params
      const { answer, time } = run(method, own)
      collected.result[key] = answer.result
      if (answer.total !== undefined) collected.total[key] = answer.total
      if (answer.next !== undefined) collected.next[key] = answer.next
      collected.time[key] = time
    } catch (error) {
      if (!(error instanceof RestError)) throw error
      collected.error[key] = errorBody(error)
      if (halts) break
    }
  }
  return {
    result: {
      result: phpMap(collected.result),
      result_error: phpMap(collected.error),
      result_total: phpMap(collected.total),
      result_next: phpMap(collected.next),
      result_time: phpMap(collected.time),
    },
    methods,
  }
}
