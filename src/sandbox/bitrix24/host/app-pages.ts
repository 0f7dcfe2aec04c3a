import type { PortalSite } from '../site.ts'
import { html } from './html.ts'
import { framePlace, type Page } from './shell.ts'
import type { Viewer } from './viewer.ts'
import { wordsIn } from './words.ts'

/** The marketplace's card of the application: the install button, for administrators only. */
export const marketPage = (site: PortalSite, viewer: Viewer): Page => {
  const word = wordsIn(viewer.language)
  const { title } = site.app()
  const isInstalled = site.installed()?.isActive === true
  return {
    title: word('market'),
    active: 'market',
    body: html`<article class="market-card"><div class="app-icon">${title.slice(0, 1)}</div><div><h2>${title}</h2>
      <p>${word('installLead')}</p>
      ${
        isInstalled
          ? html`<a class="button" href="/">${title}</a>`
          : viewer.user.isAdmin
            ? html`<form method="post" action="/_host/install"><button class="button">${word('install')}</button></form>`
            : html`<p class="quiet">${word('notInstalled')}</p>`
      }</div></article>`,
  }
}

/** A page of the application: installer, stub or the frame itself. */
export const appPage = (site: PortalSite, viewer: Viewer, placement: string, options: unknown): Page => {
  const word = wordsIn(viewer.language)
  const installed = site.installed()
  if (!installed?.isActive) return marketPage(site, viewer)
  if (!installed.isFinished && !viewer.user.isAdmin)
    return { title: site.app().title, active: 'app', body: html`<p class="quiet">${word('stub')}</p>` }
  return {
    title: installed.isFinished ? site.app().title : word('installing'),
    active:
      placement === 'DEFAULT' || placement === 'LEFT_MENU'
        ? 'app'
        : placement === 'CRM_ANALYTICS_MENU'
          ? 'analytics-app'
          : '',
    isFull: true,
    body: framePlace(placement, options, true),
  }
}
