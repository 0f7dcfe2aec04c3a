import { VendorError } from '../../errors.ts'

/** Seconds to wait that a 429 may name, in a header or in its body. */
const retryAfterMs = (headers: Record<string, unknown>, body: unknown): number | undefined => {
  const named = Number(headers['retry-after'] ?? (body as { retry_after?: unknown } | null)?.retry_after)
  return Number.isFinite(named) && named > 0 ? named * 1000 : undefined
}

const detailOf = (body: unknown): string => {
  const problem = body as { title?: unknown; detail?: unknown; hint?: unknown } | null
  if (!problem || typeof problem !== 'object') return ''
  return [problem.title, problem.hint, problem.detail]
    .filter(part => typeof part === 'string')
    .join('; ')
    .slice(0, 200)
}

/**
 * An unsuccessful reply in our five kinds. The body may be a problem document, other JSON, HTML or nothing:
 * the status decides.
 */
export const errorOf = (status: number, headers: Record<string, unknown>, body: unknown): VendorError => {
  const code = `http_${status}`
  const said = detailOf(body)
  const say = (text: string) => (said ? `${text}: ${said}` : text)
  if (status === 401) return new VendorError('auth_revoked', code, say('The CRM does not accept the token'))
  if (status === 402)
    return new VendorError('unavailable', 'payment_required', say('The account is not paid'), {
      verdict: 'suspended',
    })
  if (status === 403)
    return new VendorError('rejected', code, say('The CRM refuses the request or blocks us'))
  if (status === 429) {
    const wait = retryAfterMs(headers, body)
    return new VendorError('rate_limited', code, 'The CRM asks for fewer requests', {
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    })
  }
  if (status >= 500 || status === 0)
    return new VendorError('unavailable', code, say('The CRM does not answer'))
  if (status >= 300 && status < 400)
    return new VendorError('unavailable', code, 'The account answers elsewhere')
  return new VendorError('rejected', code, say('The CRM refuses the request'))
}

/** The token endpoint has its own words; only a worthless grant ends an installation. */
export const oauthErrorOf = (
  status: number,
  headers: Record<string, unknown>,
  body: unknown,
): VendorError => {
  const said = detailOf(body)
  if (status === 400 || status === 401 || status === 403) {
    if (/клиент|client/i.test(said) && !/token|code/i.test(said))
      return new VendorError('rejected', 'invalid_client', "The integration's id or secret is wrong")
    return new VendorError('auth_revoked', 'invalid_grant', said || 'The grant is used, expired or unknown')
  }
  if (status === 404)
    return new VendorError('unavailable', 'account_moved', 'The account is not at this address')
  return errorOf(status, headers, body)
}
