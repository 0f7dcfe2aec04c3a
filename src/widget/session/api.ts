import { ApiError, readProblem } from './api-error.ts'
import type { Session } from './session.ts'

export type Query = Readonly<Record<string, string | null | undefined>>

export type Api = {
  get<T>(path: string, query?: Query): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  patch<T>(path: string, body: unknown): Promise<T>
}

/** The widget's client of `/api/v1`. Throws ApiError; a refused bearer is replaced once. */
export const createApi = (deps: { fetch: typeof fetch; base: string; session: Session }): Api => {
  const send = async (address: string, init: RequestInit, token: string): Promise<Response> => {
    try {
      return await deps.fetch(address, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${token}` },
      })
    } catch {
      throw new ApiError('no_connection', 0, '')
    }
  }
  const request = async <T>(address: string, init: RequestInit): Promise<T> => {
    let response = await send(address, init, await deps.session.token())
    if (response.status === 401) response = await send(address, init, await deps.session.again())
    if (!response.ok) throw await readProblem(response)
    return (response.status === 204 ? undefined : await response.json()) as T
  }
  const address = (path: string, query: Query = {}): string => {
    const given = Object.entries(query).filter(
      ([, value]) => value !== null && value !== undefined && value !== '',
    )
    const search = new URLSearchParams(given as [string, string][]).toString()
    return `${deps.base}${path}${search === '' ? '' : `?${search}`}`
  }
  return {
    get: (path, query) => request(address(path, query), { method: 'GET' }),
    post: (path, body) => request(address(path), withBody('POST', body)),
    patch: (path, body) => request(address(path), withBody('PATCH', body)),
  }
}

const withBody = (method: 'POST' | 'PATCH', body: unknown): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
