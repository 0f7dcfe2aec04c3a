/** An answer that is not the wanted one. `code` is stable and shown to the user; 0 = the server was not reached. */
export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly detail: string

  constructor(code: string, status: number, detail: string) {
    super(code)
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.detail = detail
  }
}

export const readProblem = async (response: Response): Promise<ApiError> => {
  const problem = (await response.json().catch(() => ({}))) as {
    code?: unknown
    title?: unknown
    detail?: unknown
  }
  const code = typeof problem.code === 'string' ? problem.code : `http_${response.status}`
  const detail = [problem.detail, problem.title].find(text => typeof text === 'string')
  return new ApiError(code, response.status, typeof detail === 'string' ? detail : '')
}

export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError('no_connection', 0, '')
