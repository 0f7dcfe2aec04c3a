import type { Language } from './i18n/format.ts'

type Theme = 'light' | 'dark'

const listeners = new Set<() => void>()

/** The theme is a class on `<html>`, told by the CRM or chosen by the user; never the operating system's. */
export const applyTheme = (theme: Theme): void => {
  const { classList } = document.documentElement
  classList.remove('light', 'dark')
  classList.add(theme)
  for (const listener of listeners) listener()
}

export const applyLanguage = (language: Language): void => {
  document.documentElement.lang = language
}

/** Charts resolve colours once and must draw again when the theme changes. Returns the way to stop. */
export const onThemeChange = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
