/** An error as the portal words it. `code` may be empty or a number as text, as old methods do. */
export class RestError extends Error {
  override readonly name = 'RestError'
  readonly status: number
  readonly code: string | number
  /** Further keys of the error's body, e.g. `argument`. */
  readonly more: Record<string, unknown>

  constructor(
    status: number,
    code: string | number,
    description: string,
    more: Record<string, unknown> = {},
  ) {
    super(description)
    this.status = status
    this.code = code
    this.more = more
  }

  body(): Record<string, unknown> {
    return { error: this.code, error_description: this.message, ...this.more }
  }
}

export const expiredToken = (): RestError =>
  new RestError(401, 'expired_token', 'The access token provided has expired.')
export const invalidToken = (): RestError =>
  new RestError(401, 'invalid_token', 'Unable to get application by token')
export const noAuth = (): RestError => new RestError(401, 'NO_AUTH_FOUND', 'Wrong authorization data')
export const userInactive = (): RestError =>
  new RestError(401, 'authorization_error', 'Unable to authorize user')
export const userRestricted = (): RestError =>
  new RestError(403, 'user_access_error', 'The user does not have access to the application.')
export const applicationNotFound = (): RestError =>
  new RestError(401, 'APPLICATION_NOT_FOUND', 'Application not found')
export const insufficientScope = (): RestError =>
  new RestError(
    403,
    'insufficient_scope',
    'The request requires higher privileges than provided by the access token',
  )
export const commercialPlansOnly = (): RestError =>
  new RestError(403, 'ACCESS_DENIED', 'REST API is available only on commercial plans')
export const portalDeleted = (): RestError => new RestError(500, 'PORTAL_DELETED', 'Portal was deleted')
export const overloaded = (): RestError =>
  new RestError(503, 'OVERLOAD_LIMIT', 'REST API is blocked due to overload.')
export const tooManyRequests = (): RestError =>
  new RestError(503, 'QUERY_LIMIT_EXCEEDED', 'Too many requests')
export const operationTimeLimit = (): RestError =>
  new RestError(429, 'OPERATION_TIME_LIMIT', 'Method is blocked due to operation time limit.')
export const methodNotFound = (): RestError =>
  new RestError(404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!')
export const accessDenied = (): RestError => new RestError(403, 'ACCESS_DENIED', 'Access denied!')
export const notFound = (what = 'Item'): RestError => new RestError(400, 'NOT_FOUND', `${what} not found`)
export const invalidField = (name: string): RestError =>
  new RestError(400, 'INVALID_ARG_VALUE', `Invalid filter, order or select: field '${name}' is not allowed`)
export const badArgument = (argument: string, text = `Argument '${argument}' is null or empty`): RestError =>
  new RestError(400, 'ERROR_ARGUMENT', text, { argument })
/** What the old CRM methods say: no code at all. */
export const wordless = (text: string): RestError => new RestError(400, '', text)
