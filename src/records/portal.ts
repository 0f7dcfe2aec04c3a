/** Where a portal's API is. Made only from what the vendor's OAuth server vouched for. */
export type PortalAddress = {
  /** Base of REST calls, ending in a slash. */
  api: string
  /** Origin of the OAuth server that issued the tokens. */
  oauth: string
  /** Host of the portal as people know it. */
  host: string
}
