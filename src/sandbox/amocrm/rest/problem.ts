export type ValidationError = { request_id: string; errors: { code: string; path: string; detail: string }[] }

/** An unsuccessful answer of the API, as a problem document. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly more: Record<string, unknown>

  constructor(status: number, title: string, detail: string, more: Record<string, unknown> = {}) {
    super(detail || title)
    this.status = status
    this.title = title
    this.detail = detail
    this.more = more
  }

  body(): Record<string, unknown> {
    return {
      ...this.more,
      title: this.title,
      type: `https://httpstatus.es/${this.status}`,
      status: this.status,
      detail: this.detail,
    }
  }
}

export const badFilter = (): ApiProblem =>
  new ApiProblem(400, 'Bad Request', 'Invalid params passed to filter')
export const conflictingFilter = (): ApiProblem =>
  new ApiProblem(400, 'Bad Request', 'Given filter conflict with other params')
export const invalid = (errors: ValidationError[]): ApiProblem =>
  new ApiProblem(400, 'Bad Request', 'Request validation failed', { 'validation-errors': errors })
export const wrongShape = (): ApiProblem =>
  new ApiProblem(400, 'Bad Request', 'Request body has a wrong shape: expected an array')
export const unauthorized = (): ApiProblem => new ApiProblem(401, 'Unauthorized', 'Unauthorized')
export const unpaid = (): ApiProblem =>
  new ApiProblem(402, 'Payment Required', 'Account has been blocked: not paid')
export const forbidden = (detail = ''): ApiProblem => new ApiProblem(403, 'Forbidden', detail)
export const notFound = (): ApiProblem => new ApiProblem(404, 'Not Found', '')
export const notAllowed = (): ApiProblem => new ApiProblem(405, 'Method Not Allowed', '')
export const tooMany = (): ApiProblem => new ApiProblem(422, 'Unprocessable Entity', 'Limit 250 per page')
