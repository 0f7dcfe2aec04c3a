import { randomBytes } from 'node:crypto'
import { ACCESS_TTL_SECONDS, type App, type TokenServer } from './oauth/token-server.ts'
import type { Installed, Portal } from './state/portal.ts'
import type { UserRow } from './state/rows.ts'

export type FrameRequest = {
  user: UserRow
  language: 'ru' | 'en'
  /** `DEFAULT` for the app's own page. */
  placement: string
  /** Written as JSON; a text goes as it is, undefined is left out. */
  options: unknown
}

/** What the browser posts into the frame. */
export type Frame = {
  url: string
  appSid: string
  fields: Record<string, string>
  isInstallMode: boolean
}

const frameUrl = (handler: string, portal: Portal, language: string, appSid: string): string => {
  const url = new URL(handler)
  url.searchParams.set('DOMAIN', portal.domain)
  url.searchParams.set('PROTOCOL', '0')
  url.searchParams.set('LANG', language)
  url.searchParams.set('APP_SID', appSid)
  return url.href
}

/**
 * The first POST of a frame: the installer until installFinish, then the app's page or the handler of a
 * placement. Every frame carries a fresh token pair of its visitor.
 */
export const makeFrame = (
  portal: Portal,
  app: App,
  installed: Installed,
  tokens: TokenServer,
  request: FrameRequest,
): Frame => {
  const isInstallMode = !installed.isFinished
  const handler = isInstallMode
    ? app.installUrl
    : request.placement === 'DEFAULT'
      ? app.appUrl
      : (installed.placements.find(row => row.placement === request.placement)?.handler ?? app.appUrl)
  const appSid = randomBytes(16).toString('hex')
  const pair = tokens.issue(portal, app.clientId, request.user.id)
  const { options } = request
  return {
    url: frameUrl(handler, portal, request.language, appSid),
    appSid,
    isInstallMode,
    fields: {
      AUTH_ID: pair.access,
      AUTH_EXPIRES: String(ACCESS_TTL_SECONDS),
      REFRESH_ID: pair.refresh,
      SERVER_ENDPOINT: tokens.serverEndpoint,
      APPLICATION_TOKEN: installed.applicationToken,
      APPLICATION_SCOPE: installed.scopes.join(','),
      member_id: portal.memberId,
      status: 'F',
      PLACEMENT: request.placement,
      ...(options === undefined
        ? {}
        : { PLACEMENT_OPTIONS: typeof options === 'string' ? options : JSON.stringify(options) }),
    },
  }
}
