import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from './built.ts'

const dist = join(import.meta.dirname, '../../dist/widget')

type Chunk = {
  file: string
  src?: string
  name?: string
  isEntry?: boolean
  imports?: string[]
  dynamicImports?: string[]
  css?: string[]
}
let manifest: Record<string, Chunk> = {}

beforeAll(async () => {
  await ensureBuilt()
  manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
}, 120_000)

/** The chunk and everything that it imports at once. */
const closure = (keys: readonly string[], known = new Set<string>()): Set<string> => {
  for (const key of keys)
    if (!known.has(key)) {
      known.add(key)
      closure(manifest[key]?.imports ?? [], known)
    }
  return known
}
const keyOf = (test: (chunk: Chunk, key: string) => boolean): string => {
  const found = Object.entries(manifest).find(([key, chunk]) => test(chunk, key))
  if (found === undefined) throw new Error('no such chunk')
  return found[0]
}
const gzipKb = (keys: Iterable<string>): number =>
  [...keys].reduce((sum, key) => sum + gzipSync(readFileSync(join(dist, manifest[key]!.file))).length, 0) /
  1024
const entry = () => keyOf(chunk => chunk.isEntry === true)
const at = (path: string) => keyOf((_, key) => key.endsWith(path))

describe('the built widget', () => {
  test('opens its first view with less than 300 kB of script, the frame SDK included', () => {
    const words = at('i18n/ru.ts')
    const sdk = keyOf((_, key) => key.includes('b24jssdk'))
    const first = closure([entry(), 'app.ts', words, sdk])
    const ours = closure([entry(), 'app.ts', words])
    expect(gzipKb(first)).toBeLessThan(300)
    expect(gzipKb(ours)).toBeLessThan(190)
  })

  test('keeps charts, the frame SDK and every other screen out of what loads at once', () => {
    const atOnce = [...closure([entry(), 'app.ts'])].join(' ')
    for (const lazy of [
      'b24jssdk',
      'TrendChart',
      'EvidencePanel',
      'ProcessScreen',
      'SettingsScreen',
      'StaleDealsScreen',
      'en.ts',
    ])
      expect(atOnce).not.toContain(lazy)
  })

  test('shows the panel in a deal’s card for less than 60 kB, without the kit', () => {
    const panel = closure([entry(), 'card.ts', at('i18n/card-ru.ts')])
    expect(gzipKb(panel)).toBeLessThan(60)
    expect([...panel].join(' ')).not.toContain('b24ui')
    const styles = [...panel].flatMap(key => manifest[key]?.css ?? [])
    const css = styles.reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file))).length, 0)
    expect(css / 1024).toBeLessThan(8)
  })

  test('is served under /widget/, has the place for the server’s facts and no script of its own in the page', () => {
    const html = readFileSync(join(dist, 'index.html'), 'utf8')
    expect(html).toContain('<!--planerka-meta-->')
    expect(html).toMatch(/<script type="module" crossorigin src="\/widget\/assets\/[\w-]+\.js"><\/script>/)
    expect(html.match(/<script/g)).toHaveLength(1)
    expect(existsSync(join(dist, 'assets'))).toBe(true)
  })
})
