import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { printFigure, say } from './figure.ts'

const DIST = fileURLToPath(new URL('../../dist/widget/', import.meta.url))
const BUDGET = 300_000

type Manifest = Record<string, { file: string; imports?: string[] }>

/** Chunks that a chunk cannot do without. */
const withImports = (manifest: Manifest, name: string, found = new Set<string>()): Set<string> => {
  if (found.has(name)) return found
  found.add(name)
  for (const each of manifest[name]?.imports ?? []) withImports(manifest, each, found)
  return found
}

const gzipped = (files: Iterable<string>): number =>
  [...new Set(files)].reduce((sum, file) => sum + gzipSync(readFileSync(`${DIST}${file}`)).length, 0)

/** What the first view loads: the page's own script, the application, one language and the frame's SDK. */
const FIRST = [/^index\.html$/, /^app\.ts$/, /i18n\/ru\.ts$/, /b24jssdk/]

export const benchWidget = (): void => {
  const path = `${DIST}.vite/manifest.json`
  if (!existsSync(path)) {
    say('the widget is not built: npm run build')
    return
  }
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
  const first = FIRST.map(pattern => {
    const name = Object.keys(manifest).find(each => pattern.test(each))
    if (name === undefined) throw new Error(`the built widget has no ${pattern}`)
    return name
  })
  const chunks = new Set(first.flatMap(name => [...withImports(manifest, name)]))
  const files = [...chunks].map(name => manifest[name]!.file).filter(file => file.endsWith('.js'))
  const bytes = gzipped(files)
  printFigure({
    figure: 'widget_first_view',
    ratio: bytes / BUDGET,
    value: bytes / 1000,
    unit: 'kB of scripts, gzipped',
    against: '300 kB',
    target: 'ratio ≤ 1',
    files: new Set(files).size,
  })
}
