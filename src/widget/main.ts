import './roles.css'
import type { Me } from '../http/api-schema.ts'
import type { Bridge, PageFacts } from './bridge/bridge.ts'
import { readPage } from './bridge/page.ts'
import { pickBridge } from './bridge/pick.ts'
import { createWords, type I18n, type WordsOf } from './i18n/index.ts'
import { showProblem } from './problem.ts'
import { createApi } from './session/api.ts'
import { openSession } from './session/session.ts'
import { createShell } from './shell.ts'
import { applyLanguage, applyTheme } from './theme.ts'

const API_BASE = '/api/v1'
const ROOT = '#planerka'

const start = async (page: PageFacts, bridge: Bridge, firstWords: Promise<I18n>): Promise<void> => {
  // The card panel is small and must stay so: only the full page asks for the big chunk early.
  const fullPage = page.view === 'deal' ? null : import('./app.ts')
  fullPage?.catch(() => undefined)
  const session = openSession({
    fetch: window.fetch.bind(window),
    base: API_BASE,
    ticket: page.ticket,
    nextTicket: () => bridge.ticket(),
  })
  const api = createApi({ fetch: window.fetch.bind(window), base: API_BASE, session })
  const me = await api.get<Me>('/me')
  applyTheme(me.theme)
  applyLanguage(me.language)
  const wordsOf = me.start.view === 'deal' ? 'card' : 'screens'
  const isRight = me.language === page.language && wordsOf === wordsOnPage(page)
  const words = isRight ? await firstWords : await createWords(me.language, wordsOf)
  const shell = createShell({ me, api, bridge, page, words })
  bridge.onTheme(applyTheme)
  if (me.start.view === 'deal') (await import('./card.ts')).mountCard(ROOT, shell)
  else (await (fullPage ?? import('./app.ts'))).mountApp(ROOT, shell)
  void bridge.ready()
}

const wordsOnPage = (page: PageFacts): WordsOf => (page.view === 'deal' ? 'card' : 'screens')

const page = readPage(window)
applyTheme(page.theme)
applyLanguage(page.language)
const bridge = pickBridge(page, window)
if (bridge.darkGround !== undefined) document.documentElement.dataset['ground'] = bridge.darkGround
const words = createWords(page.language, wordsOnPage(page))

if (page.mode === 'install')
  Promise.all([import('./screens/install/install.ts'), words])
    .then(([install, i18n]) => install.mountInstall(ROOT, i18n, bridge))
    .catch((error: unknown) => showProblem(ROOT, words, error))
else start(page, bridge, words).catch((error: unknown) => showProblem(ROOT, words, error))
