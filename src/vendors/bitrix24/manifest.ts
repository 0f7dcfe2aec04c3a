import manifest from '../../../app-manifest/bitrix24.json' with { type: 'json' }

/** What the marketplace is told: scopes, placements, events and paths. The host comes from the settings. */
export const appManifest = manifest

/** Screen behind each placement. */
export const viewOfPlacement: ReadonlyMap<string, string> = new Map(
  manifest.placements.map(({ code, view }) => [code, view]),
)

/** The two OAuth servers of the vendor; a request may only choose between them. */
export const OAUTH_ORIGINS: Readonly<Record<string, string>> = {
  'oauth.bitrix24.tech': 'https://oauth.bitrix24.tech',
  'oauth.bitrix.info': 'https://oauth.bitrix.info',
}
export const DEFAULT_OAUTH_ORIGIN = 'https://oauth.bitrix.info'

/** Zones under which the vendor hosts cloud portals; used for `frame-ancestors` before a portal is proved. */
export const CLOUD_ZONES = [
  'ru',
  'com',
  'by',
  'kz',
  'uz',
  'eu',
  'de',
  'fr',
  'es',
  'it',
  'pl',
  'in',
  'cn',
  'jp',
  'id',
  'vn',
  'com.br',
  'com.tr',
  'mx',
  'co',
  'uk',
] as const

/** Object types of the universal item methods. */
export const DEAL_TYPE = 2
export const INVOICE_TYPE = 31
