const BEARER = /^Bearer +(\S{1,8192})$/i

/** @returns the bearer of an Authorization header, or null when there is none. */
export const bearerToken = (header: string | undefined): string | null =>
  BEARER.exec(header ?? '')?.[1] ?? null
