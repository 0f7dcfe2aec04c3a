import type { PageFacts } from './bridge.ts'

const meta = (document: Document, name: string): string | null =>
  document.querySelector(`meta[name="planerka-${name}"]`)?.getAttribute('content')?.trim() || null

/**
 * Reads what the server wrote into the page. The ticket comes from a meta tag or from the fragment
 * (`#ticket=…`), which never reaches a server log; it is taken out of the address at once.
 */
export const readPage = (window: Window): PageFacts => {
  const { document, location, history } = window
  const fragment = new URLSearchParams(location.hash.slice(1))
  const fromFragment = fragment.get('ticket')
  if (fromFragment !== null) history.replaceState(null, '', location.pathname + location.search)
  const language = meta(document, 'language') ?? fragment.get('language')
  return {
    ticket: meta(document, 'ticket') ?? fromFragment,
    vendor: meta(document, 'vendor'),
    mode: meta(document, 'mode') === 'install' ? 'install' : 'app',
    language: language === 'en' ? 'en' : 'ru',
    theme: (meta(document, 'theme') ?? fragment.get('theme')) === 'dark' ? 'dark' : 'light',
    view: meta(document, 'view') ?? fragment.get('view'),
  }
}
