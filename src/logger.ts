import { type Logger, pino } from 'pino'

export type { Logger }

/** Names of fields whose values never reach a log, whatever object they sit in. */
const SECRET_NAMES = [
  'auth',
  'authorization',
  'access_token',
  'accessToken',
  'refresh_token',
  'refreshToken',
  'application_token',
  'applicationToken',
  'client_secret',
  'clientSecret',
  'AUTH_ID',
  'REFRESH_ID',
  'APPLICATION_TOKEN',
  'token',
  'ticket',
  'code_verifier',
  'secret',
  'password',
  'cookie',
  'eventSecret',
  'actorToken',
  'x-auth-token',
  'X-Auth-Token',
]
const SECRET_PATHS = SECRET_NAMES.flatMap(name => {
  const key = name.includes('-') ? `["${name}"]` : name
  const below = name.includes('-') ? key : `.${name}`
  return [key, `*${below}`, `*.*${below}`]
})

/** Errors are logged by name, code, message and stack: an HTTP client's error object carries the request. */
const plainError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const { name, message, stack } = error
  const coded = error as { code?: unknown; kind?: unknown; status?: unknown }
  return { name, message, stack, code: coded.code, kind: coded.kind, status: coded.status }
}

/** Constant sentences with fields: `log.info({ installationId, feed }, 'page saved')`. */
export const createLogger = (level: string, destination?: { write(line: string): void }): Logger =>
  pino(
    {
      level,
      base: undefined,
      redact: { paths: SECRET_PATHS, censor: '[secret]' },
      serializers: { err: plainError, error: plainError },
      formatters: { level: label => ({ level: label }) },
    },
    destination as never,
  )

export const silentLogger: Logger = pino({ level: 'silent' })
