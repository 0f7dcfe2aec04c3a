import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/**
 * Which addresses may be called. Only what the OAuth server vouched for comes here, and even that is not
 * allowed to lead into our own network: no plain http, no IP literals, no local names, and at connection
 * time no private addresses. Sandboxes are let through by naming their exact origin.
 */

const LOCAL_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa)$/

const PRIVATE = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6')

/** True for addresses that must not be reached for a portal. */
export const isPrivateAddress = (address: string): boolean => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return PRIVATE.check(mapped, 'ipv4')
  const family = isIP(address)
  return family === 0 || PRIVATE.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Resolves a name and refuses private results, so that a public name cannot point inside. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0)
    const open = addresses.filter(({ address }) => !isPrivateAddress(address))
    const first = open[0]
    if (!first) {
      const refused: NodeJS.ErrnoException = new Error('the name resolves to a private address')
      refused.code = 'EPRIVATE'
      return callback(refused, '', 0)
    }
    if (options.all) return callback(null, open)
    callback(null, first.address, first.family)
  })
}

/**
 * @param raw base of the portal's REST calls as the OAuth server (or a redirect of the known portal) names it
 * @param trusted origins let through as they are
 * @returns null when the address must not be called
 */
export const hardenApi = (
  raw: unknown,
  trusted: ReadonlySet<string>,
): { api: string; host: string } | null => {
  if (typeof raw !== 'string' || raw.length > 300 || !URL.canParse(raw)) return null
  const url = new URL(raw)
  if (url.username || url.password || url.search || url.hash) return null
  // A sandbox may serve several portals from one origin, each under its own path.
  if (trusted.has(url.origin))
    return /\/rest\/?$/.test(url.pathname)
      ? { api: `${url.origin}${url.pathname.replace(/\/?$/, '/')}`, host: url.host }
      : null
  if (!/^\/rest\/?$/.test(url.pathname)) return null
  const address = { api: `${url.origin}/rest/`, host: url.host }
  const name = url.hostname
  if (url.protocol !== 'https:' || name.startsWith('[') || isIP(name) !== 0) return null
  if (!/^(?=.{4,253}$)([a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}$/.test(name) || LOCAL_NAMES.test(name)) return null
  return address
}
