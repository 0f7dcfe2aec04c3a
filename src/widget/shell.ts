import {
  type ComputedRef,
  computed,
  type InjectionKey,
  inject,
  type Ref,
  reactive,
  ref,
  shallowRef,
} from 'vue'
import type { Me, Overview } from '../http/api-schema.ts'
import type { Bridge, PageFacts } from './bridge/bridge.ts'
import { createFormat, type Format, type Language } from './i18n/format.ts'
import { type I18n, loadWords } from './i18n/index.ts'
import type { Api } from './session/api.ts'
import { applyLanguage } from './theme.ts'

/** What every screen may use: who looks, the API, the CRM around us, and how figures are written. */
export type Shell = {
  me: Me
  api: Api
  bridge: Bridge
  page: PageFacts
  words: I18n
  language: Ref<Language>
  format: ComputedRef<Format>
  /** The last overview seen: the footer and the counter on the tab read it. */
  overview: Ref<Overview | null>
  /** Single-letter keys may be switched off. */
  hasKeys: Ref<boolean>
  setLanguage(language: Language): Promise<void>
  /** Opens a path of the CRM in the CRM's own way. */
  openPath(path: string): void
}

const KEYS_OFF = 'planerka-keys-off'

const readKeys = (): boolean => {
  try {
    return window.localStorage.getItem(KEYS_OFF) === null
  } catch {
    return true
  }
}

export const createShell = (deps: {
  me: Me
  api: Api
  bridge: Bridge
  page: PageFacts
  words: I18n
}): Shell => {
  const language = ref<Language>(deps.me.language)
  return {
    ...deps,
    // The first snapshot may come while the page is open.
    me: reactive(deps.me),
    language,
    format: computed(() => createFormat(language.value, deps.me.portal)),
    overview: shallowRef(null),
    hasKeys: ref(readKeys()),
    setLanguage: async next => {
      const { global } = deps.words
      global.setLocaleMessage(next, (await loadWords(next)) as never)
      global.locale.value = next as never
      language.value = next
      applyLanguage(next)
    },
    openPath: path => deps.bridge.openPath(path, deps.me.portal.origin),
  }
}

/** Remembers the choice on this machine where the browser allows it. */
export const saveKeys = (shell: Shell, isOn: boolean): void => {
  shell.hasKeys.value = isOn
  try {
    if (isOn) window.localStorage.removeItem(KEYS_OFF)
    else window.localStorage.setItem(KEYS_OFF, '1')
  } catch {
    // A frame without storage keeps the choice until it is closed.
  }
}

export const shellKey: InjectionKey<Shell> = Symbol('shell')

export const useShell = (): Shell => {
  const shell = inject(shellKey)
  if (shell === undefined) throw new Error('a screen was mounted outside of the shell')
  return shell
}
