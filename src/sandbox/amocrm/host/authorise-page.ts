import express, { type Router } from 'express'
import { html } from '../../bitrix24/host/html.ts'
import type { AccountSite } from '../site.ts'
import { roleOf } from './viewer.ts'
import { wordsIn } from './words.ts'

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The page where a user lets an integration into an account, or does not. */
export const authorisePage = (sites: () => readonly AccountSite[]): Router => {
  const router = express.Router()
  const known = (clientId: string): AccountSite[] =>
    sites().filter(site => site.integration.clientId === clientId)

  router.get('/', (req, res) => {
    const clientId = text(req.query['client_id'])
    const found = known(clientId)
    const [first] = found
    if (!first) return void res.status(400).type('html').send('<h1>Интеграция не найдена</h1>')
    const word = wordsIn(first.account.language)
    const state = text(req.query['state'])
    res
      .set('Cache-Control', 'no-store')
      .type('html')
      .send(
        html`<!doctype html>
<html lang="${first.account.language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${word('authorise')}</title>
    <link rel="stylesheet" href="${first.origin}/_host/assets/host.css" />
  </head>
  <body class="authorise">
    <main>
      <h1>${first.integration.title} ${word('authoriseLead')}</h1>
      ${found.map(
        ({ account, name }) =>
          html`<form method="post" action="">
        <input type="hidden" name="client_id" value="${clientId}" />
        <input type="hidden" name="state" value="${state}" />
        <input type="hidden" name="account" value="${name}" />
        <p><b>${account.title}</b> <span class="quiet">${account.host}</span></p>
        <p><label>${word('viewer')} <select name="user">${account.users.rows
          .filter(user => user.isActive && !user.isFree)
          .map(
            user => html`<option value="${user.id}">${user.name} — ${word(roleOf(user))}</option>`,
          )}</select></label></p>
        <p>
          <button class="button" name="decision" value="allow">${word('allow')}</button>
          <button class="button plain" name="decision" value="decline">${word('decline')}</button>
        </p>
      </form>`,
      )}
    </main>
  </body>
</html>`.html,
      )
  })
  router.post('/', express.urlencoded({ extended: false }), (req, res) => {
    const body = (req.body ?? {}) as Record<string, unknown>
    const site = known(text(body['client_id'])).find(({ name }) => name === text(body['account']))
    if (!site) return void res.status(400).type('html').send('<h1>Аккаунт не найден</h1>')
    const state = text(body['state']) || null
    const user = site.account.users.find(Number(body['user'])) ?? site.account.admin
    res.redirect(302, body['decision'] === 'allow' ? site.authorised(user.id, state) : site.declined(state))
  })
  return router
}
