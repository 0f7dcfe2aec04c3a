import type { Session as SessionAnswer } from '../../http/api-schema.ts'
import { ApiError, readProblem } from './api-error.ts'

/** Renew when a quarter of the life is left, and never less than this before the end. */
const SHARE_LEFT = 0.25
const MIN_LEFT_MS = 30_000

export type Session = {
  /** The bearer in force; opens the session on the first call. Throws ApiError when there is none to have. */
  token(): Promise<string>
  /** Drops the bearer that the server refused and gets another. */
  again(): Promise<string>
}

/**
 * A session that lives in memory only: no cookie and no storage reaches a frame reliably. The first
 * ticket comes with the page; later ones, if any, from the CRM around us.
 */
export const openSession = (deps: {
  fetch: typeof fetch
  base: string
  ticket: string | null
  nextTicket: () => Promise<string | null>
}): Session => {
  let ticket = deps.ticket
  let current: Promise<string> | null = null

  const take = async (response: Response): Promise<string> => {
    if (!response.ok) throw await readProblem(response)
    const { token, expiresAt } = (await response.json()) as SessionAnswer
    // The server's own clock, so that a wrong clock on this machine does not matter.
    const serverNow = Date.parse(response.headers.get('date') ?? '') || Date.now()
    const life = Date.parse(expiresAt) - serverNow
    const wait = Math.max(1000, life - Math.max(MIN_LEFT_MS, life * SHARE_LEFT))
    if (Number.isFinite(wait)) setTimeout(() => void renew(token), Math.min(wait, 2 ** 31 - 1))
    return token
  }

  const renew = async (token: string): Promise<void> => {
    const renewed = deps
      .fetch(`${deps.base}/session/renew`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      })
      .then(take)
    // A failed renewal is not an error yet: the old bearer may still be good, and a 401 asks for another.
    await renewed.then(
      fresh => {
        current = Promise.resolve(fresh)
      },
      () => undefined,
    )
  }

  const open = async (): Promise<string> => {
    const known = ticket ?? (await deps.nextTicket())
    ticket = null
    if (known === null) throw new ApiError('session_expired', 401, '')
    return take(
      await deps.fetch(`${deps.base}/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ticket: known }),
      }),
    )
  }

  const again = (): Promise<string> => {
    const opening = open()
    current = opening
    opening.catch(() => {
      if (current === opening) current = null
    })
    return opening
  }

  return { token: () => current ?? again(), again }
}
