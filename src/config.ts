import { z } from 'zod'

/** A comma-separated list without empty items. */
const list = z
  .string()
  .default('')
  .transform(text =>
    text
      .split(',')
      .map(item => item.trim().replace(/\/$/, ''))
      .filter(Boolean),
  )
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must look like 08:30')
const origin = z.url({ protocol: /^https?$/ }).transform(text => new URL(text).origin)
const originOrUndefined = origin.optional()
const text = z.string().min(1).optional()
const secretKeys = z.string().transform((value, ctx) => {
  const keys = value.split(',').map(part => Buffer.from(part.trim(), 'base64'))
  if (keys.length > 2 || keys.some(key => key.length !== 32)) {
    ctx.addIssue({
      code: 'custom',
      message: 'must be one or two comma-separated base64 values of 32 bytes (openssl rand -base64 32)',
    })
    return z.NEVER
  }
  return keys
})

/** The environment, variable by variable; README's table is held equal to these keys by a test. */
export const environment = z.object({
  NODE_ENV: z.string().default('development'),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  HOST: z.string().default('0.0.0.0'),
  PUBLIC_URL: z
    .url({
      protocol: /^https?$/,
      error: 'must be the http(s) address under which CRMs and browsers reach the server',
    })
    .transform(value => value.replace(/\/+$/, '')),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// address')
    .optional(),
  PROCESS: z.enum(['all', 'web', 'worker']).default('all'),
  SECRET_KEY: secretKeys,
  ADMIN_TOKEN: text,
  BITRIX24_CLIENT_ID: text,
  BITRIX24_CLIENT_SECRET: text,
  BITRIX24_OAUTH_ORIGIN: originOrUndefined,
  AMOCRM_CLIENT_ID: text,
  AMOCRM_CLIENT_SECRET: text,
  AMOCRM_REDIRECT_URI: z.url().optional(),
  AMOCRM_OAUTH_ORIGIN: originOrUndefined,
  KOMMO_CLIENT_ID: text,
  KOMMO_CLIENT_SECRET: text,
  KOMMO_REDIRECT_URI: z.url().optional(),
  KOMMO_OAUTH_ORIGIN: originOrUndefined,
  TRUSTED_CRM_ORIGINS: list,
  NIGHTLY_AT: time.default('02:00'),
  DIGEST_AT: time.default('08:30'),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  TELEGRAM_BOT_TOKEN: text,
  TELEGRAM_API_ORIGIN: origin.default('https://api.telegram.org'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

/** Pairs that only make sense together: the second names what is missing when the first is set. */
const TOGETHER = [
  ['BITRIX24_CLIENT_ID', 'BITRIX24_CLIENT_SECRET'],
  ['AMOCRM_CLIENT_ID', 'AMOCRM_CLIENT_SECRET'],
  ['AMOCRM_CLIENT_ID', 'AMOCRM_REDIRECT_URI'],
  ['KOMMO_CLIENT_ID', 'KOMMO_CLIENT_SECRET'],
  ['KOMMO_CLIENT_ID', 'KOMMO_REDIRECT_URI'],
] as const

const checked = environment.superRefine((env, ctx) => {
  const issue = (name: string, message: string) => ctx.addIssue({ code: 'custom', path: [name], message })
  for (const [a, b] of TOGETHER) {
    if (env[a] && !env[b]) issue(b, `must be set because ${a} is set`)
    if (env[b] && !env[a]) issue(a, `must be set because ${b} is set`)
  }
  if (env.NODE_ENV === 'production') {
    if (!env.PUBLIC_URL.startsWith('https:')) issue('PUBLIC_URL', 'must be https in production')
    if (env.TRUSTED_CRM_ORIGINS.length > 0)
      issue('TRUSTED_CRM_ORIGINS', 'is for sandboxes only; unset it in production')
    if (env.ADMIN_TOKEN && env.ADMIN_TOKEN.length < 16)
      issue('ADMIN_TOKEN', 'must have at least 16 characters in production (openssl rand -base64 24)')
    for (const name of ['BITRIX24_OAUTH_ORIGIN', 'AMOCRM_OAUTH_ORIGIN', 'KOMMO_OAUTH_ORIGIN'] as const)
      if (env[name] && !env[name].startsWith('https:')) issue(name, 'must be https in production')
  }
  if (env.PROCESS !== 'all' && !env.DATABASE_URL)
    issue(
      'DATABASE_URL',
      'must be set when PROCESS is web or worker: the embedded database serves one process tree',
    )
  for (const value of env.TRUSTED_CRM_ORIGINS)
    if (!URL.canParse(value) || new URL(value).origin !== value)
      issue('TRUSTED_CRM_ORIGINS', `"${value}" is not an origin such as http://127.0.0.1:4001`)
})

export type Config = Readonly<z.infer<typeof environment>>

/** A missing or contradictory setting; `message` names each variable and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Parses the environment once. Empty strings count as unset.
 * @throws ConfigError naming every wrong variable
 */
export const readConfig = (env: Record<string, string | undefined>): Config => {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = checked.safeParse(given)
  if (parsed.success) return Object.freeze(parsed.data)
  const lines = parsed.error.issues.map(({ path, code, message }) => {
    const missing = code === 'invalid_type' && !(String(path[0]) in given)
    return `${path.join('.')}: ${missing ? 'is required' : message}`
  })
  throw new ConfigError(`The settings do not fit:\n  ${lines.join('\n  ')}`)
}
