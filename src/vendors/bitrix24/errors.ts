import { type InstallationVerdict, VendorError, type VendorErrorKind } from '../../errors.ts'

/**
 * What to do about a refused call:
 * - `refresh`: another token, then the same call again
 * - `slow`: the call was not executed; wait with growing pauses and repeat
 * - `park`: the call was not executed; this method rests until its time budget returns
 * - `retry`: nobody knows whether it was executed; reads are repeated, writes are not
 * - `stop`: repeating is useless
 */
export type Remedy = 'refresh' | 'slow' | 'park' | 'retry' | 'stop'

export type Rule = { kind: VendorErrorKind; remedy: Remedy; verdict?: InstallationVerdict }

/** The vendor's error codes. Keyed by code, because documentation and core disagree on statuses. */
export const ERROR_RULES: Readonly<Record<string, Rule>> = {
  expired_token: { kind: 'auth_revoked', remedy: 'refresh' },
  invalid_token: { kind: 'auth_revoked', remedy: 'refresh' },
  NO_AUTH_FOUND: { kind: 'auth_revoked', remedy: 'refresh' },
  authorization_error: { kind: 'auth_revoked', remedy: 'stop' },
  user_access_error: { kind: 'auth_revoked', remedy: 'stop' },
  APPLICATION_NOT_FOUND: { kind: 'auth_revoked', remedy: 'stop', verdict: 'uninstalled' },
  PORTAL_DELETED: { kind: 'auth_revoked', remedy: 'stop', verdict: 'uninstalled' },
  CONNECTION_ERROR: { kind: 'unavailable', remedy: 'retry' },
  insufficient_scope: { kind: 'rejected', remedy: 'stop' },
  ACCESS_DENIED: { kind: 'rejected', remedy: 'stop' },
  allowed_only_intranet_user: { kind: 'rejected', remedy: 'stop' },
  INVALID_CREDENTIALS: { kind: 'rejected', remedy: 'stop' },
  WRONG_AUTH_TYPE: { kind: 'rejected', remedy: 'stop' },
  METHOD_CONFIRM_WAITING: { kind: 'rejected', remedy: 'stop' },
  METHOD_CONFIRM_DENIED: { kind: 'rejected', remedy: 'stop' },
  PAYMENT_REQUIRED: { kind: 'unavailable', remedy: 'stop', verdict: 'suspended' },
  OVERLOAD_LIMIT: { kind: 'unavailable', remedy: 'stop', verdict: 'suspended' },
  QUERY_LIMIT_EXCEEDED: { kind: 'rate_limited', remedy: 'slow' },
  OPERATION_TIME_LIMIT: { kind: 'rate_limited', remedy: 'park' },
  INTERNAL_SERVER_ERROR: { kind: 'unavailable', remedy: 'retry' },
  ERROR_UNEXPECTED_ANSWER: { kind: 'unavailable', remedy: 'retry' },
  ERROR_CORE: { kind: 'unavailable', remedy: 'retry' },
  ERROR_METHOD_NOT_FOUND: { kind: 'rejected', remedy: 'stop' },
  ERROR_MANIFEST_IS_NOT_AVAILABLE: { kind: 'rejected', remedy: 'stop' },
  ERROR_BATCH_LENGTH_EXCEEDED: { kind: 'rejected', remedy: 'stop' },
  ERROR_BATCH_METHOD_NOT_ALLOWED: { kind: 'rejected', remedy: 'stop' },
  INVALID_REQUEST: { kind: 'rejected', remedy: 'stop' },
  INVALID_ARG_VALUE: { kind: 'rejected', remedy: 'stop' },
  ERROR_ARGUMENT: { kind: 'rejected', remedy: 'stop' },
  '100': { kind: 'rejected', remedy: 'stop' },
  NOT_FOUND: { kind: 'rejected', remedy: 'stop' },
  ERROR_NOT_FOUND: { kind: 'rejected', remedy: 'stop' },
  ENTITY_TYPE_NOT_SUPPORTED: { kind: 'rejected', remedy: 'stop' },
}

/** For answers whose code says nothing (`""`, `0`, an HTML page). */
const ruleOfStatus = (status: number): Rule => {
  if (status === 401) return { kind: 'auth_revoked', remedy: 'refresh' }
  if (status === 429) return { kind: 'rate_limited', remedy: 'park' }
  if (status === 0 || status === 408 || status >= 500) return { kind: 'unavailable', remedy: 'retry' }
  return { kind: 'rejected', remedy: 'stop' }
}

const PLAN_TEXT = /commercial|tariff|subscription|\bplan\b|тариф|подписк|коммерческ/i

/**
 * @param status HTTP status; for a command inside a batch, which always answers 200, pass 400
 * @param code the reply's `error`, as it came
 * @param text the reply's `error_description`
 */
export const ruleFor = (status: number, code: unknown, text: string): Rule => {
  const name = String(code ?? '')
  if (name === 'ACCESS_DENIED' && PLAN_TEXT.test(text))
    return { kind: 'unavailable', remedy: 'stop', verdict: 'suspended' }
  if (Object.hasOwn(ERROR_RULES, name)) return ERROR_RULES[name] ?? ruleOfStatus(status)
  if (name.startsWith('BITRIX_REST_V3_EXCEPTION_')) return { kind: 'rejected', remedy: 'stop' }
  return ruleOfStatus(status)
}

/** A code fit for a log: the vendor's own, or the status where the vendor gave none. Never free text. */
export const safeCode = (status: number, code: unknown): string => {
  const name = String(code ?? '')
  return /^[\w.-]{2,80}$/.test(name) ? name : `HTTP_${status}`
}

/** One refused call, before anybody decided to repeat it. */
export type Refusal = Rule & { code: string; retryAfterMs?: number }

export const refusalOf = (status: number, code: unknown, text: string): Refusal => ({
  ...ruleFor(status, code, text),
  code: safeCode(status, code),
})

/** The refusal as the error the rest of the product understands. */
export const asVendorError = (refusal: Refusal, method: string): VendorError =>
  new VendorError(refusal.kind, refusal.code, `the portal refused ${method}: ${refusal.code}`, {
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
    ...(refusal.verdict === undefined ? {} : { verdict: refusal.verdict }),
  })
