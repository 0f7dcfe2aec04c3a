import { readFileSync } from 'node:fs'
import { unzipSync } from 'fflate'

/** Files of a widget archive by their path at its root. */
export type WidgetFiles = Readonly<Record<string, Uint8Array>>

/** Reads `widget.zip` as the cabinet takes it. @throws Error when it is no widget */
export const readWidgetArchive = (path: string): WidgetFiles => {
  const files = unzipSync(readFileSync(path))
  for (const name of ['manifest.json', 'script.js'])
    if (!files[name]) throw new Error(`The archive ${path} has no ${name} at its root.`)
  return files
}

type Entry = { title: string; icon?: string; submenu?: Record<string, { title: string; sort?: number }> }

export type WidgetManifest = {
  widget: { version: string; locale: string[] }
  locations: string[]
  settings?: Record<string, { name: string; type: string }>
  left_menu?: Record<string, Entry>
  advanced?: { title: string }
}

const textOf = (files: WidgetFiles, name: string): string | null => {
  const bytes = files[name]
  return bytes ? new TextDecoder().decode(bytes) : null
}

export const manifestOf = (files: WidgetFiles): WidgetManifest =>
  JSON.parse(textOf(files, 'manifest.json')!) as WidgetManifest

/** Words of the widget in a language, or in the first one it has. */
export const wordsOf = (files: WidgetFiles, language: string): Record<string, unknown> => {
  const fallback = manifestOf(files).widget.locale[0] ?? 'ru'
  return JSON.parse(textOf(files, `i18n/${language}.json`) ?? textOf(files, `i18n/${fallback}.json`) ?? '{}')
}

/** A word by its dotted key; the key itself when there is none. */
export const wordAt = (words: Record<string, unknown>, key: string): string => {
  const value = key
    .split('.')
    .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], words)
  return typeof value === 'string' ? value : key
}
