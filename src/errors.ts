/**
 * Every error that the outside may see. A room throws `AppError` with a stable code; a vendor's folder
 * translates whatever its CRM said into one of five kinds (`VendorError`) at its own border.
 */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly status: number
  readonly code: string

  /** @param code stable machine word, e.g. `snapshot_not_found`; @param message says what to do, in English. */
  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.code = code
  }
}

export const badRequest = (code: string, message: string): AppError => new AppError(400, code, message)
export const unauthorized = (code: string, message: string): AppError => new AppError(401, code, message)
export const forbidden = (code: string, message: string): AppError => new AppError(403, code, message)
export const notFound = (code: string, message: string): AppError => new AppError(404, code, message)
export const conflict = (code: string, message: string): AppError => new AppError(409, code, message)

/**
 * - `auth_revoked`: the token no longer opens the portal; only a person can mend it.
 * - `rate_limited`: come back after `retryAfterMs`.
 * - `unavailable`: the vendor is down, slow or has suspended the portal; the same call may work later.
 * - `rejected`: the call itself is refused (rights, arguments, unknown method); repeating it is useless.
 * - `shape_changed`: the reply is not what the vendor's documentation promises.
 */
export type VendorErrorKind = 'auth_revoked' | 'rate_limited' | 'unavailable' | 'rejected' | 'shape_changed'

/** What the error says about the installation as a whole, beyond the one call. */
export type InstallationVerdict = 'suspended' | 'uninstalled' | 'moved'

export class VendorError extends Error {
  override readonly name = 'VendorError'
  readonly kind: VendorErrorKind
  /** The vendor's own code, for logs and support; never a secret. */
  readonly code: string
  readonly retryAfterMs: number | undefined
  readonly verdict: InstallationVerdict | undefined

  constructor(
    kind: VendorErrorKind,
    code: string,
    message: string,
    more: { retryAfterMs?: number; verdict?: InstallationVerdict; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.kind = kind
    this.code = code
    this.retryAfterMs = more.retryAfterMs
    this.verdict = more.verdict
  }
}

export const isVendorError = (error: unknown): error is VendorError => error instanceof VendorError

/** A foreign throwable as an `Error`, wrapped once. */
export const asError = (value: unknown): Error =>
  value instanceof Error ? value : new Error(String(value), { cause: value })
