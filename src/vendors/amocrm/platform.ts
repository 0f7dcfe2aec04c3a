import type { Config } from '../../config.ts'

/** amoCRM and Kommo speak one protocol; what differs is data. */
export type Platform = {
  id: 'amocrm' | 'kommo'
  clientId: string
  /** Current secret first; the second stays valid while the vendor's cabinet rotates. */
  secrets: readonly string[]
  redirectUri: string
  /** Origin of the authorise page. */
  authorizeOrigin: string
  /** Account hosts that may be talked to at all. */
  hosts: RegExp
  /** Origins trusted as given: sandboxes. */
  trustedOrigins: readonly string[]
  /** Sources for CSP when no account is known yet. */
  frameSources: readonly string[]
  publicUrl: string
  /** Rows that one page of events may carry. */
  eventsPerPage: number
  /** True where the vendor counts requests by our address, not by account. */
  limitsByAddress: boolean
}

const hosts = {
  amocrm: /^[a-z0-9][a-z0-9-]{0,62}(\.[a-z]\d?)?\.amocrm\.ru$/,
  kommo: /^[a-z0-9][a-z0-9-]{0,62}\.(kommo\.com|amocrm\.com)$/,
}

/** @returns the platforms that the environment has keys for */
export const platformsOf = (config: Config): Platform[] => {
  const found: Platform[] = []
  const common = { trustedOrigins: config.TRUSTED_CRM_ORIGINS, publicUrl: config.PUBLIC_URL }
  if (config.AMOCRM_CLIENT_ID && config.AMOCRM_CLIENT_SECRET && config.AMOCRM_REDIRECT_URI)
    found.push({
      ...common,
      id: 'amocrm',
      clientId: config.AMOCRM_CLIENT_ID,
      secrets: secretsOf(config.AMOCRM_CLIENT_SECRET),
      redirectUri: config.AMOCRM_REDIRECT_URI,
      authorizeOrigin: config.AMOCRM_OAUTH_ORIGIN ?? 'https://www.amocrm.ru',
      hosts: hosts.amocrm,
      frameSources: ['https://*.amocrm.ru'],
      eventsPerPage: 100,
      limitsByAddress: false,
    })
  if (config.KOMMO_CLIENT_ID && config.KOMMO_CLIENT_SECRET && config.KOMMO_REDIRECT_URI)
    found.push({
      ...common,
      id: 'kommo',
      clientId: config.KOMMO_CLIENT_ID,
      secrets: secretsOf(config.KOMMO_CLIENT_SECRET),
      redirectUri: config.KOMMO_REDIRECT_URI,
      authorizeOrigin: config.KOMMO_OAUTH_ORIGIN ?? 'https://www.kommo.com',
      hosts: hosts.kommo,
      frameSources: ['https://*.kommo.com', 'https://*.amocrm.com'],
      eventsPerPage: 100,
      limitsByAddress: true,
    })
  return found
}

const secretsOf = (value: string): string[] =>
  value
    .split(',')
    .map(part => part.trim())
    .filter(Boolean)

/**
 * The origin behind a host that somebody named, or null when it is nobody we may talk to: an account host
 * of this platform, or a trusted sandbox. What a browser says is never more than a key into this list.
 */
export const accountOrigin = (platform: Platform, named: string): string | null => {
  const bare = named
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
  const trusted = platform.trustedOrigins.find(origin => new URL(origin).host === bare)
  if (trusted) return trusted
  return platform.hosts.test(bare) && !bare.startsWith('www.') ? `https://${bare}` : null
}
