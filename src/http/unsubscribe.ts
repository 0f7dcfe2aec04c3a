import type { Request, Response } from 'express'
import { badRequest } from '../errors.ts'
import { readBody } from './bodies.ts'
import type { Endpoint } from './endpoints.ts'

export const UNSUBSCRIBE_PATH = '/api/v1/digest/unsubscribe'

const WORDS = {
  ru: {
    ask: 'Отключить утренние сообщения «Планёрки»?',
    button: 'Отключить',
    done: 'Отключено. Включить снова можно в настройках «Планёрки».',
  },
  en: {
    ask: 'Stop Planerka’s morning messages?',
    button: 'Stop them',
    done: 'Stopped. You can switch them on again in Planerka’s settings.',
  },
} as const

const wordsFor = (req: Request) => WORDS[req.acceptsLanguages('ru', 'en') === 'en' ? 'en' : 'ru']

/** A page without anything from elsewhere; its only form goes back to where the page came from. */
const sendPage = (res: Response, title: string, body: string): void => {
  res
    .status(200)
    .set('Content-Security-Policy', "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
    .set('Cache-Control', 'no-store')
    .type('html')
    .send(
      `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${title}</title></head><body>${body}</body></html>`,
    )
}

/**
 * Switches one person's messages off by a signed address, without signing in: a person presses a button, a
 * mail program posts by itself (RFC 8058). Looking at the address changes nothing, as scanners of mail do.
 */
export const unsubscribeEndpoints = (deps: {
  read(token: string): Promise<{ installationId: string; userId: string } | null>
  switchOff(installationId: string, userId: string): Promise<void>
}): Endpoint[] => {
  const personOf = async (req: Request) => {
    const { token } = req.query
    const person = typeof token === 'string' && token.length < 2048 ? await deps.read(token) : null
    if (person === null) throw badRequest('unsubscribe_invalid', 'The address is not one of ours, or too old')
    return person
  }
  return [
    {
      method: 'get',
      path: UNSUBSCRIBE_PATH,
      handlers: [
        async (req, res) => {
          await personOf(req)
          const { ask, button } = wordsFor(req)
          sendPage(res, ask, `<form method="post"><p>${ask}</p><button>${button}</button></form>`)
        },
      ],
    },
    {
      method: 'post',
      path: UNSUBSCRIBE_PATH,
      handlers: [
        readBody(['form'], 1024),
        async (req, res) => {
          const { installationId, userId } = await personOf(req)
          await deps.switchOff(installationId, userId)
          const { done } = wordsFor(req)
          sendPage(res, done, `<p>${done}</p>`)
        },
      ],
    },
  ]
}
