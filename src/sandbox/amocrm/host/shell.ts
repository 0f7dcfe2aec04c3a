import { type Html, html, json } from '../../bitrix24/host/html.ts'
import type { AccountSite } from '../site.ts'
import { roleOf, type Viewer } from './viewer.ts'
import { manifestOf, wordAt, wordsOf } from './widget-files.ts'
import { wordsIn } from './words.ts'

export type Page = {
  title: string
  /** Which entry of the menu is lit. */
  active: string
  body: Html
  /** A widget fills the page instead of scrolling with it. */
  isFull?: boolean
  /** Where a widget of this page lives, as its script is told. */
  area: string
  /** Arguments of the widget's page callback, or the page under Settings. */
  widgetPage?: { location: string; item_code?: string; subitem_code?: string } | 'advanced' | 'settings'
  card?: { id: number } | null
}

/** Entries that the widget put into the left menu. */
const widgetMenu = (
  site: AccountSite,
  viewer: Viewer,
): { code: string; title: string; subs: { code: string; title: string }[] }[] => {
  const files = site.widgetFiles()
  if (!files || !site.installed?.isActive) return []
  const words = wordsOf(files, viewer.language)
  return Object.entries(manifestOf(files).left_menu ?? {}).map(([code, entry]) => ({
    code,
    title: wordAt(words, entry.title),
    subs: Object.entries(entry.submenu ?? {})
      .toSorted(([, a], [, b]) => (a.sort ?? 0) - (b.sort ?? 0))
      .map(([sub, { title }]) => ({ code: sub, title: wordAt(words, title) })),
  }))
}

/** Facts that the page's script hands to the widget. */
const frameFacts = (site: AccountSite, viewer: Viewer, page: Page) => {
  const { account, integration } = site
  const files = site.widgetFiles()
  const isOn = files !== null && site.installed?.isActive === true
  return {
    widget:
      isOn && files
        ? {
            code: integration.code,
            version: manifestOf(files).widget.version,
            locations: manifestOf(files).locations,
            langs: wordsOf(files, viewer.language),
            fields: Object.entries(manifestOf(files).settings ?? {}).map(([name, { type }]) => ({
              name,
              type,
            })),
            settings: site.installed?.settings ?? {},
            clientUuid: integration.clientId,
          }
        : null,
    area: page.area,
    page: page.widgetPage ?? null,
    card: page.card ?? null,
    user: {
      id: viewer.user.id,
      name: viewer.user.name,
      login: viewer.user.email,
      theme: viewer.theme,
      user_rank: 'master',
      group_mates_ids: account.users.rows
        .filter(({ groupId }) => groupId === viewer.user.groupId)
        .map(({ id }) => id),
    },
    account: {
      id: account.accountId,
      subdomain: account.subdomain,
      timezone: account.timeZone,
      currency: account.currency,
      language: viewer.language,
    },
    managers: Object.fromEntries(
      account.users.rows.map(({ id, name, isActive, isAdmin, isFree, groupId }) => [
        id,
        {
          id,
          title: name,
          active: isActive,
          is_admin: isAdmin ? 'Y' : 'N',
          free_user: isFree ? 'Y' : 'N',
          group: `group_${groupId}`,
        },
      ]),
    ),
  }
}

/** The account around a page: narrow menu on the left, person above. */
export const shell = (site: AccountSite, viewer: Viewer, page: Page): string => {
  const { account } = site
  const word = wordsIn(viewer.language)
  const link = (key: string, href: string, label: string, icon: string): Html =>
    html`<a class="menu-item${page.active === key ? ' active' : ''}" href="${href}" title="${label}"><span class="icon">${icon}</span><span class="label">${label}</span></a>`
  const people = account.users.rows.filter(user => user.isActive && !user.isFree)
  const base = `/widget_page/${site.integration.code}`
  return html`<!doctype html>
<html lang="${viewer.language}" data-theme="${viewer.theme}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${page.title} — ${account.title}</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/_host/assets/host.css" />
  </head>
  <body class="${page.isFull ? 'full' : ''}">
    <nav class="menu">
      ${link('desktop', '/dashboard/', word('desktop'), '◫')}
      ${link('leads', '/leads/', word('leads'), '$')}
      ${link('tasks', '/todo/line/', word('tasks'), '✓')}
      ${link('stats', '/stats/', word('stats'), '◔')}
      ${widgetMenu(site, viewer).map(
        ({ code, title, subs }) =>
          html`${link(`widget-${code}`, `${base}/${code}/${subs[0]?.code ?? ''}`, title, '◉')}${
            page.active === `widget-${code}`
              ? html`<div class="submenu">${subs.map(sub => html`<a href="${base}/${code}/${sub.code}">${sub.title}</a>`)}</div>`
              : ''
          }`,
      )}
      ${link('settings', '/settings/widgets/', word('settings'), '⚙')}
    </nav>
    <div class="work">
      <header class="top">
        <h1 id="pagetitle">${page.title}</h1>
        <span class="sandbox">${word('sandbox')}</span>
        <span class="grow"></span>
        <form class="viewer" method="get">
          <label>${word('viewer')}
            <select name="user" data-submit>${people.map(
              user =>
                html`<option value="${user.id}"${user.id === viewer.user.id ? html` selected` : ''}>${user.name} — ${word(roleOf(user))}</option>`,
            )}</select>
          </label>
          <select name="lang" data-submit aria-label="language">${(['ru', 'en'] as const).map(
            code => html`<option${code === viewer.language ? html` selected` : ''}>${code}</option>`,
          )}</select>
          <select name="theme" data-submit aria-label="theme">${(['light', 'dark'] as const).map(
            theme =>
              html`<option value="${theme}"${theme === viewer.theme ? html` selected` : ''}>${word(theme)}</option>`,
          )}</select>
          <noscript><button>OK</button></noscript>
        </form>
      </header>
      <main>${page.body}</main>
    </div>
    <script type="application/json" id="host-facts">${json(frameFacts(site, viewer, page))}</script>
    <script src="/_host/assets/jquery.js"></script>
    <script src="/_host/assets/host.js"></script>
  </body>
</html>`.html
}
