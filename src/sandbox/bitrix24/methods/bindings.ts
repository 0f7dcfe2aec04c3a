import { asMap, param, paramText } from '../rest/params.ts'
import { accessDenied, badArgument, RestError } from '../rest/rest-error.ts'
import { eventNames } from './event-names.ts'
import type { Methods } from './method.ts'
import { placementCodes } from './placement-codes.ts'

const MAX_HANDLERS: Record<string, number> = { REST_APP_URI: 1, PAGE_BACKGROUND_WORKER: 1 }

/** A handler must be an absolute http(s) address with a dotted host. */
const checkHandler = (handler: string): void => {
  if (!handler) throw badArgument('HANDLER')
  if (!URL.canParse(handler)) throw new RestError(400, 'ERROR_WRONG_HANDLER_URL', 'Wrong handler URL')
  const { protocol, hostname } = new URL(handler)
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new RestError(400, 'ERROR_UNSUPPORTED_PROTOCOL', 'Unsupported event handler protocol')
  if (!hostname.includes('.')) throw new RestError(400, 'ERROR_WRONG_HANDLER_URL', 'Wrong handler URL')
}

export const bindingMethods: Methods = {
  'event.bind': {
    scopes: [],
    run: ({ params, installed, user }) => {
      const event = paramText(params, 'event').toUpperCase()
      const handler = paramText(params, 'handler')
      const isOffline = paramText(params, 'event_type').toLowerCase() === 'offline'
      if (!event) throw badArgument('event')
      if (!eventNames(installed.scopes).includes(event))
        throw new RestError(400, 'ERROR_EVENT_NOT_FOUND', `Event not found: ${event}`)
      if (isOffline && !user.isAdmin) throw accessDenied()
      if (!isOffline) checkHandler(handler)
      // Without an administrator's rights a handler hears only its own user.
      const authType = user.isAdmin ? Number(paramText(params, 'auth_type') || 0) : user.id
      const isKnown = installed.handlers.some(
        row =>
          row.event === event &&
          row.handler === handler &&
          row.authType === authType &&
          row.isOffline === isOffline,
      )
      if (isKnown)
        throw new RestError(400, 'ERROR_CORE', 'Unable to set event handler: Handler already binded')
      installed.handlers.push({ event, handler, authType, isOffline })
      return { result: true }
    },
  },
  'event.unbind': {
    scopes: [],
    run: ({ params, installed }) => {
      const event = paramText(params, 'event').toUpperCase()
      const handler = paramText(params, 'handler')
      if (!event) throw badArgument('event')
      const kept = installed.handlers.filter(
        row => row.event !== event || (handler !== '' && row.handler !== handler),
      )
      const count = installed.handlers.length - kept.length
      installed.handlers = kept
      return { result: { count } }
    },
  },
  'event.get': {
    scopes: [],
    run: ({ installed, user }) => ({
      result: installed.handlers
        .filter(row => user.isAdmin || row.authType === user.id)
        .map(row => ({
          event: row.event,
          handler: row.handler,
          auth_type: String(row.authType),
          offline: row.isOffline ? 1 : 0,
        })),
    }),
  },
  'event.test': {
    scopes: [],
    run: ({ params, tellApp }) => {
      const { auth: _auth, ...echo } = params
      tellApp('ONAPPTEST', { QUERY: echo })
      return { result: true }
    },
  },
  'placement.bind': {
    scopes: ['placement'],
    needsAdmin: true,
    run: ({ params, installed }) => {
      const placement = paramText(params, 'PLACEMENT').toUpperCase()
      const handler = paramText(params, 'HANDLER')
      if (!placement) throw badArgument('PLACEMENT')
      if (!placementCodes(installed.scopes).includes(placement))
        throw new RestError(400, 'ERROR_PLACEMENT_NOT_FOUND', 'Placement not found')
      checkHandler(handler)
      const taken = installed.placements.filter(row => row.placement === placement).length
      if (taken >= (MAX_HANDLERS[placement] ?? 100))
        throw new RestError(400, 'ERROR_PLACEMENT_MAX_COUNT', 'Placement max count')
      const langAll = asMap(param(params, 'LANG_ALL')) as Record<string, Record<string, string>>
      installed.placements.push({
        placement,
        handler,
        title: paramText(params, 'TITLE'),
        description: paramText(params, 'DESCRIPTION'),
        langAll,
        options: asMap(param(params, 'OPTIONS')),
      })
      return { result: true }
    },
  },
  'placement.get': {
    scopes: ['placement'],
    needsAdmin: true,
    run: ({ installed }) => ({
      result: installed.placements.map(row => ({
        placement: row.placement,
        userId: 0,
        handler: row.handler,
        options: row.options,
        title: row.title,
        description: row.description,
        langAll: row.langAll,
      })),
    }),
  },
  'placement.unbind': {
    scopes: ['placement'],
    needsAdmin: true,
    run: ({ params, installed }) => {
      const placement = paramText(params, 'PLACEMENT').toUpperCase()
      const handler = paramText(params, 'HANDLER')
      if (!placement) throw badArgument('PLACEMENT')
      const kept = installed.placements.filter(
        row => row.placement !== placement || (handler !== '' && row.handler !== handler),
      )
      // The core counts each row twice.
      const count = (installed.placements.length - kept.length) * 2
      installed.placements = kept
      return { result: { count } }
    },
  },
}
