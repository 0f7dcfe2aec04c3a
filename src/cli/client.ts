import { CliError, EXIT } from './failure.ts'
import type { Io } from './io.ts'

/** What to do about a code that an operator meets. */
const ADVICE: Readonly<Record<string, string>> = {
  admin_api_off: 'Set ADMIN_TOKEN for the server and restart it.',
  admin_token_required: 'Set ADMIN_TOKEN to the value that the server was started with.',
  installation_not_found: 'List the ids with: planerka installations',
  snapshot_not_found: 'Build one with: planerka snapshot <id> --as-of <instant>',
  as_of_in_future: 'Give an instant that has passed.',
  run_not_found: 'List the runs with: planerka write-back show <id>',
  preview_required: 'Write-back is switched on in the widget, by an administrator who has seen its preview.',
  too_many_requests: 'Wait a minute and try again.',
}

export type Json = unknown

/** The admin API of the server that the options name. */
export const createClient = (io: Io, options: () => { url?: string; token?: string }) => {
  const base = (): string =>
    (options().url ?? io.env.PLANERKA_URL ?? `http://127.0.0.1:${io.env.PORT || '3000'}`).replace(/\/+$/, '')

  const send = async (method: string, path: string, body?: Json): Promise<Response> => {
    const token = options().token ?? io.env.ADMIN_TOKEN
    const url = `${base()}${path}`
    const response = await io
      .fetch(url, {
        method,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      .catch(() => {
        throw new CliError(
          EXIT.unreachable,
          `Nobody answers at ${base()}. Start the server (npm start) or name it with --url or PLANERKA_URL.`,
        )
      })
    if (response.ok) return response
    const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
    const code = problem.code ?? `http_${response.status}`
    const advice = ADVICE[code]
    throw new CliError(
      EXIT.failed,
      [`${code}: ${problem.detail ?? response.statusText}`, ...(advice ? [advice] : [])].join('\n'),
    )
  }

  return {
    base,
    send,
    get: async <T>(path: string): Promise<T> => (await (await send('GET', path)).json()) as T,
    post: async <T>(path: string, body: Json): Promise<T> =>
      (await (await send('POST', path, body)).json()) as T,
    patch: async <T>(path: string, body: Json): Promise<T> =>
      (await (await send('PATCH', path, body)).json()) as T,
  }
}

export type Client = ReturnType<typeof createClient>

/** Path of something of an installation. */
export const path = (id: string, rest = ''): string =>
  `/admin/v1/installations/${encodeURIComponent(id)}${rest}`
