import type { PortalSite } from '../site.ts'
import { type Html, html, json } from './html.ts'
import { fullName, roleOf, type Viewer } from './viewer.ts'
import { wordsIn } from './words.ts'

export type Page = {
  title: string
  /** Which entry of the menu is lit. */
  active: string
  body: Html
  /** A frame that fills the page instead of scrolling with it. */
  isFull?: boolean
}

const placementTitle = (site: PortalSite, code: string, language: 'ru' | 'en'): string | null => {
  const row = site.installed()?.placements.find(({ placement }) => placement === code)
  if (!row) return null
  return row.langAll[language]?.TITLE ?? (row.title || site.app().title)
}

/** The portal around a page: menu on the left, person and settings above. In a slider there is only the page. */
export const shell = (site: PortalSite, viewer: Viewer, page: Page, isSlider: boolean): string => {
  const { portal } = site
  const word = wordsIn(viewer.language)
  const document = (body: Html): string =>
    html`<!doctype html>
<html lang="${viewer.language}" data-theme="${viewer.theme}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${page.title} — ${portal.title}</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/_host/assets/host.css" />
  </head>
  ${body}
</html>`.html

  if (isSlider)
    return document(html`<body class="slider-page${page.isFull ? ' full' : ''}">
    <h1 id="pagetitle">${page.title}</h1>
    <main>${page.body}</main>
    <script src="/_host/assets/host.js"></script>
  </body>`)

  const link = (key: string, href: string, label: string, icon: string): Html =>
    html`<a class="menu-item${page.active === key ? ' active' : ''}" href="${href}"><span class="icon">${icon}</span><span>${label}</span></a>`
  const own = placementTitle(site, 'LEFT_MENU', viewer.language)
  const analytics = placementTitle(site, 'CRM_ANALYTICS_MENU', viewer.language)
  const people = portal.users.rows.filter(user => user.isActive && !user.isSystem)
  const unread = portal.notifications.rows.filter(row => row.userId === viewer.user.id).length
  return document(html`<body class="${page.isFull ? 'full' : ''}">
    <header class="top">
      <a class="logo" href="/">${portal.title}<b>24</b></a>
      <span class="sandbox">${word('sandbox')}</span>
      <span class="grow"></span>
      <a class="bell" href="/_notifications/" title="${word('notifications')}">${word('notifications')} ${unread}</a>
      <form class="viewer" method="get">
        <label>${word('viewer')}
          <select name="user" data-submit>${people.map(
            user =>
              html`<option value="${user.id}"${user.id === viewer.user.id ? html` selected` : ''}>${fullName(user)} — ${word(roleOf(portal, user))}</option>`,
          )}</select>
        </label>
        <select name="lang" data-submit aria-label="language">${(['ru', 'en'] as const).map(
          code => html`<option${code === viewer.language ? html` selected` : ''}>${code}</option>`,
        )}</select>
        <noscript><button>OK</button></noscript>
      </form>
    </header>
    <div class="columns">
      <nav class="menu">
        ${link('app', '/', own ?? site.app().title, '◉')}
        ${link('deals', '/crm/deal/', word('deals'), '▤')}
        ${link('kanban', '/crm/deal/kanban/', word('kanban'), '▥')}
        ${link('analytics', '/crm/analytics/', word('analytics'), '◔')}
        ${analytics ? html`<div class="sub">${link('analytics-app', '/_placement/CRM_ANALYTICS_MENU/', analytics, '·')}</div>` : ''}
        ${link('tasks', `/company/personal/user/${viewer.user.id}/tasks/`, word('tasks'), '✓')}
        ${link('company', '/company/', word('company'), '☺')}
        ${link('market', '/marketplace/', word('market'), '✚')}
      </nav>
      <section class="page">
        <h1 id="pagetitle">${page.title}</h1>
        <main>${page.body}</main>
      </section>
    </div>
    <script src="/_host/assets/host.js"></script>
  </body>`)
}

/** The place where the application's frame is made by the page's script. */
export const framePlace = (placement: string, options: unknown, isTall: boolean): Html =>
  html`<div class="app-frame${isTall ? ' tall' : ''}" data-frame></div>
<script type="application/json" class="frame-request">${json({ placement, options })}</script>`

/** Button above a list that opens a placement in a slider. */
export const placementButton = (site: PortalSite, viewer: Viewer, code: string): Html | '' => {
  const title = placementTitle(site, code, viewer.language)
  return title === null
    ? ''
    : html`<a class="button" data-slider href="/_placement/${code}/?IFRAME=Y">${title}</a>`
}

export const tabTitle = (site: PortalSite, viewer: Viewer, code: string): string | null =>
  placementTitle(site, code, viewer.language)
