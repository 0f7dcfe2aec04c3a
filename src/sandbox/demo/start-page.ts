import express, { type Router } from 'express'
import { type Html, html } from '../bitrix24/host/html.ts'

export type StartTab = { name: string; url: string }

const STYLE = `
  * { box-sizing: border-box }
  body { margin: 0; height: 100vh; display: flex; flex-direction: column; font: 15px/1.4 system-ui, sans-serif; background: #eceff1; color: #263238 }
  nav { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; padding: 6px 12px }
  nav b { margin-right: 8px }
  nav button { padding: 6px 16px; font: inherit; color: inherit; background: transparent; border: 1px solid #b0bec5; border-radius: 6px; cursor: pointer }
  nav button[aria-selected='true'] { background: #fff; border-color: #546e7a; font-weight: 600 }
  nav a { margin-left: auto; color: #37474f }
  iframe { flex: 1; width: 100%; border: 0; background: #fff }
  iframe[hidden] { display: none }
  @media (prefers-color-scheme: dark) { body { background: #1b2327; color: #eceff1 } nav button[aria-selected='true'] { background: #37474f } nav a { color: #cfd8dc } }
`
const SCRIPT = `
  const tabs = [...document.querySelectorAll('[role=tab]')]
  const show = chosen => {
    for (const tab of tabs) {
      const frame = document.getElementById(tab.getAttribute('aria-controls'))
      const isChosen = tab === chosen
      tab.setAttribute('aria-selected', String(isChosen))
      frame.hidden = !isChosen
      if (isChosen && !frame.src) frame.src = tab.dataset.url
      if (isChosen) document.getElementById('alone').href = tab.dataset.url
    }
  }
  for (const tab of tabs) tab.addEventListener('click', () => show(tab))
  show(tabs[Number(location.hash.slice(1)) || 0] ?? tabs[0])
`

/**
 * The page that the demo prints: each CRM in a tab of its own. It is served at the first CRM's address,
 * because a frame of the product admits no page around it that is not a CRM's.
 */
export const startPage = (tabs: () => readonly StartTab[]): Router => {
  const router = express.Router()
  router.get('/_demo', (_req, res) => {
    const all = tabs()
    const style: Html = { html: `<style>${STYLE}</style>` }
    const script: Html = { html: `<script>${SCRIPT}</script>` }
    res
      .set('Cache-Control', 'no-store')
      .type('html')
      .send(
        html`<!doctype html>
<html lang="ru">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="icon" href="data:," />
    <title>Планёрка — демонстрация</title>
    ${style}
  </head>
  <body>
    <nav role="tablist"><b>Планёрка</b>
      ${all.map(
        ({ name, url }, index) =>
          html`<button role="tab" aria-controls="crm-${index}" data-url="${url}">${name}</button>`,
      )}
      <a id="alone" target="_blank" rel="noopener" href="${all[0]?.url ?? ''}">Открыть отдельно ↗</a>
    </nav>
    ${all.map(({ name }, index) => html`<iframe id="crm-${index}" title="${name}"${index === 0 ? '' : html` hidden`} allow="fullscreen"></iframe>`)}
    ${script}
  </body>
</html>`.html,
      )
  })
  return router
}
