import express, { type Express, type Request, type Response } from 'express'
import type { Clock } from '../../clock.ts'
import { BAD_GATEWAY, type Fault, type Faults } from '../faults.ts'
import { OAuthError, type TokenServer } from './oauth/token-server.ts'
import type { Gateway, Reply } from './rest/gateway.ts'
import { type Params, paramText, requestParams } from './rest/params.ts'
import type { Portal } from './state/portal.ts'

export const MAX_BODY = '8mb'

const queryOf = (req: Request): string => {
  const cut = req.originalUrl.indexOf('?')
  return cut < 0 ? '' : req.originalUrl.slice(cut + 1)
}

const paramsOf = (req: Request): Params =>
  requestParams(
    queryOf(req),
    req.headers['content-type'] ?? '',
    Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0),
  )

/** Bodies are read raw: the portal decides by itself what it takes them for. */
export const rawBody = express.raw({ type: () => true, limit: MAX_BODY })

/**
 * Faults around an answer. Returns true when the answer was replaced; `work` is what the real server
 * would do.
 */
const withFaults = async (
  faults: readonly Fault[],
  clock: Clock,
  res: Response,
  parts: { expire(): void; churn(rows: number): void; work(): Reply },
): Promise<void> => {
  let ending: ((reply: Reply) => void) | null = null
  for (const fault of faults) {
    if (fault.kind === 'delay') await clock.sleep(fault.ms)
    else if (fault.kind === 'expire') parts.expire()
    else if (fault.kind === 'churn') parts.churn(fault.rows)
    else if (fault.kind === 'reset') {
      res.socket?.destroy()
      return
    } else if (fault.kind === 'html') {
      res
        .status(fault.status)
        .type('html')
        .send(BAD_GATEWAY.replace('502', String(fault.status)))
      return
    } else if (fault.kind === 'status') {
      res
        .status(fault.status)
        .type(fault.body.trimStart().startsWith('<') ? 'html' : 'json')
        .send(fault.body)
      return
    } else if (fault.kind === 'empty') {
      res.status(200).type('json').send('')
      return
    } else if (fault.kind === 'error') {
      res.status(fault.status).json({ error: fault.code, error_description: fault.description })
      return
    } else if (fault.kind === 'drop') ending = () => void res.socket?.destroy()
    else if (fault.kind === 'truncate')
      ending = reply => {
        const text = JSON.stringify(reply.body)
        res
          .status(reply.status)
          .type('json')
          .send(text.slice(0, Math.ceil(text.length / 2)))
      }
  }
  const reply = parts.work()
  if (ending) ending(reply)
  else res.status(reply.status).type('json').send(JSON.stringify(reply.body))
}

export type Churn = (rows: number) => void

/** REST of one portal. */
export const restRoutes = (parts: {
  portal: Portal
  gateway: Gateway
  tokens: TokenServer
  faults: Faults
  clock: Clock
  churn: Churn
}): Express => {
  const { portal, gateway, tokens, faults, clock, churn } = parts
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.options(/^\/rest\//, (_req, res) => {
    res
      .set({
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Headers': 'origin, content-type, accept',
        'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
      })
      .sendStatus(200)
  })
  // The third version of the API exists only in newer portals; this one is older.
  app.all(/^\/rest\/+api\//, (_req, res) => {
    res.status(404).json({
      error: { code: 'BITRIX_REST_V3_EXCEPTION_METHODNOTFOUNDEXCEPTION', message: 'Method not found' },
    })
  })
  app.all(/^\/rest\/+([\w.]+?)(\.json)?\/?$/, rawBody, async (req, res) => {
    const method = String(req.params[0])
    const bearer = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? ''
    res.set('Access-Control-Allow-Origin', '*')
    const hit = faults.take(method, portal.name, [
      ...(method.toLowerCase() === 'batch' ? (['error'] as const) : []),
      'status',
      'html',
      'reset',
      'drop',
      'truncate',
      'empty',
      'delay',
      'expire',
      'churn',
    ])
    await withFaults(hit, clock, res, {
      expire: () => tokens.expireAccess(portal.memberId),
      churn,
      work: () => gateway.answer(method, paramsOf(req), bearer, req.socket.remoteAddress ?? ''),
    })
  })
  return app
}

/** The OAuth server: the token endpoint, and the one REST method it answers itself. */
export const oauthRoutes = (parts: { tokens: TokenServer; faults: Faults; clock: Clock }): Express => {
  const { tokens, faults, clock } = parts
  const app = express()
  app.disable('x-powered-by')
  app.all(/^\/oauth\/token\/?$/, rawBody, async (req, res) => {
    const hit = faults.take('oauth', null)
    await withFaults(hit, clock, res, {
      expire: () => {},
      churn: () => {},
      work: () => {
        try {
          return { status: 200, body: tokens.exchange(paramsOf(req)) }
        } catch (error) {
          if (error instanceof OAuthError)
            return { status: error.status, body: { error: error.code, error_description: error.message } }
          throw error
        }
      },
    })
  })
  app.all(/^\/rest\/+app\.info(\.json)?$/, rawBody, (req, res) => {
    const access = tokens.access(paramText(paramsOf(req), 'auth'))
    const portal = access && tokens.portals.get(access.memberId)
    if (!access || !portal || access.expiresAt <= clock.now().getTime()) {
      res
        .status(401)
        .json({ error: 'invalid_token', error_description: 'Unable to get application by token' })
      return
    }
    res.json({
      result: {
        client_id: access.clientId,
        user_id: access.userId,
        scope: portal.installed.get(access.clientId)?.scopes ?? [],
        expires: Math.floor(access.expiresAt / 1000),
        install: {
          client_endpoint: portal.clientEndpoint,
          domain: portal.domain,
          uri: portal.origin,
          member_id: portal.memberId,
        },
      },
    })
  })
  return app
}
