import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strFromU8, unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import bitrix24 from '../app-manifest/bitrix24.json' with { type: 'json' }
import { build, LOGO_SIZES } from '../app-manifest/build.ts'
import product from '../package.json' with { type: 'json' }

const target = mkdtempSync(join(tmpdir(), 'planerka-manifest-'))
beforeAll(() => build('https://app.example.com/', target))
afterAll(() => rmSync(target, { recursive: true }))

/** Width and height from a PNG's header, which follows the 8-byte signature. */
const sizeOf = (png: Uint8Array): [number, number] => {
  const view = new DataView(png.buffer, png.byteOffset)
  expect(strFromU8(png.slice(1, 4))).toBe('PNG')
  return [view.getUint32(16), view.getUint32(20)]
}

const keysOf = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, below]) => keysOf(below, path ? `${path}.${key}` : key))
    : [path]

type Manifest = {
  widget: Record<string, unknown> & { locale: string[]; version: string }
  locations: string[]
  tour: { tour_images: Record<string, string[]>; tour_description: string }
  settings: Record<string, { name: string }>
  advanced: { title: string }
  left_menu?: Record<string, { title: string; icon: string; submenu: Record<string, { title: string }> }>
}

describe.each([
  ['amocrm.zip', 'amocrm', /kommo|bitrix/i, true],
  ['amocrm-private.zip', 'amocrm', /kommo|bitrix/i, false],
  ['kommo.zip', 'kommo', /amocrm|bitrix/i, true],
  ['kommo-private.zip', 'kommo', /amocrm|bitrix/i, false],
])('%s', (name, platform, otherCrm, isPublic) => {
  let files: Record<string, Uint8Array>
  const text = (path: string): string => strFromU8(files[path] ?? new Uint8Array())
  const manifest = (): Manifest => JSON.parse(text('manifest.json')) as Manifest
  beforeAll(() => {
    files = unzipSync(readFileSync(join(target, name)))
  })

  test('has every logo in its exact size', () => {
    for (const [logo, size] of Object.entries(LOGO_SIZES))
      expect(sizeOf(files[`images/${logo}`] ?? new Uint8Array()), logo).toEqual(size)
  })

  test('has a tour picture in its exact size for each language', () => {
    const { tour, widget } = manifest()
    for (const locale of widget.locale)
      for (const picture of tour.tour_images[locale] ?? ['missing'])
        expect(sizeOf(files[picture.slice(1)] ?? new Uint8Array()), picture).toEqual([1188, 616])
  })

  test('has the same words in every language, and each word that the manifest or the script names', () => {
    const { widget, settings, advanced, tour, left_menu } = manifest()
    const words = widget.locale.map(locale => keysOf(JSON.parse(text(`i18n/${locale}.json`))).toSorted())
    for (const other of words) expect(other).toEqual(words[0])
    const menu = Object.values(left_menu ?? {}).flatMap(item => [
      item.title,
      ...Object.values(item.submenu).map(({ title }) => title),
    ])
    const named = [
      widget['name'],
      widget['description'],
      widget['short_description'],
      tour.tour_description,
      advanced.title,
      ...Object.values(settings).map(item => item.name),
      ...menu,
    ]
    for (const [, key] of text('script.js').matchAll(/self\.i18n\(\s*'([\w.]+)'/g)) named.push(key)
    for (const [, a, b] of text('script.js').matchAll(/self\.i18n\([^)]*\?\s*'([\w.]+)' : '([\w.]+)'/g))
      named.push(a, b)
    for (const key of named) expect(words[0], String(key)).toContain(key)
  })

  test('keeps to the lengths that moderation asks for', () => {
    for (const locale of manifest().widget.locale) {
      const { widget } = JSON.parse(text(`i18n/${locale}.json`)) as {
        widget: { name: string; short_description: string; description: string }
      }
      expect(widget.name.length).toBeLessThanOrEqual(30)
      expect(widget.short_description.length).toBeLessThanOrEqual(50)
      expect(widget.description.length).toBeLessThanOrEqual(400)
    }
  })

  test('has a readable script that does nothing moderation forbids', () => {
    const script = text('script.js')
    expect(script).toMatch(/^[\s\S]{0,400}define\(\[/)
    expect(Math.max(...script.split('\n').map(line => line.length))).toBeLessThan(160)
    expect(script).not.toMatch(
      /console\.|\beval\b|new Function|alert\(|document\.write|createElement\(\s*['"]script|async:\s*false|debugger|\{\{/,
    )
    expect(script).toContain(`https://app.example.com`)
    expect(script).toContain(`/${platform}`)
  })

  test('answers every callback, and cleans up after itself', () => {
    const callbacks = widgetCallbacks(text('script.js'))
    expect(Object.keys(callbacks)).toEqual(
      expect.arrayContaining([
        'render',
        'init',
        'bind_actions',
        'settings',
        'onSave',
        'destroy',
        'advancedSettings',
        'initMenuPage',
        'dpSettings',
        'leads',
        'contacts',
        'todo',
      ]),
    )
  })

  test('declares only places that exist for it', () => {
    const { locations, left_menu } = manifest()
    expect(locations.includes('widget_page')).toBe(isPublic)
    expect(left_menu !== undefined).toBe(isPublic)
    expect(locations).toEqual(expect.arrayContaining(['settings', 'advanced_settings', 'lcard-1']))
    if (left_menu) for (const { icon } of Object.values(left_menu)) expect(files[icon], icon).toBeDefined()
  })

  test('counts its versions up with the product, and its support page exists in its first language', () => {
    const { widget } = manifest()
    expect(widget.version).toBe(product.version)
    const { link } = widget['support'] as { link: string }
    expect(link).toBe(`https://app.example.com/public/support.${widget.locale[0]}.html`)
  })

  test('does not mention another CRM, nor holds a file that nothing uses', () => {
    for (const [path, content] of Object.entries(files))
      if (!path.endsWith('.png')) expect(strFromU8(content), path).not.toMatch(otherCrm)
    const expected = [
      'manifest.json',
      'script.js',
      'style.css',
      ...manifest().widget.locale.map(locale => `i18n/${locale}.json`),
      ...Object.keys(LOGO_SIZES).map(logo => `images/${logo}`),
      ...new Set(
        Object.values(manifest().tour.tour_images)
          .flat()
          .map(path => path.slice(1)),
      ),
    ]
    if (isPublic) expected.push('images/home_page.svg')
    expect(Object.keys(files).toSorted()).toEqual(expected.toSorted())
  })
})

/** Runs the script the way the CRM's loader does, with an inert page, and returns what it hands over. */
const widgetCallbacks = (script: string): Record<string, unknown> => {
  let widget: unknown
  const chain: unknown = new Proxy(() => chain, { get: (_target, key) => (key === 'length' ? 0 : chain) })
  const define = (
    _names: string[],
    factory: ($: unknown) => new () => { callbacks: Record<string, unknown> },
  ) => {
    widget = factory(chain)
  }
  new Function('define', 'APP', 'window', script)(define, { constant: () => ({}) }, {})
  const made = {} as { callbacks: Record<string, unknown> }
  ;(widget as (this: object) => void).call(made)
  return made.callbacks
}

describe('the pages that marketplaces link to', () => {
  const page = (name: string): string => readFileSync(new URL(`../public/${name}`, import.meta.url), 'utf8')
  const languages = ['ru', 'en', 'es', 'pt']

  test.each(['support', 'privacy'])('(%s) exist in every language, whole and alike', topic => {
    const sections = languages.map(language => page(`${topic}.${language}.html`).match(/<h2>/g)?.length ?? 0)
    expect(new Set(sections).size).toBe(1)
    expect(sections[0]).toBeGreaterThan(4)
    for (const language of languages) {
      const text = page(`${topic}.${language}.html`)
      expect(text).toContain(`<html lang="${language}">`)
      for (const [, link] of text.matchAll(/href="([\w.]+)"/g)) expect(() => page(String(link))).not.toThrow()
    }
  })

  test('name no CRM: each of them is seen in all marketplaces', () => {
    for (const topic of ['support', 'privacy'])
      for (const language of languages)
        expect(page(`${topic}.${language}.html`)).not.toMatch(/amocrm|kommo|bitrix|битрикс/i)
  })

  test('are linked from the listing', () => {
    for (const language of ['ru', 'en'])
      for (const topic of ['support', 'privacy'])
        expect(readFileSync(join(target, 'bitrix24', `listing.${language}.md`), 'utf8')).toContain(
          `https://app.example.com/public/${topic}.${language}.html`,
        )
  })
})

describe('the Bitrix24 listing', () => {
  const read = (path: string): string => readFileSync(join(target, 'bitrix24', path), 'utf8')

  test('gives the cabinet our addresses, scopes and placements as the code binds them', () => {
    const card = JSON.parse(read('application.json')) as Record<string, unknown>
    expect(card).toMatchObject({
      applicationUrl: 'https://app.example.com/bitrix24/app',
      installerUrl: 'https://app.example.com/bitrix24/install',
      eventHandlerUrl: 'https://app.example.com/bitrix24/events',
      scopes: bitrix24.scopes,
      placements: bitrix24.placements.map(({ code }) => code),
    })
  })

  test('describes the product in both languages without naming another CRM', () => {
    for (const language of ['ru', 'en']) {
      const listing = read(`listing.${language}.md`)
      expect(listing).not.toMatch(/amocrm|kommo|\{\{/i)
      expect(listing.split('\n').filter(line => line.startsWith('## '))).toHaveLength(4)
    }
  })

  test('has a square icon and full-screen pictures within the allowed sizes', () => {
    const icon = readFileSync(join(target, 'bitrix24', 'icon.png'))
    expect(sizeOf(new Uint8Array(icon))).toEqual([500, 500])
    for (const name of ['overview-ru.png', 'overview-en.png', 'stale-ru.png', 'employee-ru.png']) {
      const [width, height] = sizeOf(
        new Uint8Array(readFileSync(join(target, 'bitrix24', 'screenshots', name))),
      )
      expect(width).toBe(1280)
      expect(height).toBe(720)
    }
  })
})
