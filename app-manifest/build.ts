import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import { strToU8, zipSync } from 'fflate'
import { iconSvg, logoSvg } from './logo.ts'

/**
 * `npm run manifest`: what the marketplaces are given, from `PUBLIC_URL`, into `dist/manifest`.
 * Each package speaks of its own CRM only.
 */

const here = dirname(fileURLToPath(import.meta.url))
const read = (...path: string[]): string => readFileSync(join(here, ...path), 'utf8')

/** The cabinet takes no archive that it has seen, and browsers keep what they have: each release counts up. */
const { version: VERSION } = JSON.parse(read('..', 'package.json')) as { version: string }

/** Pictures that the vendor asks for, in its exact pixels. */
export const LOGO_SIZES = {
  'logo.png': [130, 100],
  'logo_main.png': [400, 272],
  'logo_medium.png': [240, 84],
  'logo_small.png': [108, 108],
  'logo_min.png': [84, 84],
} as const

const png = (svg: string): Uint8Array => new Resvg(svg, { font: { loadSystemFonts: false } }).render().asPng()

type WidgetPackage = { platform: 'amocrm' | 'kommo'; locales: string[]; isPublic: boolean }

/** Files of one widget archive, by their path at its root. */
export const widgetFiles = (
  { platform, locales, isPublic }: WidgetPackage,
  publicUrl: string,
): Record<string, Uint8Array> => {
  const fill = (text: string): string =>
    text
      .replaceAll('{{PUBLIC_URL}}', publicUrl)
      .replaceAll('{{HOST}}', new URL(publicUrl).hostname)
      .replaceAll('{{PLATFORM}}', platform)
      .replaceAll('{{VERSION}}', VERSION)
      .replaceAll('{{LANGUAGE}}', locales[0] ?? 'en')
  const manifest = JSON.parse(fill(read('amocrm', 'manifest.json'))) as {
    widget: { locale: string[] }
    locations: string[]
    left_menu?: unknown
    tour: { tour_images: Record<string, string[]> }
  }
  manifest.widget.locale = locales
  manifest.tour.tour_images = Object.fromEntries(
    locales.map(locale => [locale, [`/images/tour_1_${locale === 'ru' ? 'ru' : 'en'}.png`]]),
  )
  // The left menu belongs to public integrations; a private one lives on a page under Settings.
  if (!isPublic) {
    manifest.locations = manifest.locations.filter(location => location !== 'widget_page')
    delete manifest.left_menu
  }
  const files: Record<string, Uint8Array> = {
    'manifest.json': strToU8(`${JSON.stringify(manifest, null, 2)}\n`),
    'script.js': strToU8(fill(read('amocrm', 'script.js'))),
    'style.css': strToU8(read('amocrm', 'style.css')),
  }
  for (const locale of locales)
    files[`i18n/${locale}.json`] = strToU8(read('amocrm', 'i18n', `${locale}.json`))
  for (const [name, [width, height]] of Object.entries(LOGO_SIZES))
    files[`images/${name}`] = png(logoSvg(width, height))
  if (isPublic) files['images/home_page.svg'] = strToU8(read('amocrm', 'images', 'home_page.svg'))
  for (const picture of new Set(Object.values(manifest.tour.tour_images).flat()))
    files[picture.slice(1)] = readFileSync(join(here, 'amocrm', picture))
  return files
}

type Listing = {
  scopes: string[]
  placements: { code: string }[]
  events: { code: string }[]
  paths: Record<string, string>
}

const buildListing = (target: string, publicUrl: string): void => {
  const data = JSON.parse(read('bitrix24.json')) as Listing
  mkdirSync(join(target, 'screenshots'), { recursive: true })
  const at = (path: string | undefined): string => `${publicUrl}/bitrix24${path}`
  const card = {
    applicationUrl: at(data.paths['app']),
    installerUrl: at(data.paths['install']),
    eventHandlerUrl: at(data.paths['events']),
    scopes: data.scopes,
    placements: data.placements.map(({ code }) => code),
    installableWithoutAdminRights: false,
  }
  writeFileSync(join(target, 'application.json'), `${JSON.stringify(card, null, 2)}\n`)
  writeFileSync(join(target, 'icon.png'), png(iconSvg(500)))
  for (const language of ['ru', 'en']) {
    const listing = read('bitrix24', `listing.${language}.md`).replaceAll('{{PUBLIC_URL}}', publicUrl)
    writeFileSync(join(target, `listing.${language}.md`), listing)
  }
  const pictures = join(here, 'bitrix24', 'screenshots')
  if (existsSync(pictures))
    for (const name of readdirSync(pictures))
      writeFileSync(join(target, 'screenshots', name), readFileSync(join(pictures, name)))
}

export const WIDGET_PACKAGES: Record<string, WidgetPackage> = {
  'amocrm.zip': { platform: 'amocrm', locales: ['ru', 'en'], isPublic: true },
  'amocrm-private.zip': { platform: 'amocrm', locales: ['ru', 'en'], isPublic: false },
  'kommo.zip': { platform: 'kommo', locales: ['en', 'es', 'pt', 'ru'], isPublic: true },
  'kommo-private.zip': { platform: 'kommo', locales: ['en', 'es', 'pt', 'ru'], isPublic: false },
}

/** @throws Error naming the setting when the address is missing or not https */
export const build = (publicUrl: string | undefined, target: string): string[] => {
  if (!publicUrl || !URL.canParse(publicUrl) || !/^https?:$/.test(new URL(publicUrl).protocol))
    throw new Error('PUBLIC_URL: set the https address under which the CRMs will reach the server')
  const address = publicUrl.replace(/\/+$/, '')
  rmSync(target, { recursive: true, force: true })
  mkdirSync(join(target, 'bitrix24'), { recursive: true })
  const written = Object.entries(WIDGET_PACKAGES).map(([name, about]) => {
    writeFileSync(join(target, name), zipSync(widgetFiles(about, address), { level: 9 }))
    return join(target, name)
  })
  buildListing(join(target, 'bitrix24'), address)
  return [...written, join(target, 'bitrix24')]
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  try {
    for (const path of build(process.env['PUBLIC_URL'], join(here, '..', 'dist', 'manifest')))
      console.log(path)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
